"""The end of a block: what the connection is like for whoever has it next, and what is said of what was not saved."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transaction import atomic, on_commit
from orm.errors import IntegrityError, TransactionManagementError
from tests.db.things import aadd, add, aids, idle, ids

DEFERRED = (
    "DROP TABLE IF EXISTS parts; "
    "CREATE TABLE parts (id integer PRIMARY KEY, thing integer REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)"
)


def test_hooks_find_the_connection_given_back(db: Database) -> None:
    """Or one that queries in a thread of its own would want a second connection, and wait for ever in a small pool."""
    found: list[Any] = []

    def hook() -> None:
        found.append((idle(db), ids(db)))

    async def awaitable() -> None:
        async with atomic():
            await aadd(db, 2)
            on_commit(hook)

    with atomic():
        add(db, 1)
        on_commit(hook)
    asyncio.run(awaitable())
    assert found == [(True, [1]), (True, [1, 2])]


def test_a_commit_that_fails_leaves_no_transaction_to_a_connection_block(db: Database) -> None:
    """SQLite keeps the transaction open then; the connection is not given back, where that would be noticed."""

    async def awaitable() -> None:
        async with db.connection() as connection:
            with pytest.raises(IntegrityError):
                async with atomic():
                    await connection.aexecute("INSERT INTO parts VALUES (1, 99)")
            async with atomic():
                await aadd(db, 2)

    run(db.execute_script(DEFERRED))
    try:
        with db.connection() as connection:
            with pytest.raises(IntegrityError), atomic():
                connection.execute("INSERT INTO parts VALUES (1, 99)")
            with atomic():
                add(db, 1)
        asyncio.run(awaitable())
        assert run(db.fetch("SELECT id FROM parts")) == []
        assert ids(db) == [1, 2]
        assert idle(db)
    finally:
        run(db.execute_script("DROP TABLE parts"))


@pytest.mark.only(backend="postgresql")
def test_a_savepoint_that_can_not_be_set_makes_the_block_ask(db: Database) -> None:
    """The driver's own connection may have been used for what aborts the transaction."""

    async def awaitable() -> None:
        async with db.connection() as connection, atomic():
            await aadd(db, 1)
            await spoil(connection.raw)

    async def spoil(raw: Any) -> None:
        with pytest.raises(Exception, match="division by zero"):
            await raw.fetch("SELECT 1/0")
        with pytest.raises(Exception, match="aborted"):
            async with atomic():
                pytest.fail("the savepoint was set")

    with pytest.raises(TransactionManagementError, match="aborted the transaction"):
        asyncio.run(awaitable())
    assert run(aids(db)) == []
    assert idle(db)
