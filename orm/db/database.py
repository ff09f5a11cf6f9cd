"""One configured database: where every statement passes.

``fetch`` and ``execute`` are the hot path. Outside a lease they take an idle connection of the right pool without a
lock or a wait, run the statement and give the connection back. What this module leaves to others: which SQL to run.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from contextvars import ContextVar
from importlib import import_module
from sys import modules
from threading import get_ident
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.clock import clock
from orm.bridge.drive import drive
from orm.bridge.guard import refuse_other_loops, running_loop
from orm.bridge.interpreter import is_subinterpreter
from orm.bridge.nested import nested
from orm.db.connection_blocking import ConnectionBlock
from orm.db.limits import limited_chunks, patiently, within
from orm.db.pooling.bridged import PortalDriver, ThreadedDriver, streamed
from orm.db.pooling.budget import POOLS_WORTH, Budget
from orm.db.pooling.pool import SOON, Pool
from orm.db.pooling.process import process
from orm.db.pooling.statistics import DatabaseStatistics
from orm.db.transactions.block import live_blocks
from orm.db.transactions.lease import Lease
from orm.db.transactions.membership import join_block, refuse_write_beside
from orm.errors import ImproperlyConfigured, InterfaceError, TransactionManagementError
from orm.late import LateLogger
from orm.sql.parameters import written

if TYPE_CHECKING:
    import asyncio

    from orm.db.contract import Backend, Driver, Params, Row, WrittenAnswer
    from orm.db.observing.watched import ExecuteWrapper
    from orm.db.pooling.roster import Entry
    from orm.db.transactions.block import Block
    from orm.db.transactions.membership import Membership
    from orm.db.url import DatabaseURL
    from orm.sql.dialect import Dialect
    from orm.sql.parameters import Written
else:
    from orm.late import asyncio

logger = LateLogger("orm.database")

T = TypeVar("T")

EXIT_SECONDS = 0.5
"""How long the end of the process waits for statements of other threads to be stopped."""

SHORT = 200
"""Characters of a script that are kept to say what a connection is busy with."""


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
        "execute_script",
        "limited",
        "stream",
        "lease",
        "acquire",
    )

    def __init__(self, alias: str, url: DatabaseURL, backend: Backend) -> None:
        self.alias = alias
        self.url = url
        self.backend = backend
        self.dialect: Dialect = backend.dialect
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
        if self.membership.get() is not None:
            joined = join_block(self, sql)
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
        joined = join_block(self, sql)
        if joined is not None:
            block, who = joined
            return await block.run(block.connection.fetch_named(sql, params), sql, who)
        pool, entry = await self.acquire(sql)
        try:
            found = await entry.connection.fetch_named(sql, params)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return found

    async def run_written(self, sql: str, params: Written, gives_rows: bool) -> WrittenAnswer:
        """Run one statement of a program written for values in the text, as ``Connection.run_written`` does.

        Parameters: ``sql`` has ``%s`` or ``%(name)s``; ``gives_rows`` says whether its nature is to give rows. Raises
        ``ProgrammingError`` when placeholders and parameters don't fit.
        """
        statement = written(self.dialect, sql, params, gives_rows)
        joined = join_block(self, sql)
        if joined is not None:
            block, who = joined
            return await block.run(block.connection.run_written(statement), sql, who)
        pool, entry = await self.acquire(sql)
        try:
            answer = await entry.connection.run_written(statement)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return answer

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        if self.membership.get() is not None:
            joined = join_block(self, sql)
            if joined is not None:
                block, who = joined
                return await block.run(block.connection.execute(sql, params), sql, who)
        pool, entry = self._take_idle(sql) or await self.acquire(sql)
        try:
            count = await entry.execute(sql, params)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return count

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        """Run one INSERT of one row and return the key the database made, as ``Connection.insert`` does."""
        if self.membership.get() is not None:
            joined = join_block(self, sql)
            if joined is not None:
                block, who = joined
                return await block.run(block.connection.insert(sql, params, key_query), sql, who)
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
        joined = join_block(self, sql)
        if joined is not None:
            block, who = joined
            return await block.run(block.connection.execute_many(sql, rows), sql, who)
        pool, entry = await self.acquire(sql)
        try:
            count = await entry.connection.execute_many(sql, rows)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)
        return count

    async def execute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons, without parameters."""
        joined = join_block(self, sql)
        if joined is not None:
            block, who = joined
            refuse_write_beside(block.beside, sql)  # all of it, and not only what is kept
            await block.run(block.connection.execute_script(sql), sql[:SHORT], who)
            return
        pool, entry = await self.acquire(sql[:SHORT])
        try:
            await entry.connection.execute_script(sql)
        except BaseException:
            pool.release_after_error(entry)
            raise
        self._release_after_write(pool, entry)

    async def limited(self, seconds: float, door: str, sql: str, params: Params) -> Any:
        """``fetch`` or ``execute`` (``door``), stopped after so many seconds; raises ``QueryTimeout`` then."""
        joined = join_block(self, sql)
        if joined is not None:
            block, who = joined
            connection = block.connection
            return await block.run(within(seconds, connection, getattr(connection, door)(sql, params)), sql, who)
        pool, entry = await self.acquire(sql)
        connection = entry.connection
        try:
            result = await within(seconds, connection, getattr(connection, door)(sql, params))
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
                await patiently(pool.options.health_check_timeout, entry.connection, chunks.aclose())
        finally:
            pool.release_after_error(entry)

    def run_in(
        self, block: Block, run: Callable[[str, Any], Coroutine[Any, Any, T]], sql: str, params: Any, many: bool = False
    ) -> Coroutine[Any, Any, T]:
        """Run one statement of a ``connection()`` block: ``run(sql, params)`` is its connection's; ``many`` says that
        there are many rows of parameters."""
        if block.beside is not None:
            refuse_write_beside(block.beside, sql)
        return block.run(run(sql, params), sql)

    def stream_in(self, block: Block, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        """Stream rows in a ``connection()`` block."""
        if block.beside is not None:
            refuse_write_beside(block.beside, sql)
        return block.stream(sql, params, chunk_size)

    def execute_wrapper(self, wrapper: Callable[..., Any]) -> ExecuteWrapper:
        """Put a function around every statement on this database, under ``with`` or ``async with``.

        Parameters:
            wrapper: ``wrapper(execute, sql, params, many, context)``, of either kind. It calls (or awaits)
                ``execute(sql, params, many, context)`` and returns what that returns, or raises. ``many`` is True when
                ``params`` is a list of many rows' parameters; ``context["connection"]`` is this database.

        It hears the statements of the context it was opened in, and of the tasks and threads that is carried to. The
        wrapper opened first is outermost.
        """
        made: ExecuteWrapper = import_module("orm.db.observing.watched").ExecuteWrapper(
            self, wrapper
        )  # only who watches pays
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
        if loop is not None:
            await pool.keep(self._forget)
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
        """Close the idle connections of the caller's colour (of this event loop, or of blocking code).

        Not needed at exit, nor at the end of a loop. The database opens new ones when it is used again.
        """
        pool = self._pools.get(running_loop())
        if pool is not None:
            self._forget(pool)
            await pool.aclose()

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
        for lease in list(self.leases):
            lease.stop_visitors()
        pools = [pool for pool in list(self._pools.values()) if pool.busy()]
        for pool in pools:
            pool.interrupt_busy()
        return pools

    def end_at_exit(self) -> None:
        """End what is open when the process ends: what blocking code left idle in an orderly way, others at once."""
        pool = self._pools.get(None)
        if pool is not None and running_loop() is None:
            drive(pool.leave())
        self.terminate()

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


live_databases: weakref.WeakSet[AwaitableDatabase] = weakref.WeakSet()


def end_all_at_exit() -> None:
    """End the connections of every database; an error in one must not keep the others.

    First the statements of threads that die with the process are stopped, or the servers would go on with them. That
    is done by the clock's thread, since a server that does not answer must not hold the process up; it is there as
    long as there are connections. (From Python 3.12 on no thread can be started here.)
    """
    process.ending = True
    held: list[Pool] = []
    told = threading.Event()

    def tell() -> None:
        try:
            for database in list(live_databases):
                held.extend(database.stop_statements())
        finally:
            told.set()

    until = monotonic() + EXIT_SECONDS
    if any(pool.busy() for database in list(live_databases) for pool in list(database._pools.values())):
        try:
            if is_subinterpreter():
                tell()
            else:
                clock.call_later(0, tell, brief=True)
        except RuntimeError:
            tell()
        told.wait(EXIT_SECONDS)
    while monotonic() < until and any(pool.home is not None and pool.busy() for pool in held):
        sleep(SOON)
    for database in list(live_databases):
        try:
            database.end_at_exit()
        except Exception as error:
            logger.debug("ending the connections of %r at exit: %s", database.alias, error)


def start_all_over_in_child() -> None:
    """A forked child opens connections of its own, and is outside of every block of its parent."""
    for database in list(live_databases):
        database.start_over_in_child()
    for block in list(live_blocks):
        block.inherit()


atexit.register(end_all_at_exit)
os.register_at_fork(after_in_child=start_all_over_in_child)
