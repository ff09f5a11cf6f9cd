"""What a database holds, read over a connection of the test's own: the same in either colour."""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import psycopg

import orm
from orm.db.introspection import ColumnInfo, ConstraintInfo, Introspection, TableInfo
from tests.conftest import Run

T = TypeVar("T")


class Look:
    """A reader of one database."""

    def __init__(self, database: Run) -> None:
        self.database = database

    @property
    def reader(self) -> Introspection:
        reader = orm.databases["default"].backend.introspection
        assert reader is not None
        return reader

    async def fetch(self, sql: str, params: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
        if self.database.backend == "sqlite":
            session = sqlite3.connect(self.database.url.removeprefix("sqlite:///"))
            try:
                return session.execute(sql, params).fetchall()
            finally:
                session.close()
        with psycopg.connect(self.database.url, cursor_factory=psycopg.RawCursor) as server:
            return server.execute(sql, list(params)).fetchall()  # type: ignore[arg-type]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in driven(self.fetch(sql))]

    def tables(self) -> list[TableInfo]:
        return driven(self.reader.tables(self.fetch))

    def columns(self, table: str) -> list[ColumnInfo]:
        return driven(self.reader.columns(self.fetch, table))

    def constraints(self, table: str) -> Mapping[str, ConstraintInfo]:
        return driven(self.reader.constraints(self.fetch, table))

    def indexes(self, table: str) -> set[str]:
        return {name for name, info in self.constraints(table).items() if info.index}

    def foreign_keys(self, table: str) -> list[ConstraintInfo]:
        return [info for info in self.constraints(table).values() if info.foreign_key]


def driven(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waited")
