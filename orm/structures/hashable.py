"""``make_hashable``: the same value in a form that can be a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def make_hashable(value: object) -> Any:
    """Return ``value`` with its mappings and lists as tuples, sorted where order says nothing.

    Raises ``TypeError`` for what can neither be hashed nor iterated.
    """
    if isinstance(value, dict):
        return tuple((key, make_hashable(each)) for key, each in sorted(value.items()))
    try:
        hash(value)
    except TypeError:
        if not isinstance(value, Iterable):
            raise
        return tuple(make_hashable(each) for each in value)
    return value
