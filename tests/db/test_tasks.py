"""Tasks that share a transaction: groups, timeouts, shields, streams and nested blocks of siblings."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, independent
from orm.errors import TransactionManagementError
from tests.db.things import idle

SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 6) SELECT n FROM s"
LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 30000000) SELECT count(*) FROM s"

pytestmark = pytest.mark.asyncio


class Boom(Exception):
    pass


async def add(db: Database, *ids: int) -> None:
    for id in ids:
        await db.execute(f"INSERT INTO things VALUES ({id}, 0)")


async def ids(db: Database) -> list[int]:
    return [row[0] for row in await db.fetch("SELECT id FROM things ORDER BY id")]


async def test_a_group_that_fails_while_siblings_are_mid_query(db: Database) -> None:
    """The siblings are cancelled where they are; the block rolls back and leaves a clean connection."""

    async def fails() -> None:
        await asyncio.sleep(0.05)
        raise Boom

    with pytest.raises(BaseExceptionGroup) as caught:
        async with atomic():
            await add(db, 1)
            async with asyncio.TaskGroup() as group:
                group.create_task(db.fetch(LONG))
                group.create_task(add(db, 2, 3))
                group.create_task(db.fetch(LONG))
                group.create_task(fails())
    assert caught.group_contains(Boom) if hasattr(caught, "group_contains") else True
    assert await ids(db) == []
    assert idle(db)


async def test_a_group_outside_a_transaction_that_fails(db: Database) -> None:
    async def fails() -> None:
        await asyncio.sleep(0.05)
        raise Boom

    with pytest.raises(BaseExceptionGroup):
        async with asyncio.TaskGroup() as group:
            for _ in range(8):  # more than the pool has connections
                group.create_task(db.fetch(LONG))
            group.create_task(fails())
    assert idle(db)
    assert await ids(db) == []


@pytest.mark.parametrize("nested", [False, True])
async def test_a_timeout_around_a_statement_of_the_transaction(db: Database, nested: bool) -> None:
    """In a nested block of its own the statement's end undoes that block and no more."""
    error: BaseException | None = None
    try:
        async with atomic():
            await add(db, 1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    if not nested:
                        await db.fetch(LONG)
                    async with atomic():
                        await add(db, 2)
                        await db.fetch(LONG)
            if nested:
                await add(db, 3)
    except TransactionManagementError as raised:
        error = raised  # a database that aborts the transaction at the first error says so here
    assert await ids(db) in ([[1, 3]] if nested and error is None else [[], [1]])
    assert error is None or await ids(db) == []
    assert idle(db)


async def test_wait_for_around_a_whole_block(db: Database) -> None:
    async def block() -> None:
        async with atomic():
            await add(db, 1)
            await db.fetch(LONG)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(block(), 0.05)
    assert await ids(db) == []
    assert idle(db)


async def test_wait_for_inside_a_block_shares_it(db: Database) -> None:
    with pytest.raises(Boom):
        async with atomic():
            await asyncio.wait_for(add(db, 1), 5)
            assert await asyncio.wait_for(ids(db), 5) == [1]
            raise Boom
    assert await ids(db) == []


async def test_a_shielded_statement_goes_on_inside_the_block(db: Database) -> None:
    """The block's end waits for it, so that it is part of the transaction or fails; never beside it."""
    inner: list[asyncio.Task[None]] = []

    async def caller() -> None:
        inner.append(asyncio.create_task(add(db, *range(2, 8))))
        await asyncio.shield(inner[0])

    async with atomic():
        await add(db, 1)
        task = asyncio.create_task(caller())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await inner[0]
    assert await ids(db) == list(range(1, 8))
    assert idle(db)


async def test_a_shielded_task_that_outlives_the_block_never_writes_elsewhere(db: Database) -> None:
    async def writes() -> None:
        for id in range(1, 1000):
            await add(db, id)
            await asyncio.sleep(0)

    with pytest.raises(Boom):
        async with atomic():
            task = asyncio.ensure_future(asyncio.shield(asyncio.create_task(writes())))
            await asyncio.sleep(0.02)
            raise Boom
    with pytest.raises(TransactionManagementError, match="has ended"):
        await task
    assert await ids(db) == []
    assert idle(db)


async def test_a_cancelled_child_leaves_its_siblings_their_turn(db: Database) -> None:
    async with atomic():
        tasks = [asyncio.create_task(add(db, id)) for id in range(20)]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [id for id, result in enumerate(done) if result is None]
        assert set(range(2, 20, 2)) <= set(kept)
        assert await ids(db) == kept
    assert idle(db)


async def test_siblings_nested_blocks_roll_back_their_own_work(db: Database) -> None:
    async def child(id: int) -> None:
        async with atomic():
            await add(db, id)
            await asyncio.sleep(0)
            async with atomic():
                await add(db, id + 100)
                await asyncio.sleep(0)
            if id % 2:
                raise Boom

    async with atomic():
        results = await asyncio.gather(*(child(id) for id in range(8)), return_exceptions=True)
        assert [type(result) for result in results] == [type(None), Boom] * 4
    assert await ids(db) == [0, 2, 4, 6, 100, 102, 104, 106]
    assert idle(db)


async def test_a_task_started_in_a_nested_block_is_in_the_outer_one_after_it(db: Database) -> None:
    """It never used the nested block, so that one's end is nothing to it; the transaction around still is."""
    left = asyncio.Event()

    async def child() -> None:
        await left.wait()
        await add(db, 1)
        await add(db, 2)

    with pytest.raises(Boom):
        async with atomic():
            async with atomic(), atomic():
                task = asyncio.create_task(child())
            left.set()
            await task
            assert await ids(db) == [1, 2]
            raise Boom
    assert await ids(db) == []
    assert idle(db)


@pytest.mark.parametrize("inner_ends", ["before", "meanwhile"])
async def test_a_block_is_left_by_a_task_that_is_in_somebody_elses_nested_one(db: Database, inner_ends: str) -> None:
    """As a fixture's end may be: nothing was left out of order, so nothing is rolled back."""
    outer, inner, start = atomic(), atomic(), asyncio.Event()

    async def leave_outer() -> None:
        await start.wait()
        await outer.__aexit__(None, None, None)

    await outer.__aenter__()
    await inner.__aenter__()
    await add(db, 1)
    task = asyncio.create_task(leave_outer())
    if inner_ends == "before":
        await inner.__aexit__(None, None, None)
    start.set()
    if inner_ends == "meanwhile":
        await asyncio.sleep(0.01)
        await inner.__aexit__(None, None, None)
    await task
    assert await asyncio.create_task(ids(db), context=contextvars.Context()) == [1]
    assert idle(db)


async def test_a_cancelled_sibling_block_gives_its_turn_on(db: Database) -> None:
    entered = asyncio.Event()

    async def child() -> None:
        async with atomic():
            await add(db, 1)
            entered.set()
            await asyncio.sleep(60)

    async with atomic():
        task = asyncio.create_task(child())
        waiting = asyncio.create_task(add(db, 2))
        await entered.wait()
        third = asyncio.create_task(add(db, 3))
        await asyncio.sleep(0.01)
        third.cancel()
        task.cancel()
        await waiting
        await asyncio.wait([task, third])
        await add(db, 4)
    assert await ids(db) == [2, 4]
    assert idle(db)


# -- the same task inside and outside of a nested block ----------------------------------------------------------------


async def test_an_outer_stream_goes_on_inside_a_nested_block(db: Database) -> None:
    async with atomic():
        seen: list[int] = []
        async for chunk in db.stream(SERIES, (), 2):
            seen += [row[0] for row in chunk]
            async with atomic():
                await add(db, seen[-1])
        chunks = db.stream(SERIES, (), 2)
        rest: list[Any] = [await anext(chunks)]
        async with atomic():
            await add(db, 10)
            rest.append(await anext(chunks))
            await chunks.aclose()
        await add(db, 11)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert [row[0] for chunk in rest for row in chunk] == [1, 2, 3, 4]
    assert await ids(db) == [2, 4, 6, 10, 11]
    assert idle(db)


async def test_a_connection_is_used_inside_a_nested_block(db: Database) -> None:
    async with db.connection() as connection:
        await connection.aexecute("INSERT INTO things VALUES (1, 0)")
        async with atomic():
            await connection.aexecute("INSERT INTO things VALUES (2, 0)")
            with pytest.raises(Boom):
                async with atomic():
                    await connection.aexecute("INSERT INTO things VALUES (3, 0)")
                    raise Boom
        assert [row[0] for row in await connection.afetch("SELECT id FROM things ORDER BY id")] == [1, 2]
    assert idle(db)


async def test_gather_inside_independent_runs_beside(db: Database) -> None:
    async with atomic():
        await add(db, 1)
        async with independent():
            assert await asyncio.gather(*(ids(db) for _ in range(4))) == [[]] * 4
        assert await ids(db) == [1]
    assert idle(db)
