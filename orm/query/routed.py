"""Queries whose database routers choose: asked only where there are routers, and the query does not say itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.db.routing import routes
from orm.errors import InterfaceError, OperationalError

if TYPE_CHECKING:
    from orm.query.plan import Plan
    from orm.query.shape import Shape


async def to_read(queryset: Any) -> Any:
    """Return the queryset on the database that its rows are to be read from."""
    if queryset._using is not None:
        return queryset
    if queryset._for_write:
        return queryset.using(await routes.for_writing(None, queryset.model, queryset._hints))
    return queryset.using(await routes.for_reading(queryset.model, queryset._hints))


async def to_write(queryset: Any) -> Any:
    """Return the queryset on the database that its rows are to be written to."""
    return queryset.using(await routes.for_writing(queryset._using, queryset.model, queryset._hints))


async def rows_of(queryset: Any, shape: Shape, values: tuple[Any, ...]) -> tuple[Any, Plan, Sequence[Any]]:
    """Run a query; return the queryset on the database that answered, its plan and its rows.

    A read that a router gave up on is run once more where rows are written.
    """
    reader = await to_read(queryset)
    try:
        return (reader, *await reader._rows(shape, values))
    except (OperationalError, InterfaceError) as error:
        if queryset._using is not None or queryset._for_write or not await routes.gave_up(reader._using, error):
            raise
    reader = queryset.using(routes.to_write(queryset.model, queryset._hints))
    return (reader, *await reader._rows(shape, values))
