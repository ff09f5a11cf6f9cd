"""Which database the demo uses: ``DATABASE_URL``, else a SQLite file under ``migrations_demo/var/``."""

from __future__ import annotations

import os
from pathlib import Path

import orm
from orm.db.registry import DEFAULT_DB_ALIAS, databases

FILE = Path(__file__).resolve().with_name("var") / "catalogue.sqlite3"


def choose_url() -> str:
    """The URL of the demo's database.

    Raises:
        orm.errors.ImproperlyConfigured: it lives in this process's memory, where the legacy script can't reach it.
    """
    url = os.environ.get("DATABASE_URL", "").strip()
    if ":memory:" in url:
        raise orm.errors.ImproperlyConfigured(
            "The demo runs its legacy script as a process of its own, so the database can't be in memory. "
            "Set DATABASE_URL to a file or a server, or leave it unset."
        )
    if not url:
        FILE.parent.mkdir(exist_ok=True)
        url = f"sqlite:///{FILE}"
    return url


def configure() -> str:
    """Configure the library for the demo and return the URL."""
    url = choose_url()
    orm.configure(databases={DEFAULT_DB_ALIAS: url})
    return url


def count_queries() -> tuple[int, int]:
    """Statements run by this process so far, as (awaitable, blocking)."""
    statistics = databases[DEFAULT_DB_ALIAS].statistics
    return statistics.awaitable, statistics.blocking
