"""A query's statement, to be read and not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.errors import EmptyResultSet, FieldError
from orm.query.chain import Chain
from orm.query.joined import INNER_JOIN, OUTER_JOIN, BaseTable, Join
from orm.query.layout import finish
from orm.query.plan import select_plan
from orm.sql.compiler import binder
from orm.sql.handwritten import ExtraColumn
from orm.sql.nodes import Rendered
from orm.sql.select_text import inner_aliases
from orm.sql.statement_compiler import StatementCompiler

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from orm.db.database import AwaitableDatabase
    from orm.query.shape import Shape
    from orm.sql.expressions import Expression
    from orm.sql.types import SQLType


class Query:
    """A query's statement for reading. ``str()`` shows it with its values put in, quoted: it can be pasted into the
    database's own shell, while what is sent has parameters.

    What it asks is changed by the methods of its queryset. What is loaded along, and which columns are, can be
    assigned, which changes that queryset; assigning anything else raises ``AttributeError``.
    """

    __slots__ = ("_queryset",)

    def __init__(self, queryset: Chain[Any]) -> None:
        if not isinstance(queryset, Chain):
            raise NotImplementedError(
                f"Query({queryset!r}): here a query is made by the methods of a queryset, and read as its .query"
            )
        self._queryset = queryset

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle what is asked, and not the results, which pickling the queryset itself takes along."""
        queryset = self._queryset
        parts = {name: getattr(queryset, name) for name in PARTS}
        return _restored, (queryset.model, parts)

    # A query stands where its queryset may: in Subquery(), on the right side of a lookup, in annotate().

    @property
    def model(self) -> Any:
        """The model whose rows are asked for."""
        return self._queryset.model

    # What it asks, in part: for code that looks before it does something.

    @property
    def _select(self) -> Any:
        return self._queryset._shape.select

    @property
    def annotations(self) -> dict[str, Any]:
        """Computed values by name."""
        return dict(self._select.annotations)

    @property
    def annotation_select(self) -> dict[str, Any]:
        """Those of them that are part of the results."""
        return {name: self._select.annotations[name] for name in self._select.selected}

    @property
    def extra(self) -> dict[str, Any]:
        """Columns of ``extra()`` by name: each its SQL and its parameters."""
        values = self._queryset._values
        return {
            name: (expression.sql, [values[slot.index] for slot in expression.params])
            for name, expression in self.annotation_select.items()
            if isinstance(expression, ExtraColumn)
        }

    @property
    def extra_select(self) -> dict[str, Any]:
        """The same: those of them that are part of the results, which are all."""
        return self.extra

    @property
    def select_related(self) -> bool | dict[str, Any]:
        """What is loaded along: names of relations, each with those below it; True for all that are never empty."""
        wanted: bool | dict[str, Any] = self._select.select_related
        return wanted

    @select_related.setter
    def select_related(self, wanted: bool | dict[str, Any]) -> None:
        names = tuple(_paths(wanted)) if isinstance(wanted, dict) else ()
        self._become(self._queryset.select_related(*(names if wanted else (None,))))

    @property
    def deferred_loading(self) -> tuple[set[str], bool]:
        """What ``defer()`` and ``only()`` say: names of fields, and whether these are left out, or alone are loaded."""
        loading = self._select.loading
        return (set(), True) if loading is None else (set(loading.names), loading.deferred)

    @deferred_loading.setter
    def deferred_loading(self, wanted: tuple[Iterable[str], bool]) -> None:
        names, deferred = wanted
        everything = self._queryset.defer(None)
        self._become(everything.defer(*sorted(names)) if deferred else everything.only(*sorted(names)))

    @property
    def order_by(self) -> tuple[Any, ...]:
        """The names that ``order_by()`` was given; where there are expressions among them, all of it as expressions."""
        ordering = self._select.order_by or ()
        return (self._select.order_names or ordering) if ordering else ()

    @property
    def default_ordering(self) -> bool:
        """Whether the order is that of the model's Meta.ordering."""
        return self._select.order_by is None

    @property
    def standard_ordering(self) -> bool:
        """Whether the order is as it was given, and not reversed."""
        return not self._select.reverse

    @property
    def low_mark(self) -> int:
        """The place of the first row that is wanted."""
        return self._queryset._low

    @property
    def high_mark(self) -> int | None:
        """The place after the last row that is wanted; None for all."""
        return self._queryset._high

    @property
    def is_sliced(self) -> bool:
        """Whether a part of the rows is wanted."""
        return self.low_mark != 0 or self.high_mark is not None

    def can_filter(self) -> bool:
        """Whether conditions can still be added."""
        return not self.is_sliced

    def has_filters(self) -> bool:
        """Whether there are conditions."""
        return self._select.where is not None

    def is_empty(self) -> bool:
        """Whether it is known that there is no row, as after ``none()``."""
        return bool(self._select.empty)

    @property
    def distinct(self) -> bool:
        """Whether equal rows are left out."""
        return bool(self._select.distinct or self._select.distinct_on)

    @property
    def combinator(self) -> str | None:
        """What combines it with others: union, intersection or difference."""
        combination = self._select.combination
        return None if combination is None else COMBINATORS[combination.operator]

    @property
    def alias_map(self) -> dict[str, BaseTable]:
        """The tables of FROM by their aliases: the first one, and those that are joined to it."""
        select = self._select
        inner = inner_aliases(select)
        counted = databases[self._queryset.db].dialect.capabilities.foreign_keys
        spare = select.spare if counted else None
        return {
            alias: BaseTable(one.table, alias)
            if one.parent in (None, spare)
            else Join(one.table, alias, str(one.parent), INNER_JOIN if alias in inner else OUTER_JOIN)
            for alias, one in select.joins.items()
            if alias != spare
        }

    @property
    def alias_refcount(self) -> dict[str, int]:
        """How often each alias counts: once, since tables that nothing needs are not joined."""
        return dict.fromkeys(self.alias_map, 1)

    @property
    def base_table(self) -> str | None:
        """The alias of the first table."""
        return next(iter(self.alias_map), None)

    def get_initial_alias(self) -> str | None:
        """Return the alias of the first table."""
        return self.base_table

    def count_active_tables(self) -> int:
        """Return how many tables there are in FROM."""
        return len(self.alias_map)

    def try_transform(self, lhs: Expression, name: str) -> Any:
        """Return a value transformed, as ``filter(day__year=…)`` does. Raises ``FieldError`` where it has no such."""
        transform = lhs.get_transform(name)
        if transform is None:
            kind = type(lhs.output_field).__name__
            raise FieldError(f"Unsupported lookup '{name}' for {kind} or join on the field not permitted.")
        return transform(lhs)

    def get_meta(self) -> Any:
        """Return the ``_meta`` of the model."""
        return self.model._meta

    def embedded(self) -> tuple[Shape, tuple[object, ...], str | None]:
        """Return shape and values for use inside another query."""
        return self._queryset.embedded()

    def in_its_order(self) -> Any:
        """Return the queryset in the order that it has without being asked for one."""
        return self._queryset.in_its_order()

    def query_structure(self, values: list[object]) -> Hashable:
        """Return the key of this query as part of another, whose values get this one's."""
        return self._queryset.query_structure(values)

    def value_type(self) -> SQLType | None:
        """Return the type of the single column of the rows, where there is one and its type is known."""
        return self._queryset.value_type()

    def _become(self, changed: Chain[Any]) -> None:
        Query(changed).copy_to(self._queryset)

    def copy_to(self, queryset: Chain[Any]) -> None:
        """Let another queryset ask what this query asks."""
        for name in PARTS:
            queryset.__dict__[name] = getattr(self._queryset, name)

    def sql_with_params(self) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL with ``%s`` for each parameter, as a cursor of ``django.db`` takes it, and the parameters.

        Raises ``EmptyResultSet`` where the query can give no row.
        """
        return self.get_compiler(self._queryset.db).as_sql()

    def statement(self) -> Rendered:
        """Return the SQL that is sent, with the database's own placeholders, and its parameters.

        Raises ``EmptyResultSet`` when none would be.
        """
        shape, values = self._queryset._sliced()
        plan = shape.plan(databases[self._queryset.db], values, select_plan)
        if plan.sql is None:
            raise EmptyResultSet("This query can give no row, so none is sent")
        return plan.sql, plan.parameters(values)

    def get_compiler(self, using: str | None = None, connection: AwaitableDatabase | None = None) -> QueryCompiler:
        """Return what writes this query's SQL for a database, in Django's form: ``get_compiler("default").as_sql()``.

        Parameters: ``using`` is the database's alias; ``connection`` is the database, as ``django.db.connection`` is
        one, and wins over it. Raises ``ValueError`` where neither is given.
        """
        alias = using if connection is None else connection.alias
        if alias is None:
            raise ValueError('Need either using or connection: get_compiler(using="default")')
        return QueryCompiler(self, alias)

    def __str__(self) -> str:
        sql, params = self.statement()
        return databases[self._queryset.db].dialect.shown(sql, params)

    def __repr__(self) -> str:
        return f"<Query {self}>"


class QueryCompiler(StatementCompiler):
    """The compiler of one query on one database."""

    def __init__(self, query: Query, using: str) -> None:
        self.query = query
        self.using = using
        self._shape, self._values = query._queryset._sliced()
        lengths = {slot: len(self._values[slot]) for slot in self._shape.select.list_slots}
        super().__init__(databases[using].dialect, lengths)

    def as_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL with ``%s`` for each parameter, as a cursor of ``django.db`` takes it, and the parameters.

        Raises ``EmptyResultSet`` where the query can give no row.
        """
        select, _ = finish(self._shape.select)
        sql, params = self.compile_select(select)
        bind = binder(params, None)
        return sql, tuple(self._values if bind is None else bind(self._values))

    def __repr__(self) -> str:
        return f"<QueryCompiler model={self.query.model.__qualname__} using={self.using!r}>"


COMBINATORS = {"UNION": "union", "INTERSECT": "intersection", "EXCEPT": "difference"}
PARTS = (
    "_shape", "_values", "_low", "_high", "_using", "_follows", "_prefetch_related_lookups", "_fetch_mode", "_timeout"
)  # fmt: skip
"""What of a queryset says what it asks."""


def _paths(wanted: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the paths along relations that a nested mapping names: those that end somewhere lead over the others."""
    for name, below in wanted.items():
        if below:
            yield from _paths(below, f"{prefix}{name}__")
        else:
            yield f"{prefix}{name}"


def _restored(model: Any, parts: dict[str, object]) -> Query:
    queryset: Chain[Any] = Chain(model)
    queryset.__dict__.update(parts)
    return Query(queryset)
