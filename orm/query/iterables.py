"""``ModelIterable``: how a queryset's results are gone through, for classes that make other objects of them.

A queryset whose ``_iterable_class`` is a subclass has its results made as always, and then gone through by it. What a
subclass yields is the result; whatever it asks of the database it asks in blocking code, which async code runs in a
worker thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from orm.late import late_module
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.bridge import crossing
else:
    crossing = late_module("orm.bridge.crossing")

GIVEN = "_given_results"
CHUNK = 100


class Given(NamedTuple):
    """Results that are there already, and the queryset whose they are: a copy of it has others."""

    queryset: Any
    results: list[Any]


class BaseIterable:
    """Goes through the results of a queryset.

    Parameters: ``chunked_fetch`` says that they come ``chunk_size`` at a time, as for ``iterator()``.
    """

    def __init__(self, queryset: Any, chunked_fetch: bool = False, chunk_size: int = CHUNK) -> None:
        self.queryset = queryset
        self.chunked_fetch = chunked_fetch
        self.chunk_size = chunk_size


class ModelIterable(BaseIterable):
    """Yields instances."""

    def __iter__(self) -> Iterator[Any]:
        given: Given | None = self.queryset.__dict__.get(GIVEN)
        if given is not None and given.queryset is self.queryset:
            return iter(given.results)
        return iter(self.queryset._set(_iterable_class=ModelIterable))


async def gone_through(queryset: Any, results: list[object], chunk_size: int | None = None) -> list[Any]:
    """Return what a queryset's ``_iterable_class`` makes of its results; ``chunk_size`` where these are a part."""
    reader = queryset._clone()
    reader.__dict__[GIVEN] = Given(reader, results)
    iterable = queryset._iterable_class(reader, chunk_size is not None, chunk_size or CHUNK)
    try:
        made: list[Any] = await crossing.call(partial(list, iterable))
    finally:
        del reader.__dict__[GIVEN]
    return made
