"""Prefetching through an attribute of an application's own, which says itself how its rows are loaded: whatever the
attribute gives, a manager as a rule, has ``get_prefetch_querysets()``, in Django's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.structures.attributes import PREFETCHED


def prefetches_itself(instance: object, name: str) -> bool:
    """Whether an attribute of an instance says how it is loaded for many."""
    return hasattr(getattr(instance, name, None), "get_prefetch_querysets")


async def load_own(
    instances: Sequence[object], name: str, querysets: Sequence[object] | None, to_attr: str | None
) -> list[Any]:
    """Load such an attribute for instances that lack it, give it to them, and return what was loaded.

    Parameters: ``querysets`` are those of the ``Prefetch``, if it has any; ``to_attr`` is where lists are kept instead.
    Errors are the attribute's own.
    """
    missing = [one for one in instances if name not in one.__dict__.get(PREFETCHED, ())]
    if not missing:
        return [row for one in instances for row in one.__dict__[PREFETCHED][name]]
    asked = getattr(missing[0], name)
    rows, key_of_row, key_of_instance, single, cache_name, _ = asked.get_prefetch_querysets(missing, querysets or None)
    found: list[Any] = list(await rows)
    groups: dict[Any, list[Any]] = {}
    for row in found:
        groups.setdefault(key_of_row(row), []).append(row)
    for instance in missing:
        own = groups.get(key_of_instance(instance), [])
        if single:
            instance.__dict__[to_attr or cache_name] = own[0] if own else None
        elif to_attr is not None:
            instance.__dict__[to_attr] = own
        else:
            kept = getattr(instance, name).get_queryset()
            kept._result_cache = own
            instance.__dict__.setdefault(PREFETCHED, {})[cache_name] = kept
    return found
