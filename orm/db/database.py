"""One configured database: where every statement passes.

``fetch`` and ``execute`` are the hot path. Outside a lease they take an idle connection of the right pool without a
lock or a wait, run the statement and give the connection back. What this module leaves to others: which SQL to run.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextvars import ContextVar
from functools import partial
from importlib import import_module
from math import inf
from sys import modules
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.drive import drive
from orm.bridge.guard import refuse_other_loops, running_loop
from orm.bridge.interpreter import living
from orm.bridge.nested import nested
from orm.db.connection_blocking import ConnectionBlock
from orm.db.limits import limited_chunks, patiently, within_limit
from orm.db.opened import greet
from orm.db.pooling.bridged import PortalDriver, ThreadedDriver, close_generator, streamed
from orm.db.pooling.budget import POOLS_WORTH, Budget
from orm.db.pooling.home import interrupt_busy, keep, terminate_at_home
from orm.db.pooling.pool import Pool
from orm.db.pooling.statistics import DatabaseStatistics
from orm.db.process_end import live_databases
from orm.db.transactions.lease import Lease
from orm.db.transactions.membership import join_block, refuse_write_beside
from orm.errors import ImproperlyConfigured, InterfaceError, TransactionManagementError
from orm.sql.parameters import written

if TYPE_CHECKING:
    import asyncio

    from orm.db.contract import Backend, Connection, CopyTarget, Driver, Params, Row, WrittenAnswer
    from orm.db.observing.watched import ExecuteWrapper
    from orm.db.pooling.roster import Entry
    from orm.db.transactions.block import Block
    from orm.db.transactions.membership import Membership
    from orm.db.url import DatabaseURL
    from orm.sql.dialect import Dialect
    from orm.sql.parameters import Written
else:
    from orm.late import asyncio

T = TypeVar("T")


class AwaitableDatabase:
    """One database: its URL, backend and dialect, its pools, and the way to run statements on it.

    ``fetch``, ``execute``, ``execute_many``, ``execute_script`` and ``stream`` are for the library's own coroutines,
    and have one form; users run SQL of their own in a ``connection()`` block.
    """

    NOT_TWINNED = (
        "fetch",
        "fetch_named",
        "run_written",
        "execute",
        "insert",
        "execute_many",
        "copy_in",
        "copy_out",
        "execute_script",
        "fetch_within",
        "execute_within",
        "control",
        "stream",
        "lease",
        "acquire",
    )

    def __init__(self, alias: str, url: DatabaseURL, backend: Backend) -> None:
        self.alias = alias
        self.url = url
        self.backend = backend
        self.dialect: Dialect = backend.dialect
        self.session_settings = self.dialect.session_settings()
        """What the configuration said of sessions when this was made."""
        self.membership: ContextVar[Membership | None] = ContextVar(f"orm.{alias}", default=None)
        self._pools: dict[asyncio.AbstractEventLoop | None, Pool] = {}
        self._lock = threading.RLock()
        self._past_statements = {True: 0, False: 0}
        self.leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self._inherited: list[tuple[Pool, list[Entry]]] = []
        self._retired = False
        self.budget = Budget(url.pool.max_connections or POOLS_WORTH * url.pool.max_size)
        live_databases.add(self)

    def __repr__(self) -> str:
        return f"<Database {self.alias!r} {self.url}>"

    # -- statements -------------------------------------------------------------------------------------------------

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        membership = self.membership.get()
        if membership is not None:
            joined = join_block(self, sql, membership)
            if joined is not None:
                block, who = joined
                return await block.run(block.connection.fetch(sql, params), sql, who)
        # _take_idle() written out: this is where every query passes.
        loop = running_loop() if "asyncio" in modules else None
        if loop is None and "trio" in modules:
            refuse_other_loops()
        pool = self._pools.get(loop) or await self._pool_for(loop)
        idle = pool.idle
        entry = None
        try:
            entry = idle.pop()
        except IndexError:
            pass  # opened below, so that an error there does not come with this one
        if entry is None:
            entry = await pool.acquire(sql)
        else:
            now = monotonic()
            if now - entry.taken > pool.health_check_after:
                entry = await pool.checked(entry, sql)
            else:
                entry.taken = now
                entry.who = get_ident() if loop is None else asyncio.current_task(loop)
                entry.what = sql
                entry.uses += 1
        try:
            rows = await entry.fetch(sql, params)
        except BaseException:
            pool.release_after_error(entry)
            raise
        if pool.waiters or entry.taken > pool.next_sweep:
            pool.release(entry)
            return rows
        entry.who = None
        idle.append(entry)
        if pool.waiters:
            pool.serve()
        return rows

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        """Run one statement; return the names of its columns and all its rows. For SQL the library did not write."""
        return await self._run(sql, lambda connection: connection.fetch_named(sql, params), by_hand=True)

    async def run_written(self, sql: str, params: Written, gives_rows: bool) -> WrittenAnswer:
        """Run one statement of a program written for values in the text, as ``Connection.run_written`` does.

        Parameters: ``sql`` has ``%s`` or ``%(name)s``; ``gives_rows`` says whether its nature is to give rows. Raises
        ``ProgrammingError`` when placeholders and parameters don't fit.
        """
        statement = written(self.dialect, sql, params, gives_rows)
        return await self._run(sql, lambda connection: connection.run_written(statement), by_hand=True)

    def execute(self, sql: str, params: Params = ()) -> Coroutine[object, None, int]:
        """Run one statement and return how many rows it affected."""
        membership = self.membership.get()
        if membership is not None:
            joined = join_block(self, sql, membership)
            if joined is not None:
                block, who = joined
                return block.run(block.connection.execute(sql, params), sql, who)
        return self._execute_alone(sql, params)

    async def _execute_alone(self, sql: str, params: Params) -> int:
        pool, entry = self._take_idle(sql) or await self.acquire(sql)
        try:
            count = await entry.execute(sql, params)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return count

    def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Coroutine[object, None, Any]:
        """Run one INSERT of one row and return the key the database made, as ``Connection.insert`` does."""
        membership = self.membership.get()
        if membership is not None:
            joined = join_block(self, sql, membership)
            if joined is not None:
                block, who = joined
                return block.run(block.connection.insert(sql, params, key_query), sql, who)
        return self._insert_alone(sql, params, key_query)

    async def _insert_alone(self, sql: str, params: Params, key_query: str | None) -> object:
        pool, entry = self._take_idle(sql) or await self.acquire(sql)
        try:
            key = await entry.connection.insert(sql, params, key_query)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return key

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing; return how many rows were affected."""
        return await self._run(sql, lambda connection: connection.execute_many(sql, rows), by_hand=True)

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        """Copy rows into a table, as ``Connection.copy_in`` does; return how many there were."""
        return await self._run(sql, lambda connection: connection.copy_in(sql, target, rows))

    async def copy_out(
        self,
        sql: str,
        params: Params,
        header: bool,
        write: Callable[[bytes], Awaitable[None]],
        limit: float | None = None,
    ) -> int:
        """Hand the rows of a query to ``write`` as CSV, as ``Connection.copy_out`` does, within ``limit`` seconds."""
        return await self._run(sql, lambda connection: connection.copy_out(sql, params, header, write), limit)

    async def execute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons, without parameters."""
        await self._run(sql, lambda connection: connection.execute_script(sql))

    async def fetch_within(self, seconds: float, sql: str, params: Params = ()) -> Sequence[Row]:
        """``fetch``, stopped after so many seconds; raises ``QueryTimeout`` then."""
        return await self._run(sql, lambda connection: connection.fetch(sql, params), seconds)

    async def execute_within(self, seconds: float, sql: str, params: Params = ()) -> int:
        """``execute``, stopped after so many seconds; raises ``QueryTimeout`` then."""
        return await self._run(sql, lambda connection: connection.execute(sql, params), seconds)

    async def _run(
        self,
        what: str,
        run: Callable[[Connection], Coroutine[object, None, T]],
        limit: float | None = None,
        *,
        by_hand: bool = False,
    ) -> T:
        """Run what makes one statement on the caller's connection: that of its block, or one out of the pool.

        Parameters:
            what: the statement, for whoever asks what a connection is busy with.
            limit: how many seconds it may take.
            by_hand: the program wrote the statement, and no model.
        """
        joined = join_block(self, what)
        if joined is not None:
            block, who = joined
            connection = block.connection
            return await block.run(within_limit(limit, connection, run(connection)), what, who, by_hand=by_hand)
        pool, entry = await self.acquire(what)
        connection = entry.connection
        try:
            result = await within_limit(limit, connection, run(connection))
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return result

    async def stream(
        self, sql: str, params: Params, chunk_size: int, limit: float | None = None
    ) -> AsyncGenerator[Sequence[Row], None]:
        """Yield the rows in lists of at most ``chunk_size``; holds a connection until it is closed or exhausted.

        ``limit`` is how many seconds each list may take.
        """
        joined = join_block(self, sql)
        if joined is not None:
            chunks = nested(joined[0].stream(sql, params, chunk_size, limit))
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await chunks.aclose()
            return
        pool, entry = await self.acquire(sql)
        chunks = nested(streamed(self.dialect, entry.connection, sql, params, chunk_size))
        try:
            try:
                if limit is not None:
                    chunks = nested(limited_chunks(chunks, entry.connection, limit))
                async for chunk in chunks:
                    yield chunk
            finally:
                if pool.home is not None and running_loop() is not pool.home:
                    pool.discard(entry)  # closed on another loop, where nothing can be sent to the server
                await patiently(pool.options.health_check_timeout, entry.connection, close_generator(chunks))
        finally:
            pool.release_after_error(entry)

    def run_in(
        self,
        block: Block,
        run: Callable[[str, Any], Coroutine[object, None, T]],
        sql: str,
        params: object,
        many: bool = False,
    ) -> Coroutine[object, None, T]:
        """Run one statement of a ``connection()`` block: ``run(sql, params)`` is its connection's; ``many`` says that
        there are many rows of parameters."""
        if block.beside is not None:
            refuse_write_beside(block.beside, sql)
        return block.run(run(sql, params), sql, by_hand=True)

    def stream_in(self, block: Block, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        """Stream rows in a ``connection()`` block."""
        if block.beside is not None:
            refuse_write_beside(block.beside, sql)
        return block.stream(sql, params, chunk_size)

    def control(self, sql: str, sent: Coroutine[object, None, T]) -> Coroutine[object, None, T]:
        """Send what begins, ends or divides a transaction; ``sql`` says what that is, to whoever listens."""
        return sent

    def execute_wrapper(self, wrapper: Callable[..., object]) -> ExecuteWrapper:
        """Put a function around every statement on this database, under ``with`` or ``async with``.

        Parameters:
            wrapper: ``wrapper(execute, sql, params, many, context)``, of either kind. It calls (or awaits)
                ``execute(sql, params, many, context)`` and returns what that returns, or raises. ``many`` is True when
                ``params`` is a list of many rows' parameters; ``context["connection"]`` is this database.

        It hears the statements of the context in which it was opened, and of tasks and threads that run in a copy of
        that. The wrapper opened first is outermost.
        """
        watched = import_module("orm.db.observing.watched")  # a program that watches nothing does not import it
        made: ExecuteWrapper = watched.ExecuteWrapper(self, wrapper)
        return made

    def connection(self) -> ConnectionBlock:
        """Give the caller one connection for a while, under ``with`` or ``async with``, for SQL of its own."""
        return ConnectionBlock(self)

    # -- connections ------------------------------------------------------------------------------------------------

    async def acquire(self, what: str) -> tuple[Pool, Entry]:
        """Take a connection out of the pool of the caller's colour; the caller releases it."""
        loop = running_loop() if "asyncio" in modules else None
        if loop is None and "trio" in modules:
            refuse_other_loops()
        pool = self._pools.get(loop) or await self._pool_for(loop)
        return pool, await pool.acquire(what)

    @property
    def spare(self) -> int:
        """How many connections the caller could use at the same time without anybody having to wait for one.

        It is 1 in blocking code, and in a block, whose statements share one.
        """
        loop = running_loop() if "asyncio" in modules else None
        if loop is None or self.membership.get() is not None:
            return 1
        pool = self._pools.get(loop)
        return self.url.pool.max_size if pool is None else max(pool.spare, 1)

    def _take_idle(self, what: str) -> tuple[Pool, Entry] | None:
        """Take a connection that is idle and needs no look at its health, without a lock or a wait; else None.

        Connections that are too old are swept out of the idle ones when one is given back, so age does not matter here.
        """
        loop = running_loop() if "asyncio" in modules else None
        if loop is None and "trio" in modules:
            refuse_other_loops()
        pool = self._pools.get(loop)
        if pool is None:
            return None
        try:
            entry = pool.idle.pop()
        except IndexError:
            return None
        now = monotonic()
        if now - entry.taken > pool.health_check_after:
            pool.release(entry)
            return None
        entry.taken = now
        entry.who = get_ident() if loop is None else asyncio.current_task(loop)
        entry.what = what
        entry.uses += 1
        return pool, entry

    async def lease(self, what: str) -> Lease:
        """Take a connection for the caller's context."""
        lease = Lease(*await self.acquire(what))
        self.leases.add(lease)
        return lease

    @staticmethod
    def _release_after_write(pool: Pool, entry: Entry) -> None:
        # A statement may have been BEGIN: such a connection must not be lent to the next caller.
        try:
            left_open = entry.connection.in_transaction
        except BaseException:  # Ctrl-C may come at any moment
            pool.discard(entry)
            raise
        if left_open:
            pool.discard(entry)
            raise TransactionManagementError(
                "A statement left a transaction open on a connection of the pool, which has been closed for it. Use "
                "atomic() for transactions."
            )
        pool.release(entry)

    async def _pool_for(self, loop: asyncio.AbstractEventLoop | None) -> Pool:
        """Return the pool of a loop, or the one of blocking code; makes it at first use."""
        with self._lock:
            if self._retired:
                raise InterfaceError(
                    f"This object for the database {self.alias!r} is closed, since orm.configure() has given the alias "
                    f"another meaning: use orm.databases[{self.alias!r}]."
                )
            pool = self._pools.get(loop)
            if pool is not None and not pool.closed:
                return pool
            self._forget_ended_loops()
            pool = self._pools[loop] = Pool(self.alias, self.url, self._driver(loop is not None), loop, self.budget)
            pool.greet = partial(greet, self)
        if loop is not None:
            await keep(pool, self._forget)
        return pool

    def _driver(self, awaitable: bool) -> Driver:
        """Return the backend's driver of a colour, or the other one adapted."""
        backend = self.backend
        own = backend.awaitable if awaitable else backend.blocking
        if own is not None:
            return own
        other = backend.blocking if awaitable else backend.awaitable
        if other is None:
            raise ImproperlyConfigured(f"The backend {backend.name!r} has no driver.")
        return ThreadedDriver(other) if awaitable else PortalDriver(other)

    def _forget(self, pool: Pool) -> None:
        """A pool has been closed: keep only its figures."""
        if self._pools.get(pool.home) is pool:
            del self._pools[pool.home]
        self._past_statements[pool.home is not None] += pool.statistics.statements

    def _forget_ended_loops(self) -> None:
        """Drop the pools of loops that were closed without ``shutdown_asyncgens``."""
        for loop, pool in list(self._pools.items()):
            if loop is not None and loop.is_closed():
                pool.terminate()
                self._forget(pool)

    # -- the end ----------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Close the idle connections of the caller's colour (of this event loop, or of blocking code) now, and those
        in use when they are given back.

        Blocks and statements that are open go on to their end; ``terminate()`` ends them. Not needed at exit, nor at
        the end of a loop. The database opens new connections when it is used again.
        """
        with self._lock:
            self._forget_ended_loops()
            pool = self._pools.get(running_loop())
        if pool is not None:
            await pool.renew()

    def end_idle(self) -> None:
        """End the idle connections of blocking code, and none that a thread is in."""
        pool = self._pools.get(None)
        if pool is not None:
            pool.end_unused_since(inf)

    def renew_sessions(self) -> None:
        """Have sessions opened as the settings are now: open ones end, those in use when they are given back.

        That of the block the caller is in follows the settings at once, where the caller may wait for it.
        """
        self.session_settings = self.dialect.session_settings()
        for pool in list(self._pools.values()):
            pool.renew_at_once()
        membership = self.membership.get()
        if membership is not None and not membership[0].closed:
            lease = membership[0].lease
            if not lease.connection.awaitable and running_loop() is None:
                drive(lease.connection.follow_settings())
                lease.follows = True

    def retire(self) -> None:
        """End all connections for good: whoever kept this object must not go on with a database that is not meant."""
        with self._lock:
            self._retired = True
        self.terminate()

    def terminate(self) -> None:
        """End all connections of every loop and thread at once, without waiting; open blocks fail.

        The database opens new ones when it is used again.
        """
        for pool in list(self._pools.values()):
            pool.terminate()
            self._forget(pool)

    def stop_statements(self) -> list[Pool]:
        """Have the statements stopped that other threads are in, now or soon; return the pools they hold on to."""
        for lease in living(self.leases):
            lease.stop_visitors()
        pools = [pool for pool in list(self._pools.values()) if pool.busy()]
        for pool in pools:
            interrupt_busy(pool)
        return pools

    def end_at_exit(self, until: float) -> None:
        """End what is open when the process ends: what blocking code left idle in an orderly way, others at once.

        Loops of other threads are waited for, ``until`` then at most (as ``monotonic()`` tells).
        """
        pool = self._pools.get(None)
        if pool is not None and running_loop() is None:
            drive(pool.leave())
        for pool in list(self._pools.values()):
            terminate_at_home(pool, until)
            self._forget(pool)

    def start_over_in_child(self) -> None:
        """In a forked child, leave the parent's connections alone: kept, so nothing closes them, and never used."""
        for pool in self._pools.values():
            self._inherited.append((pool, pool.disown()))
        self._pools = {}
        self.budget = Budget(self.budget.limit)
        self._lock = threading.RLock()

    @property
    def statistics(self) -> DatabaseStatistics:
        """Statements run so far by colour, and each pool's figures."""
        pools = {loop: pool.statistics for loop, pool in list(self._pools.items())}
        counts = dict(self._past_statements)
        for loop, figures in pools.items():
            counts[loop is not None] += figures.statements
        return DatabaseStatistics(counts[True], counts[False], tuple(pools.values()))

    def holders(self) -> list[str]:
        """Describe who holds connections now, of all pools, longest first in each."""
        return [holder for pool in list(self._pools.values()) for holder in pool.holders()]
