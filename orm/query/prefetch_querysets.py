"""What code of an application needs to prefetch a relation itself: ``get_prefetch_querysets()`` under Django's name.

Prefetching proper (``orm.query.prefetch``) does not come by here: it sorts rows out as they arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from orm.query.relation_loaders import (
    JOIN_KEY,
    JoinColumn,
    ManyToManyLoader,
    OneLoader,
    ReverseManyLoader,
    loader_for,
)

Parts = tuple[Any, Callable[[Any], Any], Callable[[Any], Any], bool, str, bool]


def prefetch_querysets(
    model: type[object], name: str, instances: Iterable[Any], querysets: Sequence[Any] | None
) -> Parts:
    """Return the rows of a relation of some instances, and how they belong to these, in Django's form.

    Parameters: ``name`` is the attribute on the instances of ``model``; ``querysets`` holds the queryset of the rows,
    if it is not the relation's own.

    Returns the queryset of all the rows; a function that gives the key of a row, and one that gives that of an
    instance; whether an instance has one row at most; the name under which rows are kept, and whether that is a
    descriptor's attribute. Raises ``ValueError`` for more or fewer querysets than one.
    """
    if querysets is not None and len(querysets) != 1:
        raise ValueError("querysets argument of get_prefetch_querysets() should have a length of 1.")
    loader: Any = loader_for(model, name)
    known = list(instances)
    rows = querysets[0] if querysets is not None else loader.rows(known[0]._state.db if known else None)
    if isinstance(loader, ManyToManyLoader):
        rows, key = rows.annotate(**{JOIN_KEY: JoinColumn(loader.path)}), JOIN_KEY
    elif isinstance(loader, ReverseManyLoader):
        key = loader.field.attname
    elif isinstance(loader, OneLoader):
        key = loader.far
    else:
        raise NotImplementedError(f"{model.__name__}.{name} leads to rows of several models: use prefetch_related().")
    keys = {held for one in known if (held := one.__dict__.get(loader.near)) is not None}
    chosen = rows.filter(**{f"{key}__in": keys})
    return chosen, attrgetter(key), attrgetter(loader.near), loader.single, name, False
