"""SQLite for blocking code: sqlite3 in the caller's own thread. Nothing here ever suspends."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.db.contract import Connection, Driver, Params, Row, WrittenAnswer
from orm.errors import InterfaceError
from orm_sqlite.errors import CAUGHT
from orm_sqlite.session import Session

if TYPE_CHECKING:
    from orm.db.url import DatabaseURL
    from orm.sql.parameters import WrittenStatement

_INSERTS = re.compile(r"\s*(?:INSERT|REPLACE)\b", re.IGNORECASE)


class BlockingConnection(Connection):
    """One sqlite3 connection. Its coroutines are plain calls."""

    awaitable = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self._raw = session.raw
        self._execute: Callable[..., Any]
        self._take_cursor()

    def _take_cursor(self) -> None:
        """Run statements on a cursor that is kept: making one for each is a sixth of what a short statement costs."""
        self._cursor = self._raw.cursor()
        self._execute = self._cursor.execute

    def _drop_cursor(self) -> None:
        """Go on with another cursor where a statement has failed: the old one would go on reading, and so locking."""
        if self._session.usable:
            self._cursor.close()
            self._take_cursor()
            return
        self._execute = _refuse
        with contextlib.suppress(sqlite3.ProgrammingError):  # the connection may have been closed, too
            self._cursor.close()

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
            self._drop_cursor()
            return self._session.after(error, self._session.fetch_once, sql, params)
        except BaseException:  # Ctrl-C before the rows were read
            self._drop_cursor()
            raise

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return self._session.fetch_named(sql, params)

    async def run_written(self, statement: WrittenStatement) -> WrittenAnswer:
        answer = await super().run_written(statement)
        if statement.gives_rows or _INSERTS.match(statement.text) is None:
            return answer
        return answer._replace(last_key=self._cursor.lastrowid)

    async def execute(self, sql: str, params: Params = ()) -> int:
        # Session.execute written out for the plain case, as above.
        try:
            cursor = self._execute(sql, params)
            count: int = cursor.rowcount
            return count if count >= 0 and cursor.description is None else self._session.finish(cursor, sql)
        except CAUGHT as error:
            self._drop_cursor()
            return self._session.after(error, self._session.execute_once, sql, params)
        except BaseException:
            self._drop_cursor()
            raise

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        try:
            cursor = self._execute(sql, params)
            if cursor.description is not None:
                cursor.fetchall()  # as Session.finish
            return cursor.lastrowid
        except CAUGHT as error:
            self._drop_cursor()
            return self._session.after(error, self._session.insert_once, sql, params)
        except BaseException:
            self._drop_cursor()
            raise

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


def _refuse(*args: object) -> Any:
    raise InterfaceError("the connection is closed")


class BlockingDriver(Driver):
    """Opens sqlite3 connections."""

    awaitable = False

    async def connect(self, url: DatabaseURL) -> BlockingConnection:
        return BlockingConnection(Session(url, watch_signals=True))
