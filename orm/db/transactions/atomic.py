"""Transactions as blocks: ``atomic`` under ``with``, ``async with``, and as a decorator of both kinds of function.

The outermost block is a transaction, those inside it are savepoints. A cancellation is delivered after the outcome of
COMMIT is known, and ``on_commit`` functions run if and only if the rows are there. What this module refuses: nesting a
``durable`` block, and changing the isolation of a running transaction. How a block ends is in ``ending``.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar, cast

from orm.bridge.crossing import call, is_async, to_the_end
from orm.bridge.drive import run
from orm.bridge.waiting import pause, whoami
from orm.db.contract import NO_LOCK_TIMEOUT
from orm.db.limits import seconds_above_zero
from orm.db.registry import databases
from orm.db.transactions.ending import leave_in_order, limited
from orm.db.transactions.lease import Block
from orm.db.transactions.membership import find_block, left_writer, refuse_write_beside, step_out
from orm.db.transactions.retry import Attempts, checked
from orm.db.transactions.turns import BLOCK
from orm.errors import DatabaseError, NotSupportedError, TransactionManagementError
from orm.late import inspect

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import TracebackType

    from orm.db.contract import Connection
    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.membership import Membership

TWINS = ("arun_in_transaction",)

F = TypeVar("F", bound="Callable[..., Any]")


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
        if self.lock_timeout is not None and not database.dialect.capabilities.lock_timeout:
            raise NotSupportedError(NO_LOCK_TIMEOUT)
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
        inner = step_out(block, previous)
        ending = leave_in_order(block, inner, failed=kind is not None)
        _, cancelled = await to_the_end(ending, on_cancel=block.hurry)
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
