"""Leases: a connection out of its pool for a while, and the five ways of executing on it.

A lease is found through a context variable, so it follows tasks and threads. Whoever executes meets one of five cases:
same loop, await it; blocking connection and caller, call it; blocking connection, async caller, worker thread; another
loop, blocking caller, submit and wait; another loop, async caller, submit and await.
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, TypeVar

from orm.bridge.clock import clock
from orm.bridge.crossing import Stopped, drive_in_thread, in_thread, visit
from orm.bridge.guard import running_loop
from orm.db.limits import patiently
from orm.db.pooling.process import process
from orm.db.transactions.states import RETURNED, SOUND, STOPPING, SUSPECT, LeaseState, checked_lease_step
from orm.errors import BridgeError, DatabaseError, InterfaceError, TransactionManagementError

if TYPE_CHECKING:
    from orm.bridge.clock import Alarm
    from orm.bridge.portal import Errand
    from orm.db.contract import Connection
    from orm.db.pooling.pool import Pool
    from orm.db.pooling.roster import Entry

T = TypeVar("T")

URGE_AFTER = 0.02
LONGEST_PAUSE = 1.0

STOPPED = "The block this statement belonged to failed and has ended, so the statement was stopped."


class Lease:
    """A connection out of its pool, its home, and what is known of it.

    ``lost`` is the error by which the transaction lost against another one; ``follows`` says that the session has been
    told of changed settings meanwhile, which the rollback to an earlier savepoint takes back.
    """

    __slots__ = ("__weakref__", "_visitors", "connection", "entry", "follows", "home", "lost", "pool", "state", "taken")

    def __init__(self, pool: Pool, entry: Entry) -> None:
        self.pool = pool
        self.entry = entry
        self.taken = entry.taken
        self.connection: Connection = entry.connection
        self.home = pool.home
        self.state = SOUND
        self.lost: DatabaseError | None = None
        self.follows = False
        self._visitors: list[Errand] = []

    def become(self, state: LeaseState) -> None:
        """Take a step; see ``states``."""
        self.state = checked_lease_step(self.state, state)

    async def cross(self, coroutine: Coroutine[object, None, T]) -> T:
        """Run a coroutine of the connection where the connection lives."""
        if self.home is running_loop():
            return await coroutine
        if self.home is None:
            return await drive_in_thread(coroutine, self.connection.interrupt)
        try:
            return await visit(self.home, coroutine, self._visitors)
        except Stopped as error:
            raise TransactionManagementError(STOPPED) from error  # by stop_visitors()
        except BridgeError as error:
            raise TransactionManagementError(f"This transaction can't be joined from here. {error}") from error

    async def cross_patiently(self, coroutine: Coroutine[object, None, T]) -> T:
        """``cross`` with what a sound connection does at once, as ROLLBACK; the session of one that does not, ends."""
        return await self.cross(patiently(self.pool.options.health_check_timeout, self.connection, coroutine))

    def stop_visitors(self) -> None:
        """Stop the statements that other threads and loops run on the connection: what they do will be undone."""
        for errand in tuple(self._visitors):
            errand.cancel()

    def note(self, error: BaseException) -> None:
        """A statement has failed, so whether the transaction still stands is to be asked.

        Raises ``TransactionManagementError`` when it was one that is being stopped.
        """
        if isinstance(error, DatabaseError) and error.retryable:
            self.lost = error
        if self.state is STOPPING and isinstance(error, (DatabaseError, InterfaceError)):
            raise TransactionManagementError(STOPPED) from error
        if self.state is SOUND:
            self.become(SUSPECT)
        process.end_thread()

    # -- back to the pool ----------------------------------------------------------------------------------------------

    def give_back(self) -> None:
        """Give the connection back to its pool, or end it when it is not clean."""
        if self.is_ours():
            self.pool.release_after_error(self.entry)
            self._forget_entry()

    def give_up(self, *, busy: bool) -> None:
        """End the connection; ``busy`` when a statement may be running on it elsewhere."""
        if self.is_ours():
            self.pool.discard(self.entry, busy=busy)
            self._forget_entry()

    def _forget_entry(self) -> None:
        self.become(RETURNED)
        del self.entry  # contexts may keep us for long, and it is others' now

    def is_ours(self) -> bool:
        """Whether it is still to be given back, and not the pool's, or somebody else's, or another process's."""
        if self.state is RETURNED or self.state is LeaseState.INHERITED:
            return False
        return self.entry.taken == self.taken and not self.entry.gone


class Interruption:
    """Stops what other threads run on a blocking connection, again and again until told to end: an interrupt may come
    before the statement has begun."""

    __slots__ = ("_alarm", "_ended", "_lease", "_lock", "_pause")

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._lock = threading.Lock()
        self._pause = URGE_AFTER
        self._ended = False
        if lease.state is SOUND or lease.state is SUSPECT:  # it may have been given up meanwhile
            lease.become(STOPPING)
        self._alarm: Alarm = clock.call_later(0, self._urge)

    def _urge(self) -> None:
        with self._lock:
            if not self._ended and self._lease.is_ours():  # a signal's exception may have kept end() from being called
                self._lease.connection.interrupt()
                self._alarm = clock.call_later(self._pause, self._urge)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    async def end(self) -> None:
        """Stop no more; waits for an interrupt that is under way, since it must not hit what comes next."""
        await in_thread(self._end)

    def _end(self) -> None:
        with self._lock:
            self._ended = True
        self._alarm.forget()
        if self._lease.state is STOPPING:
            self._lease.become(SUSPECT)
