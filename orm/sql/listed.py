"""Lists in one slot: how their items are prepared, and how one item of them is spoken of.

Used by the lookups that compare with several values (``in``, ``range``, ``has_keys``), where the number of values is
no part of a query's shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orm.sql import types
from orm.sql.expressions import Expression, Slot
from orm.sql.nodes import Param, Rendered
from orm.sql.types import OutOfRange

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Prepare


_LISTS = (list, tuple, Mapping)
_LISTS_AND_TEXTS = (*_LISTS, str)


class EachItem:
    """Prepares each item of a list (or key of a dict), leaving out None, which equals nothing in SQL.

    Raises ``TypeError`` for anything else: a text and a dict have the same shape, and only one of them is a list (with
    ``strict_values``; without, a text is the list of its characters).
    """

    def __init__(self, prepare: Prepare) -> None:
        self.prepare = prepare

    def __call__(self, items: object) -> list[Any]:
        prepare = self.prepare
        if not isinstance(items, _LISTS if types.strict_values else _LISTS_AND_TEXTS):
            raise TypeError(f"The in lookup takes a list or a queryset, not {items!r}")
        try:
            return [prepare(item) for item in items if item is not None]
        except OutOfRange:
            return [item for part in items for item in self._in_range(part)]

    def _in_range(self, item: object) -> list[object]:
        try:
            return [] if item is None else [self.prepare(item)]
        except OutOfRange:
            return []


class RangeBounds:
    """Prepares the two bounds of a range; a number no column can hold becomes the nearest one that some can.

    Raises ``OutOfRange`` when every number lies on one side of both.
    """

    def __init__(self, prepare: Prepare) -> None:
        self.prepare = prepare

    def __call__(self, items: Any) -> list[Any]:
        if len(items) != 2:
            raise TypeError(f"range takes a pair (from, to), not {items!r}")
        return [self._bound(item, above) for item, above in zip(items, (False, True), strict=True)]

    def _bound(self, item: object, upper: bool) -> Any:
        try:
            return self.prepare(item)
        except OutOfRange as beyond:
            if beyond.above is not upper:
                raise
            return types.MOST if upper else types.LEAST


class TakeItem:
    """Takes one item of a list slot, adapted."""

    def __init__(self, index: int, adapter: Prepare | None) -> None:
        self.index = index
        self.adapter = adapter

    def __call__(self, items: Any) -> Any:
        item = items[self.index]
        return self.adapter(item) if self.adapter is not None and item is not None else item


class ListItem(Expression):
    """One item of the list in a slot."""

    def __init__(self, slot: Slot, number: int) -> None:
        super().__init__(slot.output_field)
        self.slot = slot
        self.number = number

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        field = self.slot.output_field
        adapter = connection.comparison_adapter(field)
        return connection.parameter(field), [Param(self.slot.index, TakeItem(self.number, adapter))]
