"""Leases: a connection that belongs to a context for a while, and the five ways of executing on it.

A lease is found through a context variable, so it follows tasks and threads. Whoever executes meets one of five cases:
same loop, await it; blocking connection and caller, call it; blocking connection, async caller, worker thread; another
loop, blocking caller, submit and wait; another loop, async caller, submit and await. Statements take turns.

What this module refuses: using a connection after its block (``TransactionManagementError``), also from a task that
outlived it, and using a transaction that must be rolled back.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from orm.bridge.clock import clock
from orm.bridge.crossing import drive_in_thread, in_thread, on_loop
from orm.bridge.guard import running_loop
from orm.bridge.nested import nested
from orm.bridge.overrides import END, next_or_end
from orm.bridge.waiting import name_of, whoami
from orm.db.limits import Patience, patiently, within
from orm.db.pooling.bridged import close_generator, streamed
from orm.db.transactions.membership import refuse_write_beside
from orm.db.transactions.turns import Turns
from orm.errors import BridgeError, DatabaseError, InterfaceError, TransactionManagementError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from orm.bridge.clock import Alarm
    from orm.bridge.portal import Errand
    from orm.db.contract import Connection, Params, Row
    from orm.db.database import AwaitableDatabase
    from orm.db.pooling.pool import Pool
    from orm.db.pooling.roster import Entry
else:
    from orm.late import asyncio

T = TypeVar("T")

END_OF_BLOCK = "the end of the block"
URGE_AFTER = 0.02
LONGEST_PAUSE = 1.0

STOPPED = "The block this statement belonged to failed and has ended, so the statement was stopped."


class Lease:
    """A connection out of its pool, its home, and whether a statement on it has failed.

    ``lost`` is the error by which the transaction lost against another one, ``stopping`` says that its statements are
    being stopped.
    """

    __slots__ = (
        "__weakref__",
        "_visitors",
        "connection",
        "entry",
        "forked",
        "home",
        "lost",
        "pool",
        "stopping",
        "suspect",
    )

    def __init__(self, pool: Pool, entry: Entry) -> None:
        self.pool = pool
        self.entry = entry
        self.connection: Connection = entry.connection
        self.home = pool.home
        self.suspect = False
        self.forked = False
        self.stopping = False
        self.lost: DatabaseError | None = None
        self._visitors: list[Errand] = []

    async def cross(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the connection where the connection lives."""
        if self.home is running_loop():
            return await coroutine
        if self.home is None:
            return await drive_in_thread(coroutine, self.connection.interrupt)
        try:
            return await on_loop(self.home, coroutine, self._visitors)
        except asyncio.CancelledError as error:
            task = None if running_loop() is None else asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise TransactionManagementError(STOPPED) from error  # by stop_visitors()
        except BridgeError as error:
            raise TransactionManagementError(f"This transaction can't be joined from here. {error}") from error

    async def cross_patiently(self, coroutine: Coroutine[Any, Any, T]) -> T:
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
        self.suspect = True
        if isinstance(error, DatabaseError) and error.retryable:
            self.lost = error
        if self.stopping and isinstance(error, (DatabaseError, InterfaceError)):
            raise TransactionManagementError(STOPPED) from error


class Interruption:
    """Stops what other threads run on a blocking connection, again and again until told to end: an interrupt may come
    before the statement has begun."""

    __slots__ = ("_alarm", "_ended", "_lease", "_lock", "_pause")

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._lock = threading.Lock()
        self._pause = URGE_AFTER
        self._ended = False
        lease.stopping = True
        self._alarm: Alarm = clock.call_later(0, self._urge)

    def _urge(self) -> None:
        with self._lock:
            if not self._ended:
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
        self._lease.stopping = False


class Block:
    """An open ``atomic`` or ``connection`` block: a lease, and its place among the blocks on it.

    ``transaction`` is False for a ``connection`` block that no ``atomic`` surrounds, ``read_only`` says that its
    transaction does not write. ``savepoint`` is its name, or None. ``limit`` is how many seconds each statement may
    take. ``beside`` is the write transaction that ``independent()`` led out of, where only one can write. ``at_commit``
    are functions of the library's own, called at once when the outermost transaction is committed.
    """

    __slots__ = (
        "at_commit",
        "beside",
        "broken",
        "closed",
        "committed",
        "database",
        "depth",
        "hooks",
        "hurried",
        "lease",
        "limit",
        "opener",
        "outcome",
        "parent",
        "read_only",
        "savepoint",
        "streams",
        "transaction",
        "turns",
        "unsaved",
    )

    lenient: ClassVar[bool] = False
    """Whether outermost blocks may begin inside it as if it were not there: the block a test is rolled back with."""

    def __init__(self, database: AwaitableDatabase, lease: Lease, parent: Block | None, *, transaction: bool) -> None:
        self.database = database
        self.lease = lease
        self.parent = parent
        self.transaction = transaction
        self.read_only = False
        self.beside: Block | None = None if parent is None else parent.beside
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.savepoint: str | None = None
        self.opener = whoami()
        self.closed = False
        self.committed = False
        self.broken = False
        self.unsaved: BaseException | None = None
        """Why it can only be rolled back, where that is nobody's wish and whoever ends it well must be told."""
        self.at_commit: list[Callable[[], None]] = []
        self.streams: list[AsyncGenerator[Any, None]] = []
        self.hooks: list[tuple[Callable[[], Any], bool]] = []
        self.limit: float | None = None if parent is None else parent.limit
        self.hurried = False
        self.outcome: Patience | None = None
        self.turns = Turns()

    async def take_turn(self, what: str) -> None:
        """Wait for the connection to be free for us; the caller passes the turn on.

        Raises ``TransactionManagementError`` when the block has ended or must be rolled back.
        """
        who = whoami()
        if not self.turns.take(who, what):
            await self.turns.wait(who, what, self.database.url.pool.acquire_timeout)
        if self.closed or self.broken or self.lease.forked:
            self.turns.pass_on()
            raise TransactionManagementError(self.why_not())

    def why_not(self) -> str:
        """Say why no statement can run in this block."""
        if self.lease.forked:
            return "This transaction belongs to the parent process; in a forked child open one of your own."
        if self.closed:
            return (
                f"The block on database {self.database.alias!r} that {name_of(self.opener)} opened has ended. A task "
                "or thread that used it can't go on after it: await it inside the block, or start it outside."
            )
        return (
            "An error occurred in this transaction, so it can only be rolled back: no query can run until the end of "
            "the 'atomic' block."
        )

    def innermost(self) -> Block:
        """The block the caller has open inside this one, whose turn is the caller's; else this one."""
        membership = self.database.membership.get()
        around = inner = self if membership is None else membership[0]
        while around is not self:
            if around.parent is None:
                return self
            around = around.parent
        return self if inner.closed else inner

    async def run(self, coroutine: Coroutine[Any, Any, T], what: str) -> T:
        """Run a coroutine of the connection as one statement of this block."""
        try:
            if self.beside is not None:
                refuse_write_beside(self.beside, what)
            await self.take_turn(what)
        except BaseException:
            coroutine.close()
            raise
        lease = self.lease
        entry = lease.entry
        entry.what = what
        entry.uses += 1
        if self.limit is not None:
            coroutine = within(self.limit, lease.connection, coroutine)
        try:
            if lease.home is running_loop():
                return await coroutine
            return await lease.cross(coroutine)
        except BaseException as error:
            lease.note(error)
            raise
        finally:
            self.turns.pass_on()

    async def stream(
        self, sql: str, params: Params, chunk_size: int, limit: float | None = None
    ) -> AsyncGenerator[Sequence[Row], None]:
        """Stream rows; each chunk is a turn, so other statements of the block may run in between."""
        connection = self.lease.connection
        chunks = nested(streamed(self.database.dialect, connection, sql, params, chunk_size))
        self.streams.append(chunks)
        try:
            while True:
                step: Any = next_or_end(chunks)
                if limit is not None:
                    step = within(limit, connection, step)
                if (chunk := await self.innermost().run(step, sql)) is END:
                    return
                yield chunk
        finally:
            inner = self.innermost()
            # Where the collector closes us in the middle of a statement of our own, the block's end closes the cursor.
            if not (inner.closed or inner.broken or inner.turns.who == whoami()):
                patience = self.database.url.pool.health_check_timeout
                await inner.run(patiently(patience, connection, close_generator(chunks)), sql)
                self.streams.remove(chunks)

    # -- the end ------------------------------------------------------------------------------------------------------

    @property
    def outermost(self) -> Block:
        """The block of the transaction this one is part of; of a ``connection`` block itself."""
        block = self
        while block.parent is not None and block.parent.transaction:
            block = block.parent
        return block

    async def close(self, *, failed: bool = False) -> None:
        """Wait for the statements and blocks of children that are under way, then let no other in.

        Where the block has ``failed``, statements that other threads run on its blocking connection are stopped; those
        on a loop's connection are by ``Lease.stop_visitors``. Streams that were left open are closed: the connection
        must not keep a cursor for whoever has it next.
        """
        who = whoami()
        try:
            if not self.turns.take(who, END_OF_BLOCK):
                interruption = Interruption(self.lease) if failed and self.lease.home is None else None
                try:
                    await self.turns.wait(who, END_OF_BLOCK, self.database.url.pool.acquire_timeout)
                finally:
                    if interruption is not None:
                        await interruption.end()
        finally:
            self.closed = True
        try:
            if self.streams and not self.lease.forked:
                await self._close_streams()
        finally:
            self.turns.pass_on()

    async def _close_streams(self) -> None:
        streams, self.streams = self.streams, []
        for chunks in streams:
            if self.lease.connection.is_usable:
                await self.lease.cross_patiently(close_generator(chunks))

    def hurry(self) -> None:
        """Whoever leaves the block was cancelled: COMMIT's outcome is waited for, but no more for ever."""
        self.hurried = True
        if self.outcome is not None:
            self.outcome.begin()
