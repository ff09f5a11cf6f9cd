"""How many connections the pools of one database may have together: one for each event loop, and that of blocking code.

Each pool keeps to its own maximum; this is the limit on top of it. A pool that may open no more takes the place of a
connection another pool has idle, and else waits until one is given up. What this module leaves to the pools: opening,
closing, and who is served within a pool.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sized
from typing import Protocol

POOLS_WORTH = 2
"""Without ``max_connections`` all pools together have at most so many times ``max_size``."""


class Counted(Protocol):
    """What is counted: a pool's roster."""

    @property
    def size(self) -> int:
        """Connections that are open or being opened."""
        ...


class Pool(Protocol):
    """What shares the places."""

    @property
    def idle(self) -> Sized:
        """The connections that nobody has."""
        ...

    @property
    def wants_place(self) -> bool:
        """Whether there are waiters, for whom only the limit of all pools together keeps a connection from opening."""
        ...

    def waiting_since(self) -> float | None:
        """When the first in the queue came; None when there is no queue."""
        ...

    def surrender_idle(self) -> bool:
        """End an idle connection for another pool; says whether there was one."""
        ...

    def look_at_every_release(self) -> None:
        """Look at the other pools whenever a connection is given back."""

    def serve(self) -> None:
        """Give waiters what there is."""

    def holders(self) -> list[str]:
        """Describe who holds connections."""
        ...


class Budget:
    """The places for connections that the pools of a database share.

    A pool's lock may be held when this one's is taken, never the other way round.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.rosters: weakref.WeakSet[Counted] = weakref.WeakSet()
        self.pools: set[Pool] = set()
        self.hungry: list[Pool] = []
        """Pools with waiters that may open no connection for want of a place here, in order."""
        self.lock = threading.RLock()  # the collector may close a stream, and so come here, at any moment

    @property
    def taken(self) -> int:
        """Connections that are open or being opened, in all pools; counted where they are, so none is forgotten."""
        return sum(roster.size for roster in list(self.rosters))

    def join(self, roster: Counted) -> None:
        """Count what a pool has."""
        with self.lock:
            self.rosters.add(roster)

    def add(self, pool: Pool) -> None:
        """Make a pool one of those that share the places."""
        with self.lock:
            self.pools.add(pool)

    def leave(self, pool: Pool) -> None:
        """A pool has been closed."""
        with self.lock:
            self.pools.discard(pool)
        self._sated(pool)

    def make_room(self, asking: Pool) -> bool:
        """End a connection that another pool has idle; says whether there was one."""
        if self.taken < self.limit:
            return True
        with self.lock:
            others = [pool for pool in self.pools if pool is not asking]
        others.sort(key=lambda pool: -len(pool.idle))
        return any(pool.surrender_idle() for pool in others)

    def starve(self, pool: Pool) -> None:
        """A pool's waiter finds no place here: have the other pools look at every connection they are given back."""
        with self.lock:
            if pool not in self.hungry:
                self.hungry.append(pool)
            others = [other for other in self.pools if other is not pool]
        for other in others:
            other.look_at_every_release()

    def comes_first(self, pool: Pool) -> bool:
        """Whether somebody in another pool, who could use its place, has waited longer than anybody in this one."""
        own = pool.waiting_since()
        for other in tuple(self.hungry):
            since = other.waiting_since()
            if since is None or not other.wants_place:  # (one that has reached its own maximum could not use it)
                self._sated(other)
            elif other is not pool and (own is None or since < own):
                return True
        return False

    def _sated(self, pool: Pool) -> None:
        with self.lock:
            if pool in self.hungry:
                self.hungry.remove(pool)

    def feed(self) -> None:
        """Let hungry pools take what places there are, the longest waiting first."""
        for pool in sorted(self.hungry, key=lambda pool: pool.waiting_since() or 0.0):
            pool.serve()
            if not pool.wants_place:
                self._sated(pool)
