"""One transaction across both colours: every way there and back, three levels deep, in alternating colours.

Each way starts code of the other colour from inside a transaction; that code must see the transaction's rows, and its
own must vanish with it. No order of them may hang.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio.from_thread
import anyio.to_thread
import pytest
from asgiref.sync import async_to_sync, sync_to_async

import orm
from orm.bridge import portal, run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic
from orm.errors import TransactionManagementError
from tests.db.things import aadd, aids, idle

Blocking = Callable[[], Any]
Async = Callable[[], Awaitable[Any]]


class Boom(Exception):
    pass


# -- ways into blocking code, and out of it ----------------------------------------------------------------------------


async def to_starlette(fn: Blocking) -> Any:
    """As a framework's thread pool does it."""
    return await anyio.to_thread.run_sync(fn)


INTO_BLOCKING: dict[str, Callable[[Blocking], Awaitable[Any]]] = {
    "to_thread": asyncio.to_thread,
    "anyio": to_starlette,
    "asgiref": lambda fn: sync_to_async(fn, thread_sensitive=True)(),
    "asgiref_free": lambda fn: sync_to_async(fn, thread_sensitive=False)(),
}


def through_portal(fn: Async) -> Any:
    with anyio.from_thread.start_blocking_portal() as blocking:
        return blocking.call(fn)


async def awaited(fn: Async) -> Any:
    return await fn()


INTO_ASYNC: dict[str, Callable[[Async], Any]] = {
    "asyncio.run": lambda fn: asyncio.run(awaited(fn)),
    "async_to_sync": lambda fn: async_to_sync(fn)(),
    "anyio_portal": through_portal,
    "ours": lambda fn: portal.run(awaited(fn)),
}

WAYS = [  # each way there with each way back would be 16; these are every one of them, in two orders
    ("to_thread", "asyncio.run"),
    ("anyio", "anyio_portal"),
    ("asgiref", "async_to_sync"),
    ("asgiref_free", "ours"),
    ("asgiref_free", "asyncio.run"),
    ("to_thread", "async_to_sync"),
]


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(("down", "up"), WAYS)
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.asyncio
async def test_from_async_three_levels_deep(db: Database, down: str, up: str, keep: bool) -> None:
    into_blocking, into_async = INTO_BLOCKING[down], INTO_ASYNC[up]

    def third() -> None:
        run(aadd(db, 4))
        assert run(aids(db)) == [1, 2, 3, 4]

    async def second() -> None:
        async with atomic():
            await aadd(db, 3)
            await into_blocking(third)

    def first() -> None:
        with atomic():
            run(aadd(db, 2))
            into_async(second)
        with pytest.raises(Boom), atomic():
            run(aadd(db, 5))
            raise Boom

    try:
        async with atomic():
            await aadd(db, 1)
            await into_blocking(first)
            assert await aids(db) == [1, 2, 3, 4]
            if not keep:
                raise Boom
    except Boom:
        pass
    assert await aids(db) == ([1, 2, 3, 4] if keep else [])
    assert idle(db)


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(("down", "up"), WAYS)
@pytest.mark.parametrize("keep", [True, False])
def test_from_blocking_three_levels_deep(db: Database, down: str, up: str, keep: bool) -> None:
    into_blocking, into_async = INTO_BLOCKING[down], INTO_ASYNC[up]

    async def third() -> None:
        await aadd(db, 4)
        assert await aids(db) == [1, 2, 3, 4]

    def second() -> None:
        with atomic():
            run(aadd(db, 3))
            into_async(third)

    async def first() -> None:
        async with atomic():
            await aadd(db, 2)
            await into_blocking(second)
        with pytest.raises(Boom):
            async with atomic():
                await aadd(db, 5)
                raise Boom

    try:
        with atomic():
            run(aadd(db, 1))
            into_async(first)
            assert run(aids(db)) == [1, 2, 3, 4]
            if not keep:
                raise Boom
    except Boom:
        pass
    assert run(aids(db)) == ([1, 2, 3, 4] if keep else [])
    assert idle(db)


@pytest.mark.asyncio
async def test_threads_and_tasks_at_once_take_turns(db: Database) -> None:
    """Children of both colours, each with a nested block, in one transaction."""

    def blocking(id: int) -> None:
        with atomic():
            run(aadd(db, id))
            run(aadd(db, id + 100))

    async def awaitable(id: int) -> None:
        async with atomic():
            await aadd(db, id)
            await asyncio.to_thread(run, aadd(db, id + 100))

    async with atomic():
        await asyncio.gather(
            *(asyncio.to_thread(blocking, id) for id in range(4)), *(awaitable(id) for id in range(4, 8))
        )
    assert await aids(db) == [*range(8), *range(100, 108)]
    assert idle(db)


# -- where joining is impossible ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_blocked_home_loop_is_found_out_by_blocking_code(db: Database) -> None:
    async with atomic():
        await aadd(db, 1)
        with concurrent.futures.ThreadPoolExecutor(1) as executor:
            began = time.monotonic()
            future = executor.submit(contextvars.copy_context().run, lambda: run(aadd(db, 2)))
            with pytest.raises(TransactionManagementError, match=r"blocked, waiting in .*test_crossing.py"):
                future.result(20)  # on the loop's own thread: nothing can be answered
            assert time.monotonic() - began < 10
        await aadd(db, 3)
    assert await aids(db) == [1, 3]
    assert idle(db)


@pytest.mark.asyncio
async def test_a_blocked_home_loop_is_found_out_by_async_code(db: Database) -> None:
    errors: list[BaseException] = []

    def other_loop() -> None:
        try:
            asyncio.run(aadd(db, 2))
        except TransactionManagementError as error:
            errors.append(error)

    async with atomic():
        await aadd(db, 1)
        thread = threading.Thread(target=contextvars.copy_context().run, args=(other_loop,))
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert ["blocked, waiting in" in str(error) for error in errors] == [True]
    assert await aids(db) == [1]
    assert idle(db)


@pytest.mark.only(backend="sqlite")
@pytest.mark.asyncio
async def test_a_busy_home_loop_is_waited_for(db: Database) -> None:
    """A loop that computes, or sleeps in a blocking call, answers afterwards."""
    async with atomic():
        await aadd(db, 1)
        task = asyncio.create_task(asyncio.to_thread(run, aadd(db, 2)))
        await asyncio.sleep(0)
        time.sleep(0.4)  # noqa: ASYNC251  (the case under test)
        await task
    assert await aids(db) == [1, 2]


@pytest.mark.only(backend="sqlite")
def test_a_home_loop_that_has_ended(db: Database) -> None:
    contexts: list[contextvars.Context] = []
    block = atomic()

    async def leaves_it_open() -> None:
        await block.__aenter__()
        contexts.append(contextvars.copy_context())

    asyncio.run(leaves_it_open())
    with pytest.raises(TransactionManagementError):
        contexts[0].run(run, aadd(db, 1))
    assert run(aids(db)) == []


# -- threads that begin with an empty context --------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["executor", "thread"])
@pytest.mark.asyncio
async def test_carry_takes_a_transaction_to_a_thread_with_an_empty_context(db: Database, way: str) -> None:
    def work() -> list[int]:
        run(aadd(db, 1))
        return run(aids(db))

    with pytest.raises(Boom):
        async with atomic():
            if way == "executor":
                assert await asyncio.get_running_loop().run_in_executor(None, orm.carry(work)) == [1]
            else:
                thread = threading.Thread(target=orm.carry(work))
                await asyncio.to_thread(lambda: (thread.start(), thread.join()))
                assert await aids(db) == [1]
            raise Boom
    assert await aids(db) == []


def test_what_was_carried_may_run_in_many_threads_at_once(db: Database) -> None:
    with atomic():
        work = orm.carry(lambda number: run(aadd(db, number)))
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(8)))
        assert run(aids(db)) == list(range(8))


def test_what_was_carried_can_not_outlive_its_transaction(db: Database) -> None:
    with atomic():
        work = orm.carry(lambda: run(aids(db)))
        assert work() == []
    with pytest.raises(TransactionManagementError):
        work()


def test_what_was_carried_can_not_outlive_it_in_a_thread_that_never_used_it(db: Database) -> None:
    with atomic():
        work = orm.carry(lambda: run(aadd(db, 1)))
    with (
        concurrent.futures.ThreadPoolExecutor(1) as threads,
        pytest.raises(TransactionManagementError, match=r"carried from, by orm\.carry\(\), has ended"),
    ):
        threads.submit(work).result()
    assert run(aids(db)) == []


def test_what_was_carried_out_of_a_nested_block_goes_on_in_the_one_around(db: Database) -> None:
    with pytest.raises(Boom), atomic():
        with atomic():
            work = orm.carry(lambda: run(aadd(db, 1)))
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            threads.submit(work).result()
        raise Boom
    assert run(aids(db)) == []


def test_a_carried_call_that_is_under_way_does_not_go_on_after_the_transaction(db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        run(aadd(db, 1))

    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        with atomic():
            call = threads.submit(orm.carry(work))
            begun.wait()
        go_on.set()
        with pytest.raises(TransactionManagementError, match="has ended"):
            call.result()
    assert run(aids(db)) == []


def test_a_coroutine_function_is_not_carried(db: Database) -> None:
    with pytest.raises(TypeError, match="a task has the context of whoever starts it"):
        orm.carry(aids)


# -- threads that begin with a copy of the context, where Python gives them one ---------------------------------------


def test_a_thread_of_a_pool_keeps_nothing_of_the_transaction_it_was_started_in(db: Database) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        with atomic():
            run(aadd(db, 1))
            assert threads.submit(orm.carry(lambda: run(aids(db)))).result() == [1]
            reader = threads.submit(lambda: run(aids(db)))
            assert reader.result() == []
        assert threads.submit(lambda: run(aids(db))).result() == [1]
        assert threads.submit(lambda: run(aids(db))).result() == [1]


def test_a_thread_that_is_started_in_a_transaction_has_transactions_of_its_own(db: Database) -> None:
    def work() -> None:
        with atomic(durable=True):
            found.append(run(aids(db)))

    found: list[list[int]] = []
    with atomic(read_only=True):
        run(aids(db))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [[]]


def test_a_thread_that_is_started_beside_a_transaction_is_no_part_of_it(db: Database) -> None:
    with atomic(read_only=True), orm.independent():
        thread = threading.Thread(target=lambda: run(aadd(db, 1)))
        thread.start()
        thread.join()
    assert run(aids(db)) == [1]


@pytest.mark.asyncio
async def test_a_thread_that_a_call_has_started_joins_with_that_call(db: Database) -> None:
    """The worker of ``to_thread`` may begin with a copy of the very context that its call is led into."""
    asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
    async with atomic():
        await aadd(db, 1)
        assert await asyncio.to_thread(lambda: run(aids(db))) == [1]
    assert await asyncio.to_thread(lambda: run(aids(db))) == [1]
