"""Queries whose database routers choose: asked only where there are routers, and the query does not say itself.

``to_read`` and ``to_write`` serve every query; the others are for callers that have seen that ``routes.active``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.nested import nested
from orm.db.routing import routes
from orm.errors import InterfaceError, OperationalError

if TYPE_CHECKING:
    from orm.query.chain import Chain
    from orm.query.plan import Plan
    from orm.query.shape import Shape

C = TypeVar("C", bound="Chain[Any]")


async def to_read(queryset: C) -> C:
    """Return the queryset on the database that its rows are to be read from."""
    if queryset._using is not None or not routes.active:
        return queryset
    if queryset._for_write:
        return queryset.using(await routes.for_writing(None, queryset.model, queryset._hints))
    return queryset.using(await routes.for_reading(queryset.model, queryset._hints))


async def to_write(queryset: C) -> C:
    """Return the queryset on the database that its rows are to be written to."""
    if not routes.active:
        return queryset
    return queryset.using(await routes.for_writing(queryset._using, queryset.model, queryset._hints))


async def rows_of(queryset: Any, shape: Shape, values: tuple[object, ...]) -> tuple[Any, Plan, Sequence[Any]]:
    """Run a query; return the queryset on the database that answered, its plan and its rows.

    A read that a router gave up on is run once more where rows are written.
    """
    reader = await to_read(queryset)
    try:
        return (reader, *await reader._rows(shape, values))
    except (OperationalError, InterfaceError) as error:
        if not await given_up(queryset, reader, error):
            raise
    reader = queryset.using(routes.to_write(queryset.model, queryset._hints))
    return (reader, *await reader._rows(shape, values))


async def chunks_of(queryset: Any, chunk_size: int) -> AsyncGenerator[Any, None]:
    """Stream a query's rows, as its ``_chunks``; until the first of them, a read is given up as in ``rows_of``."""
    reader = await to_read(queryset)
    begun = False
    try:
        async with aclosing(nested(reader._chunks(chunk_size))) as chunks:
            async for chunk in chunks:
                begun = True
                yield chunk
        return
    except (OperationalError, InterfaceError) as error:
        if begun or not await given_up(queryset, reader, error):
            raise
    reader = queryset.using(routes.to_write(queryset.model, queryset._hints))
    async with aclosing(nested(reader._chunks(chunk_size))) as chunks:
        async for chunk in chunks:
            yield chunk


async def given_up(queryset: Any, reader: Any, error: OperationalError | InterfaceError) -> bool:
    """Whether a failed read is to be run again where rows are written, because a router says so."""
    if queryset._using is not None or queryset._for_write:
        return False
    return await routes.gave_up(reader._using, error)
