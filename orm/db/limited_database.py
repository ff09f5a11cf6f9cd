"""A database seen through a limit of time: what ``QuerySet.timeout()`` sends its statements through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from orm.bridge.nested import nested

if TYPE_CHECKING:
    from orm.db.contract import Params, Row
    from orm.db.database import AwaitableDatabase


class LimitedDatabase:
    """A database whose statements are limited in time: with the methods of ``Database`` that querysets use.

    Waiting for a connection or a turn is not counted, and has a limit of its own (``acquire_timeout``).
    """

    def __init__(self, database: AwaitableDatabase, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self.alias = database.alias
        self.dialect = database.dialect

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        return await self._database.fetch_within(self._seconds, sql, params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        return await self._database.execute_within(self._seconds, sql, params)

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        """Yield the rows in lists of at most ``chunk_size``; the limit is for each list."""
        chunks = nested(self._database.stream(sql, params, chunk_size, self._seconds))
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()
