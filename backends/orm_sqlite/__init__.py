"""The SQLite backend: aiosqlite for async code, sqlite3 for blocking code, one dialect for both."""

from __future__ import annotations

import os

from orm.db.contract import Backend, LateDriver, ScratchDatabase, late_made
from orm.db.url import MEMORY, DatabaseURL
from orm_sqlite.blocking import BlockingDriver
from orm_sqlite.dialect import SQLiteDialect
from orm_sqlite.files import file_of
from orm_sqlite.memory import forget
from orm_sqlite.session import OPTIONS

__all__ = ["backend", "forget"]


def shell(url: DatabaseURL) -> tuple[list[str], dict[str, str]]:
    """Return how sqlite3 is started on a database."""
    return ["sqlite3", url.database if url.database == MEMORY else file_of(url)], {}


def scratch(url: DatabaseURL, suffix: str) -> ScratchDatabase:
    """Return a database in memory, of this process alone; it goes with the process."""
    stem, _ = os.path.splitext(os.path.basename(url.database))
    name = url.options.get("name", "memory") if url.database == MEMORY else stem
    kept = {option: value for option, value in url.options.items() if option not in ("mode", "name")}
    options = {**kept, "name": f"test_{name}{suffix}"}
    return ScratchDatabase(DatabaseURL(url.scheme, database=MEMORY, options=options, pool=url.pool))


backend = Backend(
    name="sqlite",
    schemes=("sqlite", "sqlite3"),
    dialect=SQLiteDialect(),
    awaitable=LateDriver("orm_sqlite.awaitable"),
    blocking=BlockingDriver(),
    options=OPTIONS,
    introspection=late_made("orm_sqlite.introspection", "SQLiteIntrospection"),
    shell=shell,
    scratch=scratch,
)
