"""Results in other forms than one list of all rows: pages.

``reading_blocking.py`` holds the generated blocking forms. A coroutine here waits only inside what the queryset it is a
part of waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from orm.db.registry import databases
from orm.db.routing import routes
from orm.query import keyset, routed
from orm.query.faces import Faces

if TYPE_CHECKING:
    from orm.query.plan import Plan
    from orm.query.shape import Shape

M = TypeVar("M", covariant=True)


class AwaitableReading(Faces[M]):
    """The part of a QuerySet that gives results in other forms."""

    if TYPE_CHECKING:

        async def _rows(self, shape: Shape, values: tuple[Any, ...]) -> tuple[Plan, Sequence[Any]]: ...
        def _hydrated(self, plan: Plan, rows: Sequence[Any]) -> list[Any]: ...
        async def _prefetch(self, instances: list[Any]) -> None: ...

    async def apage(self, *, after: str | None = None, before: str | None = None, size: int = 50) -> keyset.Page[M]:
        """Return up to ``size`` rows in the query's order, from its start or from a place in it.

        Parameters: ``after`` and ``before`` are cursors: ``page.next`` or ``page.previous`` of a page, or one of
        ``page.cursors``. With ``before`` alone these are the last rows before that place. The order is the query's, by
        key where rows are equal in it; rows that come or go elsewhere in between change nothing.

        Raises ``InvalidCursor`` for a text that no page of this model and ordering gave, ``ValueError`` for a size
        below one and for a random order, ``NotSupportedError`` after ``union()`` or ``distinct()`` with names.
        """
        self._uncut("take a page of a query")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"size is the number of rows on a page, 1 or more, not {size!r}")
        ordered = self._step("order uniquely", (), keyset.order_uniquely)
        cursors = keyset.cursors_of(ordered._shape, ordered._values, databases[self.db].dialect)
        start, end = (None if cursor is None else cursors.read(cursor) for cursor in (after, before))
        asked = keyset.Asked(start, end, size + 1)
        shape, values = keyset.sought(ordered._shape, ordered._values, asked)
        reader: Any = self
        if routes.active:
            reader, plan, rows = await routed.rows_of(self, shape, values)
        else:
            plan, rows = await self._rows(shape, values)
        kept = list(rows[:size])
        if asked.backwards:
            kept.reverse()
        results = reader._hydrated(plan, kept)
        if self._prefetch_related_lookups:
            await self._prefetch(results)
        return keyset.page_of(kept, results, len(rows) > size, plan, cursors, asked)
