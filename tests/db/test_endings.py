"""The end of a block: what the connection is like for whoever has it next, and what is said of what was not saved."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, on_commit
from orm.errors import DatabaseError, IntegrityError, OperationalError, TransactionManagementError
from tests.db.sessions import settle
from tests.db.things import aadd, add, aids, idle, ids

ENDLESS = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 60000000) SELECT count(*) FROM s"
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


@pytest.mark.asyncio
async def test_a_cancellation_after_the_commit_leaves_the_connection_to_whoever_has_it_next(db: Database) -> None:
    """Whoever leaves a block and is cancelled waits for the outcome of COMMIT only so long; it has come here."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hook() -> None:
        reached.set()
        await go_on.wait()

    async def leaves() -> None:
        async with atomic():
            await aadd(db, 1)
            on_commit(hook)

    task = asyncio.create_task(leaves())
    await reached.wait()
    [connection] = [entry.connection for pool in db._pools.values() if pool.home is not None for entry in pool.idle]
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(db.url.pool.acquire_timeout + 0.5)
    assert connection.is_usable
    assert await aids(db) == [1]


def test_what_fails_outside_a_transaction_is_raised_unless_it_is_robust(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """There a function is called at once."""

    def fails() -> None:
        raise ZeroDivisionError

    on_commit(fails, robust=True)
    assert "fails" in caplog.text
    with pytest.raises(ZeroDivisionError):
        on_commit(fails)


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


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_an_error_passed_over_in_a_nested_block_undoes_that_one_alone(db: Database, colour: str) -> None:
    """The server refuses RELEASE, so the savepoint is gone back to, and the transaction around goes on."""

    async def awaitable() -> None:
        async with atomic():
            await aadd(db, 1)
            with pytest.raises(DatabaseError, match="aborted"):
                async with atomic():
                    await aadd(db, 2)
                    with pytest.raises(DatabaseError, match="division"):
                        await db.fetch("SELECT 1/0")
            await aadd(db, 3)

    def blocking() -> None:
        with atomic():
            add(db, 1)
            with pytest.raises(DatabaseError, match="aborted"), atomic():
                add(db, 2)
                with pytest.raises(DatabaseError, match="division"):
                    run(db.fetch("SELECT 1/0"))
            add(db, 3)

    asyncio.run(awaitable()) if colour == "awaitable" else blocking()
    assert ids(db) == [1, 3]
    assert idle(db)


def test_a_transaction_ended_by_hand_does_not_pass_for_saved(db: Database) -> None:
    with pytest.raises(TransactionManagementError, match="had ended before the block did"), atomic():
        add(db, 1)
        run(db.execute("ROLLBACK"))
    assert ids(db) == []

    async def awaitable() -> None:
        async with atomic():
            await aadd(db, 1)
            await db.execute("ROLLBACK")

    with pytest.raises(TransactionManagementError, match="had ended before the block did"):
        asyncio.run(awaitable())
    assert ids(db) == []
    assert idle(db)


@pytest.mark.asyncio
async def test_a_nested_block_that_can_not_be_left_takes_the_one_around_with_it(db: Database) -> None:
    """Its savepoint has been neither kept nor undone, so its rows are not saved with the others."""
    inner, entered, leave = atomic(), asyncio.Event(), asyncio.Event()

    async def holds() -> None:
        async with atomic():
            entered.set()
            await leave.wait()

    with pytest.raises(TransactionManagementError, match="nothing of this one was saved"):
        async with atomic():
            await inner.__aenter__()
            await aadd(db, 1)
            holding = asyncio.create_task(holds())
            await entered.wait()
            with pytest.raises(TransactionManagementError, match="kept open by"):
                await inner.__aexit__(None, None, None)
            leave.set()
            await asyncio.wait([holding])
    assert await aids(db) == []
    assert idle(db)


@pytest.mark.only(backend="postgresql")
def test_a_loss_that_was_undone_is_no_reason_to_run_again(db: Database) -> None:
    """A nested block lost against another transaction and was gone back from; what fails later is an error of ours."""
    runs: list[int] = []

    @atomic(retry=3)
    def works() -> None:
        runs.append(1)
        with pytest.raises(OperationalError), atomic():
            run(db.fetch("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"))
        with pytest.raises(DatabaseError, match="division"):
            run(db.fetch("SELECT 1/0"))

    with pytest.raises(TransactionManagementError, match="aborted the transaction"):
        works()
    assert runs == [1]
    assert idle(db)


def test_statements_of_a_blocking_transaction_leave_the_loop_free(db: Database) -> None:
    """They run in a thread: the loop can serve others meanwhile, and cancel them."""

    async def inside() -> None:
        statement = asyncio.create_task(db.fetch(ENDLESS))
        await asyncio.sleep(0.05)
        statement.cancel()
        await asyncio.wait([statement])
        assert statement.cancelled()

    with pytest.raises(ZeroDivisionError), atomic():
        add(db, 1)
        asyncio.run(inside())
        raise ZeroDivisionError
    assert ids(db) == []
    assert idle(db)


def test_a_failing_async_block_stops_what_threads_run_in_it(db: Database) -> None:
    stopped: list[str] = []

    def child() -> None:
        try:
            run(db.fetch(ENDLESS))
        except TransactionManagementError as error:
            stopped.append(str(error))

    async def fails() -> None:
        async with atomic():
            await aadd(db, 1)
            thread = asyncio.create_task(asyncio.to_thread(child))
            await asyncio.to_thread(settle, lambda: any("RECURSIVE" in holder for holder in holders(db)))
            try:
                raise ZeroDivisionError
            finally:
                left.append(thread)

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await fails()
        await left[0]
        assert await aids(db) == []

    left: list[asyncio.Task[None]] = []
    asyncio.run(main())
    assert ["so the statement was stopped" in error for error in stopped] == [True]
    assert idle(db)


def holders(db: Database) -> list[str]:
    """Who holds connections, and for what."""
    return [holder for pool in list(db._pools.values()) for holder in pool.holders()]
