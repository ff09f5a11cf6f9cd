"""SELECT as text: what ``Compiler.compile_select`` does with a finished select.

Which joins are inner is worked out here: those whose row must exist, because a condition that must hold needs it or
because the foreign key says so. A select with conditions on window functions becomes one around another first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import EmptyResultSet, FullResultSet, NotSupportedError, advised
from orm.sql.columns import Col, Ref
from orm.sql.common_tables import compile_ctes
from orm.sql.conditions import Where
from orm.sql.each_key import cut_for_each
from orm.sql.expressions import Expression
from orm.sql.grouped_windows import grouped_around, windows_before_groups
from orm.sql.lateral import without_lateral
from orm.sql.lookups import IsNull, Lookup
from orm.sql.qualify import qualified
from orm.sql.select import Grouping, Join, Output, Position, Select, SubSelect
from orm.sql.sources import SelectedRows

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


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
    given: Container[tuple[str | None, object]] = ()
    if select.where is not None:
        given = set(_never_null(select.where, False))
    for join in select.joins.values():
        optional = join.optional if join.hop is None else join.hop.optional and not _refers(join, given)
        if join.parent is None or (join.parent in found and not optional):
            found.add(join.alias)
    return found


def _never_null(condition: Expression, negated: bool) -> Iterator[tuple[str, object]]:
    """Yield the columns, as alias and field, that are not NULL in any row that meets a condition, or its negation."""
    if isinstance(condition, Where):
        negated = negated != condition.negated
        if condition.connector == ("OR" if negated else "AND") or len(condition.nodes) == 1:
            for node in condition.nodes:
                yield from _never_null(node, negated)
    elif isinstance(condition, IsNull) and isinstance(condition.lhs, Col) and condition.rhs is negated:
        yield condition.lhs.alias, condition.lhs.target


def _refers(join: Join, given: Container[tuple[str | None, object]]) -> bool:
    """Tell whether a join is that of a foreign key, and which must have a value."""
    hop = join.hop
    return (
        hop is not None
        and (join.parent, hop.lhs) in given
        and not (hop.many or hop.further or hop.restriction)
        and getattr(hop.lhs, "target_field", None) is hop.rhs
    )


def compile_table(join: Join, compiler: Compiler) -> tuple[str, Sequence[object]]:
    """Return a table of FROM, with its alias."""
    if join.source is not None:
        return join.source.as_table(compiler, join.alias, join.columns)
    quote = compiler.dialect.quote
    return (quote(join.table) if join.alias == join.table else f"{quote(join.table)} {quote(join.alias)}"), ()


def compile_ties(join: Join, compiler: Compiler) -> tuple[list[str], list[object]]:
    """Return what a joined row must meet."""
    quote = compiler.dialect.quote
    on: list[str] = []
    params: list[Any] = []
    if join.hop is not None and join.parent is not None:
        near, far = join.hop.lhs, join.hop.rhs
        lhs, rhs = f"{quote(join.parent)}.{quote(near.column)}", f"{quote(join.alias)}.{quote(far.column)}"
        on.append(compiler.dialect.tie(lhs, near, rhs, far))
    if join.condition is not None:
        sql, found = compiler.compile_condition(join.condition)
        on.append(f"({sql})")
        params += found
    return on, params


def compile_from(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    """Return the FROM clause's contents."""
    inner_joins = inner_aliases(select)
    parts: list[str] = []
    params: list[Any] = []
    # Only where the database keeps foreign keys are there as many rows without that table.
    spare = select.spare if compiler.dialect.capabilities.foreign_keys else None
    for join in select.joins.values():
        if join.alias == spare:
            continue
        try:
            named, found = compile_table(join, compiler)
        except EmptyResultSet:
            # Rows that meet none stay where the join is an outer one.
            if join.alias in inner_joins or not isinstance(join.source, SelectedRows):
                raise
            named, found = join.source.as_empty_table(compiler, join.alias, join.columns), ()
        params += found
        if join.parent is None or join.parent == spare:
            parts.append(named)
            continue
        kind = "INNER JOIN" if join.alias in inner_joins else "LEFT OUTER JOIN"
        on, ties = compile_ties(join, compiler)
        params += ties
        # Nothing ties it to the tables before it: every row of the one beside every row of the other.
        if not on and join.alias in inner_joins:
            parts.append(f"CROSS JOIN {named}")
        else:
            parts.append(f"{kind} {named} ON ({' AND '.join(on) or '1 = 1'})")
    return " ".join(parts), params


def compile_where(where: Where | None, word: str, compiler: Compiler) -> tuple[str, list[object]]:
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


def _parts_of(key: Any) -> tuple[object, ...]:
    """Return the fields of a key: several where it is a composite one."""
    if key is None:
        return ()
    return tuple(key.fields) if key.is_composite else (key,)


def _is_lateral(join: Join) -> bool:
    return isinstance(join.source, SelectedRows) and join.source.lateral


def _group_by_having(having: Expression | None, chosen: Container[object] = ()) -> Iterator[Expression]:
    """Yield what HAVING needs: as in Django what its conditions compare, and not whether they hold.

    ``chosen`` are the values that rows are grouped by, conditions among them.
    """
    if isinstance(having, (Where, Lookup)) and having not in chosen:
        for node in having.children():
            yield from _group_by_having(node, chosen)
    elif having is not None:
        yield from having.group_by_columns()


def _grouped_by(item: Expression, select: Select) -> Iterable[Expression]:
    """Return what a result is grouped by: a subquery about one of many related rows by its value, which several of
    them may share, and by no column that tells them apart.
    """
    columns = list(item.group_by_columns())
    if isinstance(item, SubSelect) and any(_is_of_many(column, select) for column in columns):
        return [item]
    return columns


def _is_of_many(column: Expression, select: Select) -> bool:
    join = select.joins.get(column.alias) if isinstance(column, Col) else None
    while join is not None and join.hop is not None:
        if join.hop.many:
            return True
        join = select.joins.get(join.parent or "")
    return False


def _group_by(select: Select, outputs: Sequence[Output], having: Where | None, dialect: Dialect) -> list[Expression]:
    """Return what a select is grouped by."""
    if select.group_by is None:
        return []
    if select.group_by is Grouping.BY_ROW and dialect.capabilities.group_by_primary_key:
        found = _group_by_keys(select, outputs, having)
    else:
        found = _group_by_columns(select, outputs, having)
    # What the row of an outer query has is the same for all rows here.
    found = [item for item in found if not isinstance(item, Col) or item.alias in select.joins]
    numbers = {o.expression: Position(n, o.name or "") for n, o in enumerate(outputs, 1)}
    # A computed column by its place: written out again, its values would be other parameters, and so another value.
    return list(dict.fromkeys(item if isinstance(item, Col) else numbers.get(item, item) for item in found))


def _group_by_keys(select: Select, outputs: Sequence[Output], having: Where | None) -> list[Expression]:
    """Return the keys of the rows that are part of the result, and what does not depend on these."""
    keys: dict[str, Any] = {select.base_alias: select.model._meta.pk}
    for join in select.joins.values():
        if join.hop is not None:
            keys[join.alias] = join.hop.model._meta.pk
    # A joined row stands for its columns only where it is part of the result itself; else its values do.
    columns = [o.expression for o in outputs if isinstance(o.expression, Col)]
    used = {select.base_alias, *[c.alias for c in columns if c.target in _parts_of(keys.get(c.alias))]}
    covered = {alias for alias in select.joins if alias in used}
    found: list[Expression] = [
        part for alias in select.joins if alias in covered for part in Col(alias, keys[alias]).parts
    ]
    rest = [o.expression for o in outputs if not _covered(o.expression, covered)]
    others = [e for item in rest for e in _grouped_by(item, select)]
    others += [e for item in select.order_by or () for e in _ordered(item).group_by_columns()]
    others += _group_by_having(having)
    return found + [item for item in others if not _covered(item, covered)]


def _group_by_columns(select: Select, outputs: Sequence[Output], having: Where | None) -> list[Expression]:
    """Return every column that the result, its order and HAVING need; what values() chose by its value."""
    found: list[Expression] = []
    if select.group_by is Grouping.BY_ROW:
        found += Col(select.base_alias, select.model._meta.pk).parts
    chosen = select.group_by if isinstance(select.group_by, tuple) else ()
    # A subquery or a condition that values() chose is grouped by its value, and not by what it depends on.
    whole = [item for item in chosen if item.conditional_kind or isinstance(item, SubSelect)]
    found += whole
    others = [*chosen, *(o.expression for o in outputs), *map(_ordered, select.order_by or ())]
    found += [e for item in others if getattr(item, "source", item) not in whole for e in _grouped_by(item, select)]
    found += _group_by_having(having, chosen)
    return found


def _ordered(item: Expression) -> Expression:
    return getattr(item, "expression", item)


def _covered(expression: Expression, aliases: set[str]) -> bool:
    return isinstance(expression, Col) and expression.alias in aliases


def compile_select(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    """Return a finished select as SQL with ``%s`` placeholders, and its parameters.

    Raises ``EmptyResultSet`` when the statement could give no row.
    """
    if select.empty:
        raise EmptyResultSet
    if select.ctes:
        return _compile_with_ctes(select, compiler)
    if select.combination is not None:
        return _compile_combination(select, compiler)
    # Each of these gives another select of the same rows, without what the text below has no words for.
    if select.each is not None:
        select = cut_for_each(select, compiler.dialect)
    if windows := windows_before_groups(select):
        select = grouped_around(select, windows)
    if select.asks_windows:
        select = qualified(select)
    if not compiler.dialect.capabilities.lateral and any(_is_lateral(join) for join in select.joins.values()):
        select = without_lateral(select, compiler.dialect)
    outputs = select.outputs or ()
    before, having = select.where.split_having() if select.where is not None else (None, None)
    distinct, params = _compile_distinct(select, compiler)
    columns, found = compiler.compile_outputs(f"SELECT {distinct}", outputs)
    params += found
    tables, found = compile_from(select, compiler)
    text = (columns if outputs else f"{columns}1") + (f" FROM {tables}" if tables else "")
    params += found
    sql, found = compile_where(before, "WHERE", compiler)
    text += sql
    params += found
    groups = _group_by(select, outputs, having, compiler.dialect)
    if groups:
        parts = compiler.compile_terms(groups)
        unique = dict.fromkeys((part, tuple(found)) for part, found in parts)
        text += " GROUP BY " + ", ".join(part for part, _ in unique)
        params += [p for _, found in unique for p in found]
    sql, found = compile_where(having, "HAVING", compiler)
    text += sql
    params += found
    tail, found = _compile_tail(select, compiler)
    return text + tail, params + found


def _compile_distinct(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    """Return DISTINCT or DISTINCT ON with a space behind it, or nothing."""
    if not select.distinct_on:
        return "DISTINCT " if select.distinct else "", []
    if not compiler.dialect.capabilities.distinct_on:
        raise advised(
            NotSupportedError,
            "DISTINCT ON fields is not supported by this database backend",
            f". {compiler.dialect.name} has no such thing: call distinct() without names of fields",
        )
    parts = [compiler.compile(item) for item in select.distinct_on]
    return f"DISTINCT ON ({', '.join(sql for sql, _ in parts)}) ", [p for _, found in parts for p in found]


def _compile_with_ctes(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    ctes, params = compile_ctes(select.ctes, compiler)
    bare = select.copy()
    bare.ctes = ()
    sql, found = compile_select(bare, compiler)
    return ctes + sql, params + found


def _compile_tail(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    text = ""
    params: list[Any] = []
    if select.order_by:
        names = {output.name for output in select.outputs or ()}
        parts = compiler.compile_terms(_spelt_out(item, names) for item in select.order_by)
        text += f" ORDER BY {', '.join(sql for sql, _ in parts)}" if parts else ""
        params += [p for _, found in parts for p in found]
    if select.limit is not None or select.offset is not None:
        limit = compiler.compile(select.limit) if select.limit is not None else (None, [])
        offset = compiler.compile(select.offset) if select.offset is not None else (None, [])
        text += " " + compiler.dialect.limit(limit[0], offset[0])
        params += [*limit[1], *offset[1]]
    if select.lock is not None:
        lock = select.lock
        quoted = [compiler.dialect.quote(alias) for alias in lock.of]
        text += " " + compiler.dialect.for_update(
            nowait=lock.nowait, skip_locked=lock.skip_locked, of=quoted, no_key=lock.no_key
        )
    return text, params


def _spelt_out(item: Expression, names: set[str | None]) -> Expression:
    """Return an ordering by an output column's name as one by its expression, where the result has no such column."""
    inner = getattr(item, "expression", None)
    if isinstance(inner, Ref) and inner.alias is None and inner.name not in names:
        return item.map(lambda child: inner.source if child is inner else child)
    return item


def _compile_combination(select: Select, compiler: Compiler) -> tuple[str, list[object]]:
    assert select.combination is not None
    combination = select.combination
    locks = any(part.lock is not None for part in (select, *combination.parts))
    if locks and compiler.dialect.capabilities.select_for_update:
        raise NotSupportedError(
            "The rows of a union can't be locked: lock those of its parts, each in a query of its own, before."
        )
    parentheses = compiler.dialect.capabilities.combinator_parentheses
    texts: list[str] = []
    bare = ""
    params: list[Any] = []
    for number, part in enumerate(combination.parts):
        try:
            sql, found = compile_select(part, compiler)
        except EmptyResultSet:
            if combination.operator == "UNION" or (combination.operator == "EXCEPT" and number):
                continue
            raise
        bare = sql
        if parentheses:
            sql = f"({sql})"
        elif part.combination or part.ctes or part.limit is not None or part.offset is not None or part.order_by:
            sql = f"SELECT * FROM ({sql})"
        texts.append(sql)
        params += found
    if not texts:
        raise EmptyResultSet
    if len(texts) == 1 and len(combination.parts) > 1 and not combination.all:
        # The others can give no row; what is left is a set of rows nevertheless.
        texts = [f"SELECT DISTINCT * FROM ({bare}) AS kept"]
    word = f" {combination.operator}{' ALL' if combination.all else ''} "
    tail, found = _compile_tail(select, compiler)
    return word.join(texts) + tail, params + found
