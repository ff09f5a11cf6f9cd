"""Transactions as blocks: ``atomic`` under ``with``, ``async with``, and as a decorator of both kinds of function.

The outermost block is a transaction, those inside it are savepoints. A cancellation is delivered after the outcome of
COMMIT is known, and ``on_commit`` functions run if and only if the rows are there. What this module refuses: nesting a
``durable`` block, changing the isolation of a running transaction, and reporting success where the database did not
commit.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar, cast

from orm.bridge.crossing import call, is_async, to_the_end
from orm.bridge.drive import run
from orm.bridge.interrupts import HeldInterrupts
from orm.bridge.waiting import name_of, pause, whoami
from orm.db.lease import Block
from orm.db.limits import Patience, seconds_above_zero, within
from orm.db.membership import find_block, left_writer, refuse_write_beside, step_out
from orm.db.registry import databases
from orm.db.retry import Attempts, checked
from orm.db.turns import BLOCK
from orm.errors import AmbiguousCommit, DatabaseError, InterfaceError, OperationalError, TransactionManagementError
from orm.late import LateLogger, inspect

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from types import TracebackType

    from orm.db.contract import Connection
    from orm.db.database import AwaitableDatabase
    from orm.db.membership import Membership

logger = LateLogger("orm.transaction")

TWINS = ("arun_in_transaction",)

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any]")

# The errors after which a connection may still be sound, or is known not to be.
DATABASE_ERRORS = (DatabaseError, InterfaceError)


class AwaitableAtomic:
    """A block that is done wholly or not at all. Made by :func:`orm.atomic`, which documents the parameters."""

    def __init__(
        self,
        using: str | None = None,
        savepoint: bool = True,
        durable: bool = False,
        isolation: str | None = None,
        read_only: bool = False,
        retry: int = 0,
        statement_timeout: float | None = None,
        lock_timeout: float | None = None,
    ) -> None:
        self.using = using
        self.savepoint = savepoint
        self.durable = durable
        if isolation is not None and not isinstance(isolation, str):
            raise TypeError(f"isolation is the SQL name of a level, as 'serializable', not {isolation!r}.")
        self.isolation = isolation.lower() if isolation is not None else None
        self.read_only = read_only
        self.retry = checked(retry)
        self.statement_timeout = seconds_above_zero("statement_timeout", statement_timeout)
        self.lock_timeout = seconds_above_zero("lock_timeout", lock_timeout)
        self._entered = False
        self._left: Block | None = None
        self._open: tuple[Block, Membership | None] | None = None

    # -- as a block -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> None:
        if self.retry:
            raise TypeError(
                "atomic(retry=...) can't be used under `with`: only a function can be run again. Decorate one "
                "(@atomic(retry=3)), or call run_in_transaction(fn) or `await arun_in_transaction(fn)`."
            )
        if self._entered:
            raise TransactionManagementError("This atomic() object is open already; make one for each `with`.")
        self._entered = True  # now, since another task may try while this one waits
        try:
            await self._enter()
        except BaseException:
            self._entered = False
            raise

    async def _enter(self) -> None:
        database = databases.named(self.using)
        outer = find_block(database)
        previous = database.membership.get()
        if outer is None:
            block = await self._begin_alone(database)
        else:
            block = await self._begin_inside(outer)
        block.limit = self._limit_in(outer)
        self._open = block, previous
        database.membership.set((block, whoami()))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._open is None:
            raise TransactionManagementError("This atomic() object is not open.")
        (block, previous), self._open = self._open, None
        self._entered = False
        self._left = block
        if left_out_of_order(block, step_out(block, previous), failed=kind is not None):
            return
        _, cancelled = await to_the_end(leave(block, failed=kind is not None), on_cancel=block.hurry)
        if cancelled is not None:
            raise cancelled

    async def _begin_alone(self, database: AwaitableDatabase) -> Block:
        beside = left_writer(database)
        if not self.read_only:
            refuse_write_beside(beside)
        lease = await database.lease("atomic block")
        try:
            await self._begin_on(lease.connection, self.statement_timeout)
        except BaseException:
            lease.pool.release_after_error(lease.entry)
            raise
        block = Block(database, lease, None, transaction=True)
        block.read_only = self.read_only
        block.beside = beside
        return block

    async def _begin_inside(self, outer: Block) -> Block:
        if outer.transaction and not outer.lenient:
            self._refuse_nesting()
        if not outer.transaction and not self.read_only:
            refuse_write_beside(outer.beside)
        await outer.take_turn(BLOCK)
        lease = outer.lease
        block = Block(outer.database, lease, outer, transaction=True)
        block.read_only = outer.read_only if outer.transaction else self.read_only
        try:
            if not outer.transaction:
                await lease.cross(self._begin_on(lease.connection, self._limit_in(outer)))
            elif self.savepoint and outer.database.dialect.capabilities.savepoints:
                block.savepoint = f"duotone_{block.depth}"
                begin = lease.connection.execute(f"SAVEPOINT {block.savepoint}")
                await lease.cross(limited(self._limit_in(outer), lease.connection, begin))
        except BaseException:
            lease.suspect = True
            outer.turns.pass_on()
            raise
        return block

    def _limit_in(self, outer: Block | None) -> float | None:
        """How many seconds each statement may take."""
        limits = [self.statement_timeout, None if outer is None else outer.limit]
        return min((limit for limit in limits if limit is not None), default=None)

    async def _begin_on(self, connection: Connection, limit: float | None) -> None:
        if self.lock_timeout is not None:
            connection.limit_locks(self.lock_timeout)
        begin = connection.begin(isolation=self.isolation, read_only=self.read_only, write=not self.read_only)
        await limited(limit, connection, begin)

    def _refuse_nesting(self) -> None:
        if self.durable:
            raise TransactionManagementError(
                "A durable atomic block can't be inside another one: its end would not be a commit."
            )
        if self.isolation is not None or self.read_only or self.lock_timeout is not None:
            raise TransactionManagementError(
                "isolation, read_only and lock_timeout belong to the outermost atomic block: a running transaction "
                "can't change them."
            )

    # -- as a decorator ---------------------------------------------------------------------------------------------

    def __call__(self, fn: F) -> F:
        """Return ``fn``, each call of which is a block of its own. Takes both kinds of function."""
        if inspect.isasyncgenfunction(fn) or inspect.isgeneratorfunction(fn):
            raise TypeError(
                f"atomic() can't decorate the generator {fn.__qualname__}: its body runs after the call. Use a `with` "
                "block inside it."
            )
        if is_async(fn):

            @functools.wraps(fn)
            async def async_form(*args: Any, **kwargs: Any) -> Any:
                attempts = self._attempts()
                while True:
                    block = self._again()
                    try:
                        async with block:
                            return await fn(*args, **kwargs)
                    except DatabaseError as error:
                        seconds = block.pause_after(error, attempts)
                        if seconds is None:
                            raise
                    await pause(seconds)

            return cast("F", async_form)

        @functools.wraps(fn)
        def blocking_form(*args: Any, **kwargs: Any) -> Any:
            attempts = self._attempts()
            while True:
                block = self._again()
                try:
                    with cast("AbstractContextManager[None]", block):
                        return fn(*args, **kwargs)
                except DatabaseError as error:
                    seconds = block.pause_after(error, attempts)
                    if seconds is None:
                        raise
                run(pause(seconds))

        return cast("F", blocking_form)

    def _again(self) -> AwaitableAtomic:
        return type(self)(
            self.using,
            self.savepoint,
            self.durable,
            self.isolation,
            self.read_only,
            statement_timeout=self.statement_timeout,
            lock_timeout=self.lock_timeout,
        )

    def _attempts(self) -> Attempts:
        """The attempts at one call; a block inside another is never run again alone."""
        if self.retry:
            around = find_block(databases.named(self.using))
            if around is not None and around.transaction:
                return Attempts(0)
        return Attempts(self.retry)

    def pause_after(self, error: DatabaseError, attempts: Attempts) -> float | None:
        """How long to wait before the function is run again in a new block; None when the error is to be raised."""
        return attempts.pause_after(error, committed=self._left is not None and self._left.committed)


async def arun_in_transaction(
    fn: Callable[..., Any],
    *args: Any,
    using: str | None = None,
    retry: int = 3,
    isolation: str | None = None,
    read_only: bool = False,
    durable: bool = False,
) -> Any:
    """Call ``fn(*args)`` in a transaction, and again when that lost against another one; return what it returns.

    Parameters:
        fn: a function of either kind. All of it is run again, so what it does beside the database must bear that.
        retry: how many times to run again, after pauses that grow. Inside another transaction: never.
        using, isolation, read_only, durable: as in :func:`orm.atomic`.

    Raises what ``fn`` raises, and what leaving a block raises; ``AmbiguousCommit`` is never followed by another run.
    """
    if not callable(fn):
        raise TypeError(f"run_in_transaction() takes a function and its arguments, and not {fn!r}.")

    @AwaitableAtomic(using, True, durable, isolation, read_only, retry)
    async def attempt() -> Any:
        return await call(fn, *args)

    return await attempt()


# -- the end of a block ------------------------------------------------------------------------------------------------


def left_out_of_order(block: Block, inner: Block | None, *, failed: bool) -> bool:
    """Whether a block is left before the one inside it, or after the one around it: then it is rolled back with them.

    Raises ``TransactionManagementError`` then, unless it is left because of another error.
    """
    if block.closed:
        what = "This atomic block has ended before: the one around it was left first, and both were rolled back."
    elif inner is not None:
        block.abandon(inner)
        what = f"{name_of(whoami())} left an atomic block before the one it has open inside it: both are rolled back."
    else:
        return False
    what += " Blocks are left in the reverse order of entering them."
    if not failed:
        raise TransactionManagementError(what)
    logger.warning("%s", what)
    return True


async def leave(block: Block, *, failed: bool) -> None:
    """End a block: commit or roll back, give the connection on, run the functions that waited for the commit."""
    parent = block.parent
    if block.lease.forked:
        block.closed = True  # the connection is the parent process's, and nothing is sent on it from here
        return
    if failed:
        block.lease.stop_visitors()
    try:
        await block.close(failed=failed)
    except BaseException:
        if parent is None:
            block.lease.pool.discard(block.lease.entry, busy=True)
        else:
            parent.broken = True
            parent.turns.pass_on()
        if failed:
            logger.warning("a block that failed could not be left in order; its connection is given up", exc_info=True)
            return
        raise
    if parent is None:
        await leave_outermost(block, failed=failed)
    elif parent.transaction:
        await leave_savepoint(block, parent, failed=failed)
    else:
        await leave_transaction_in_connection(block, parent, failed=failed)


async def leave_outermost(block: Block, *, failed: bool) -> None:
    """Commit or roll back, and give the connection back."""
    lease = block.lease
    with HeldInterrupts():
        try:
            committed = await finish(block, failed=failed)
        finally:
            lease.pool.release_after_error(lease.entry)
        if committed:
            await committed_now(block)


async def leave_transaction_in_connection(block: Block, parent: Block, *, failed: bool) -> None:
    """Commit or roll back; the connection stays with the ``connection`` block around."""
    with HeldInterrupts():
        try:
            committed = await finish(block, failed=failed)
        finally:
            parent.turns.pass_on()
        if committed:
            await committed_now(block)


async def leave_savepoint(block: Block, parent: Block, *, failed: bool) -> None:
    """Release the savepoint or roll back to it; without one, a failure breaks the block around."""
    try:
        if block.savepoint is None:
            parent.broken = parent.broken or failed or block.broken
        elif failed or block.broken:
            await roll_back_to(block, parent)
        else:
            try:
                release = block.lease.connection.execute(f"RELEASE SAVEPOINT {block.savepoint}")
                await block.lease.cross(limited(block.limit, block.lease.connection, release))
            except DATABASE_ERRORS:
                await roll_back_to(block, parent)
                raise
        if not failed and not block.broken:
            parent.hooks += block.hooks
    finally:
        parent.turns.pass_on()


async def roll_back_to(block: Block, parent: Block) -> None:
    """Undo a nested block; when even that fails, the transaction around can only be rolled back."""
    lease = block.lease
    try:
        for sql in (f"ROLLBACK TO SAVEPOINT {block.savepoint}", f"RELEASE SAVEPOINT {block.savepoint}"):
            await lease.cross_patiently(lease.connection.execute(sql))
        lease.suspect = False
        lease.lost = None
    except DATABASE_ERRORS as error:
        logger.info("a savepoint could not be rolled back, so its transaction will be: %s", error)
        parent.broken = True


def limited(limit: float | None, connection: Connection, coroutine: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
    """A coroutine of a connection, for at most so many seconds if there is a limit."""
    return coroutine if limit is None else within(limit, connection, coroutine)


async def finish(block: Block, *, failed: bool) -> bool:
    """Commit (True) or roll back (False). An error while rolling back after a failure does not hide that failure."""
    lease = block.lease
    if failed or block.broken:
        try:
            if lease.connection.is_usable:
                await lease.cross_patiently(lease.connection.rollback())
        except DATABASE_ERRORS as error:
            logger.info("a rollback failed, so the connection is given up: %s", error)
        return False
    await refuse_lost_transaction(block)
    try:
        await commit(block)
    except DATABASE_ERRORS as error:
        if not lease.connection.is_usable:
            raise AmbiguousCommit(
                "The connection broke during COMMIT, so the transaction may or may not have been committed: look at "
                "the data before doing it again."
            ) from error
        if lease.connection.in_transaction:
            await lease.cross_patiently(lease.connection.rollback())
        raise
    return True


async def commit(block: Block) -> None:
    """Send COMMIT and wait for its outcome, for ever only where nobody has set a limit or been cancelled."""
    lease = block.lease
    block.outcome = Patience(max(lease.pool.options.acquire_timeout, block.limit or 0), lease.connection)
    if block.hurried or block.limit is not None:
        block.outcome.begin()
    try:
        await lease.cross(lease.connection.commit())
    finally:
        block.outcome.end()


async def refuse_lost_transaction(block: Block) -> None:
    """Raise when the database has given the transaction up, so that COMMIT would report success and save nothing."""
    lease = block.lease
    if not lease.connection.is_usable:
        raise broken_before_commit()
    if lease.suspect:
        # Some databases abort the transaction at the first error, and turn COMMIT into ROLLBACK without a word.
        try:
            await lease.cross_patiently(lease.connection.fetch("SELECT 1"))
        except DATABASE_ERRORS as error:
            if not lease.connection.is_usable:
                raise broken_before_commit() from error
            await lease.cross_patiently(lease.connection.rollback())
            lost = TransactionManagementError(
                "A statement in this atomic block failed and the database aborted the transaction, so nothing of it "
                "was saved. To go on after an error, put the statement that may fail in an atomic() block of its own."
            )
            lost.retryable = lease.lost is not None
            raise lost from (lease.lost or error)
    if not lease.connection.in_transaction and block.database.dialect.capabilities.schema_transactions:
        raise TransactionManagementError(
            "The transaction of this atomic block had ended before the block did (by an error that rolls back, or a "
            "COMMIT or ROLLBACK of your own), so it can't be told what was saved."
        )


def broken_before_commit() -> OperationalError:
    """Build the error for a connection that was lost in time."""
    return OperationalError("The connection of this atomic block broke before COMMIT was sent: nothing was saved.")


async def committed_now(block: Block) -> None:
    """Note that a transaction was committed, and call the functions that waited for it."""
    block.committed = True
    for fn in block.at_commit:
        fn()
    await run_hooks(block)


async def run_hooks(block: Block) -> None:
    """Call the functions given to ``on_commit``, in order; an error ends it unless that function is *robust*."""
    for fn, robust in block.hooks:
        try:
            await call(fn)
        except Exception:
            if not robust:
                raise
            logger.exception("the on_commit function %r failed", fn)
