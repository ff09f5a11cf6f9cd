"""Leases: a connection that belongs to a context for a while, and the five ways of executing on it.

A lease is found through a context variable, so it follows tasks and threads. Whoever executes meets one of five cases:
same loop, await it; blocking connection and caller, call it; blocking connection, async caller, worker thread; another
loop, blocking caller, submit and wait; another loop, async caller, submit and await. Statements take turns.

What this module refuses: using a connection after its block (``TransactionManagementError``), also from a task that
outlived it, using a transaction that must be rolled back, and writing beside a write transaction (``independent()``)
where the database has room for one writer only.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from orm.bridge.crossing import drive_in_thread, on_loop
from orm.bridge.guard import running_loop
from orm.bridge.nested import nested
from orm.bridge.overrides import END, next_or_end
from orm.bridge.waiting import name_of, whoami
from orm.db.adapters import close_generator
from orm.db.limits import within
from orm.db.turns import Turns
from orm.errors import BridgeError, TransactionManagementError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from orm.bridge.portal import Errand
    from orm.db.contract import Connection, Params, Row
    from orm.db.database import AwaitableDatabase
    from orm.db.pool import Pool
    from orm.db.roster import Entry
else:
    from orm.late import asyncio

T = TypeVar("T")

BESIDE: Any = "beside"
"""In place of who looked a block up: ``independent()`` has led out of it, so what runs is beside that block."""

STOPPED = "The block this statement belonged to failed and has ended, so the statement was stopped."


class Lease:
    """A connection out of its pool, its home, and whether a statement on it has failed."""

    __slots__ = ("__weakref__", "_visitors", "connection", "entry", "forked", "home", "pool", "suspect")

    def __init__(self, pool: Pool, entry: Entry) -> None:
        self.pool = pool
        self.entry = entry
        self.connection: Connection = entry.connection
        self.home = pool.home
        self.suspect = False
        self.forked = False
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

    def stop_visitors(self) -> None:
        """Stop the statements that other threads and loops run on the connection: what they do will be undone."""
        for errand in tuple(self._visitors):
            errand.cancel()


class Block:
    """An open ``atomic`` or ``connection`` block: a lease, and its place among the blocks on it.

    ``transaction`` is False for a ``connection`` block that no ``atomic`` surrounds, ``read_only`` says that its
    transaction does not write. ``savepoint`` is its name, or None. ``limit`` is how many seconds each statement may
    take. ``beside`` is the write transaction that ``independent()`` led out of, where only one can write.
    """

    __slots__ = (
        "beside",
        "broken",
        "closed",
        "committed",
        "database",
        "depth",
        "hooks",
        "lease",
        "limit",
        "opener",
        "parent",
        "read_only",
        "savepoint",
        "transaction",
        "turns",
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
        self.hooks: list[tuple[Callable[[], Any], bool]] = []
        self.limit: float | None = None if parent is None else parent.limit
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
        except BaseException:
            lease.suspect = True
            raise
        finally:
            self.turns.pass_on()

    async def stream(
        self, sql: str, params: Params, chunk_size: int, limit: float | None = None
    ) -> AsyncGenerator[Sequence[Row], None]:
        """Stream rows; each chunk is a turn, so other statements of the block may run in between."""
        connection = self.lease.connection
        chunks = nested(connection.stream(sql, params, chunk_size))
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
            if not (inner.closed or inner.broken):
                await inner.run(close_generator(chunks), sql)


Membership = tuple[Block, Any]
"""What the context variable of a database holds: the innermost block, and who looked it up there (a task or a thread),
or ``BESIDE`` for the block that ``independent()`` has led out of.

A child that inherits its parent's context finds the parent there, and joins by writing itself. So after the end of the
block it is known whether this very task had used it (an error) or never did (it is simply outside).
"""


def find_block(database: AwaitableDatabase) -> Block | None:
    """Return the open block the caller is in, or None; joins on first use.

    Raises ``TransactionManagementError`` for a task or thread that used a block which has ended.
    """
    membership = database.membership.get()
    if membership is None:
        return None
    block, user = membership
    if user is BESIDE:
        return None
    me = whoami()
    same = me is user if not isinstance(user, int) else me == user
    if not block.closed:
        if not same:
            database.membership.set((block, me))
        return block
    if same:
        raise TransactionManagementError(block.why_not())
    outer = block.parent
    while outer is not None and outer.closed:
        outer = outer.parent
    database.membership.set(None if outer is None else (outer, me))
    return outer


def find_block_for(database: AwaitableDatabase, sql: str) -> Block | None:
    """Return the block that a statement belongs to, or None; as ``find_block``.

    Raises ``TransactionManagementError`` also for a write beside a write transaction, see ``refuse_write_beside``.
    """
    block = find_block(database)
    if block is None:
        refuse_write_beside(left_writer(database), sql)
    return block


def left_writer(database: AwaitableDatabase) -> Block | None:
    """Return the write transaction that ``independent()`` has led out of, where the database bears no other writer."""
    membership = database.membership.get()
    if membership is None or membership[1] is not BESIDE or not database.dialect.capabilities.one_writer:
        return None
    block = membership[0]
    while block.parent is not None and block.parent.transaction:
        block = block.parent
    writer = block if block.transaction and not block.read_only else block.beside
    return None if writer is None or writer.closed else writer


def refuse_write_beside(writer: Block | None, sql: str | None = None) -> None:
    """Raise ``TransactionManagementError`` for what would wait for a transaction that waits for it.

    Parameters:
        writer: the transaction left with ``independent()``, if there is one; it may have ended meanwhile.
        sql: the statement; None means a transaction that will write.
    """
    if writer is None or writer.closed or (sql is not None and not writer.database.dialect.writes(sql)):
        return
    raise TransactionManagementError(
        f"A write inside independent() would wait for the transaction that {name_of(writer.opener)} has open around it "
        f"on {writer.database.alias!r}, and so for itself: this database has one writer at a time. Write in that "
        "transaction, outside of independent(), or after it: orm.on_commit(function). Reading beside it works, also in "
        "atomic(read_only=True)."
    )
