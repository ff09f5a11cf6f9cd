"""SQLite for async code: aiosqlite, one hop to the connection's thread for each statement, rows included.

A cancelled await interrupts its statement and waits until the thread is idle again, so that the connection stays
clean; the thread never keeps the process alive.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import aiosqlite

from orm.bridge.thread_context import start_apart
from orm.db.contract import Connection, Driver, Params, Row
from orm.errors import InterfaceError
from orm_sqlite.inline import Inline, inline_of
from orm_sqlite.session import Session

if TYPE_CHECKING:
    import sqlite3

    from orm.db.url import DatabaseURL

P = ParamSpec("P")
T = TypeVar("T")

_INTERRUPT_EVERY = 0.02
_SETTLE_WITHIN = 5.0


class Worker(aiosqlite.Connection):
    """aiosqlite's connection with its thread, lent to whole calls instead of single cursor steps."""

    def __init__(self, url: DatabaseURL) -> None:
        self.session: Session | None = None
        self.stopped: asyncio.Future[None] | None = None
        self._url = url
        super().__init__(self._open, iter_chunk_size=64)
        self._thread.daemon = True  # a connection left open must not hold up the end of the process

    def _open(self) -> sqlite3.Connection:
        self.session = Session(self._url, watch_signals=False)
        return self.session.raw

    def __await__(self) -> Generator[object, None, Any]:
        start_apart(self._thread)
        return self._connect().__await__()

    def stop(self) -> asyncio.Future[None] | None:
        self.stopped = super().stop()
        return self.stopped

    if TYPE_CHECKING:

        async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
            """Run ``work`` in the connection's thread and return what it returns."""
            ...

    else:
        call = aiosqlite.Connection._execute  # by its own name: one more coroutine would cost every query

    def __del__(self) -> None:
        """A signal's exception came before anybody had it: that is no mistake to warn of, as the original does."""
        if getattr(self, "_connection", None) is not None:
            self.abandon()

    def abandon(self) -> None:
        """Close the connection and end its thread, after what runs there, from any thread and without a loop."""
        # stop() makes a future of the calling thread's loop; called in the worker thread there is none to tell.
        self._tx.put_nowait((None, self.stop))


class AwaitableConnection(Connection):
    """One aiosqlite connection: a sqlite3 connection in a thread of its own."""

    awaitable = True

    def __init__(self, worker: Worker, session: Session, inline: Inline | None = None) -> None:
        self._worker = worker
        self._session = session
        self._inline = inline

    @property
    def is_usable(self) -> bool:
        return self._session.usable

    @property
    def in_transaction(self) -> bool:
        return self._session.usable and self._session.raw.in_transaction

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        # _hop() written out, since this is where every query passes.
        session = self._session
        if not session.usable:
            raise InterfaceError("the connection is closed")
        inline = self._inline
        if inline is not None:
            here = inline.runs_here(sql)
            if here is None:
                here = await self._hop(inline.learn, session, sql, params)
            if here:
                rows = await inline.fetch(session, sql, params)
                if rows is not None:
                    return rows
        try:
            return await self._worker.call(session.fetch, sql, params)
        except asyncio.CancelledError:
            await self._settle()
            raise
        except GeneratorExit:  # the coroutine is thrown away: there is nobody left to wait
            self.terminate()
            raise

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return await self._hop(self._session.fetch_named, sql, params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        return await self._hop(self._session.execute, sql, params)

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        return await self._hop(self._session.insert, sql, params)

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        # The rows are made here: an iterable may run the caller's code, which must not move to another thread.
        return await self._hop(self._session.execute_many, sql, rows if isinstance(rows, list) else list(rows))

    async def execute_script(self, sql: str) -> None:
        await self._hop(self._session.script, sql)

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        opened: list[sqlite3.Cursor] = []  # known here even if the answer with the first rows never arrives
        rows: list[Row] = []
        try:
            rows = await self._hop(self._session.start_reading, sql, params, chunk_size, opened)
            while rows:
                yield rows
                if len(rows) < chunk_size:
                    opened.clear()
                    return
                rows = await self._hop(self._session.read, opened[0], chunk_size)
            opened.clear()
        finally:
            if self._session.usable and opened:
                await self._hop(self._session.run, opened.pop().close)

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        try:
            await self._hop(self._session.begin, isolation, read_only, write)
        except asyncio.CancelledError:
            if self.in_transaction:  # it had begun before it could be interrupted
                await self._hop(self._session.rollback)
            raise

    async def commit(self) -> None:
        await self._hop(self._session.commit)

    async def rollback(self) -> None:
        await self._hop(self._session.rollback)

    def limit_locks(self, seconds: float) -> None:
        self._session.limit_locks(seconds)

    async def ping(self) -> None:
        await self._hop(self._session.fetch, "SELECT 1")

    async def close(self) -> None:
        if self._session.usable:
            self._session.usable = False
            await self._worker.close()

    def terminate(self) -> None:
        if self._session.usable:
            self._session.usable = False
            self._session.stop()
            self._worker.abandon()

    async def _hop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._session.usable:
            raise InterfaceError("the connection is closed")
        try:
            return await self._worker.call(work, *args, **kwargs)
        except asyncio.CancelledError:
            await self._settle()
            raise
        except GeneratorExit:  # the coroutine is thrown away: there is nobody left to wait
            self.terminate()
            raise

    async def _settle(self) -> None:
        """Interrupt what runs in the thread and wait for it; the connection is clean afterwards, or given up."""
        idle = asyncio.ensure_future(self._worker.call(bool))
        deadline = asyncio.get_running_loop().time() + _SETTLE_WITHIN
        try:
            # Again and again: an interrupt reaches only what runs at that moment, and the call may still be queued.
            while not idle.done():
                self._session.stop()
                # One more cancellation changes nothing: anyio's scopes send one at every await, and the first is
                # delivered when we are done.
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({idle}, timeout=_INTERRUPT_EVERY)
                if asyncio.get_running_loop().time() > deadline:
                    self.terminate()
                    return
        except BaseException:
            self.terminate()
            raise


class AwaitableDriver(Driver):
    """Opens aiosqlite connections."""

    awaitable = True

    async def connect(self, url: DatabaseURL) -> AwaitableConnection:
        inline = inline_of(url)
        worker = Worker(url)
        try:
            await worker
        except BaseException:
            # The thread tells this loop when it has stopped; a loop closed by then would make it complain on stderr.
            # So a cancellation is delivered after that, for it may be the loop's end.
            while worker.stopped is not None and not worker.stopped.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({worker.stopped})
            raise
        if worker.session is None:
            raise InterfaceError("the connection was closed while it was being opened")
        return AwaitableConnection(worker, worker.session, inline)
