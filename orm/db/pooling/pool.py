"""A pool of connections: one for each event loop, and one that all blocking code shares.

Opens lazily, up to ``max_size``; who gets what is decided by ``roster``, in order of arrival. Waiting is done in the
caller's colour. A loop's pool is closed by the loop itself when it ends (``home``). What this module refuses: waiting
longer than ``acquire_timeout`` (``PoolTimeout`` says who holds the connections), and handing out a broken connection.
"""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from orm.bridge.clock import clock
from orm.bridge.crossing import to_the_end
from orm.bridge.drive import drive
from orm.bridge.guard import running_loop
from orm.bridge.interpreter import living
from orm.bridge.waiting import NOTHING, Waiter, whoami
from orm.db.limits import patiently
from orm.db.pooling.closing import close_quietly
from orm.db.pooling.exhaustion import exhaustion
from orm.db.pooling.process import process
from orm.db.pooling.roster import VOID, Entry, Permission, Roster
from orm.db.pooling.statistics import PoolStatistics, home_named
from orm.errors import InterfaceError, PoolTimeout
from orm.late import LateLogger

if TYPE_CHECKING:
    import asyncio

    from orm.bridge.clock import Alarm
    from orm.db.contract import Connection, Driver
    from orm.db.pooling.budget import Budget
    from orm.db.url import DatabaseURL

logger = LateLogger("orm.pool")

waited: ContextVar[float] = ContextVar("orm.waited", default=0.0)
"""Seconds that the last look for a connection took which did not find an idle one at once."""

SWEEP_SECONDS = 5.0
"""How often connections are looked at that are too old, or idle for too long."""
SOONEST = 0.05
"""Seconds between two such looks at the least, however short the limits are."""
ASK_AGAIN_SECONDS = 0.25
"""How often somebody who waits for another pool's place asks for it again."""
CLOSE_SECONDS = 2.0
"""How long idle connections are closed in an orderly way before the rest is ended at once."""


class Pool:
    """The connections of one database for one home: an event loop, or blocking code (``home`` is None).

    The shortest way in and out is written in ``Database.fetch``: ``idle.pop()``, the statement, ``release()``.
    """

    def __init__(
        self, alias: str, url: DatabaseURL, driver: Driver, home: asyncio.AbstractEventLoop | None, budget: Budget
    ) -> None:
        self.alias = alias
        self.url = url
        self.driver = driver
        self.home = home
        self.options = url.pool
        self.budget = budget
        self.roster = Roster(url.pool, budget)
        self.idle = self.roster.idle
        self.waiters = self.roster.waiters
        self.closed = False
        self.greet: Callable[[Pool, Connection], Awaitable[None]] | None = None
        """What is done with each connection before anybody gets it."""
        self.next_sweep = monotonic() + SWEEP_SECONDS
        self.health_check_after = url.pool.health_check_after
        self.keeper: object = None
        """The generator that the loop closes when it ends (``home.keep``)."""
        self._lock = self.roster.lock
        self._opened_count = self._closed_count = self._wait_count = self._timeout_count = 0
        self._uses_of_closed = 0
        self._waited_seconds = 0.0
        self._sweeping: Alarm | None = None
        self._ending: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._closing = False
        budget.add(self)

    # -- in ---------------------------------------------------------------------------------------------------------

    async def acquire(self, what: str) -> Entry:
        """Return a connection that works, marked as held by the caller for ``what``.

        Raises ``PoolTimeout`` after ``acquire_timeout`` seconds, and whatever the driver raises when it can't connect.
        """
        began = monotonic()
        while True:
            with self._lock:
                self._refuse_closed()
                step: Any = self.roster.next_step()
                waiter = None
                if step is None:
                    waiter = Waiter(whoami(), what)
                    self.waiters.append(waiter)
                    if self.idle:  # given back, without the lock, while we were queueing
                        self.roster.serve()
            if waiter is not None and self.wants_place:
                self._ask_for_place()
            granted: Any = step if waiter is None else await self._wait(waiter, began)
            if isinstance(granted, Permission):
                entry: Entry | None = await self._open(granted, what)
            else:
                entry = await self._ready(granted, what)
            if entry is not None:
                waited.set(monotonic() - began)
                return entry

    async def _wait(self, waiter: Waiter, began: float) -> object:
        self._wait_count += 1
        limit = began + self.options.acquire_timeout
        try:
            served = False
            while not served and (left := limit - monotonic()) > 0:
                if self.wants_place:
                    # What another pool is given back without a look at us is found by looking again.
                    self._ask_for_place()
                    left = min(left, ASK_AGAIN_SECONDS)
                served = await waiter.wait(left)
        except BaseException:
            self._give_up(waiter)
            raise
        finally:
            seconds = monotonic() - began
            self._waited_seconds += seconds
            waited.set(seconds)
        if served:
            return waiter.granted
        with self._lock:
            gone = self.roster.withdraw(waiter)
        if not gone:  # served in the very last moment
            return waiter.granted
        self._timeout_count += 1
        raise PoolTimeout(
            exhaustion(self.alias, self.options, monotonic() - began, self, self.roster.size, self.budget)
        )

    @property
    def wants_place(self) -> bool:
        """Whether there are waiters, for whom only the limit of all pools together keeps a connection from opening."""
        return bool(self.waiters) and self.roster.size < self.options.max_size

    @property
    def spare(self) -> int:
        """How many connections could be taken now without a wait: idle ones, and those that may be opened."""
        if self.waiters:
            return 0
        room = min(self.options.max_size - self.roster.size, self.budget.limit - self.budget.taken)
        return len(self.idle) + max(room, 0)

    def _ask_for_place(self) -> None:
        """Take the place of a connection that another pool has idle, or of the next one it is given back."""
        self.budget.starve(self)
        if self.budget.make_room(self):
            self.budget.feed()

    def waiting_since(self) -> float | None:
        """When the first in the queue came; None when there is no queue."""
        try:
            return self.waiters[0].since
        except IndexError:
            return None

    def surrender_idle(self) -> bool:
        """End an idle connection for another pool; says whether there was one."""
        with self._lock:
            try:
                entry = self.idle.popleft()
            except IndexError:
                return False
            self._let_go([entry])
            self.roster.surrender(entry)
        self._finish(entry)
        return True

    def look_at_every_release(self) -> None:
        """Have ``release`` take the careful way, because another pool wants a place."""
        self.next_sweep = -inf

    def _give_up(self, waiter: Waiter) -> None:
        """Leave the queue after a cancellation; what was granted meanwhile goes to the next."""
        with self._lock:
            if self.roster.withdraw(waiter) or waiter.granted is NOTHING:
                return
            granted = waiter.granted
            if isinstance(granted, Entry):
                self.roster.give_back(granted)
            elif isinstance(granted, Permission):
                self.roster.not_opened(granted)
        self._feed()

    async def _open(self, permission: Permission, what: str) -> Entry:
        """Use a permission to open a connection; the first one opens the minimum with it."""
        self._refuse_closed()
        entry = await self._connect(permission)
        self.mark(entry, what)
        if self._opened_count == 1 and self.options.min_size > 1:
            try:
                await self._fill()
            except BaseException:
                self.release(entry)
                raise
        return entry

    async def _fill(self) -> None:
        while len(self.roster.members) < self.options.min_size:
            with self._lock:
                permission = self.roster.claim()
            if permission is None:
                return
            entry = await self._connect(permission)
            with self._lock:
                self.roster.give_back(entry)

    async def _connect(self, permission: Permission) -> Entry:
        connection: Connection | None = None
        try:
            connection = await self.driver.connect(self.url)
            if self.greet is not None:
                await self.greet(self, connection)
        except BaseException:
            if connection is not None:
                connection.terminate()
            self.roster.not_opened(permission)
            self._feed()
            raise
        return self._enrol(connection, permission)

    def _enrol(self, connection: Connection, permission: Permission) -> Entry:
        entry = Entry(connection, monotonic(), self.options.max_lifetime, self)
        with self._lock:
            self.roster.opened(entry, permission)
            self._opened_count += 1
            closed = self.closed
            if self._sweeping is None and not closed:
                self._sweep_later()
        if closed:
            self.discard(entry)
            self._refuse_closed()
        return entry

    def _refuse_closed(self) -> None:
        if self.closed:
            raise InterfaceError(f"The connections of database {self.alias!r} have been closed.")

    async def _ready(self, entry: Entry, what: str) -> Entry | None:
        """Mark an entry that was handed out, or None when it turned out to be too old or dead."""
        now = monotonic()
        idle_for = now - entry.taken
        self.mark(entry, what)
        if now >= entry.expires:
            await self._end(entry)
            return None
        if idle_for > self.health_check_after:
            return await self.revive(entry)
        try:
            usable = entry.connection.is_usable
        except BaseException:
            self.discard(entry)
            raise
        if not usable:
            self.discard(entry)
            return None
        return entry

    async def revive(self, entry: Entry) -> Entry | None:
        """Try a connection that has been idle for long; None when it is dead and dropped."""
        connection, seconds, began = entry.connection, self.options.health_check_timeout, monotonic()
        try:
            await patiently(seconds, connection, connection.ping())
        except Exception as error:  # whatever a driver says about a dead session: another one will serve
            logger.info("a connection of %r was found dead after being idle, and is replaced: %r", self.alias, error)
            if monotonic() - began < seconds:
                self.suspect_idle()
            else:  # trying the others one by one would take as long for each
                self.end_unused_since(began)
            self.discard(entry)
            return None
        except BaseException:
            self.discard(entry)
            raise
        return entry

    def suspect_idle(self) -> None:
        """After a connection was found dead, have the idle ones tried at their next use: they may be dead, too."""
        with self._lock:
            self.roster.suspect_idle(monotonic())

    def end_unused_since(self, moment: float) -> None:
        """End the idle connections that nobody has had since then."""
        with self._lock:
            entries = self.roster.take_unused_since(moment)
            self._let_go(entries)
        for entry in entries:
            self._finish(entry)
        if entries:
            self.serve()
            self._feed()

    async def checked(self, entry: Entry, what: str) -> Entry:
        """Return a popped idle entry if it is still good, else another."""
        ready = await self._ready(entry, what)
        return ready if ready is not None else await self.acquire(what)

    def mark(self, entry: Entry, what: str) -> None:
        """Note who holds a connection, since when, and for what."""
        entry.taken = monotonic()
        entry.who = whoami()
        entry.what = what
        entry.uses += 1

    # -- out --------------------------------------------------------------------------------------------------------

    def release(self, entry: Entry) -> None:
        """Give a clean connection back. Never waits."""
        entry.who = None
        if self.waiters or entry.taken > self.next_sweep:
            self._release_with_care(entry)
            return
        self.idle.append(entry)
        if self.waiters:
            self.serve()

    def serve(self) -> None:
        """Look after somebody who queued between a look at the queue and a connection becoming idle."""
        with self._lock:
            self.roster.serve()

    def _release_with_care(self, entry: Entry) -> None:
        if self.closed or entry.expires == -inf:
            self.discard(entry)
            return
        if self.budget.hungry:
            if self.budget.comes_first(self):
                with self._lock:
                    self._note_closed([entry])
                    self.roster.surrender(entry)
                self._finish(entry)
                if self.wants_place:  # who waits here had no need of a place until now, so nobody looks for one
                    self._ask_for_place()
                self.budget.feed()
                return
        elif self.next_sweep == -inf and all(other.expires > -inf for other in living(self.roster.members)):
            self.next_sweep = entry.taken + SWEEP_SECONDS
        with self._lock:
            self.roster.give_back(entry)
        if entry.taken > self.next_sweep > -inf:
            self.sweep()

    def sweep(self) -> None:
        """End the idle connections that are too old, or idle for too long."""
        with self._lock:
            if self.closed:
                return
            if self.next_sweep > -inf:
                self.next_sweep = monotonic() + SWEEP_SECONDS
            overdue = self.roster.take_overdue(monotonic())
            self._let_go(overdue)
        for entry in overdue:
            self._finish(entry)
        if overdue:
            self._feed()

    def _sweep_later(self) -> None:
        """Sweep after a while although nothing may be given back by then; called with the lock held."""
        seconds = min(SWEEP_SECONDS, max(self.options.idle_timeout, SOONEST), max(self.options.max_lifetime, SOONEST))
        pool = weakref.ref(self)  # an alarm must not keep a forgotten pool

        def call() -> None:
            kept = pool()
            if kept is not None:
                kept.sweep_in_passing()

        self._sweeping = clock.call_later(seconds, call, brief=True)

    def sweep_in_passing(self) -> None:
        """Sweep, and again later while there are connections. A pool whose loop was closed is ended."""
        if self.home is not None and self.home.is_closed():
            self.terminate()
            return
        self.sweep()
        with self._lock:
            self._sweeping = None
            if self.roster.size and not self.closed:
                self._sweep_later()

    def _let_go(self, entries: list[Entry]) -> None:
        """Note that idle connections are on the roster no more, and will be ended when the lock has been given back.

        That may be by another thread, which may come too late for a loop that ends: so the loop looks after them, too.
        """
        self._note_closed(entries)
        if self.home is not None:
            self._ending.update(entry.connection for entry in entries)

    def _finish(self, entry: Entry) -> None:
        """End a connection that was idle and is on the roster no more."""
        connection = entry.connection
        if connection.awaitable or running_loop() is not None:
            connection.terminate()
        else:
            drive(close_quietly(connection))

    def _feed(self) -> None:
        """Places may have become free: serve the pools that wait for one. Never with the lock held."""
        if self.budget.hungry:
            self.budget.feed()

    def release_after_error(self, entry: Entry) -> None:
        """Give a connection back after an error or a cancellation, or drop it when it is not clean."""
        connection = entry.connection
        clean = usable = False
        try:
            usable = connection.is_usable
            clean = usable and not connection.in_transaction
        finally:  # Ctrl-C may come once more while we look
            if clean:
                self.release(entry)
            else:
                if not usable:
                    self.suspect_idle()
                self.discard(entry)
        process.end_thread()

    def discard(self, entry: Entry, *, busy: bool = False) -> None:
        """End a connection at once and free its place; ``busy`` when a statement may be running on it elsewhere."""
        entry.who = None
        connection = entry.connection
        try:
            if connection.awaitable or busy or running_loop() is not None:
                connection.terminate()
            else:  # ours alone, and closing it does not wait: so its locks are gone now, not when it is collected
                drive(close_quietly(connection))
        finally:
            self._strike(entry)

    async def _end(self, entry: Entry) -> None:
        """End a connection in an orderly way and free its place."""
        try:
            _, cancelled = await to_the_end(close_quietly(entry.connection))
        finally:
            self._strike(entry)
        if cancelled is not None:
            raise cancelled

    def _strike(self, entry: Entry) -> None:
        """Take a connection that has ended off the roster."""
        with self._lock:
            if not entry.gone:
                if entry in self.idle:  # giving it back was broken off at the last moment
                    self.idle.remove(entry)
                self._note_closed([entry])
                self.roster.drop(entry)
        if self.wants_place:  # its place has gone to another pool, and who waits here had no need of one until now
            self._ask_for_place()
        self._feed()

    def _note_closed(self, entries: list[Entry]) -> None:
        self._closed_count += len(entries)
        self._uses_of_closed += sum(entry.uses for entry in entries)

    # -- the end ----------------------------------------------------------------------------------------------------

    def busy(self) -> list[Entry]:
        """The connections that somebody holds."""
        with self._lock:
            return [entry for entry in self.roster.members if entry.who is not None]

    def is_unfinished(self) -> bool:
        """Whether somebody holds a connection still, or waits until one is closed."""
        return self._closing or bool(self.busy())

    async def aclose(self) -> None:
        """Close idle connections in an orderly way, end the others at once. Closing twice is allowed."""
        entries = self._shut()
        limit = monotonic() + CLOSE_SECONDS
        self._closing = True
        try:
            for entry in entries:
                if entry.who is None and monotonic() < limit:
                    await close_quietly(entry.connection)
                else:
                    entry.connection.terminate()
            for connection in tuple(self._ending):
                connection.terminate()
        finally:
            self._closing = False

    async def renew(self) -> None:
        """Close the idle connections in an orderly way, and have those in use ended when they are given back."""
        idle = self._expire()
        limit = monotonic() + CLOSE_SECONDS
        try:
            while idle and monotonic() < limit:
                await close_quietly(idle.pop().connection)
        finally:
            for entry in idle:
                entry.connection.terminate()
        self.serve()
        self._feed()

    def renew_at_once(self) -> None:
        """Do so from any thread, without waiting."""
        for entry in self._expire():
            self._finish(entry)
        self.serve()
        self._feed()

    def _expire(self) -> list[Entry]:
        """Have no connection used again that is open now; return the idle ones, which are on the roster no more."""
        with self._lock:
            idle = self.roster.take_unused_since(inf)
            self._let_go(idle)
            for entry in list(self.roster.members):
                entry.expires = -inf
            self.next_sweep = -inf  # so that release() takes the careful way
        return idle

    async def leave(self) -> None:
        """Close idle connections in an orderly way, when the process ends.

        The others end with it: to end them now, under threads that are inside, may take time that nobody has.
        """
        for entry in self._shut():
            if entry.who is None:
                await close_quietly(entry.connection)

    def disown(self) -> list[Entry]:
        """In a forked child: the connections are the parent's. Return them, to be kept so that nothing closes them."""
        entries = list(self.roster.members)
        for entry in entries:
            entry.gone = True
        return entries

    def terminate(self) -> None:
        """End every connection at once, without waiting, from any thread."""
        for entry in self._shut():
            entry.connection.terminate()

    def _shut(self) -> list[Entry]:
        with self._lock:
            self.closed = True
            self.next_sweep = -inf  # so that release() takes the careful way, with one look less on the short one
            entries = list(self.roster.members)
            for entry in entries:
                entry.gone = True
            self._note_closed(entries)
            self.roster.members.clear()
            alarm, self._sweeping = self._sweeping, None
            self.idle.clear()
            waiters = list(self.waiters)
            self.waiters.clear()
        for waiter in waiters:
            waiter.grant(VOID)  # they try, and are told that the pool is closed
        if alarm is not None:
            alarm.forget()
        self.budget.leave(self)
        self._feed()
        return entries

    # -- what is going on -------------------------------------------------------------------------------------------

    @property
    def statistics(self) -> PoolStatistics:
        """The pool's figures at this moment."""
        with self._lock:
            members = list(self.roster.members)
            idle, waiting, size = len(self.idle), len(self.waiters), self.roster.size
        return PoolStatistics(
            home=home_named(self.home),
            size=size,
            idle=idle,
            busy=len(members) - idle,
            waiting=waiting,
            opened=self._opened_count,
            closed=self._closed_count,
            waits=self._wait_count,
            waited_seconds=self._waited_seconds,
            timeouts=self._timeout_count,
            statements=self._uses_of_closed + sum(entry.uses for entry in members),
        )

    def holders(self) -> list[str]:
        """Describe who holds connections, longest first."""
        now = monotonic()
        busy = sorted(self.busy(), key=lambda entry: entry.taken)
        return [entry.description(now) for entry in busy]
