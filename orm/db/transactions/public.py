"""Transactions, as users call them: ``atomic``, ``on_commit``, ``independent`` and a few questions about the block.

None of these functions waits, so each serves both colours.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from orm import errors
from orm.bridge.crossing import call, is_async
from orm.bridge.drive import drive
from orm.bridge.guard import running_loop
from orm.config import settings
from orm.db.registry import databases
from orm.db.transactions.atomic import F
from orm.db.transactions.atomic_blocking import Atomic
from orm.db.transactions.ending import hook_logger, log_failed_hook
from orm.db.transactions.membership import (
    block_to_carry,
    carried_into,
    come_back,
    find_block,
    leaving,
    place_beside,
)
from orm.db.transactions.states import DOOMED, OPEN
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from types import TracebackType

    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.block import Block
    from orm.db.transactions.membership import Membership
    from orm.db.transactions.settings import Setting


P = ParamSpec("P")
T = TypeVar("T")

leaving.add(Atomic.__exit__.__code__)


@overload
def atomic(using: F) -> F: ...
@overload
def atomic(
    using: str | None = None,
    savepoint: bool = True,
    durable: bool = False,
    isolation: str | None = None,
    read_only: bool = False,
    retry: int = 0,
    statement_timeout: float | None = None,
    lock_timeout: float | None = None,
    settings: Mapping[str, Setting] | None = None,
) -> Atomic: ...


def atomic(
    using: Any = None,
    savepoint: bool = True,
    durable: bool = False,
    isolation: str | None = None,
    read_only: bool = False,
    retry: int = 0,
    statement_timeout: float | None = None,
    lock_timeout: float | None = None,
    settings: Mapping[str, Setting] | None = None,
) -> Any:
    """Make a block that is done wholly or not at all: under ``with``, ``async with``, or as a decorator.

    Parameters:
        using: alias of the database; as a bare decorator (``@atomic``), the function.
        savepoint: whether a nested block can be undone alone. Without, its failure undoes the outermost one.
        durable: refuse to be nested, so that leaving the block means that it is committed.
        isolation: the SQL name, as ``"serializable"``; outermost block only.
        read_only: promise not to write; outermost block only.
        retry: as a decorator, how many times the whole function is run again, after pauses that grow, when its
            transaction lost against another one (serialization failure, deadlock, lock held for too long). Never
            after a commit that may have happened, and never inside another transaction. Not for ``with``.
        statement_timeout: seconds after which a statement of the block, or of a block in it, is stopped
            (``QueryTimeout``). What the database then makes of the transaction is as after any error.
        lock_timeout: seconds to wait for a lock of another transaction; outermost block only.
        settings: what the server is to hold as set until the block is left, for row-level security and the like:
            ``{"app.tenant": 5}`` is read in SQL by ``current_setting('app.tenant')``. A nested block puts back what
            was set around it, and ``""`` where nothing was. On a database that has such settings only.

    Raises ``TransactionManagementError`` on entering where nesting is not possible, or on leaving when the database did
    not commit; ``AmbiguousCommit`` when the connection broke during COMMIT.
    """
    if callable(using):
        return Atomic()(using)
    return Atomic(using, savepoint, durable, isolation, read_only, retry, statement_timeout, lock_timeout, settings)


def transaction_block(using: str | None) -> Block | None:
    """Return the caller's innermost open ``atomic`` block, or None."""
    block = find_block(databases.named(using))
    return block if block is not None and block.transaction else None


def note_failed_write(error: Exception, using: str) -> None:
    """A write failed by an error of the program's: a value that the column does not take, or no row that it met.

    Without ``strict_blocks`` it dooms the block, as one of the database's does.
    """
    if not settings.strict_blocks and (block := transaction_block(using)) is not None:
        block.doom(cause=error)


def on_commit(fn: Callable[[], object], using: str | None = None, robust: bool = False) -> None:
    """Call ``fn`` after the current transaction is committed, at once when there is none; never after a rollback.

    Parameters:
        fn: a function of either kind, without parameters. An async one is awaited, on the portal in blocking code; a
            blocking one runs in a worker thread in async code.
        robust: log an exception of ``fn`` instead of raising it where the block ends.

    Raises ``TransactionManagementError`` for an async ``fn`` in async code outside a transaction: it would have to be
    awaited here, so await it yourself.
    """
    if not callable(fn):
        said = "on_commit()'s callback must be a callable"
        raise TypeError(
            f"{said}, to be called after the commit, and not {fn!r}." if errors.advice_in_errors else f"{said}."
        )
    block = transaction_block(using)
    if block is not None:
        block.hooks.append((fn, robust))
        return
    if running_loop() is not None and is_async(fn):
        raise TransactionManagementError(
            "on_commit() outside a transaction calls the function at once, and an async one must be awaited: write "
            f"`await {getattr(fn, '__name__', 'it')}()` here, or open an atomic() block."
        )
    try:
        if running_loop() is None:
            drive(call(fn))
        else:
            fn()
    except Exception as error:
        if not robust:
            raise
        log_failed_hook(hook_logger, fn, "on_commit()", error)


def in_atomic_block(using: str | None = None) -> bool:
    """Whether the caller is inside an ``atomic`` block on that database."""
    return transaction_block(using) is not None


def set_rollback(rollback: bool, using: str | None = None) -> None:
    """Say whether the innermost ``atomic`` block is rolled back when it is left without an exception."""
    block = transaction_block(using)
    if block is None:
        raise TransactionManagementError("The rollback flag doesn't work outside of an 'atomic' block.")
    if rollback:
        block.cause = block.unsaved = None  # a wish, of which nobody need be told
        block.doom()
    elif block.state is DOOMED:
        block.become(OPEN)
        block.cause = block.unsaved = None


def get_rollback(using: str | None = None) -> bool:
    """Whether the innermost ``atomic`` block will be rolled back."""
    block = transaction_block(using)
    if block is None:
        raise TransactionManagementError("The rollback flag doesn't work outside of an 'atomic' block.")
    return block.state is DOOMED


class Independent:
    """A block whose queries run beside the current transaction, on connections of their own. Entering never waits."""

    def __init__(self, using: str | None = None) -> None:
        self._using = using
        self._left: list[tuple[AwaitableDatabase, Membership]] | None = None

    def __enter__(self) -> None:
        if self._left is not None:
            raise TransactionManagementError("This independent() object is open already; make one for each `with`.")
        affected = databases.made() if self._using is None else [databases[self._using]]
        self._left = [(database, aside) for database in affected if (aside := place_beside(database, self)) is not None]
        try:
            for database, aside in self._left:
                database.membership.set(aside)
        except BaseException:  # a signal's, and nobody will leave us: what comes must not run beside the transaction
            self._come_back()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._left is None:
            raise TransactionManagementError("This independent() object is not open.")
        try:
            self._come_back()
        except BaseException:
            self._come_back()
            raise

    def _come_back(self) -> None:
        for database, aside in self._left or ():
            come_back(database, aside)
        self._left = None

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


leaving.update({Independent.__exit__.__code__, Independent.__aexit__.__code__})


def independent(using: str | None = None) -> Independent:
    """Run what is inside beside the current transaction, under ``with`` or ``async with``.

    Parameters:
        using: alias of the database; None means all.

    Where a database has one writer at a time, a write inside a transaction that may write raises
    ``TransactionManagementError``, since it would wait for itself; reading works.
    """
    return Independent(using)


def carry(fn: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs in the caller's context, and so in its transaction, on whatever thread it is called.

    Threads that are started by ``threading.Thread`` or ``loop.run_in_executor`` begin outside, also where Python gives
    them a copy of the context (3.14t): ``loop.run_in_executor(None, orm.carry(work))``. (``asyncio.to_thread`` and
    tasks carry it by themselves.)

    Parameters:
        fn: a plain function. A call that outlives the transaction raises ``TransactionManagementError``.

    Raises ``TypeError`` for a coroutine function, whose task has the context it is started in.
    """
    if is_async(fn):
        raise TypeError(
            f"carry() takes a plain function, and {fn!r} is a coroutine function: a task has the context of whoever "
            "starts it, so nothing needs to be carried."
        )
    context = copy_context()
    blocks = [(database, block) for database in databases.made() if (block := block_to_carry(database)) is not None]

    def inside(*args: P.args, **named: P.kwargs) -> T:
        for database, block in blocks:
            carried_into(database, block)
        return fn(*args, **named)

    def carried(*args: P.args, **named: P.kwargs) -> T:
        return context.copy().run(inside, *args, **named)  # a context can't be entered by two threads

    return functools.update_wrapper(carried, fn)
