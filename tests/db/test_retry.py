"""Transactions that lost against another one are run again as a whole, and only those."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

import orm
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, independent, on_commit
from orm.db.transactions.retry import Attempts
from orm.errors import AmbiguousCommit, IntegrityError, OperationalError, TransactionManagementError
from tests.db.things import idle

REPEATABLE = "repeatable read"


async def value(db: Database) -> int:
    return int((await db.fetch("SELECT n FROM things WHERE id = 1"))[0][0])


async def interfere(db: Database) -> None:
    """Change the row beside the current transaction, which has read it."""
    async with independent():
        await db.execute("UPDATE things SET n = n + 100 WHERE id = 1")


async def add_one(db: Database, conflicts: list[int]) -> int:
    """Read, let somebody else write as long as ``conflicts`` has an item, then write."""
    found = await value(db)
    if conflicts:
        conflicts.pop()
        await interfere(db)
    await db.execute(f"UPDATE things SET n = {found + 1} WHERE id = 1")
    return found


@pytest.fixture
def row(db: Database) -> Database:
    run(db.execute("INSERT INTO things VALUES (1, 0)"))
    return db


# -- pauses, without a database ----------------------------------------------------------------------------------------


def test_pauses_grow_and_end() -> None:
    error = OperationalError("lost")
    assert Attempts(3).pause_after(error, committed=False) is None, "an ordinary error"
    error.retryable = True
    assert Attempts(3).pause_after(error, committed=True) is None, "its rows are there"
    attempts = Attempts(12)
    pauses = [attempts.pause_after(error, committed=False) for _ in range(13)]
    assert pauses.pop() is None
    assert all(pause is not None and 0 < pause <= 1 for pause in pauses)
    assert pauses[0] is not None and pauses[0] <= 0.01
    assert pauses[-1] is not None and pauses[-1] >= 0.5, "they double"
    assert len({Attempts(1).pause_after(error, committed=False) for _ in range(20)}) > 1, "those who met do not again"


# -- serialization failures --------------------------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_an_awaitable_function_is_run_again(row: Database) -> None:
    hooks: list[int] = []
    conflicts = [1, 1]

    @atomic(retry=2, isolation=REPEATABLE)
    async def change(db: Database) -> int:
        on_commit(lambda: hooks.append(1))
        return await add_one(db, conflicts)

    assert await change(row) == 200
    assert await value(row) == 201
    assert hooks == [1]
    conflicts += [1, 1, 1]
    with pytest.raises(OperationalError) as caught:
        await change(row)
    assert caught.value.retryable
    assert (conflicts, hooks) == ([], [1])
    assert idle(row)


@pytest.mark.only(backend="postgresql")
def test_a_blocking_function_is_run_again(row: Database) -> None:
    conflicts = [1, 1]

    @atomic(retry=2, isolation=REPEATABLE)
    def change() -> int:
        return run(add_one(row, conflicts))

    assert change() == 200
    conflicts.append(1)
    assert orm.run_in_transaction(lambda: run(add_one(row, conflicts)), isolation=REPEATABLE) == 301
    assert idle(row)


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_functions_of_both_kinds_in_both_colours(row: Database) -> None:
    conflicts = [1]
    assert await orm.arun_in_transaction(add_one, row, conflicts, isolation=REPEATABLE) == 100
    conflicts.append(1)
    blocking = orm.arun_in_transaction(lambda: run(add_one(row, conflicts)), isolation=REPEATABLE)
    assert await blocking == 201
    conflicts.append(1)
    assert await asyncio.to_thread(orm.run_in_transaction, add_one, row, conflicts, isolation=REPEATABLE) == 302
    assert await value(row) == 303


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_an_inner_block_is_never_run_again_alone(row: Database) -> None:
    runs: list[str] = []
    conflicts = [1]

    @atomic(retry=5)
    async def inner() -> int:
        runs.append("inner")
        return await add_one(row, conflicts)

    async def outer() -> int:
        runs.append("outer")
        await value(row)
        return await inner()

    with pytest.raises(OperationalError):
        async with atomic(isolation=REPEATABLE):
            await outer()
    assert runs == ["outer", "inner"]
    conflicts.append(1)
    assert await orm.arun_in_transaction(outer, isolation=REPEATABLE) == 200
    assert runs[2:] == ["outer", "inner", "outer", "inner"]
    assert idle(row)


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_a_loss_that_the_function_passes_over_is_run_again(row: Database, colour: str) -> None:
    """The database has given the transaction up all the same, and leaving the block says so."""
    conflicts = [1, 1]
    passed_over: list[str] = []

    async def body() -> None:
        try:
            await add_one(row, conflicts)
        except OperationalError as error:
            passed_over.append(str(error))

    @atomic(retry=2, isolation=REPEATABLE)
    async def awaitable() -> None:
        await body()

    @atomic(retry=2, isolation=REPEATABLE)
    def blocking() -> None:
        run(body())

    def change() -> None:
        asyncio.run(awaitable()) if colour == "awaitable" else blocking()

    change()
    assert (len(passed_over), conflicts, run(value(row))) == (2, [], 201)
    conflicts += [1, 1, 1]
    with pytest.raises(TransactionManagementError, match="nothing of it was saved") as caught:
        change()
    assert caught.value.retryable and isinstance(caught.value.__cause__, OperationalError)
    assert run(value(row)) == 501, "of the others alone"

    @atomic(retry=5)
    async def breaks_a_rule() -> None:
        runs.append(1)
        with pytest.raises(IntegrityError):
            await row.execute("INSERT INTO things VALUES (1, 1)")

    runs: list[int] = []
    with pytest.raises(TransactionManagementError, match="nothing of it was saved") as caught:
        asyncio.run(breaks_a_rule())
    assert (runs, caught.value.retryable) == ([1], False)

    @atomic(retry=5, isolation=REPEATABLE)
    async def goes_on() -> None:
        runs.append(2)
        try:
            async with atomic():
                await add_one(row, conflicts)
        except OperationalError:
            await row.execute("INSERT INTO things VALUES (2, 2)")

    conflicts.append(1)
    asyncio.run(goes_on())
    assert runs == [1, 2], "undone with its savepoint, it is the function's own affair"
    assert idle(row)


@pytest.mark.asyncio
async def test_other_errors_are_raised_at_once(row: Database) -> None:
    runs: list[int] = []

    @atomic(retry=5)
    async def fails() -> None:
        runs.append(1)
        await row.execute("INSERT INTO things VALUES (1, 1)")

    with pytest.raises(IntegrityError):
        await fails()
    assert runs == [1]


@pytest.mark.asyncio
async def test_what_is_committed_is_not_run_again(db: Database) -> None:
    """An ``on_commit`` function that raises a retryable error does so after the commit."""

    def hook() -> None:
        error = OperationalError("of another transaction")
        error.retryable = True
        raise error

    @atomic(retry=5)
    async def insert() -> None:
        await db.execute("INSERT INTO things VALUES (1, 1)")
        on_commit(hook)

    with pytest.raises(OperationalError, match="of another"):
        await insert()
    assert await value(db) == 1


# -- deadlocks and locks -----------------------------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_a_deadlock_is_run_again(row: Database) -> None:
    await row.execute("INSERT INTO things VALUES (2, 0)")
    both = asyncio.Barrier(2)
    runs: list[tuple[int, int]] = []

    @atomic(retry=3)
    async def change(first: int, second: int) -> None:
        runs.append((first, second))
        await row.execute("SET LOCAL deadlock_timeout = '20ms'")
        await row.execute(f"UPDATE things SET n = n + 1 WHERE id = {first}")
        if len(runs) <= 2:
            await both.wait()
        await row.execute(f"UPDATE things SET n = n + 1 WHERE id = {second}")

    await asyncio.gather(change(1, 2), change(2, 1))
    assert len(runs) == 3
    assert [tuple(found) for found in await row.fetch("SELECT n FROM things ORDER BY id")] == [(2,), (2,)]
    assert idle(row)


@pytest.fixture
def locked(db: Database) -> Iterator[Callable[[], None]]:
    """Another program holds SQLite's write lock, and lets go of it a while after this is called."""
    holder = sqlite3.connect(db.url.database, isolation_level=None, check_same_thread=False)
    timers: list[threading.Timer] = []

    def lock() -> None:
        holder.execute("BEGIN IMMEDIATE")
        timers.append(threading.Timer(0.4, holder.execute, ("ROLLBACK",)))
        timers[-1].start()

    yield lock
    for timer in timers:
        timer.join()
    holder.close()


@pytest.mark.only(backend="sqlite")
@pytest.mark.asyncio
async def test_a_busy_database_is_tried_again(url: str, db: Database, locked: Callable[[], None]) -> None:
    orm.configure({"default": f"{url}&timeout=0.1"})
    impatient = orm.databases["default"]
    runs: list[int] = []

    def change() -> None:
        runs.append(1)
        run(impatient.execute("INSERT INTO things VALUES (1, 1)"))

    locked()
    with pytest.raises(OperationalError, match="locked"):
        await orm.arun_in_transaction(change, retry=0)
    assert runs == []
    await orm.arun_in_transaction(change, retry=20)
    await asyncio.to_thread(locked)
    assert runs == [1]
    await asyncio.to_thread(
        lambda: orm.run_in_transaction(lambda: run(impatient.execute("DELETE FROM things")), retry=20)
    )
    assert idle(impatient)


# -- a commit whose outcome nobody knows -------------------------------------------------------------------------------

SLOW_COMMIT = """
    CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON things
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();
"""


def terminate_in_commit(db: Database) -> None:
    """End the session that runs COMMIT, as an administrator would."""
    url = f"postgresql://{db.url.user}@{db.url.host}:{db.url.port}/{db.url.database}"
    with psycopg.connect(url, autocommit=True) as server:
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            done: Any = server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query = 'COMMIT' AND state = 'active'"
            ).fetchall()
            if done:
                return
            time.sleep(0.01)


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_an_ambiguous_commit_is_reported_and_not_run_again(db: Database, colour: str) -> None:
    run(db.execute_script(SLOW_COMMIT))
    runs: list[int] = []
    hooks: list[int] = []

    async def change() -> None:
        runs.append(1)
        on_commit(lambda: hooks.append(1))
        await db.execute("INSERT INTO things VALUES (1, 1)")

    killer = threading.Thread(target=terminate_in_commit, args=(db,))
    killer.start()
    with pytest.raises(AmbiguousCommit, match="may or may not") as caught:
        if colour == "awaitable":
            asyncio.run(orm.arun_in_transaction(change, retry=5))
        else:
            orm.run_in_transaction(lambda: run(change()), retry=5)
    killer.join()
    assert not caught.value.retryable
    assert (runs, hooks) == ([1], [])
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 0
    assert idle(db)
