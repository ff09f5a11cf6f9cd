"""Transactions on real databases: each rule of the design's table, in both colours and across them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orm.bridge import run
from orm.bridge.guard import policy
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, get_rollback, in_atomic_block, independent, on_commit, set_rollback
from orm.errors import DatabaseError, IntegrityError, SynchronousOnlyOperation, TransactionManagementError
from tests.colours import deadline
from tests.db.things import aadd, add, aids, idle, ids


class Boom(Exception):
    pass


# -- one colour --------------------------------------------------------------------------------------------------------


def test_blocking_commit_rollback_and_savepoints(db: Database) -> None:
    with atomic():
        add(db, 1)
        with pytest.raises(Boom), atomic():
            add(db, 2)
            raise Boom
        with atomic():
            add(db, 3)
            with atomic():
                add(db, 4)
    with pytest.raises(Boom), atomic():
        add(db, 5)
        raise Boom
    assert ids(db) == [1, 3, 4]
    assert idle(db)


@pytest.mark.asyncio
async def test_awaitable_commit_rollback_and_savepoints(db: Database) -> None:
    async with atomic():
        await aadd(db, 1)
        with pytest.raises(Boom):
            async with atomic():
                await aadd(db, 2)
                raise Boom
        async with atomic(), atomic():
            await aadd(db, 3)
    with pytest.raises(Boom):
        async with atomic():
            await aadd(db, 5)
            raise Boom
    assert await aids(db) == [1, 3]
    assert idle(db)


def test_decorators_of_both_kinds(db: Database) -> None:
    @atomic
    def bare(id: int) -> int:
        add(db, id)
        return id

    @atomic(durable=True)
    async def awaitable(id: int, fail: bool = False) -> int:
        await aadd(db, id)
        await asyncio.sleep(0)
        if fail:
            raise Boom
        return id

    assert (bare(1), asyncio.run(awaitable(2))) == (1, 2)
    with pytest.raises(Boom):
        asyncio.run(awaitable(3, fail=True))
    assert ids(db) == [1, 2]
    with pytest.raises(TypeError, match="can't decorate the generator"):

        @atomic
        def generator() -> Any:
            yield 1


def test_what_nesting_refuses(db: Database) -> None:
    with atomic():
        for options, said in (({"durable": True}, "durable"), ({"isolation": "serializable"}, "outermost")):
            with pytest.raises(TransactionManagementError, match=said), atomic(**options):
                raise AssertionError
        add(db, 1)
    with atomic(isolation="serializable"):
        add(db, 2)
    with pytest.raises(DatabaseError), atomic(read_only=True):
        add(db, 3)
    block = atomic()
    with block, pytest.raises(TransactionManagementError, match="open already"), block:
        raise AssertionError
    with pytest.raises(TypeError, match="only a function can be run again"), atomic(retry=3):
        raise AssertionError
    with pytest.raises(ValueError, match="0 or more"):
        atomic(retry=-1)
    assert ids(db) == [1, 2]


def test_without_savepoint_a_failure_undoes_everything(db: Database) -> None:
    with atomic():
        add(db, 1)
        with pytest.raises(Boom), atomic(savepoint=False):
            add(db, 2)
            raise Boom
        with pytest.raises(TransactionManagementError, match="can only be rolled back"):
            add(db, 3)
    assert ids(db) == []
    with atomic():
        add(db, 4)
        assert (get_rollback(), in_atomic_block()) == (False, True)
        set_rollback(True)
    assert (ids(db), in_atomic_block()) == ([], False)


@pytest.mark.only(backend="postgresql")
def test_an_aborted_transaction_does_not_pass_for_committed(db: Database) -> None:
    hooks: list[str] = []
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"), atomic():
        add(db, 1)
        on_commit(lambda: hooks.append("ran"))
        with pytest.raises(IntegrityError):
            add(db, 1)
    assert (ids(db), hooks) == ([], [])
    with atomic():
        add(db, 1)
        with pytest.raises(IntegrityError), atomic():
            add(db, 1)
        add(db, 2)
    assert ids(db) == [1, 2]
    assert idle(db)


def test_the_guard_names_async_with(db: Database) -> None:
    async def wrong() -> None:
        with atomic():
            raise AssertionError

    with pytest.raises(SynchronousOnlyOperation, match="async with"):
        asyncio.run(wrong())


def test_blocking_blocks_on_a_loop_under_the_policy(db: Database) -> None:
    async def notebook() -> list[int]:
        with atomic():
            run(aadd(db, 1))
            with pytest.raises(Boom), atomic():
                run(aadd(db, 2))
                raise Boom
        return run(aids(db))

    policy.allow_blocking = True
    try:
        assert asyncio.run(notebook()) == [1]
    finally:
        policy.allow_blocking = None


# -- across colours ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_thread_joins_the_async_transaction(db: Database) -> None:
    def in_thread() -> list[int]:
        add(db, 2)
        with pytest.raises(Boom), atomic():
            add(db, 3)
            raise Boom
        with atomic():
            add(db, 4)
        return ids(db)

    with pytest.raises(Boom):
        async with atomic():
            await aadd(db, 1)
            assert await asyncio.to_thread(in_thread) == [1, 2, 4]
            raise Boom
    assert await aids(db) == []
    assert idle(db)


def test_async_code_joins_the_blocking_transaction(db: Database) -> None:
    async def inside() -> list[int]:
        await aadd(db, 2)
        with pytest.raises(Boom):
            async with atomic():
                await aadd(db, 3)
                raise Boom
        await asyncio.to_thread(add, db, 4)
        return await aids(db)

    with pytest.raises(Boom), atomic():
        add(db, 1)
        assert asyncio.run(inside()) == [1, 2, 4]
        raise Boom
    assert ids(db) == []
    assert idle(db)


@pytest.mark.asyncio
async def test_a_second_loop_joins_the_async_transaction(db: Database) -> None:
    async with atomic():
        await aadd(db, 1)
        # In the thread there is no loop; asyncio.run there makes another one.
        await asyncio.to_thread(lambda: asyncio.run(aadd(db, 2)))
        await asyncio.to_thread(lambda: asyncio.run(asyncio.to_thread(add, db, 3)))
    assert await aids(db) == [1, 2, 3]
    assert idle(db)


# -- tasks -------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_children_share_the_transaction_and_nested_blocks_take_turns(db: Database) -> None:
    async def child(id: int) -> None:
        async with atomic():
            await aadd(db, id)
            await asyncio.sleep(0.001)
            await aadd(db, id + 100)
            if id % 2:
                raise Boom

    async with atomic():
        await asyncio.gather(*(aadd(db, id) for id in range(1, 6)))
        await asyncio.gather(*(child(id) for id in range(10, 16)), return_exceptions=True)
        await asyncio.wait_for(aadd(db, 6), 5)
    assert await aids(db) == [1, 2, 3, 4, 5, 6, 10, 12, 14, 110, 112, 114]
    assert idle(db)


@pytest.mark.asyncio
async def test_a_task_that_outlives_the_block(db: Database) -> None:
    go = asyncio.Event()

    async def child(use: bool) -> list[int]:
        if use:
            await aadd(db, 1)
        await go.wait()
        await aadd(db, 2)
        return await aids(db)

    async with atomic():
        used, unused = asyncio.create_task(child(True)), asyncio.create_task(child(False))
        await asyncio.sleep(0.05)
    go.set()
    with pytest.raises(TransactionManagementError, match="has ended"):
        async with atomic():
            await used
    assert await unused == [1, 2]
    assert idle(db)


def test_a_thread_that_outlives_the_block(db: Database) -> None:
    go = threading.Event()
    errors: list[str] = []

    def child() -> None:
        add(db, 1)
        used.set()
        go.wait(5)
        try:
            add(db, 2)
        except TransactionManagementError as error:
            errors.append(str(error))

    used = threading.Event()
    with atomic():
        thread = threading.Thread(target=contextvars.copy_context().run, args=(child,))
        thread.start()
        assert used.wait(5)
    go.set()
    thread.join()
    assert len(errors) == 1
    assert ids(db) == [1]


@pytest.mark.asyncio
async def test_a_block_kept_open_by_a_sibling_is_waited_for_within_a_limit(db: Database) -> None:
    object.__setattr__(db.url.pool, "acquire_timeout", 0.1)
    entered, release = asyncio.Event(), asyncio.Event()

    async def sibling() -> None:
        async with atomic():
            entered.set()
            await release.wait()

    async with atomic():
        task = asyncio.create_task(sibling(), name="the sibling")
        await entered.wait()
        with pytest.raises(TransactionManagementError, match="'the sibling'"):
            await aadd(db, 1)
        release.set()
        await task
        await aadd(db, 2)
    assert await aids(db) == [2]


@pytest.mark.asyncio
async def test_independent_queries_run_beside(db: Database) -> None:
    await aadd(db, 1)
    async with atomic():
        await aadd(db, 2)
        async with independent():
            assert await aids(db) == [1]
            assert not in_atomic_block()
        assert await aids(db) == [1, 2]


# -- on_commit ---------------------------------------------------------------------------------------------------------


def test_on_commit_in_blocking_code(db: Database) -> None:
    calls: list[Any] = []

    async def hook() -> None:
        await asyncio.sleep(0)
        calls.append(("async", in_atomic_block(), await aids(db)))

    def fails() -> None:
        raise Boom

    with atomic():
        add(db, 1)
        on_commit(lambda: calls.append("first"))
        with pytest.raises(Boom), atomic():
            on_commit(lambda: calls.append("never"))
            raise Boom
        with atomic():
            on_commit(hook)
        on_commit(fails, robust=True)
        on_commit(lambda: calls.append("last"))
        assert calls == []
    assert calls == ["first", ("async", False, [1]), "last"]
    with pytest.raises(Boom), atomic():
        add(db, 2)
        on_commit(fails)
    assert ids(db) == [1, 2]
    on_commit(hook)
    assert calls[-1] == ("async", False, [1, 2])
    assert idle(db)


@pytest.mark.asyncio
async def test_on_commit_in_async_code(db: Database) -> None:
    calls: list[Any] = []

    async def hook() -> None:
        calls.append(await aids(db))

    async with atomic():
        await aadd(db, 1)
        on_commit(hook)
        on_commit(lambda: calls.append(ids(db)))  # blocking queries: it runs in a thread
    assert calls == [[1], [1]]
    on_commit(lambda: calls.append("now"))
    assert calls[-1] == "now"
    with pytest.raises(TransactionManagementError, match="await hook"):
        on_commit(hook)


# -- cancellation ------------------------------------------------------------------------------------------------------


async def cancelled_at(db: Database, step: int, hooks: list[int]) -> bool:
    """Run a scenario and cancel it after so many turns of the loop; False when it had ended by then."""

    async def scenario() -> None:
        async with atomic():
            await aadd(db, 1)
            on_commit(lambda: hooks.append(1))
            async with atomic():
                await aadd(db, 2)
            await db.fetch("SELECT 1")

    task = asyncio.create_task(scenario())
    for _ in range(step):
        await asyncio.sleep(0)
    ended = task.done()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None, step
    return not ended


@pytest.mark.asyncio
async def test_cancelled_at_any_point_all_is_whole(db: Database) -> None:
    step = 0
    while True:
        hooks: list[int] = []
        under_way = await cancelled_at(db, step, hooks)
        assert idle(db), step
        found = await aids(db)
        assert (found, hooks) in (([], []), ([1, 2], [1])), step
        await db.execute("DELETE FROM things")
        if not under_way:
            break
        step += 1 if step < 40 else 25
        if step > 3000:
            break


@pytest.mark.asyncio
async def test_a_cancelled_commit_is_awaited(db: Database) -> None:
    hooks: list[int] = []

    async def scenario() -> None:
        async with atomic():
            await aadd(db, 1)
            on_commit(lambda: hooks.append(1))
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.create_task(scenario())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await aids(db), hooks) in (([1], [1]), ([], []))
    assert await aids(db) == [1], "COMMIT was on its way"
    assert idle(db)


# -- forks -------------------------------------------------------------------------------------------------------------


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_forked_child_leaves_the_parents_blocks_alone(db: Database) -> None:
    """It may leave them, as code on its way out does; nothing is sent on the parent's connection."""
    connection, outer, inner = db.connection(), atomic(), atomic()
    blocks: list[Any] = [connection, outer, inner]
    for block in blocks:
        block.__enter__()
    add(db, 1)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            for block in reversed(blocks):
                block.__exit__(None, None, None)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    add(db, 2)
    for block in reversed(blocks):
        block.__exit__(None, None, None)
    assert ids(db) == [1, 2]
    assert idle(db)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.only(backend="sqlite")
def test_a_stream_is_collected_in_the_middle_of_a_statement(db: Database) -> None:
    """Closing its cursor would wait for the turn of the statement that the collector came in: for ever."""
    with atomic(), db.connection() as connection:
        add(db, 10, 11, 12)
        circle: list[Any] = [connection.stream("SELECT id FROM things ORDER BY id", chunk_size=1)]
        circle.append(circle)
        assert next(circle[0]) == (10,)
        del circle

        def rows() -> Iterator[tuple[int, int]]:
            gc.collect()
            yield (13, 0)

        with deadline(10):
            connection.execute_many("INSERT INTO things VALUES (?, ?)", rows())
    assert ids(db) == [10, 11, 12, 13]
    assert idle(db)
