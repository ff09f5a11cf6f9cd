"""The table that the tests of transactions write to, and what they ask about it and about the pools."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.bridge import run
from orm.db.database_blocking import Database


async def aadd(db: Database, *ids: int) -> None:
    for id in ids:
        await db.execute(f"INSERT INTO things VALUES ({id}, 0)")


def add(db: Database, *ids: int) -> None:
    run(aadd(db, *ids))


async def aids(db: Database) -> list[int]:
    return [row[0] for row in await db.fetch("SELECT id FROM things ORDER BY id")]


def ids(db: Database) -> list[int]:
    return run(aids(db))


def idle(db: Database) -> bool:
    """Whether every connection is back in its pool, and nobody waits."""
    return all(pool.busy == 0 and pool.waiting == 0 for pool in db.statistics.pools)


class Unsent:
    """``with Unsent(db, error, match):`` the error is raised, and neither a statement nor a connection was needed."""

    def __init__(self, db: Database, error: type[Exception], match: str) -> None:
        self.db = db
        self.raises = pytest.raises(error, match=match)
        self.captured = orm.capture_queries()

    def taken(self) -> int:
        """How often a connection was handed out, for BEGIN as well as for statements."""
        return sum(pool.statements for pool in self.db.statistics.pools)

    def __enter__(self) -> None:
        self.before = self.taken()
        self.captured.__enter__()
        self.raises.__enter__()

    def __exit__(self, *details: Any) -> bool:
        self.captured.__exit__(None, None, None)
        caught = bool(self.raises.__exit__(*details))
        assert all(query.failed for query in self.captured), "the statement that is refused, at most"
        assert self.taken() == self.before
        return caught
