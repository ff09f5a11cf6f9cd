"""SELECT as a structure: tables and joins, conditions, outputs, grouping, ordering; and how it becomes text.

A ``Select`` is frozen once its shape is interned; whoever changes one works on a copy. Which joins are inner is not
stored:
a join is inner when its row must exist, either because a condition that must hold needs it or because the foreign key
says so.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from orm.errors import EmptyResultSet, FullResultSet, NotSupportedError
from orm.sql import types
from orm.sql.conditions import Where
from orm.sql.expressions import Col, Expression, Null, Ref, Slot
from orm.sql.references import Outer
from orm.sql.types import SQLType


class Join(NamedTuple):
    """A table in FROM: the base table has no parent; others hang on ``parent`` by ``hop`` (columns lhs = rhs)."""

    alias: str
    table: str
    parent: str | None = None
    hop: Any = None


class Combination(NamedTuple):
    """UNION, INTERSECT or EXCEPT of several selects."""

    operator: str
    all: bool
    parts: tuple[Select, ...]


class Output(NamedTuple):
    """One column of the result: its expression, and a name where it has one."""

    expression: Expression
    name: str | None = None


class Select:
    """One SELECT statement without values.

    ``outputs`` is filled when the select is finished (see orm.query.layout); until then ``annotations``,
    ``values`` and the loading options say what the result holds.
    """

    model: Any
    joins: dict[str, Join]
    annotations: dict[str, Expression]
    where: Where | None = None
    selected: tuple[str, ...] = ()  # the annotations that are part of the result, in order
    values: tuple[tuple[str, Expression], ...] | None = None
    result: str = "model"  # model, dict, tuple, flat or named
    group_by: tuple[Expression, ...] | str | None = None  # "model": by the model's row
    order_by: tuple[Expression, ...] | None = None  # None: the model's Meta.ordering
    reverse: bool = False
    distinct: bool = False
    distinct_on: tuple[Expression, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None
    select_related: Any = False
    loading: tuple[bool, frozenset[str]] | None = None  # (deferred?, names)
    lock: tuple[bool, bool, tuple[str, ...], bool] | None = None
    combination: Combination | None = None
    source: tuple[Select, str] | None = None  # FROM (select) alias
    outputs: tuple[Output, ...] | None = None
    comment: str | None = None
    list_slots: frozenset[int] = frozenset()
    slots: int = 0
    empty: bool = False
    cacheable: bool = True

    def __init__(self, model: Any, joins: dict[str, Join], **parts: Any) -> None:
        self.model = model
        self.joins = joins
        self.annotations = {}
        for name, part in parts.items():
            if name not in Select.__annotations__:
                raise TypeError(f"A Select has no {name!r}")
            setattr(self, name, part)

    def copy(self) -> Select:
        """Return a copy whose dicts may be changed."""
        new = copy.copy(self)
        new.joins = dict(self.joins)
        new.annotations = dict(self.annotations)
        return new

    @property
    def base_alias(self) -> str:
        """The alias of the model's own table."""
        return next(iter(self.joins))

    @property
    def is_plain(self) -> bool:
        """Whether rows are the model's rows as they are: nothing grouped, cut, combined or made distinct."""
        return not (
            self.group_by is not None or self.distinct or self.limit is not None or self.offset is not None
            or self.combination is not None or self.source is not None
        )  # fmt: skip

    def transform(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Select:
        """Return this select with every expression changed and every table alias renamed."""

        def many(items: Iterable[Any]) -> Any:
            return tuple(change(item) for item in items)

        new = copy.copy(self)
        new.joins = {
            aliases[j.alias]: Join(aliases[j.alias], j.table, aliases[j.parent] if j.parent else None, j.hop)
            for j in self.joins.values()
        }
        new.where = self.where.transformed(change) if self.where is not None else None
        new.annotations = {name: change(item) for name, item in self.annotations.items()}
        new.values = tuple((n, change(e)) for n, e in self.values) if self.values is not None else None
        new.group_by = many(self.group_by) if isinstance(self.group_by, tuple) else self.group_by
        new.order_by = many(self.order_by) if self.order_by is not None else None
        new.distinct_on = many(self.distinct_on)
        new.limit = change(self.limit) if self.limit is not None else None
        new.offset = change(self.offset) if self.offset is not None else None
        if self.outputs:
            new.outputs = tuple(Output(change(o.expression), o.name) for o in self.outputs)
        if self.combination is not None:
            parts = tuple(part.transform(change, aliases) for part in self.combination.parts)
            new.combination = self.combination._replace(parts=parts)
        if self.source is not None:
            new.source = (self.source[0].transform(change, aliases), aliases[self.source[1]])
        return new

    def aliases(self) -> set[str]:
        """Return every table alias of this select, its parts and the subqueries in its expressions."""
        found = set(self.joins)
        for expression in self.expressions():
            for node in expression.walk():
                if isinstance(node, SubSelect):
                    found |= node.select.aliases()
        if self.combination is not None:
            for part in self.combination.parts:
                found |= part.aliases()
        if self.source is not None:
            found |= self.source[0].aliases() | {self.source[1]}
        return found

    def expressions(self) -> Iterable[Expression]:
        """Yield every expression this select holds directly."""
        if self.where is not None:
            yield self.where
        yield from self.annotations.values()
        yield from (item for _, item in self.values or ())
        yield from (o.expression for o in self.outputs or ())
        for group in (self.group_by, self.order_by, self.distinct_on):
            if isinstance(group, tuple):
                yield from group


class SubSelect(Expression):
    """A select in parentheses inside another. ``template`` is ``(%s)``, ``EXISTS(%s)`` and the like, ``%s`` the
    select.
    """

    def __init__(self, select: Select, template: str = "({})", output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.select = select
        self.template = template

    @property
    def conditional(self) -> bool:
        return self.template.startswith("EXISTS") or super().conditional

    def children(self) -> Any:
        return iter(())

    @property
    def contains_aggregate(self) -> bool:
        return False

    @property
    def contains_over_clause(self) -> bool:
        return False

    def map(self, change: Callable[[Expression], Expression]) -> Expression:
        same = {alias: alias for alias in self.select.aliases()}
        return SubSelect(self.select.transform(change, same), self.template, self._output_field)

    def renamed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> SubSelect:
        """Return this with expressions changed and aliases renamed."""
        return SubSelect(self.select.transform(change, aliases), self.template, self._output_field)

    def _infer_output_field(self) -> SQLType | None:
        outputs = self.select.outputs
        return outputs[0].expression.output_field_or_none if outputs else None

    def group_by_columns(self) -> Iterable[Expression]:
        # Correlated columns must be grouped by; the subquery itself need not be.
        inner = self.select.aliases()
        for expression in self.select.expressions():
            for node in expression.walk():
                if isinstance(node, Col) and node.alias not in inner:
                    yield node

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        try:
            return self.as_rows(compiler)
        except EmptyResultSet:
            if self.template.startswith("EXISTS"):
                raise
            return compiler.compile(Null(self.output_field_or_none))  # type: ignore[no-any-return]

    def as_rows(self, compiler: Any) -> tuple[str, Sequence[Any]]:
        """Return the SQL of the rows, as IN takes them.

        Raises ``EmptyResultSet`` when there can be none.
        """
        sql, params = compile_select(self.select, compiler)
        return self.template.replace("{}", sql), params


class Position(Expression):
    """A column of the result by its number: what a union is ordered by, and a subquery's values grouped by."""

    def __init__(self, number: int, column: str) -> None:
        super().__init__(types.INTEGER)
        self.number = number
        self.column = column

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        return str(int(self.number)), []


def relabel(select: Select, aliases: dict[str, str], offset: int, outer: Any) -> Select:
    """Return ``select`` made part of another query: aliases renamed, slots moved by ``offset``, outer references
    resolved.

    ``outer`` is the builder of the query around it.
    """

    def change(node: Expression) -> Any:
        if isinstance(node, Col):
            renamed = aliases.get(node.alias)
            return Col(renamed, node.target, node._output_field) if renamed is not None else node
        if isinstance(node, Slot):
            return Slot(node.index + offset, node._output_field, node.bare)
        if isinstance(node, Outer):
            return node.resolve_in_outer(outer)
        if isinstance(node, SubSelect):
            return node.renamed(change, aliases)
        if isinstance(node, Ref) and node.alias is not None:
            return Ref(node.name, change(node.source), aliases.get(node.alias, node.alias))
        return node.map(change)

    new = select.transform(change, aliases)
    new.list_slots = frozenset(index + offset for index in select.list_slots)
    return new


# -- text --------------------------------------------------------------------------------------------------------------


def inner_aliases(select: Select) -> set[str]:
    """Return the aliases whose row must exist in every result row."""
    found: set[str] = set()
    pending = list(select.where.rejects_null()) if select.where is not None else []
    while pending:
        alias = pending.pop()
        join = select.joins.get(alias)
        if join is not None and alias not in found:
            found.add(alias)
            if join.parent is not None:
                pending.append(join.parent)
    for join in select.joins.values():
        if join.parent is None or (join.parent in found and not join.hop.optional):
            found.add(join.alias)
    return found


def compile_from(select: Select, compiler: Any) -> tuple[str, list[Any]]:
    """Return the FROM clause's contents."""
    quote = compiler.dialect.quote
    if select.source is not None:
        inner, alias = select.source
        sql, params = compile_select(inner, compiler)
        return f"({sql}) {quote(alias)}", list(params)
    inner_joins = inner_aliases(select)
    parts: list[str] = []
    for join in select.joins.values():
        table = quote(join.table)
        named = table if join.alias == join.table else f"{table} {quote(join.alias)}"
        if join.parent is None:
            parts.append(named)
            continue
        kind = "INNER JOIN" if join.alias in inner_joins else "LEFT OUTER JOIN"
        lhs = f"{quote(join.parent)}.{quote(join.hop.lhs.column)}"
        rhs = f"{quote(join.alias)}.{quote(join.hop.rhs.column)}"
        parts.append(f"{kind} {named} ON ({lhs} = {rhs})")
    return " ".join(parts), []


def compile_where(where: Where | None, word: str, compiler: Any) -> tuple[str, list[Any]]:
    """Return ``WHERE …`` (or HAVING) with a leading space, or nothing when every row passes.

    Raises ``EmptyResultSet`` when no row can pass.
    """
    if where is None:
        return "", []
    try:
        sql, params, _ = where.as_parts(compiler)
    except FullResultSet:
        return "", []
    return f" {word} {sql}", list(params)


def _group_by(select: Select, outputs: Sequence[Output], having: Where | None, dialect: Any) -> list[Expression]:
    if select.group_by is None:
        return []
    found: list[Expression] = []
    whole_rows = dialect.capabilities.group_by_primary_key
    if select.group_by == "model" and whole_rows:
        covered: set[str] = set()
        keys: dict[str, Any] = {select.base_alias: select.model._meta.pk}
        for join in select.joins.values():
            if join.hop is not None:
                keys[join.alias] = join.hop.model._meta.pk
        # A joined row stands for its columns only where it is part of the result itself; else its values do.
        columns = [o.expression for o in outputs if isinstance(o.expression, Col)]
        used = {select.base_alias, *[c.alias for c in columns if keys.get(c.alias) is c.target]}
        for alias in select.joins:
            if alias in used:
                found.append(Col(alias, keys[alias]))
                covered.add(alias)
        rest = [o.expression for o in outputs if not (isinstance(o.expression, Col) and o.expression.alias in covered)]
        found += [e for item in rest for e in item.group_by_columns() if not _covered(e, covered)]
        sources: list[Expression] = [*(select.order_by or ()), *([having] if having is not None else [])]
        found += [e for item in sources for e in _ordered(item).group_by_columns() if not _covered(e, covered)]
    else:
        if select.group_by == "model":
            found.append(Col(select.base_alias, select.model._meta.pk))
        chosen = select.group_by if isinstance(select.group_by, tuple) else ()
        # What values() chose is grouped by its value: a subquery, too, and not by what it depends on.
        whole = [item for item in chosen if isinstance(item, SubSelect)]
        numbers = {o.expression: Position(n, o.name or "") for n, o in enumerate(outputs, 1)}
        found += [numbers.get(item, item) for item in whole]
        others = [*chosen, *(o.expression for o in outputs), *map(_ordered, select.order_by or ())]
        others += [having] if having is not None else []
        found += [e for item in others if getattr(item, "source", item) not in whole for e in item.group_by_columns()]
    unique: dict[Expression, None] = dict.fromkeys(found)
    return list(unique)


def _ordered(item: Expression) -> Expression:
    return getattr(item, "expression", item)


def _covered(expression: Expression, aliases: set[str]) -> bool:
    return isinstance(expression, Col) and expression.alias in aliases


def compile_select(select: Select, compiler: Any) -> tuple[str, list[Any]]:
    """Return a finished select as SQL with ``%s`` placeholders, and its parameters.

    Raises ``EmptyResultSet`` when the statement could give no row.
    """
    if select.empty:
        raise EmptyResultSet
    if select.combination is not None:
        return _compile_combination(select, compiler)
    dialect = compiler.dialect
    outputs = select.outputs or ()
    before, having = select.where.split_having() if select.where is not None else (None, None)
    params: list[Any] = []
    columns: list[str] = []
    distinct = "DISTINCT " if select.distinct else ""
    if select.distinct_on:
        if not dialect.capabilities.distinct_on:
            raise NotSupportedError(f"{dialect.name} has no DISTINCT ON: call distinct() without names of fields")
        parts = [compiler.compile(item) for item in select.distinct_on]
        distinct = f"DISTINCT ON ({', '.join(sql for sql, _ in parts)}) "
        params += [p for _, found in parts for p in found]
    for output in outputs:
        sql, found = compiler.compile_output(output.expression)
        columns.append(f"{sql} AS {dialect.quote(output.name)}" if output.name is not None else sql)
        params += found
    tables, found_from = compile_from(select, compiler)
    text = f"SELECT {distinct}{', '.join(columns) or '1'}"
    text += f" FROM {tables}" if tables else ""
    params += found_from
    sql, found = compile_where(before, "WHERE", compiler)
    text += sql
    params += found
    groups = _group_by(select, outputs, having, dialect)
    if groups:
        parts = [compiler.compile(item) for item in groups]
        unique = dict.fromkeys((part, tuple(found)) for part, found in parts)
        text += " GROUP BY " + ", ".join(part for part, _ in unique)
        params += [p for _, found in unique for p in found]
    sql, found = compile_where(having, "HAVING", compiler)
    text += sql
    params += found
    tail, found = _compile_tail(select, compiler)
    return text + tail, params + found


def _compile_tail(select: Select, compiler: Any) -> tuple[str, list[Any]]:
    text = ""
    params: list[Any] = []
    if select.order_by:
        names = {output.name for output in select.outputs or ()}
        parts = [compiler.compile(_spelt_out(item, names)) for item in select.order_by]
        text += " ORDER BY " + ", ".join(sql for sql, _ in parts)
        params += [p for _, found in parts for p in found]
    if select.limit is not None or select.offset is not None:
        limit = compiler.compile(select.limit) if select.limit is not None else (None, [])
        offset = compiler.compile(select.offset) if select.offset is not None else (None, [])
        text += " " + compiler.dialect.limit(limit[0], offset[0])
        params += [*limit[1], *offset[1]]
    if select.lock is not None:
        nowait, skip_locked, of, no_key = select.lock
        quoted = [compiler.dialect.quote(alias) for alias in of]
        text += " " + compiler.dialect.for_update(nowait=nowait, skip_locked=skip_locked, of=quoted, no_key=no_key)
    return text, params


def _spelt_out(item: Expression, names: set[str | None]) -> Expression:
    """Return an ordering by an output column's name as one by its expression, where the result has no such column."""
    inner = getattr(item, "expression", None)
    if isinstance(inner, Ref) and inner.alias is None and inner.name not in names:
        return item.map(lambda child: inner.source if child is inner else child)
    return item


def _compile_combination(select: Select, compiler: Any) -> tuple[str, list[Any]]:
    assert select.combination is not None
    combination = select.combination
    parentheses = compiler.dialect.capabilities.combinator_parentheses
    texts: list[str] = []
    params: list[Any] = []
    for number, part in enumerate(combination.parts):
        try:
            sql, found = compile_select(part, compiler)
        except EmptyResultSet:
            if combination.operator == "UNION" or (combination.operator == "EXCEPT" and number):
                continue
            raise
        if parentheses:
            sql = f"({sql})"
        elif part.combination is not None or part.limit is not None or part.offset is not None or part.order_by:
            sql = f"SELECT * FROM ({sql})"
        texts.append(sql)
        params += found
    if not texts:
        raise EmptyResultSet
    word = f" {combination.operator}{' ALL' if combination.all else ''} "
    tail, found = _compile_tail(select, compiler)
    return word.join(texts) + tail, params + found
