"""Connections of the colour a backend does not bring, made from those of the colour it does; streams without cursors.

A blocking-only backend is used from async code through worker threads, an awaitable-only one from blocking code through
the portal. Both look like a ``Connection`` of the missing colour, so nobody else needs to know.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.crossing import drive_in_thread, in_thread
from orm.bridge.drive import drive
from orm.bridge.nested import nested
from orm.bridge.overrides import END, next_or_end
from orm.bridge.portal import Errand, portal, wait_on
from orm.db.contract import Connection, CopyTarget, Driver, Notification, Params, Row, WrittenAnswer
from orm.db.pooling.closing import close_quietly
from orm.errors import OperationalError

if TYPE_CHECKING:
    import asyncio

    from orm.db.url import DatabaseURL
    from orm.sql.dialect import Dialect
    from orm.sql.parameters import WrittenStatement
else:
    from orm.late import asyncio

T = TypeVar("T")


class AdaptedConnection(Connection):
    """A connection whose coroutines run somewhere else; subclasses say where."""

    def __init__(self, inner: Connection) -> None:
        self.inner = inner

    async def elsewhere(self, coroutine: Coroutine[object, None, T]) -> T:
        """Run a coroutine of the inner connection where that belongs, and return its result."""
        raise NotImplementedError("Subclasses say where an inner connection's coroutines run.")

    @property
    def is_usable(self) -> bool:
        return self.inner.is_usable

    @property
    def in_transaction(self) -> bool:
        return self.inner.in_transaction

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        return await self.elsewhere(self.inner.fetch(sql, params))

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return await self.elsewhere(self.inner.fetch_named(sql, params))

    async def run_written(self, statement: WrittenStatement) -> WrittenAnswer:
        return await self.elsewhere(self.inner.run_written(statement))

    async def execute(self, sql: str, params: Params = ()) -> int:
        return await self.elsewhere(self.inner.execute(sql, params))

    async def follow_settings(self) -> None:
        await self.elsewhere(self.inner.follow_settings())

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        return await self.elsewhere(self.inner.execute_many(sql, list(rows)))

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        return await self.elsewhere(self.inner.copy_in(sql, target, rows))

    async def copy_out(self, sql: str, params: Params, header: bool, write: Callable[[bytes], Awaitable[None]]) -> int:
        return await self.elsewhere(self.inner.copy_out(sql, params, header, write))

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        return await self.elsewhere(self.inner.insert(sql, params, key_query))

    async def execute_script(self, sql: str) -> None:
        await self.elsewhere(self.inner.execute_script(sql))

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        chunks = nested(self.inner.stream(sql, params, chunk_size))
        try:
            while (chunk := await self.elsewhere(next_or_end(chunks))) is not END:
                yield chunk
        finally:
            await self.elsewhere(close_generator(chunks))

    async def listen(self, channel: str) -> None:
        await self.elsewhere(self.inner.listen(channel))

    async def notifications(self, timeout: float | None) -> Sequence[Notification]:
        return await self.elsewhere(self.inner.notifications(timeout))

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        await self.elsewhere(self.inner.begin(isolation=isolation, read_only=read_only, write=write))

    async def commit(self) -> None:
        await self.elsewhere(self.inner.commit())

    async def rollback(self) -> None:
        await self.elsewhere(self.inner.rollback())

    def limit_locks(self, seconds: float) -> None:
        self.inner.limit_locks(seconds)

    async def ping(self) -> None:
        await self.elsewhere(self.inner.ping())

    async def close(self) -> None:
        await self.elsewhere(self.inner.close())

    def terminate(self) -> None:
        self.inner.terminate()


async def close_generator(generator: AsyncGenerator[Any, None]) -> None:
    """Close a generator where the connection lives."""
    await generator.aclose()


def streamed(
    dialect: Dialect, connection: Connection, sql: str, params: Params, chunk_size: int
) -> AsyncGenerator[Sequence[Row], None]:
    """Stream rows as the database can: bit by bit, or in lists of that size after all of them have come."""
    if dialect.capabilities.cursors:
        return connection.stream(sql, params, chunk_size)
    return all_rows(connection, sql, params, chunk_size)


async def all_rows(
    connection: Connection, sql: str, params: Params, chunk_size: int
) -> AsyncGenerator[Sequence[Row], None]:
    """Yield rows in lists of that size, which are read at once."""
    rows = await connection.fetch(sql, params)
    for start in range(0, len(rows), chunk_size):
        yield rows[start : start + chunk_size]


class ThreadedConnection(AdaptedConnection):
    """A blocking connection for async code: each call runs in a worker thread.

    A cancelled call interrupts its statement and is delivered when the thread has left it. One that is given up is
    closed when no thread is in it any more, since a stream that lies about would keep it, with its locks.
    """

    awaitable = True

    def __init__(self, inner: Connection) -> None:
        super().__init__(inner)
        self._lock = threading.RLock()  # the collector may give it up, at any moment
        self._calls = 0
        self._given_up = False

    async def elsewhere(self, coroutine: Coroutine[object, None, T]) -> T:
        return await self._undisturbed(coroutine, self.inner.interrupt)

    async def _undisturbed(self, coroutine: Coroutine[object, None, T], on_cancel: Callable[[], None] | None) -> T:
        try:
            return await drive_in_thread(self._counted(coroutine), on_cancel)
        except asyncio.CancelledError:
            # The thread has left it, so it can be closed now, with its locks, and not when it is collected.
            if not self.inner.is_usable:
                await drive_in_thread(self.inner.close())
            raise

    async def _counted(self, coroutine: Coroutine[object, None, T]) -> T:
        """Run a call, in a worker thread."""
        with self._lock:
            self._calls += 1
        try:
            return await coroutine
        finally:
            with self._lock:
                self._calls -= 1
                is_last = self._given_up and not self._calls
            if is_last:
                await close_quietly(self.inner)

    def terminate(self) -> None:
        super().terminate()
        with self._lock:
            self._given_up = True
            is_idle = not self._calls
        if is_idle:
            drive(close_quietly(self.inner))

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        try:
            await super().begin(isolation=isolation, read_only=read_only, write=write)
        except asyncio.CancelledError:
            if self.inner.in_transaction:  # it had begun before it could be interrupted
                await self._undisturbed(self.inner.rollback(), None)
            raise

    async def commit(self) -> None:
        await self._undisturbed(self.inner.commit(), None)  # never left in doubt: its end, then the cancellation

    async def rollback(self) -> None:
        await self._undisturbed(self.inner.rollback(), None)


class PortalConnection(AdaptedConnection):
    """An awaitable connection for blocking code: it lives on the portal's loop, and the caller waits."""

    awaitable = False

    def __init__(self, inner: Connection, home: asyncio.AbstractEventLoop) -> None:
        super().__init__(inner)
        self.home = home
        self._running: list[Errand] = []

    @property
    def is_usable(self) -> bool:
        return self.inner.is_usable and not self.home.is_closed()

    async def elsewhere(self, coroutine: Coroutine[object, None, T]) -> T:
        try:
            return wait_on(self.home, coroutine, self._running)
        except asyncio.CancelledError as error:  # by interrupt(): nobody else knows of the errand
            raise OperationalError("the statement was interrupted") from error

    def interrupt(self) -> None:
        for errand in self._running:
            errand.cancel()

    def terminate(self) -> None:
        call_there(self.home, self.inner.terminate)


def call_there(loop: asyncio.AbstractEventLoop, fn: Callable[[], None]) -> None:
    """Call ``fn`` on a loop's thread; a loop that has ended took its transports along."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(fn)


class ThreadedDriver(Driver):
    """Makes a blocking driver awaitable."""

    awaitable = True

    def __init__(self, inner: Driver) -> None:
        self.inner = inner

    async def connect(self, url: DatabaseURL) -> Connection:
        opened: list[Connection] = []
        try:
            await in_thread(lambda: opened.append(drive(self.inner.connect(url))))
        except BaseException:
            for connection in opened:  # opened, but the caller was cancelled meanwhile
                connection.terminate()
            raise
        return ThreadedConnection(opened[0])


class PortalDriver(Driver):
    """Makes an awaitable driver blocking."""

    awaitable = False

    def __init__(self, inner: Driver) -> None:
        self.inner = inner

    async def connect(self, url: DatabaseURL) -> Connection:
        home = portal.loop
        return PortalConnection(wait_on(home, self.inner.connect(url)), home)
