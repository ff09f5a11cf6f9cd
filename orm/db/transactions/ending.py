"""The end of a block: COMMIT or ROLLBACK, the connection given on, and the functions that waited for the commit.

What this module refuses: reporting success where the database did not commit, and blocks left in another order than the
reverse of entering them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.crossing import call
from orm.bridge.interrupts import HeldInterrupts
from orm.bridge.waiting import name_of
from orm.db.limits import Patience, within
from orm.errors import AmbiguousCommit, DatabaseError, InterfaceError, OperationalError, TransactionManagementError
from orm.late import LateLogger

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from orm.db.contract import Connection
    from orm.db.transactions.lease import Block

logger = LateLogger("orm.transaction")

T = TypeVar("T")

# The errors after which a connection may still be sound, or is known not to be.
DATABASE_ERRORS = (DatabaseError, InterfaceError)


async def leave_in_order(block: Block, inner: Block | None, *, failed: bool) -> None:
    """End a block as ``leave`` does; one left out of the order of entering is rolled back, with those inside it.

    Parameters:
        inner: an open block inside this one that whoever leaves has entered, too; None when there is none.

    Raises ``TransactionManagementError`` for the wrong order, unless the block is left because of another error.
    """
    if block.closed:
        what = "This atomic block has ended before: the one around it was left first, and both were rolled back."
    elif inner is not None:
        await roll_back_all(block, inner)
        what = f"{name_of(block.opener)} left an atomic block before one it has open inside it: both are rolled back."
    else:
        await leave(block, failed=failed)
        return
    what += " Blocks are left in the reverse order of entering them."
    if not failed:
        raise TransactionManagementError(what)
    logger.warning("%s", what)


async def roll_back_all(block: Block, inner: Block) -> None:
    """Undo a block and those in it, down to ``inner``."""
    step: Block | None = inner
    while step is not None and step is not block:
        await step.close(failed=True)
        step = step.parent
        if step is not None:
            step.turns.pass_on()
    await leave(block, failed=True)


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
    except BaseException as error:
        if parent is None:
            block.lease.pool.discard(block.lease.entry, busy=True)
        else:
            parent.broken = True
            parent.unsaved = error
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


async def leave_connection(block: Block, inner: Block | None) -> None:
    """End a ``connection`` block and give its connection back; ``inner`` is as in ``leave_in_order``."""
    lease = block.lease
    if lease.forked:
        block.closed = True
        return
    try:
        if inner is not None:
            transaction = inner
            while transaction.parent is not None and transaction.parent is not block:
                transaction = transaction.parent
            await roll_back_all(transaction, inner)
        await block.close()
    except BaseException:
        lease.pool.discard(lease.entry, busy=True)
        raise
    lease.pool.release_after_error(lease.entry)
    if inner is not None:
        raise TransactionManagementError(
            "A connection() block was left before the atomic block inside it, which is rolled back. Blocks are left in "
            "the reverse order of entering them."
        )


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
            refuse_silence(block, failed=failed)
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
        parent.unsaved = error


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
        refuse_silence(block, failed=failed)
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


def refuse_silence(block: Block, *, failed: bool) -> None:
    """Raise when a block was rolled back although its body ended well and did not ask for that."""
    if failed or block.unsaved is None:
        return
    if not block.lease.connection.is_usable:
        raise broken_before_commit() from block.unsaved
    raise TransactionManagementError(
        "A block nested in this atomic block could not be rolled back alone, so nothing of this one was saved."
    ) from block.unsaved


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
