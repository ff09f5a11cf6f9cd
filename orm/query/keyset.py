"""Pages by key: the rows after a place in the query's ordering, found by comparing values and not by counting rows.

The ordering ends in a unique column, which is added where it lacks one: no two rows share a place, so none is left out
or comes twice. What this module refuses: random order, and queries whose rows are only made after the conditions
(unions, ``distinct()`` with names).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from orm.errors import DataError, InvalidCursor, NotSupportedError
from orm.late import late_module, late_pattern
from orm.query.cursors import Cursors
from orm.query.hydrate import converter_of
from orm.query.layout import declared_ordering
from orm.records import NamedTuple
from orm.sql import types
from orm.sql.columns import Col, Column
from orm.sql.conditions import Where
from orm.sql.expressions import Expression, Slot
from orm.sql.keyset import Beyond
from orm.sql.lookups import GreaterThan
from orm.sql.ordering import OrderBy
from orm.sql.statement_compiler import StatementCompiler

if TYPE_CHECKING:
    from orm.query.builder import Builder
    from orm.query.plan import Plan
    from orm.query.shape import Shape
    from orm.sql.dialect import Dialect
    from orm.sql.functions import numbers
    from orm.sql.select import Select
else:
    numbers = late_module("orm.sql.functions.numbers")

M = TypeVar("M", covariant=True)


class Page(Sequence[M]):
    """Some of a query's rows, in order, and the cursors of what comes before and after.

    Its results are read by index and by ``for``. ``next`` is what ``page(after=…)`` takes for the rows that follow,
    ``previous`` what ``page(before=…)`` takes for those before; None where there are none. What lies on the side that
    the page was asked from is not looked at: rows that were there then are taken to be there still.
    """

    def __init__(self, items: list[M], cursors: list[str], has_previous: bool, has_next: bool) -> None:
        self.items = items
        self.cursors = cursors
        """The place of each result, in the same order."""
        self.has_previous = has_previous
        self.has_next = has_next

    @property
    def next(self) -> str | None:
        """The cursor to go on from; None on the last page."""
        return self.cursors[-1] if self.has_next and self.cursors else None

    @property
    def previous(self) -> str | None:
        """The cursor to go back from; None on the first page."""
        return self.cursors[0] if self.has_previous and self.cursors else None

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> M: ...
    @overload
    def __getitem__(self, index: slice) -> list[M]: ...
    def __getitem__(self, index: int | slice) -> M | list[M]:
        return self.items[index]

    def __iter__(self) -> Iterator[M]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"<Page {self.items!r}>"


class Asked(NamedTuple):
    """What page() was asked for: places as values of the ordering's terms, or None, and how many rows to fetch."""

    after: list[Any] | None
    before: list[Any] | None
    limit: int

    @property
    def backwards(self) -> bool:
        """Whether the rows nearest to ``before`` are wanted, and not those nearest to ``after``."""
        return self.before is not None and self.after is None


# -- the ordering ------------------------------------------------------------------------------------------------------


def order_uniquely(builder: Builder) -> None:
    """Give the query an ordering that tells every two rows apart, and have the rows hold its terms."""
    select = builder.select
    if select.combination is not None or select.distinct_on:
        what = "distinct() with names" if select.distinct_on else "union() and its like"
        raise NotSupportedError(f"page() after {what} is not supported: which rows there are is known too late for it")
    order_by = select.order_by
    if order_by is None:
        order_by = declared_ordering(builder) if select.group_by is None else ()
    terms = [item for item in order_by if isinstance(item, OrderBy)]
    if any(isinstance(term.expression, numbers.Random) for term in terms):
        raise ValueError("page() needs an order in which each row has its place; order_by('?') gives none")
    if select.reverse:
        terms, select.reverse = [term.reversed() for term in terms], False
    ordered = [term.expression for term in terms]
    if not any(_tells_apart(select, expression) for expression in ordered):
        terms += [OrderBy(item) for item in _tail(select) if item not in ordered]
    select.order_by = tuple(terms)
    select.keyset = tuple(term.expression for term in terms)


def _tells_apart(select: Select, expression: Expression) -> bool:
    """Whether no two rows of the query are equal in this: a unique column of the model, where rows come once."""
    if select.group_by is not None or select.distinct or not isinstance(expression, Col):
        return False
    field = expression.target
    unique = (field.unique or field.primary_key) and not field.null
    return unique and expression.alias == select.base_alias and not any(map(_multiplies, select.joins.values()))


def _multiplies(join: Any) -> bool:
    """Whether a join may give a row several times."""
    return join.hop.many if join.hop is not None else join.parent is not None


def _tail(select: Select) -> list[Expression]:
    """Return what tells any two rows of the query apart."""
    if isinstance(select.group_by, tuple):
        return list(select.group_by)
    if select.distinct and select.values is not None:
        chosen = [expression for _, expression in select.values]
        return [*chosen, *(select.annotations[name] for name in select.selected)]
    tail: list[Expression] = [*Col(select.base_alias, select.model._meta.pk).parts]
    if select.group_by is not None or select.distinct:
        return tail
    offers = {offer.alias: offer for offer in select.offered.values()}
    for join in select.joins.values():
        if not _multiplies(join):
            continue
        if join.hop is not None:
            tail += Col(join.alias, join.hop.model._meta.pk).parts
        elif join.alias in offers:
            tail += [Column(join.alias, name, kind) for name, kind in offers[join.alias].columns.items()]
    return tail


def cursors_of(shape: Shape, values: Sequence[Any], dialect: Dialect) -> Cursors:
    """Return what makes and reads cursors of this ordering. The ordering's own values are a part of what it is."""
    select = shape.select
    compiler = StatementCompiler(dialect, {slot: len(values[slot]) for slot in select.list_slots})
    parts = [select.model._meta.label]
    for sql, params in compiler.compile_terms(select.order_by or ()):
        parts.append(sql)
        parts += [repr(values[param.slot] if hasattr(param, "slot") else param) for param in params]
    return Cursors("\n".join(parts))


# -- the rows ----------------------------------------------------------------------------------------------------------


def seek(builder: Builder, asked: Asked) -> None:
    """Leave the rows beyond the places asked for; one more than asked for shows whether there are others."""
    select = builder.select
    terms = [item for item in select.order_by or () if isinstance(item, OrderBy)]
    opposite = [term.reversed() for term in terms]
    nullable = [_may_be_null(builder, term.expression) for term in terms]
    conditions: list[Expression] = []
    for place, ordering in ((asked.after, terms), (asked.before, opposite)):
        if place is not None:
            slots = [
                None if value is None else GreaterThan.slot(term.expression, value, builder)
                for term, value in zip(ordering, place, strict=True)
            ]
            conditions.append(Beyond(ordering, slots, nullable))
    if conditions:
        select.where = (select.where or Where(())).and_with(Where(conditions))
    if asked.backwards:
        select.order_by = tuple(opposite)
    select.limit = Slot(builder.take_slot(asked.limit, None), types.BIGINT, bare=True)


def _may_be_null(builder: Builder, expression: Expression) -> bool:
    return builder._may_be_null(expression) if isinstance(expression, Col) else True


def sought(shape: Shape, values: tuple[object, ...], asked: Asked) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape and values of a page. Raises ``InvalidCursor`` for values the ordering's terms can't have."""
    places = [place for place in (asked.after, asked.before) if place is not None]
    nulls = [tuple(value is None for value in place) for place in places]
    key = ("page", asked.after is not None, asked.before is not None, *nulls)
    given = [value for place in places for value in place if value is not None]
    try:
        found, prepared = shape.advance(key, [*given, asked.limit], seek, asked)
    except (TypeError, ValueError, types.OutOfRange) as error:
        raise InvalidCursor("This cursor holds a value that its column can't have.") from error
    return found, values + prepared


_UNSENDABLE = late_pattern(r"[\x00\ud800-\udfff]")
"""Half of a surrogate pair, which no database holds, or NUL, which may be part of a text in another one."""


def unsendable(asked: Asked, error: DataError) -> Exception:
    """Return the error of a page that was not sent: ``InvalidCursor`` where a cursor holds a text that no row has."""
    given = [value for place in (asked.after, asked.before) if place is not None for value in place]
    if any(isinstance(value, str) and _UNSENDABLE.search(value) is not None for value in given):
        return InvalidCursor("This cursor holds a text that its column can't have.")
    return error


def page_of(rows: Sequence[Any], results: list[M], more: bool, plan: Plan, cursors: Cursors, asked: Asked) -> Page[M]:
    """Return the page of these rows, which are in order; ``more``: there are others on the far side."""
    assert plan.layout is not None
    readers = [(position, converter_of(kind, plan.dialect)) for position, kind in plan.layout.keyset]
    places = [cursors.write([_value(row[position], read) for position, read in readers]) for row in rows]
    before = more if asked.backwards else asked.after is not None
    return Page(results, places, before, asked.before is not None if asked.backwards else more)


def _value(value: object, read: Any) -> Any:
    if read is None or (value is None and not getattr(read, "sees_null", False)):
        return value
    return read(value)
