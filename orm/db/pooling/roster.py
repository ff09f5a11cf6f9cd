"""Who gets which connection of a pool: the decisions alone, without waiting, clocks, threads or a database.

The pool asks ``next_step`` and does what it says. Connections are handed out last used first, so that the others become
idle for long and can be closed; callers are served first come first served. What this module leaves to the pool:
locking.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from orm.bridge.waiting import name_of

if TYPE_CHECKING:
    from orm.bridge.waiting import Waiter
    from orm.db.contract import Connection
    from orm.db.pooling.budget import Budget
    from orm.db.url import PoolOptions

SHOWN_CHARACTERS = 80
JITTER = 0.1
"""Share of ``max_lifetime`` by which connections end earlier, at random."""


class Entry:
    """A connection in a pool, and what it is doing.

    ``who`` is None while it is idle. ``taken`` is when it was last handed out: its idle time counts from there, since a
    second look at the clock for each statement would cost more than the difference matters. ``gone`` is True once it
    has left the pool for good. When its holder is broken off by a signal's exception, or dies with its thread, nobody
    refers to the entry any more: it is collected, and then has its pool discard it.
    """

    __slots__ = (
        "__weakref__",
        "_pool",
        "connection",
        "execute",
        "expires",
        "fetch",
        "gone",
        "taken",
        "uses",
        "what",
        "who",
    )

    def __init__(self, connection: Connection, now: float, max_lifetime: float, pool: Keeper | None = None) -> None:
        self.gone = True  # until it is complete
        self.connection = connection
        self.fetch = connection.fetch
        self.execute = connection.execute
        self.expires = now + max_lifetime * (1 - JITTER * os.urandom(1)[0] / 255)
        self.taken = now
        self.uses = 0
        self.what = ""
        self.who: Any = None
        self._pool = None if pool is None else weakref.ref(pool)
        self.gone = False

    def description(self, now: float) -> str:
        """Say who holds it, what for (shortened) and how long."""
        what = " ".join(self.what.split())
        what = what if len(what) <= SHOWN_CHARACTERS else f"{what[: SHOWN_CHARACTERS - 3]}..."
        return f"{name_of(self.who)}, {what}, {now - self.taken:.1f} s"

    def __del__(self) -> None:
        if not getattr(self, "gone", True) and self._pool is not None:  # missing where making it was broken off
            pool = self._pool()
            if pool is not None:
                pool.discard(self)


class Keeper(Protocol):
    """What an entry tells: its pool."""

    def discard(self, entry: Entry) -> None:
        """End a connection that nobody holds any more although it was not given back, and free its place."""


class Permission:
    """Leave to open a connection: a place in the pool that is counted as taken, until it is used or given back."""

    __slots__ = ("__weakref__", "_roster")

    def __init__(self, roster: Roster | None) -> None:
        self._roster = roster

    def __del__(self) -> None:
        roster = getattr(self, "_roster", None)
        if roster is not None:
            roster.not_opened(self)


VOID = Permission(None)
"""Leave to open a connection for whoever waits for a pool that is closed, and is told so."""


class Roster:
    """The connections of one pool, the places being filled, and the queue."""

    def __init__(self, options: PoolOptions, budget: Budget) -> None:
        self.options = options
        self.budget = budget
        self.idle: deque[Entry] = deque()
        self.lock = threading.RLock()  # the collector may close a stream, and so come here, at any moment
        self.members: weakref.WeakSet[Entry] = weakref.WeakSet()
        self.permissions: weakref.WeakSet[Permission] = weakref.WeakSet()
        """Places that are being filled."""
        self.waiters: deque[Waiter] = deque()
        budget.join(self)

    @property
    def size(self) -> int:
        """Connections that are open or being opened."""
        return len(self.members) + len(self.permissions)

    def next_step(self) -> Entry | Permission | None:
        """Say what a newcomer does: use this connection, open one, or (None) wait."""
        if self.waiters:
            return None
        if self.idle:
            return self.idle.pop()
        return self.claim()

    def claim(self) -> Permission | None:
        """Count a place as taken, when there is one."""
        with self.budget.lock:
            if self.size >= self.options.max_size or self.budget.taken >= self.budget.limit:
                return None
            permission = Permission(self)
            self.permissions.add(permission)
        return permission

    def opened(self, entry: Entry, permission: Permission) -> None:
        """A permission was used: the connection is a member."""
        self.permissions.discard(permission)
        self.members.add(entry)

    def not_opened(self, permission: Permission) -> None:
        """A permission was not used, or opening failed: the place goes to the next waiter."""
        with self.lock:
            if permission in self.permissions:
                self.permissions.discard(permission)
                self.serve()

    def give_back(self, entry: Entry) -> None:
        """A connection is free: for the first waiter, else idle."""
        if self.waiters:
            self.waiters.popleft().grant(entry)
        else:
            self.idle.append(entry)

    def drop(self, entry: Entry) -> None:
        """A connection is gone: its place goes to the next waiter."""
        self._forget(entry)
        self.serve()

    def surrender(self, entry: Entry) -> None:
        """A connection is gone, and its place is for another pool."""
        self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        entry.gone = True
        self.members.discard(entry)

    def serve(self) -> None:
        """Give waiters what there is: idle connections first, then places."""
        while self.waiters:
            if self.idle:
                self.waiters.popleft().grant(self.idle.pop())
            elif (permission := self.claim()) is not None:
                self.waiters.popleft().grant(permission)
            else:
                return

    def withdraw(self, waiter: Waiter) -> bool:
        """A waiter gives up; False when it had been served already and must pass that on."""
        try:
            self.waiters.remove(waiter)
        except ValueError:
            return False
        return True

    def take_overdue(self, now: float) -> list[Entry]:
        """Remove and return the idle connections that are too old, or idle for too long above the minimum."""
        idle = self.idle_now()
        overdue = [entry for entry in idle if entry.expires <= now]
        spare = len(self.members) - len(overdue) - self.options.min_size
        for entry in idle:
            if spare <= 0 or now - entry.taken < self.options.idle_timeout:
                break
            if entry not in overdue:
                overdue.append(entry)
                spare -= 1
        return self._take(overdue)

    def take_unused_since(self, moment: float) -> list[Entry]:
        """Remove and return the idle connections that nobody has had since then."""
        return self._take([entry for entry in self.idle_now() if entry.taken < moment])

    def suspect_idle(self, now: float) -> None:
        """Count the idle connections as idle for so long that each is tried before its next use."""
        long_ago = now - self.options.health_check_after - 1
        for entry in self.idle_now():
            entry.taken = min(entry.taken, long_ago)

    def idle_now(self) -> list[Entry]:
        """The idle connections at this moment, oldest first; any may be taken by another thread in the next."""
        while True:
            try:
                return list(self.idle)
            except RuntimeError:  # changed by another thread while it was copied
                continue

    def _take(self, entries: list[Entry]) -> list[Entry]:
        """Remove idle connections, and return those that another thread did not get first."""
        taken = []
        for entry in entries:
            try:
                self.idle.remove(entry)
            except ValueError:
                continue
            self._forget(entry)
            taken.append(entry)
        return taken
