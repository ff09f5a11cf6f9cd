"""SQLite for blocking code: sqlite3 in the caller's own thread. Nothing here ever suspends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.db.contract import Connection, Driver, Params, Row
from orm.errors import InterfaceError
from orm_sqlite.errors import CAUGHT
from orm_sqlite.session import Session

if TYPE_CHECKING:
    from orm.db.url import DatabaseURL


class BlockingConnection(Connection):
    """One sqlite3 connection. Its coroutines are plain calls."""

    awaitable = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self._raw = session.raw
        self._execute: Callable[..., Any] = session.raw.execute

    @property
    def is_usable(self) -> bool:
        return self._session.usable

    @property
    def in_transaction(self) -> bool:
        return self._session.usable and self._raw.in_transaction

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        # Session.fetch written out, since this is where every query passes.
        try:
            rows: list[Row] = self._execute(sql, params).fetchall()
            return rows
        except CAUGHT as error:
            return self._session.after(error, self._session.fetch_once, sql, params)

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return self._session.fetch_named(sql, params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        # Session.execute written out for the plain case, as above.
        try:
            cursor = self._execute(sql, params)
            count: int = cursor.rowcount
            return count if count >= 0 and cursor.description is None else self._session.finish(cursor, sql)
        except CAUGHT as error:
            return self._session.after(error, self._session.execute_once, sql, params)

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        try:
            return self._execute(sql, params).lastrowid
        except CAUGHT as error:
            return self._session.after(error, self._session.insert_once, sql, params)

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        return self._session.execute_many(sql, rows)

    async def execute_script(self, sql: str) -> None:
        self._session.script(sql)

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        session = self._session
        cursor = session.open_cursor(sql, params)
        try:
            while rows := session.read(cursor, chunk_size):
                yield rows
                if len(rows) < chunk_size:
                    return
        finally:
            if session.usable:
                session.run(cursor.close)

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        self._session.begin(isolation, read_only, write)

    async def commit(self) -> None:
        self._session.commit()

    async def rollback(self) -> None:
        self._session.rollback()

    def limit_locks(self, seconds: float) -> None:
        self._session.limit_locks(seconds)

    def interrupt(self) -> None:
        self._session.stop()

    async def ping(self) -> None:
        self._session.fetch("SELECT 1")

    async def close(self) -> None:
        self._session.close()

    def terminate(self) -> None:
        self._session.terminate()
        self._execute = _refuse


def _refuse(*args: Any) -> Any:
    raise InterfaceError("the connection is closed")


class BlockingDriver(Driver):
    """Opens sqlite3 connections."""

    awaitable = False

    async def connect(self, url: DatabaseURL) -> BlockingConnection:
        return BlockingConnection(Session(url, watch_signals=True))
