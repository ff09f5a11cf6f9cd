"""Tables that begin with ``mt_`` belong to one test, and are gone before the next."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from tests.conftest import Run, quoted

RECORDS = ("orm_migrations", "orm_backfills")


@pytest.fixture(autouse=True)
def no_tables(database: Run) -> None:
    if database.backend == "sqlite":
        with sqlite3.connect(database.url.removeprefix("sqlite:///")) as session:
            session.execute("PRAGMA foreign_keys = OFF")
            named = f"name LIKE 'mt!_%' ESCAPE '!' OR name LIKE 'new!_!_%' ESCAPE '!' OR name IN {RECORDS}"
            found = session.execute(
                f"SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND ({named})"
            )
            for kind, name in found.fetchall():
                session.execute(f"DROP {kind} IF EXISTS {quoted(name)}")
        session.close()
        return
    with psycopg.connect(database.url) as session:
        named = rf"(c.relname LIKE 'mt\_%%' OR c.relname IN {RECORDS}) AND c.relkind IN ('r', 'p', 'v')"
        rows = session.execute(f"SELECT c.relkind::text, c.relname FROM pg_class c WHERE {named}".replace("%%", "%"))
        for kind, name in rows.fetchall():
            session.execute(f"DROP {'VIEW' if kind == 'v' else 'TABLE'} IF EXISTS {quoted(name)} CASCADE")
