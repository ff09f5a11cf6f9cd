"""Transactions as blocks: ``atomic`` under ``with``, ``async with``, and as a decorator of both kinds of function.

The outermost block is a transaction, those inside it are savepoints. A cancellation is delivered after the outcome of
COMMIT is known, and ``on_commit`` functions run if and only if the rows are there. What this module refuses: nesting a
``durable`` block, and changing the isolation of a running transaction. How a block ends is in ``ending``.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from orm import errors
from orm.bridge.crossing import call, is_async, to_the_end
from orm.bridge.drive import run
from orm.bridge.stopped_generators import is_entered_by_a_worker, watch_generators
from orm.bridge.waiting import pause
from orm.config import settings as program
from orm.db.contract import NO_LOCK_TIMEOUT
from orm.db.limits import seconds_above_zero, within_limit
from orm.db.registry import databases
from orm.db.transactions.block import Block
from orm.db.transactions.ending import leave_in_order
from orm.db.transactions.membership import find_block, leaving, left_writer, refuse_write_beside, step_out
from orm.db.transactions.retry import Attempts, checked
from orm.db.transactions.savepoints import name_for, set_savepoint
from orm.db.transactions.settings import checked_settings, put_settings, refuse_settings_on
from orm.db.transactions.states import COMMITTED, OPEN
from orm.errors import DatabaseError, NestedDurableBlock, NotSupportedError, TransactionManagementError
from orm.late import inspect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from orm.bridge.stopped_generators import Watches
    from orm.db.contract import Connection
    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.membership import Membership
    from orm.db.transactions.settings import Setting

TWINS = ("arun_in_transaction",)

F = TypeVar("F", bound="Callable[..., Any]")


class AwaitableAtomic:
    """A block that is done wholly or not at all. Made by :func:`orm.atomic`, which documents the parameters."""

    kind: ClassVar[type[Block]] = Block
    """What is opened: the blocks that a test is rolled back with are of another kind."""

    writes_at_once: ClassVar[bool] = True
    """Whether the lock to write is taken at the beginning, where there is one for the whole database."""

    _entered_again: tuple[AwaitableAtomic, ...] = ()
    """The blocks opened by entering this object while it is open; see ``strict_blocks``."""

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
        settings: Mapping[str, Setting] | None = None,
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
        self.settings = checked_settings(settings)
        self._block: Block | None = None
        self._previous: Membership | None = None
        self._watches: Watches = []
        self._committed = False

    # -- as a block -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> None:
        if self.retry:
            raise TypeError(
                "atomic(retry=...) can't be used under `with`: only a function can be run again. Decorate one "
                "(@atomic(retry=3)), or call run_in_transaction(fn) or `await arun_in_transaction(fn)`."
            )
        if self._block is not None:
            await self._enter_again()
            return
        try:
            await self._enter()
        except BaseException:
            self.abandon()
            raise

    async def _enter_again(self) -> None:
        """Open another block of this kind, where a program may keep one object for all of its blocks."""
        if program.strict_blocks:
            raise TransactionManagementError("This atomic() object is open already; make one for each `with`.")
        again = self._again()
        await again.__aenter__()
        self._entered_again = (*self._entered_again, again)

    @property
    def database(self) -> AwaitableDatabase:
        """The database that this is a block on."""
        return databases.named(self.using)

    async def _enter(self) -> None:
        database = self.database
        if self.lock_timeout is not None and not database.dialect.capabilities.lock_timeout:
            raise NotSupportedError(NO_LOCK_TIMEOUT)
        if self.settings:
            refuse_settings_on(database.dialect)
        outer = self._block_around(database)
        if is_entered_by_a_worker():
            raise TransactionManagementError(
                "This atomic() block is entered by a generator that a worker thread runs, with a copy of the context "
                "or none: FastAPI does so with a `def` dependency. What comes between its entering and its leaving "
                "would run outside of it. Write the dependency as `async def` with `async with atomic()`, which also "
                "serves `def` endpoints, or put `with atomic()` (or @atomic) on the endpoint itself."
            )
        self._previous = database.membership.get()
        # Known here before it holds anything, so that whatever happens meanwhile, ``abandon`` finds it; and since
        # another task may try to enter this object while this one waits.
        block = self._block = self.kind(database, outer, transaction=True)
        if outer is None:
            await self._begin_alone(database, block)
        else:
            await self._begin_inside(outer, block)
        block.limit = self._limit_in(outer)
        block.become(OPEN)
        if self.settings:
            await put_settings(block, self.settings, block.limit)
        self._watches = watch_generators(block.abandon)
        database.membership.set((block, block.opener))

    def _block_around(self, database: AwaitableDatabase) -> Block | None:
        """Return the block that this one is inside; None for one that is to be a transaction of its own."""
        return find_block(database)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._entered_again and await self._leave_again(kind, error, traceback):
            return
        try:
            block = self._block
            if block is None:
                raise TransactionManagementError("This atomic() object is not open.")
            way = step_out(block, self._previous)
            _, cancelled = await to_the_end(leave_in_order(block, way, failed=kind is not None), on_cancel=block.hurry)
            if cancelled is not None:
                raise cancelled
        finally:
            self.abandon()

    async def _leave_again(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Leave the caller's innermost block, if that was opened by entering this object again; return whether so."""
        current = find_block(self.database)
        again = next((one for one in self._entered_again if one._block is current), None)
        if again is None:
            return False
        self._entered_again = tuple(one for one in self._entered_again if one is not again)
        await again.__aexit__(kind, error, traceback)
        return True

    @property
    def is_open(self) -> bool:
        """Whether it has been entered and not left."""
        return self._block is not None

    def abandon(self) -> None:
        """Give up a block that nobody can leave any more, or whose entering or leaving was broken off.

        Does nothing for one that has ended. What it did is rolled back.
        """
        block, self._block, self._previous, self._watches = self._block, None, None, []
        if block is not None:
            self._committed = block.state is COMMITTED
            block.abandon()

    def __del__(self) -> None:
        """The object was let go of while its block was open: by ``del``, by a signal's exception just after entering,
        with a thread that ended."""
        block = getattr(self, "_block", None)
        if block is not None:
            # Not forgotten: of a generator and what it holds, the collector may come to us first, and we are left then.
            block.abandon()

    async def _begin_alone(self, database: AwaitableDatabase, block: Block) -> None:
        block.beside = left_writer(database)
        if not self.read_only:
            refuse_write_beside(block.beside)
        lease = block.lease = await database.lease("atomic block")
        block.read_only = self.read_only
        try:
            await self._begin_on(lease.connection, self.statement_timeout)
        except BaseException:
            lease.give_back()
            raise

    async def _begin_inside(self, outer: Block, block: Block) -> None:
        if outer.transaction and not outer.lenient:
            self._refuse_nesting()
        if not outer.transaction and not self.read_only:
            refuse_write_beside(outer.beside)
        await outer.admit(block)
        block.read_only = outer.read_only if outer.transaction else self.read_only
        limit = self._limit_in(outer)
        try:
            if not outer.transaction:
                await outer.lease.cross(self._begin_on(outer.lease.connection, limit))
            elif self.savepoint and (name := name_for(block)) is not None:
                block.savepoint = name
                await set_savepoint(block, name, limit)
        except BaseException as error:
            outer.note(error)
            raise

    def _limit_in(self, outer: Block | None) -> float | None:
        """How many seconds each statement may take."""
        limits = [self.statement_timeout, None if outer is None else outer.limit]
        return min((limit for limit in limits if limit is not None), default=None)

    async def _begin_on(self, connection: Connection, limit: float | None) -> None:
        if self.lock_timeout is not None:
            connection.limit_locks(self.lock_timeout)
        write = self.writes_at_once and not self.read_only
        begin = connection.begin(isolation=self.isolation, read_only=self.read_only, write=write)
        await within_limit(limit, connection, self.database.control("BEGIN", begin))

    def _refuse_nesting(self) -> None:
        if self.durable:
            said = "A durable atomic block cannot be nested within another atomic block"
            advice = ": its end would not be a commit" if errors.advice_in_errors else ""
            kind = NestedDurableBlock if errors.advice_in_errors else RuntimeError
            raise kind(f"{said}{advice}.")
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
            async def async_form(*args: object, **kwargs: object) -> Any:
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
        def blocking_form(*args: object, **kwargs: object) -> Any:
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
            settings=self.settings,
        )

    def _attempts(self) -> Attempts:
        """The attempts at one call; a block inside another is never run again alone."""
        if self.retry:
            around = find_block(self.database)
            if around is not None and around.transaction:
                return Attempts(0)
        return Attempts(self.retry)

    def pause_after(self, error: DatabaseError, attempts: Attempts) -> float | None:
        """How long to wait before the function is run again in a new block; None when the error is to be raised."""
        return attempts.pause_after(error, committed=self._committed)


async def arun_in_transaction(
    fn: Callable[..., object],
    *args: object,
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


leaving.add(AwaitableAtomic.__aexit__.__code__)
