"""The rows that a relation may refer to, as a menu shows them. Twins are generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TWINS = ("achoices_among",)


def limited(rows: Any, limit: Any) -> Any:
    """Return those of the rows that a condition admits, which is a Q or a mapping."""
    return rows.filter(**limit) if isinstance(limit, Mapping) else rows.filter(limit)


async def achoices_among(
    model: type[Any], attname: str, limit: object, ordering: Iterable[object]
) -> list[tuple[object, object]]:
    """Return the rows of a model that a condition admits, as pairs of a value of theirs and their text."""
    rows = limited(model._default_manager, limit)
    order = tuple(ordering)
    return [(getattr(row, attname), str(row)) async for row in (rows.order_by(*order) if order else rows)]
