"""Slows a backfill down for the sake of others: sessions that wait for its locks, and replicas that don't keep up.

When a session waits for a batch's locks, the next batch comes after a pause and is half as large; when none waits,
batches grow again. A replica's lag is the time since the primary was where the replica is now, so that one whose replay
has stopped falls behind. What it can't see: replicas that the role may not ask about (``pg_monitor``).
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_PAUSE = 1.0
"""Seconds in which those who wait get on."""
REPLICA_PAUSE = 0.2
"""Seconds from one look at the replicas to the next."""


class Throttle:
    """How large the next batch is, and when it may begin.

    Parameters: ``batch`` is how many rows a batch has at most; ``max_lag`` how many seconds a replica may be behind,
    None that it does not matter; ``told`` hears what is waited for.
    """

    def __init__(self, database: Any, batch: int, max_lag: float | None, told: Callable[[str], None]) -> None:
        self.database, self.most, self.max_lag, self.told = database, batch, max_lag, told
        self.batch = batch
        self.held_up = False
        self.places: deque[tuple[int, float]] = deque()
        """Where the database was at which moment, as far as not every replica has come there."""

    async def look(self) -> None:
        """See whether anybody waits for the locks of the transaction that is about to end."""
        query = self.database.dialect.sessions_held_up()
        if query is not None:
            self.held_up = (await self.database.fetch(query, ()))[0][0] > 0

    async def rest(self, seconds: float) -> None:
        """After a batch that took so long: let others get on, and wait for replicas."""
        if self.held_up:
            self.batch = max(1, self.batch // 2)
            self.told("others that wait for locks")
            await self._pause(min(seconds, LONGEST_PAUSE))
        else:
            self.batch = min(self.most, self.batch * 2)
        if self.max_lag is not None:
            await self._wait_for_replicas(self.max_lag)

    async def _wait_for_replicas(self, longest: float) -> None:
        query = self.database.dialect.replicas_behind()
        if query is None:
            return
        here, _ = place = await self._places(query)
        self.places.append((here, time.monotonic()))
        while self._lag(place[1]) > longest:
            self.told("a replica that is behind")
            await self._pause(REPLICA_PAUSE)
            place = await self._places(query)

    async def _places(self, query: str) -> tuple[int, int | None]:
        """Where the database is, and the replica that is furthest behind; None where there is none."""
        here, there = (await self.database.fetch(query, ()))[0]
        return here, there

    def _lag(self, there: int | None) -> float:
        """Seconds since the database was where the furthest replica is not yet."""
        while self.places and (there is None or self.places[0][0] <= there):
            self.places.popleft()
        return time.monotonic() - self.places[0][1] if self.places else 0.0

    async def _pause(self, seconds: float) -> None:
        query = self.database.dialect.pause(seconds)
        if query is not None:
            await self.database.fetch(query, ())
