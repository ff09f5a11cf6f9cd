"""Blocks: what ``atomic`` and ``connection()`` open, where statements take turns and which ends well or not at all.

What this module refuses: a statement in a block that has ended or can only be rolled back
(``TransactionManagementError``, which says what to do instead).
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from orm import errors
from orm.bridge.guard import running_loop
from orm.bridge.interpreter import living
from orm.bridge.nested import nested
from orm.bridge.overrides import END, next_or_end
from orm.bridge.thread_end import watch_thread
from orm.bridge.waiting import name_of, whoami
from orm.config import settings
from orm.db.limits import Patience, patiently, within
from orm.db.pooling.bridged import close_generator, streamed
from orm.db.transactions.lease import Interruption
from orm.db.transactions.savepoints import roll_back_to_savepoint
from orm.db.transactions.states import (
    DOOMED,
    ENDED,
    ENDING,
    INHERITED,
    LIVE,
    OPEN,
    OPENING,
    OWING,
    BlockState,
    LeaseState,
    checked_step,
)
from orm.db.transactions.turns import BLOCK, END_OF_BLOCK, FREE, Turn, Turns
from orm.errors import DatabaseError, TransactionManagementError, advised

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar

    from orm.db.contract import Connection, Params, Row
    from orm.db.transactions.lease import Lease
    from orm.sql.dialect import Dialect

T = TypeVar("T")

REMEDY = "To go on after an error, put the statement that may fail in an atomic() block of its own."

live_blocks: weakref.WeakSet[Block] = weakref.WeakSet()
"""Every block there is: a forked child finds those of its parent here."""


def abandon_blocks_of(thread: int) -> None:
    """Give up what a thread has open that has ended, whoever still holds the objects it was opened with."""
    for block in sorted((one for one in living(live_blocks) if one.opener == thread), key=lambda one: -one.depth):
        block.abandon()


class Scope(Protocol):
    """What a block needs of its database."""

    alias: str
    dialect: Dialect
    membership: ContextVar[tuple[Block, Any] | None]
    """The block that a context is in; see ``membership``."""

    def control(self, sql: str, sent: Coroutine[object, None, T]) -> Coroutine[object, None, T]:
        """Send what begins, ends or divides a transaction, telling whoever listens."""
        ...


class Gathering(Protocol):
    """What gathers writes of a block (``orm.batch``)."""

    @property
    def waiting(self) -> bool: ...
    async def aflush(self) -> None: ...


class Block:
    """An open ``atomic`` or ``connection`` block: a lease, and its place among the blocks on it.

    Attributes:
        connection: what its statements run on; there from the moment it is open.
        transaction: False for a ``connection`` block that no ``atomic`` surrounds.
        read_only: its transaction does not write.
        savepoint: its name, or None.
        opened_while: identifies the exception that was being handled when it was opened.
        limit: how many seconds each statement may take.
        beside: the write transaction that ``independent()`` led out of, where only one can write.
        cause: the error of a statement for which it can only be rolled back, where that is so.
        unsaved: the error for which a block inside it could not be rolled back alone.
        owed: the first abandoned block inside it whose savepoint is still to be rolled back.
        batch: what gathers the writes of this block, to be sent before any other statement; or None.
        at_commit: functions of the library's own, called at once when the outermost transaction is committed.
        hooks: what ``on_commit`` was given, each with whether it is robust.
        settings_around: what it has set for itself as it was before, to be put back where the transaction goes on.
    """

    __slots__ = (
        "__weakref__",
        "_lease",
        "at_commit",
        "batch",
        "beside",
        "cause",
        "connection",
        "database",
        "depth",
        "hooks",
        "hurried",
        "limit",
        "opened_while",
        "opener",
        "outcome",
        "owed",
        "parent",
        "read_only",
        "savepoint",
        "settings_around",
        "state",
        "streams",
        "transaction",
        "turns",
        "unsaved",
    )

    lenient: ClassVar[bool] = False
    """Whether outermost blocks may begin inside it as if it were not there: the block a test is rolled back with."""

    def __init__(self, database: Scope, parent: Block | None, *, transaction: bool) -> None:
        self.database = database
        self.parent = parent
        self.transaction = transaction
        self.state = OPENING
        self.opener = whoami()
        self.opened_while = id(sys.exc_info()[1])
        self.turns = Turns()
        self.read_only = False
        self.savepoint: str | None = None
        self.cause: BaseException | None = None
        self.unsaved: BaseException | None = None
        self.owed: Block | None = None
        self.batch: Gathering | None = None
        self.at_commit: list[Callable[[], None]] = []
        self.streams: list[AsyncGenerator[Any, None]] = []
        self.hooks: list[tuple[Callable[[], Any], bool]] = []
        self.settings_around: dict[str, str] = {}
        self.hurried = False
        self.outcome: Patience | None = None
        if parent is None:
            self._lease: Lease | None = None
            self.beside: Block | None = None
            self.depth: int = 0
            self.limit: float | None = None
        else:
            self.lease = parent.lease
            self.beside = parent.beside
            self.depth = parent.depth + 1
            self.limit = parent.limit
        live_blocks.add(self)
        if type(self.opener) is int:
            watch_thread(abandon_blocks_of)

    @property
    def lease(self) -> Lease:
        """The connection it is on; there from the moment it is open."""
        assert self._lease is not None, "a block that is being opened has no connection yet"
        return self._lease

    @lease.setter
    def lease(self, lease: Lease) -> None:
        self._lease = lease
        self.connection: Connection = lease.connection

    # -- what it is and becomes ----------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether it is over, or nearly: nothing may begin in it."""
        return self.state not in LIVE

    def become(self, state: BlockState) -> None:
        """Take a step; see ``states``."""
        self.state = checked_step(self.state, state)

    def doom(self, *, cause: BaseException | None = None, unsaved: BaseException | None = None) -> None:
        """Let it end only by a rollback from now on; without a reason it was somebody's wish."""
        if self.state in (OPEN, OWING):
            self.become(DOOMED)
            self.cause = cause
        if unsaved is not None:
            self.unsaved = unsaved

    def forget_errors(self) -> None:
        """At the end: their tracebacks lead back here, in a circle that would keep the connection for the collector."""
        self.cause = self.unsaved = None

    def refusal(self) -> TransactionManagementError:
        """Build the error for a statement that can't run in this block."""
        if self.state is DOOMED:
            said = (
                "An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' "
                "block"
            )
            if errors.advice_in_errors:
                error = TransactionManagementError(f"{said}, which can only be rolled back. {REMEDY}")
            else:
                error = advised(TransactionManagementError, f"{said}.", REMEDY)
            error.__cause__ = self.cause
            return error
        if self.state is INHERITED:
            return TransactionManagementError(
                "This transaction belongs to the parent process; in a forked child open one of your own."
            )
        if self.opener == whoami():
            return TransactionManagementError(
                f"The block on database {self.database.alias!r} that {name_of(self.opener)} opened has ended: another "
                "thread or task left it, or this is a function that was carried out of it. What is done here now "
                "would not be in it: leave the block where it was entered, call what was carried before that, and put "
                "what comes after it into a thread or task of its own, or `orm.independent()`."
            )
        return TransactionManagementError(
            f"The block on database {self.database.alias!r} that {name_of(self.opener)} opened has ended. A task or "
            "thread that used it can't go on after it: await it inside the block, or start it outside."
        )

    def _refusal_of_stream(self) -> TransactionManagementError:
        """Build the error for a stream that somebody goes on reading after this block, which it was opened in."""
        return TransactionManagementError(
            f"The block on database {self.database.alias!r} in which this stream was opened has ended, and the stream "
            "with it. Read it to its end inside the block, or open it outside."
        )

    @property
    def outermost(self) -> Block:
        """The block of the transaction this one is part of; of a ``connection`` block itself."""
        block = self
        while block.parent is not None and block.parent.transaction:
            block = block.parent
        return block

    def innermost(self) -> Block:
        """The block the caller has open inside this one, whose turn is the caller's; else this one."""
        membership = self.database.membership.get()
        around = inner = self if membership is None else membership[0]
        while around is not self:
            if around.parent is None:
                return self
            around = around.parent
        return self if inner.closed else inner

    # -- statements ----------------------------------------------------------------------------------------------------

    async def run(
        self, coroutine: Coroutine[object, None, T], what: str, who: object = None, *, by_hand: bool = False
    ) -> T:
        """Run a coroutine of the connection as one statement of this block; ``who`` is the caller, if that is known.

        ``by_hand`` says that the program wrote the statement, and no model.

        Raises ``TransactionManagementError`` when the block has ended or must be rolled back.
        """
        turns = self.turns
        taken = turns.taken
        turn: Turn = FREE  # which nobody ever has
        begun = False
        try:
            # A query sees what was written before it, so what waits goes first.
            if self.batch is not None and self.batch.waiting:
                await self.batch.aflush()
            if who is None:
                who = whoami()
            turn = (coroutine, who, what, 0.0)
            # take() written out for a turn that is free, since every statement passes here.
            if taken.setdefault(0, turn) is not turn and not turns.take(coroutine, who, what):
                await turns.wait(coroutine, who, what, self.lease.pool.options.acquire_timeout)
            if self.state is not OPEN:
                await self._settle()
            lease = self._lease or self.lease
            entry = lease.entry
            entry.what = what
            entry.uses += 1
            begun = True
            if self.limit is not None:
                return await lease.cross(within(self.limit, lease.connection, coroutine))
            if lease.home is (None if type(who) is int else running_loop()):  # a number is a thread's: no loop runs
                return await coroutine
            return await lease.cross(coroutine)
        except BaseException as error:
            coroutine.close()
            # Only a statement that was sent can have failed at the server and doomed the transaction.
            if begun:
                self.note(error, what, by_hand=by_hand)
            raise
        finally:
            # end_statement() written out for a turn that nobody else waits for.
            if not turns.waiters and taken.get(0) is turn:
                del taken[0]
                if turns.waiters:  # somebody queued between the two
                    turns.serve()
            else:
                turns.end_statement(coroutine)

    def note(self, error: BaseException, what: str | None = None, *, by_hand: bool = False) -> None:
        """A statement has failed: on every database that is the end of its transaction, or of its savepoint.

        ``what`` is the statement, None for one that divides the transaction; for ``by_hand`` see ``run``.
        """
        told = isinstance(error, DatabaseError) and not isinstance(error, TransactionManagementError)
        if self.transaction and told and (what is None or not self._survives(what, by_hand=by_hand)):
            self.doom(cause=error)
        self.lease.note(error)

    def _survives(self, what: str, *, by_hand: bool) -> bool:
        """Whether the transaction goes on after this statement failed.

        Without ``strict_blocks`` it does where the database only undoes the statement (but some errors end the whole
        transaction there, too), unless it was a write through a model: Django dooms the block for those alone.
        """
        dialect = self.database.dialect
        if settings.strict_blocks or dialect.capabilities.ends_at_errors:
            return False
        return (by_hand or not dialect.writes(what)) and self.lease.connection.in_transaction

    async def _settle(self) -> None:
        """Roll back what an abandoned block inside left behind; refuse what must not run. In our turn."""
        if self.state is OWING:
            await self.pay_debt()
        if self.state is not OPEN:
            raise self.refusal()

    async def pay_debt(self) -> None:
        """Roll an abandoned block inside this one back to its savepoint."""
        owed, self.owed = self.owed, None
        if self.state is OWING:
            self.become(OPEN)
        if owed is None or not self.lease.connection.is_usable:  # nothing is owed to a session that has ended
            return
        if owed.savepoint is not None:
            await roll_back_to_savepoint(owed, owed.savepoint)
        elif not self.transaction:
            rollback = self.database.control("ROLLBACK", self.lease.connection.rollback())
            await self.lease.cross_patiently(rollback)

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
                if self.closed and self.state is not INHERITED:
                    step.close()
                    raise self._refusal_of_stream()
                if (chunk := await self.innermost().run(step, sql)) is END:
                    return
                yield chunk
        finally:
            inner = self.innermost()
            # Where the collector closes us in the middle of a statement of our own, the block's end closes the cursor.
            if inner.state is OPEN and inner.turns.who != whoami():
                patience = self.lease.pool.options.health_check_timeout
                await inner.run(patiently(patience, connection, close_generator(chunks)), sql)
                self.streams.remove(chunks)

    # -- a block inside ------------------------------------------------------------------------------------------------

    async def admit(self, block: Block) -> None:
        """Give a block that is opened inside this one the turn, for as long as it is open.

        Raises ``TransactionManagementError`` when this one has ended or must be rolled back.
        """
        if self.batch is not None and self.batch.waiting:
            await self.batch.aflush()
        if not self.turns.take(block, block.opener, BLOCK):
            await self.turns.wait(block, block.opener, BLOCK, self.lease.pool.options.acquire_timeout)
        if self.state is not OPEN:
            await self._settle()

    # -- the end -------------------------------------------------------------------------------------------------------

    async def close(self, *, failed: bool = False, who: object = None) -> bool:
        """Wait for the statements and blocks of children that are under way, then let no other in.

        Where the block has ``failed``, statements that other threads run on its blocking connection are stopped; those
        on a loop's connection are by ``Lease.stop_visitors``. Streams that were left open are closed: the connection
        must not keep a cursor for whoever has it next. ``who`` leaves the block, if not the caller. Returns whether the
        block can still be saved.
        """
        who = whoami() if who is None else who
        try:
            if not self.turns.take(END_OF_BLOCK, who, END_OF_BLOCK):
                interruption = Interruption(self.lease) if failed and self.lease.home is None else None
                try:
                    await self.turns.wait(END_OF_BLOCK, who, END_OF_BLOCK, self.lease.pool.options.acquire_timeout)
                finally:
                    if interruption is not None:
                        await interruption.end()
            if self.state is OWING and not failed:
                await self.pay_debt()
        finally:
            doomed = self.state is DOOMED
            if self.state in LIVE:
                self.become(ENDING)
        try:
            if self.streams:
                await self._close_streams()
        finally:
            self.turns.pass_on(END_OF_BLOCK)
        return not (failed or doomed)

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

    def abandon(self) -> None:
        """Give the block up, if it has not ended: nobody can leave it any more, or leaving it was broken off.

        Never waits, and may be called from any thread, by the collector too. The outermost block's connection is
        ended; for one inside, its savepoint is rolled back before anything else runs in the block around.
        """
        if self.state in ENDED:
            return
        busy = self.turns.holder not in (None, END_OF_BLOCK)
        begun = self.state is not OPENING
        self.become(BlockState.ABANDONED)
        self.forget_errors()
        parent = self.parent
        if parent is None:
            if self._lease is not None:
                self._lease.give_up(busy=busy)
            return
        if parent.turns.holder is self:
            if begun or not parent.transaction:  # nothing ran in a block that was not opened, but a BEGIN may have
                parent.owe(self)
            parent.turns.pass_on(self)

    def owe(self, inner: Block) -> None:
        """A block inside was abandoned while it had the turn."""
        if inner.savepoint is None and self.transaction:
            self.doom(cause=TransactionManagementError("A block inside it, which had no savepoint, was abandoned."))
        elif self.state is OPEN:
            self.become(OWING)
            self.owed = inner

    def inherit(self) -> None:
        """This process is a forked child, and the block its parent's: nothing is sent on its connection from here."""
        if self.state not in ENDED:
            self.become(INHERITED)
        if self._lease is not None:
            self._lease.become(LeaseState.INHERITED)
