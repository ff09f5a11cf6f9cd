"""Names in an instance's ``__dict__`` of what is no column; programs for Django know them, so they are Django's.

Also which columns an instance knows no more, since what was stored in them was an expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

PREFETCHED = "_prefetched_objects_cache"
"""Where an instance keeps the rows of relations that were prefetched, by the relation's name."""
UNFOUND = "_prefetched_in_vain"
"""Where an instance holds, by relation, the keys by which a prefetch found nothing among the rows it looked in."""


def computed_fields(instance: Any) -> frozenset[str]:
    """Return the attnames whose values the database has computed since the instance was read."""
    return getattr(instance._state, "computed", frozenset())


def leave_to_database(instance: Any, attnames: Iterable[str]) -> None:
    """Forget expressions that were stored: their values are read when they are asked for, or with the next refresh."""
    forgotten = frozenset(attnames)
    if forgotten:
        instance._state.computed = computed_fields(instance) | forgotten
        for attname in forgotten:
            instance.__dict__.pop(attname, None)
