"""SELECT as a structure: tables and joins, conditions, outputs, grouping, ordering (orm.sql.select_text makes it text).

A ``Select`` is frozen once a shape holds it; whoever changes one works on a copy. Which joins are inner is not stored:
a join is inner when its row must exist, either because a condition that must hold needs it or because the foreign key
says so.
"""

from __future__ import annotations

import copy
import enum
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from orm.errors import EmptyResultSet
from orm.records import NamedTuple
from orm.sql import types
from orm.sql.columns import Col, Column, Ref
from orm.sql.conditions import Where
from orm.sql.expressions import Expression, Null, Slot
from orm.sql.references import Outer
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orm.sql.common_tables import CommonTable
    from orm.sql.compiler import Compiler
    from orm.sql.described import ModelClass
    from orm.sql.dialect import Dialect
    from orm.sql.hop import Hop
    from orm.sql.nodes import Rendered
    from orm.sql.sources import Source


class RowForm(enum.StrEnum):
    """What the rows of a query become. A text, since it is part of keys that are looked up for each call."""

    MODEL = "model"
    """Instances of the model."""
    DICT = "dict"
    TUPLE = "tuple"
    FLAT = "flat"
    """The one value that each row has."""
    NAMED = "named"
    """Named tuples."""


class Grouping(enum.Enum):
    """What rows are grouped by, where it is no list of expressions."""

    BY_ROW = "the model's row, whatever its columns are"


class Join(NamedTuple):
    """A table in FROM: the base table has no parent; others hang on ``parent`` by ``hop`` (columns lhs = rhs).

    ``table`` is the name of a table or of a query in WITH, unless rows come from a ``source``.
    """

    alias: str
    table: str
    parent: str | None = None
    hop: Hop | None = None
    condition: Expression | None = None  # what else the joined row must meet
    source: Source | None = None
    optional: bool = False  # without a hop: whether rows that meet none stay
    columns: tuple[str, ...] = ()  # names for the columns of a source that has none of its own


class Filtered(NamedTuple):
    """A relation under another name (``FilteredRelation``): its hops, and the condition of its last join.

    In the condition, tables go by ``aliases``: that of the model, then one for each hop. ``further`` are the tables it
    speaks of besides: each with its alias, the alias of the table it is joined to, and the hop from there.
    """

    relation: Any
    hops: tuple[Hop, ...]
    condition: Expression
    aliases: tuple[str, ...]
    further: tuple[tuple[str, str, Hop], ...] = ()


NONE_FILTERED: Mapping[str, Filtered] = {}


class Offer(NamedTuple):
    """What a joined source offers: its alias, and its columns with their types where they are known."""

    alias: str
    columns: Mapping[str, SQLType | None]


NOTHING_OFFERED: Mapping[str, Offer] = {}


class Lock(NamedTuple):
    """What select_for_update() asked for. ``of`` are names of relations, and once it is finished aliases of tables."""

    nowait: bool
    skip_locked: bool
    of: tuple[str, ...]
    no_key: bool


class EachKey(NamedTuple):
    """A slice of the rows of each key, as a prefetch of ``queryset[:3]`` asks for.

    ``lookup`` is the condition that the key is one of those listed. The slice is said in two ways, since it is computed
    in one of two: ``bounds`` are conditions on a row's number among those of its key, ``limit`` and ``offset`` are for
    a query of one key's rows. ``indexed``: the model has an index by which the database finds these
    (docs/decisions/0010).
    """

    lookup: Any
    bounds: tuple[Expression, ...]
    limit: Expression | None
    offset: Expression | None
    indexed: bool


class Loading(NamedTuple):
    """What only() and defer() say: the fields that are loaded at once, or the ``deferred`` ones that are not."""

    deferred: bool
    names: frozenset[str]


class Combination(NamedTuple):
    """UNION, INTERSECT or EXCEPT of several selects.

    ``chosen`` says that the parts had all columns, of which ``values()`` of the combination chose some.
    """

    operator: str
    all: bool
    parts: tuple[Select, ...]
    chosen: bool = False


class Output(NamedTuple):
    """One column of the result: its expression, and a name where it has one."""

    expression: Expression
    name: str | None = None


class Select:
    """One SELECT statement without values.

    ``outputs`` is filled when the select is finished (see orm.query.layout); until then ``annotations``, ``values`` and
    the loading options say what the result holds.
    """

    model: Any
    joins: dict[str, Join]
    annotations: dict[str, Expression]
    filtered: Mapping[str, Filtered] = NONE_FILTERED
    where: Where | None = None
    sticky: frozenset[str] = frozenset()
    """Tables of a relation with many rows that the next filter speaks of, too."""
    selected: tuple[str, ...] = ()  # the annotations that are part of the result, in order
    values: tuple[tuple[str, Expression], ...] | None = None
    chose_all: bool = False  # whether the values are all of the model's columns, since none were named
    result: Any = RowForm.MODEL  # or what makes an object of a row (orm.query.projection)
    group_by: tuple[Expression, ...] | Grouping | None = None
    order_by: tuple[Expression, ...] | None = None  # None: the model's Meta.ordering
    order_names: tuple[str, ...] = ()  # what order_by() was given, where that were plain names
    order_joins: frozenset[str] = frozenset()
    """Tables joined for the order, which go with it where nothing else speaks of them."""
    reverse: bool = False
    distinct: bool = False
    distinct_on: tuple[Expression, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None
    each: EachKey | None = None
    keyset: tuple[Expression, ...] = ()
    """What rows hold as well, though it may be no part of the results: what a page's cursors are made of, and in a part
    of a union what that is ordered by."""
    select_related: Any = False
    loading: Loading | None = None
    lock: Lock | None = None
    combination: Combination | None = None
    ctes: tuple[CommonTable, ...] = ()
    offered: Mapping[str, Offer] = NOTHING_OFFERED  # by the name the query knows a joined source by
    outputs: tuple[Output, ...] | None = None
    spare: str | None = None
    """The alias of the model's own table, where rows are as many without it, if the database has foreign keys."""
    comment: str | None = None
    list_slots: frozenset[int] = frozenset()
    slots: int = 0
    empty: bool = False
    cacheable: bool = True
    frozen: bool = False

    def __init__(self, model: ModelClass, joins: dict[str, Join], **parts: object) -> None:
        self.model = model
        self.joins = joins
        self.annotations = {}
        for name, part in parts.items():
            if name not in Select.__annotations__:
                raise TypeError(f"A Select has no {name!r}")
            setattr(self, name, part)

    def copy(self) -> Select:
        """Return a copy that may be changed."""
        new = object.__new__(Select)
        new.__dict__.update(self.__dict__, frozen=False)
        new.joins = dict(self.joins)
        new.annotations = dict(self.annotations)
        return new

    def freeze(self) -> Select:
        """Let nothing change this select any more, and return it."""
        if not self.frozen:
            self.joins = MappingProxyType(self.joins)  # type: ignore[assignment]  # for reading alone
            self.annotations = MappingProxyType(self.annotations)  # type: ignore[assignment]
            self.frozen = True
        return self

    def __setattr__(self, name: str, value: object) -> None:
        if self.frozen:
            raise AttributeError(f"This select is part of a shape: change a copy() of it, not its {name}")
        self.__dict__[name] = value

    def __getstate__(self) -> dict[str, object]:
        return self.copy().__dict__

    @property
    def base_alias(self) -> str:
        """The alias of the model's own table."""
        return next(iter(self.joins))

    @property
    def is_plain(self) -> bool:
        """Whether rows are the model's rows as they are: nothing grouped, cut, combined or made distinct."""
        return not (
            self.group_by is not None or self.distinct or self.distinct_on
            or self.limit is not None or self.offset is not None
            or self.combination is not None or self.is_derived or self.asks_windows or self.multiplying
        )  # fmt: skip

    @property
    def multiplying(self) -> list[Any]:
        """The annotations in the result of which each row has as many as they give values."""
        shown = [self.annotations[name] for name in self.selected]
        return [item for item in shown if any(part.set_returning for part in item.walk())]

    @property
    def is_derived(self) -> bool:
        """Whether rows come from a source in FROM, and not from the model's table."""
        source = self.joins[self.base_alias].source if self.joins else None
        return source is not None and not source.table_like

    @property
    def asks_windows(self) -> bool:
        """Whether a condition is about a window function, and so about rows that all other conditions have left."""
        return self.where is not None and self.where.contains_over_clause

    def transform(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Select:
        """Return this select with every expression changed and every table alias renamed."""

        def many(items: Iterable[Any]) -> tuple[Expression, ...]:
            return tuple(change(item) for item in items)

        new = self.copy()
        new.joins = {
            aliases[j.alias]: j._replace(
                alias=aliases[j.alias],
                parent=aliases[j.parent] if j.parent else None,
                condition=change(j.condition) if j.condition is not None else None,
                source=j.source.transformed(change, aliases) if j.source is not None else None,
            )
            for j in self.joins.values()
        }
        if self.filtered:
            new.filtered = {n: f._replace(condition=change(f.condition)) for n, f in self.filtered.items()}
        new.where = self.where.transformed(change) if self.where is not None else None
        new.annotations = {name: change(item) for name, item in self.annotations.items()}
        new.values = tuple((n, change(e)) for n, e in self.values) if self.values is not None else None
        new.group_by = many(self.group_by) if isinstance(self.group_by, tuple) else self.group_by
        new.order_by = many(self.order_by) if self.order_by is not None else None
        new.order_joins = frozenset(aliases[alias] for alias in self.order_joins & self.joins.keys())
        new.distinct_on = many(self.distinct_on)
        new.keyset = many(self.keyset)
        new.limit = change(self.limit) if self.limit is not None else None
        new.offset = change(self.offset) if self.offset is not None else None
        if self.outputs:
            new.outputs = tuple(Output(change(o.expression), o.name) for o in self.outputs)
        if self.combination is not None:
            parts = tuple(part.transform(change, aliases) for part in self.combination.parts)
            new.combination = self.combination._replace(parts=parts)
        if self.ctes:
            new.ctes = tuple(cte.transformed(change, aliases) for cte in self.ctes)
        if self.offered:
            new.offered = {n: o._replace(alias=aliases.get(o.alias, o.alias)) for n, o in self.offered.items()}
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
        for join in self.joins.values():
            if join.source is not None:
                for inner in join.source.selects():
                    found |= inner.aliases()
        for cte in self.ctes:
            found |= cte.rows.select.aliases()
        return found

    def expressions(self) -> Iterable[Expression]:
        """Yield every expression this select holds directly."""
        if self.where is not None:
            yield self.where
        for join in self.joins.values():
            if join.condition is not None:
                yield join.condition
            if join.source is not None:
                yield from join.source.expressions()
        yield from self.annotations.values()
        yield from (item for _, item in self.values or ())
        yield from (o.expression for o in self.outputs or ())
        for group in (self.group_by, self.order_by, self.distinct_on):
            if isinstance(group, tuple):
                yield from group


class SubSelect(Expression):
    """A select in parentheses inside another; ``template`` has ``%(subquery)s`` for it, as ``EXISTS(%(subquery)s)``."""

    def __init__(self, select: Select, template: str = "(%(subquery)s)", output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.select = select
        self.template = template

    @property
    def conditional(self) -> bool:
        return self.template.startswith("EXISTS") or super().conditional

    def children(self) -> Iterator[Expression]:
        return iter(())

    @property
    def contains_aggregate(self) -> bool:
        return False

    @property
    def contains_over_clause(self) -> bool:
        return False

    def map(self, change: Callable[[Expression], Expression]) -> Self:
        new = copy.copy(self)
        new.select = self.select.transform(change, {alias: alias for alias in self.select.aliases()})
        return new

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
                if isinstance(node, (Col, Column)) and node.alias not in inner:
                    yield node
                elif isinstance(node, SubSelect):
                    outside = (column for column in node.group_by_columns() if isinstance(column, (Col, Column)))
                    yield from (column for column in outside if column.alias not in inner)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        try:
            return self.as_rows(compiler)
        except EmptyResultSet:
            if self.template.startswith("EXISTS"):
                raise
            return compiler.compile(Null(self.output_field_or_none))

    def as_rows(self, compiler: Compiler) -> Rendered:
        """Return the SQL of the rows, as IN takes them.

        Raises ``EmptyResultSet`` when there can be none.
        """
        sql, params = compiler.compile_select(self.select)
        return self.template.replace("%(subquery)s", sql), params


class Position(Expression):
    """A column of the result by its number: what a union is ordered by, and a subquery's values grouped by."""

    def __init__(self, number: int, column: str) -> None:
        super().__init__(types.INTEGER)
        self.number = number
        self.column = column

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return str(int(self.number)), []


def moved(expression: Expression, aliases: dict[str, str]) -> Any:
    """Return an expression with its columns in tables of other aliases."""

    def change(node: Expression) -> Expression:
        if isinstance(node, Col):
            return Col(aliases.get(node.alias, node.alias), node.target, node._output_field)
        if isinstance(node, Column):
            return Column(aliases.get(node.alias, node.alias), node.name, node._output_field)
        if isinstance(node, SubSelect):
            inner = {alias: alias for alias in node.select.aliases()}
            return node.renamed(change, inner)
        return node.map(change)

    return change(expression)


def relabel(
    select: Select, aliases: dict[str, str], offset: int, outer: Callable[[Outer], Expression] | None = None
) -> Select:
    """Return ``select`` made part of another query: aliases renamed, slots moved by ``offset``.

    ``outer`` says what a reference to the query around it becomes, where it is put into that query; without it the
    select stands beside the other query's own, and the reference stays what it is.
    """

    def change(node: Expression) -> Expression:
        if isinstance(node, Col):
            renamed = aliases.get(node.alias)
            return Col(renamed, node.target, node._output_field) if renamed is not None else node
        if isinstance(node, Column):
            return Column(aliases.get(node.alias, node.alias), node.name, node._output_field)
        if isinstance(node, Slot):
            return node.moved(offset)
        if isinstance(node, Outer):
            return node if outer is None else outer(node)
        if isinstance(node, SubSelect):
            return node.renamed(change, aliases)
        if isinstance(node, Ref) and node.alias is not None:
            return Ref(node.name, change(node.source), aliases.get(node.alias, node.alias))
        return node.map(change)

    new = select.transform(change, aliases)
    new.list_slots = frozenset(index + offset for index in select.list_slots)
    return new
