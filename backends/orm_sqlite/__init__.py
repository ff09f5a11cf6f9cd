"""The SQLite backend: aiosqlite for async code, sqlite3 for blocking code, one dialect for both."""

from __future__ import annotations

from orm.db.contract import Backend, LateDriver
from orm_sqlite.blocking import BlockingDriver
from orm_sqlite.dialect import SQLiteDialect
from orm_sqlite.introspection import SQLiteIntrospection
from orm_sqlite.memory import forget
from orm_sqlite.session import OPTIONS

__all__ = ["backend", "forget"]

backend = Backend(
    name="sqlite",
    schemes=("sqlite", "sqlite3"),
    dialect=SQLiteDialect(),
    awaitable=LateDriver("orm_sqlite.awaitable"),
    blocking=BlockingDriver(),
    options=OPTIONS,
    introspection=SQLiteIntrospection(),
)
