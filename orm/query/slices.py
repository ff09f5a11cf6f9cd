"""Slices: of a query's rows, and of the rows of each key. The bounds wait in slots, so that all pages share a shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.late import late_module
from orm.query.builder import Builder
from orm.query.layout import by_name, declared_ordering
from orm.sql import types
from orm.sql.columns import Col
from orm.sql.conditions import Q
from orm.sql.expressions import Expression, Slot
from orm.sql.lookups import GreaterThan, In, LessThanOrEqual
from orm.sql.ordering import OrderBy
from orm.sql.select import EachKey
from orm.sql.windows import Window

if TYPE_CHECKING:
    from orm.sql.functions import windows
else:
    windows = late_module("orm.sql.functions.windows")


def cut(builder: Builder, offset: int, limit: int | None) -> None:
    """A slice."""
    select = builder.select
    if select.combination is None and select.order_by is None:
        select.order_by = declared_ordering(builder) if select.group_by is None else ()
    if select.reverse and select.order_by is not None:
        select.order_by = tuple(item.reversed() for item in select.order_by if isinstance(item, OrderBy))
        select.reverse = False
    if select.combination is None and select.order_by is not None:
        select.order_by = tuple(by_name(item, select) for item in select.order_by)
    if limit is not None:
        select.limit = Slot(builder.take_slot(limit, None), types.BIGINT, bare=True)
    if offset:
        select.offset = Slot(builder.take_slot(offset, None), types.BIGINT, bare=True)


def cut_each(builder: Builder, name: str, keys: Sequence[object], low: int, high: int | None) -> None:
    """A slice of the rows of each value of ``name`` among the keys: those with a number between its bounds."""
    select = builder.select
    condition: Any = builder.resolve_condition(Q((f"{name}__in", keys)), reuse=set(), within=False)
    [lookup] = condition.nodes
    order_by = select.order_by
    if order_by is None:
        order_by = declared_ordering(builder) if select.group_by is None else ()
    if select.reverse:
        order_by = tuple(item.reversed() if isinstance(item, OrderBy) else item for item in order_by)
    number = Window(windows.RowNumber(), partition_by=builder.resolve_ref(name), order_by=list(order_by))
    bounds: list[Expression] = []
    offset = limit = None
    if low:
        offset = Slot(builder.take_slot(low, None), types.BIGINT, bare=True)
        bounds.append(GreaterThan(number, offset))
    if high is not None:
        upto = Slot(builder.take_slot(high, None), types.BIGINT, bare=True)
        bounds.append(LessThanOrEqual(number, upto))
        limit = Slot(builder.take_slot(high - low, None), types.BIGINT, bare=True)
    indexed = isinstance(lookup, In) and isinstance(lookup.rhs, Slot) and _is_indexed(lookup.lhs)
    select.each = EachKey(lookup, tuple(bounds), limit, offset, indexed)


def _is_indexed(column: object) -> bool:
    """Whether the database finds the rows with a value of a column quickly."""
    field = column.target if isinstance(column, Col) else None
    if field is None or field.model is None:
        return False
    opts = field.model._meta
    first = {tuple(index.fields)[:1] for index in opts.indexes if not index.condition}
    return bool(field.primary_key or field.unique or field.db_index) or (field.name,) in first
