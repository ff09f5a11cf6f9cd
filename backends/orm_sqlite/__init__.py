"""The SQLite backend: aiosqlite for async code, sqlite3 for blocking code, one dialect for both."""

from __future__ import annotations

from orm.db.contract import Backend, LateDriver
from orm.db.url import DatabaseURL
from orm_sqlite.blocking import BlockingDriver
from orm_sqlite.dialect import SQLiteDialect
from orm_sqlite.introspection import SQLiteIntrospection
from orm_sqlite.memory import forget
from orm_sqlite.session import OPTIONS

__all__ = ["backend", "forget"]



def shell(url: DatabaseURL) -> tuple[list[str], dict[str, str]]:
    """Return how sqlite3 is started on a database."""
    return ["sqlite3", url.database], {}


backend = Backend(
    name="sqlite",
    schemes=("sqlite", "sqlite3"),
    dialect=SQLiteDialect(),
    awaitable=LateDriver("orm_sqlite.awaitable"),
    blocking=BlockingDriver(),
    options=OPTIONS,
    introspection=SQLiteIntrospection(),
    shell=shell,
)
