"""The end of a block: COMMIT or ROLLBACK, the connection given on, and the functions that waited for the commit.

What this module refuses: reporting success where the database did not commit, and blocks left in another order than the
reverse of entering them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.bridge.crossing import call
from orm.bridge.interrupts import HeldInterrupts
from orm.bridge.waiting import name_of
from orm.config import settings
from orm.db.limits import Patience
from orm.db.transactions.block import REMEDY
from orm.db.transactions.savepoints import release_savepoint, roll_back_to_savepoint
from orm.db.transactions.settings import put_settings_back
from orm.db.transactions.states import ABANDONED, COMMITTED, ENDING, INHERITED, SOUND, UNDONE
from orm.errors import (
    AmbiguousCommit,
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    TransactionManagementError,
)
from orm.late import LateLogger

if TYPE_CHECKING:
    from collections.abc import Callable

    from orm.db.transactions.block import Block
    from orm.db.transactions.membership import Way

logger = LateLogger("orm.transaction")
hook_logger = LateLogger("orm.on_commit")

# The errors after which a connection may still be sound, or is known not to be.
DATABASE_ERRORS = (DatabaseError, InterfaceError)


async def leave_in_order(block: Block, way: Way, *, failed: bool) -> None:
    """End a block as ``leave`` does; one left out of the order of entering is rolled back, with those inside it.

    Raises ``TransactionManagementError`` for the wrong order, or for a context that was never in the block, unless the
    block is left because of another error.
    """
    if block.state is ABANDONED or block.state is INHERITED:
        if failed or block.state is INHERITED:
            return
        what = "This atomic block was given up before it was left, as the generator or thread that held it is gone."
    elif block.closed:
        what = (
            "This atomic block has ended before: the one around it was left first, and both were rolled back. "
            "Blocks are left in the reverse order of entering them."
        )
    elif way.inner is not None:
        await roll_back_all(block, way.inner)
        what = (
            f"{name_of(block.opener)} left an atomic block before one it has open inside it: both are rolled back. "
            "Blocks are left in the reverse order of entering them."
        )
    elif way.foreign:
        await leave(block, failed=True)
        what = (
            f"An atomic block that {name_of(block.opener)} entered was left in another context, by "
            f"{name_of(way.who)}, so it is rolled back; what ran in between was not in it. A `def` dependency or "
            "fixture with `yield` runs in a worker thread, with a copy of the context: write it as `async def` with "
            "`async with atomic()`, or put `with atomic()` around the work itself."
        )
    else:
        await leave(block, failed=failed, who=way.who)
        return
    if not failed:
        raise TransactionManagementError(what)
    logger.warning("%s", what)


async def roll_back_all(block: Block, inner: Block) -> None:
    """Undo a block and those in it, down to ``inner``."""
    step: Block = inner
    while step is not block and step.parent is not None:
        await step.close(failed=True)
        step.become(UNDONE)
        step.parent.turns.pass_on(step)
        step = step.parent
    await leave(block, failed=True)


async def leave(block: Block, *, failed: bool, who: object = None) -> None:
    """End a block: commit or roll back, give the connection on, run the functions that waited for the commit."""
    if failed:
        block.lease.stop_visitors()
    try:
        sound = await block.close(failed=failed, who=who)
    except BaseException as error:
        block.abandon()
        if block.parent is not None:
            block.parent.doom(cause=error, unsaved=error)
        if failed and isinstance(error, Error):  # and never Ctrl-C, or what another signal's handler raised
            logger.warning("a block that failed could not be left in order; its connection is given up", exc_info=True)
            return
        raise
    with HeldInterrupts():
        try:
            await save_or_undo(block, sound=sound, failed=failed)
        finally:
            pass_connection_on(block)
        if block.state is COMMITTED and (block.parent is None or not block.parent.transaction):
            await committed_now(block)


async def save_or_undo(block: Block, *, sound: bool, failed: bool) -> None:
    """COMMIT or ROLLBACK, or the same with a savepoint; ``sound`` says that the block may be saved."""
    parent = block.parent
    if parent is None or not parent.transaction:
        if not sound:
            await roll_back(block)
        else:
            await commit_sound(block)
    elif not sound:
        if block.savepoint is None:
            parent.doom(cause=block.cause, unsaved=block.unsaved)
        else:
            await roll_back_to_savepoint(block, block.savepoint)
    else:
        if block.settings_around:
            await put_settings_back(block)
        if block.savepoint is not None:
            await release_savepoint(block, block.savepoint)
    block.become(COMMITTED if sound else UNDONE)
    if sound and parent is not None and parent.transaction:
        parent.hooks += block.hooks
    if not sound and not failed and (parent is None or not parent.transaction or block.savepoint is not None):
        refuse_silence(block)


def pass_connection_on(block: Block) -> None:
    """Give the connection to whoever has it next: the block around, or the pool."""
    if block.state is ENDING:
        block.become(UNDONE)
    block.forget_errors()
    if block.parent is None:
        block.lease.give_back()
    else:
        block.parent.turns.pass_on(block)


async def leave_connection(block: Block, inner: Block | None, *, failed: bool) -> None:
    """End a ``connection`` block and give its connection back; ``inner`` is an open block inside it.

    Raises ``TransactionManagementError`` where there is one, unless the block is left because of another error.
    """
    try:
        if inner is not None:
            transaction = inner
            while transaction.parent is not None and transaction.parent is not block:
                transaction = transaction.parent
            await roll_back_all(transaction, inner)
        await block.close()
        block.become(UNDONE)
    except BaseException:
        block.lease.give_up(busy=True)
        raise
    block.lease.give_back()
    if inner is not None:
        what = (
            "A connection() block was left before the atomic block inside it, which is rolled back. Blocks are left in "
            "the reverse order of entering them."
        )
        if not failed:
            raise TransactionManagementError(what)
        logger.warning("%s", what)


async def roll_back(block: Block) -> None:
    """Roll back. An error meanwhile does not hide that of the block; the connection is not used again then."""
    lease = block.lease
    try:
        if lease.connection.is_usable:
            await lease.cross_patiently(block.database.control("ROLLBACK", lease.connection.rollback()))
    except DATABASE_ERRORS as error:
        logger.info("a rollback failed, so the connection is given up: %s", error)


async def commit_sound(block: Block) -> None:
    """Commit, or raise and leave nothing of the transaction."""
    lease = block.lease
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
            await lease.cross_patiently(block.database.control("ROLLBACK", lease.connection.rollback()))
        raise


async def commit(block: Block) -> None:
    """Send COMMIT and wait for its outcome, for ever only where nobody has set a limit or been cancelled."""
    lease = block.lease
    sent = block.database.control("COMMIT", lease.connection.commit())
    block.outcome = Patience(max(lease.pool.options.acquire_timeout, block.limit or 0), lease.connection, sent)
    try:
        if block.hurried or block.limit is not None:
            block.outcome.begin()
        await lease.cross(sent)
    finally:
        block.outcome.end()


async def refuse_lost_transaction(block: Block) -> None:
    """Raise when the database has given the transaction up, so that COMMIT would report success and save nothing."""
    lease = block.lease
    if not lease.connection.is_usable:
        raise broken_before_commit()
    if lease.state is not SOUND:
        # Some databases abort the transaction at the first error, and turn COMMIT into ROLLBACK without a word.
        try:
            await lease.cross_patiently(lease.connection.fetch("SELECT 1"))
        except DATABASE_ERRORS as error:
            if not lease.connection.is_usable:
                raise broken_before_commit() from error
            await lease.cross_patiently(block.database.control("ROLLBACK", lease.connection.rollback()))
            raise lost_transaction(block) from (lease.lost or error)
    if not lease.connection.in_transaction and block.database.dialect.capabilities.schema_transactions:
        raise TransactionManagementError(
            "The transaction of this atomic block had ended before the block did (by an error that rolls back, or a "
            "COMMIT or ROLLBACK of your own), so it can't be told what was saved."
        )


def lost_transaction(block: Block) -> TransactionManagementError:
    """Build the error for a block that an error of the database has doomed, and that was left as if all were well."""
    lost = TransactionManagementError(
        "A statement in this atomic block failed and the database aborted the transaction, so nothing of it was saved. "
        + REMEDY
    )
    lost.retryable = block.lease.lost is not None
    return lost


def refuse_silence(block: Block) -> None:
    """Raise when a block was rolled back although its body ended well and did not ask for that.

    Without ``strict_blocks`` only a broken connection is worth an error.
    """
    reason = block.unsaved or block.cause
    if reason is None or (not settings.strict_blocks and block.lease.connection.is_usable):
        return
    if not block.lease.connection.is_usable:
        raise broken_before_commit() from reason
    if block.unsaved is None:
        raise lost_transaction(block) from (block.lease.lost or reason)
    raise TransactionManagementError(
        "A block nested in this atomic block could not be rolled back alone, so nothing of this one was saved."
    ) from reason


def broken_before_commit() -> OperationalError:
    """Build the error for a connection that was lost in time."""
    return OperationalError("The connection of this atomic block broke before COMMIT was sent: nothing was saved.")


async def committed_now(block: Block) -> None:
    """Call the functions that waited for the commit, which has just been."""
    for fn in block.at_commit:
        fn()
    await run_hooks(block)


def log_failed_hook(to: LateLogger, fn: Callable[..., object], where: str, error: Exception) -> None:
    """Log the error of a *robust* function, with its traceback: call it while the error is handled."""
    to.exception("Error calling %s in %s (%s).", getattr(fn, "__qualname__", repr(fn)), where, error)


async def run_hooks(block: Block) -> None:
    """Call the functions given to ``on_commit``, in order; an error ends it unless that function is *robust*."""
    for fn, robust in block.hooks:
        try:
            await call(fn)
        except Exception as error:
            if not robust:
                raise
            log_failed_hook(hook_logger, fn, "on_commit() during transaction", error)
