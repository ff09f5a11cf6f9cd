"""Which value of which row could not be read: looked for only once reading a result has failed.

Drivers and fields raise whatever they raise ("Invalid isoformat string"), which does not say where the value lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orm.errors import UnreadableValue
from orm.query.layout import Entity, Layout


def refuse_unreadable(layout: Layout, converters: Sequence[Any], rows: Sequence[Any], problem: Exception) -> None:
    """Raise ``UnreadableValue`` for the first value of ``rows`` that its column's conversion refuses.

    Returns where none is refused: then the problem is another one.
    """
    if isinstance(problem, UnreadableValue):
        return
    keys = dict(_keys(layout.entity)) if layout.entity is not None else {}
    for row in rows:
        for position, convert in enumerate(converters):
            value = row[position]
            if convert is None or (value is None and not getattr(convert, "sees_null", False)):
                continue
            try:
                convert(value)
            except Exception as refused:  # a field's own method may raise anything
                place = _named(layout, position)
                if position in keys:
                    place += f" in the row with the key {row[keys[position]]!r}"
                shown = repr(value)
                shown = shown if len(shown) <= 80 else shown[:77] + "..."
                raise UnreadableValue(f"{place} holds {shown}, which can't be read: {refused}") from problem


def _named(layout: Layout, position: int) -> str:
    field = layout.types[position]
    if getattr(field, "model", None) is not None:
        return str(field)
    return f"column {layout.names[position]!r}" if position < len(layout.names) else f"column {position + 1}"


def _keys(entity: Entity) -> Iterator[tuple[int, int]]:
    """Yield the position of each column of an object, with that of the object's key."""
    for _, position in entity.columns:
        yield position, entity.key
    for _, child, _ in entity.related:
        yield from _keys(child)
