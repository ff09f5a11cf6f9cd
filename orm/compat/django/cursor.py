"""Cursors of ``django.db.connection``: SQL of a program's own, in both colours, and the functions around statements.

What a statement gives is read whole by the call that runs it, so only that call waits; the awaitable forms of what
reads rows are there for those who write ``await`` before everything a cursor does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from orm.compat.django.statements import returns_rows
from orm.errors import NotSupportedError, ProgrammingError
from orm.sql.dialect import NewKey
from orm.sql.parameters import bind_each

if TYPE_CHECKING:
    from orm.compat.django.connection import LegacyConnection
    from orm.db.database_blocking import Database


class AwaitableLegacyCursor:
    """A DB-API cursor: rows are read whole; placeholders are ``%s`` (or ``%(name)s``) on every database.

    Works under ``with`` and ``async with``, ``for`` and ``async for``.
    """

    arraysize = 1

    def __init__(self, database: Database, db: LegacyConnection) -> None:
        self._database = database
        self.db = db
        self._rows: list[tuple[Any, ...]] | None = None
        self._position = 0
        self._closed = False
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._last_key: int | None = None

    @property
    def lastrowid(self) -> int | None:
        """The key of the row that was inserted last by this cursor, on a database that numbers rows itself.

        Raises ``AttributeError`` on one that does not, where RETURNING tells keys.
        """
        if self._database.dialect.capabilities.new_key is not NewKey.LAST_ROW_ID:
            raise AttributeError("lastrowid is nothing this database tells: ask for keys with RETURNING.")
        return self._last_key

    async def aexecute(self, sql: str, params: Sequence[object] | Mapping[str, object] | None = None) -> Self:
        """Run one statement. Without ``params`` the text is taken as it is, percent signs included.

        Raises ``Capabilities.closed_cursor`` on a closed cursor, ``ProgrammingError`` when placeholders and parameters
        differ, and what the database raises.
        """
        self._check_open()
        self._rows, self._position, self.description = None, 0, None
        gives_rows = returns_rows(sql)
        answer = await self._database.run_written(sql, params, gives_rows)
        if answer is None:  # a wrapper has not run it
            return self
        names, rows, self.rowcount, key = answer
        if key is not None:
            self._last_key = key
        if names or gives_rows:
            self.description = [(name, None, None, None, None, None, None) for name in names] or None
            self._rows = [tuple(row) for row in rows]
        return self

    async def aexecutemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Self:
        """Run one statement for each row of parameters, all or nothing."""
        self._check_open()
        text, bound = bind_each(self._database.dialect, sql, rows)
        self._rows, self._position, self.description = None, 0, None
        affected = await self._database.execute_many(text, bound) if bound else 0
        self.rowcount = -1 if affected is None else affected
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None after the last."""
        found = self.fetchmany(1)
        return found[0] if found else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows, at most ``size``."""
        self._check_open()
        if self._rows is None:
            if self._database.dialect.capabilities.fetch_without_rows:
                return []
            raise ProgrammingError("No result available: the last operation, if any, didn't produce records.")
        begin = self._position
        self._position = min(begin + (self.arraysize if size is None else size), len(self._rows))
        return self._rows[begin : self._position]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows not fetched yet."""
        return self.fetchmany(len(self._rows or ()))

    async def afetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None after the last."""
        return self.fetchone()

    async def afetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows, at most ``size``."""
        return self.fetchmany(size)

    async def afetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows not fetched yet."""
        return self.fetchall()

    async def acallproc(
        self,
        name: str,
        params: Sequence[object] | None = None,
        kparams: Mapping[str, object] | None = None,
    ) -> Sequence[object] | None:
        """Call a function of the database and return ``params``; the rows it gives can be fetched.

        Parameters: ``kparams`` must not be given: no database here takes parameters by name. Raises
        ``NotSupportedError`` for them, and what the database raises.
        """
        if kparams is not None:
            raise NotSupportedError("Keyword parameters for callproc are not supported on this database backend.")
        places = ", ".join(["%s"] * len(params or ()))
        await self.aexecute(f"SELECT * FROM {self.db.quote(name)}({places})", list(params or ()))
        return params

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Forget the rows."""
        self._closed, self._rows = True, None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    async def __aiter__(self) -> AsyncIterator[tuple[Any, ...]]:
        for row in self:
            yield row

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise self._database.dialect.capabilities.closed_cursor("the cursor is closed")


class Around:
    """A function around statements, which is told of the connection as ``django.db`` has it."""

    def __init__(self, connection: LegacyConnection, wrapper: Callable[..., Any]) -> None:
        self.connection = connection
        self.wrapper = wrapper

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        return self.wrapper(execute, sql, params, many, self.told(context))

    def told(self, context: dict[str, Any]) -> dict[str, Any]:
        """Return what the function is told: the connection, and a cursor of it, which has run nothing yet."""
        return {**context, "connection": self.connection, "cursor": self.connection.cursor()}


class AroundAsync(Around):
    """The same around a coroutine function."""

    async def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        return await self.wrapper(execute, sql, params, many, self.told(context))
