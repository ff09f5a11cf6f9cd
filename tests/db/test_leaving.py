"""Leaving blocks, connections and databases: in the wrong order, too late, too early, with something left open."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from contextlib import AsyncExitStack, ExitStack, aclosing
from typing import Any

import pytest

import orm
from orm.bridge import iterate, run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic, in_atomic_block, independent
from orm.errors import (
    InterfaceError,
    OperationalError,
    TransactionManagementError,
)
from tests.db.things import Unsent, aadd, aids, idle

SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50) SELECT n FROM s"
LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 60000000) SELECT count(*) FROM s"
WITHIN = 20
CLOSED = (InterfaceError, OperationalError)

pytestmark = [pytest.mark.only(backend="sqlite"), pytest.mark.only(backend="postgresql")]


# -- leaving -----------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_left_out_of_order(db: Database) -> None:
    outer, inner = atomic(), atomic()
    await outer.__aenter__()
    await aadd(db, 1)
    await inner.__aenter__()
    await aadd(db, 2)
    with pytest.raises(TransactionManagementError, match=r"before one it has open inside it.*reverse order"):
        await outer.__aexit__(None, None, None)
    assert not in_atomic_block()
    assert await aids(db) == []
    await aadd(db, 3)
    with pytest.raises(TransactionManagementError, match="has ended before"):
        await inner.__aexit__(None, None, None)
    assert await aids(db) == [3], "and what comes afterwards is no part of it"
    assert idle(db)


def test_left_out_of_order_in_blocking_code(db: Database) -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(atomic())
    second.enter_context(atomic())
    run(aadd(db, 1))
    with pytest.raises(TransactionManagementError, match="reverse order"):
        first.close()
    with pytest.raises(TransactionManagementError, match="reverse order"):
        second.close()
    assert run(aids(db)) == []
    with pytest.raises(ZeroDivisionError):  # another error is not hidden by it
        with ExitStack() as first:
            first.enter_context(atomic())
            second.enter_context(atomic())
            run(aadd(db, 1))
            raise ZeroDivisionError
    with pytest.raises(TransactionManagementError, match="reverse order"):
        second.close()
    assert run(aids(db)) == []
    assert idle(db)


def test_left_out_of_order_inside_a_transaction(db: Database) -> None:
    """The transaction around them is whole, and goes on."""
    with atomic():
        run(aadd(db, 1))
        outer, inner = atomic(), atomic()
        outer.__enter__()
        run(aadd(db, 2))
        inner.__enter__()
        run(aadd(db, 3))
        with pytest.raises(TransactionManagementError, match="reverse order"):
            outer.__exit__(None, None, None)
        with pytest.raises(TransactionManagementError, match="reverse order"):
            inner.__exit__(None, None, None)
        run(aadd(db, 4))
    assert run(aids(db)) == [1, 4]
    assert idle(db)


def test_a_connection_left_before_its_transaction(db: Database) -> None:
    connection, inner = db.connection(), atomic()
    connection.__enter__()
    inner.__enter__()
    run(aadd(db, 1))
    with pytest.raises(TransactionManagementError, match="reverse order"):
        connection.__exit__(None, None, None)
    with pytest.raises(TransactionManagementError, match="reverse order"):
        inner.__exit__(None, None, None)
    assert run(aids(db)) == []
    assert idle(db)


def test_a_connection_left_before_its_transaction_by_an_error_leaves_that_error_as_it_is(db: Database) -> None:
    inner = atomic()
    with pytest.raises(LookupError), db.connection():
        inner.__enter__()
        run(aadd(db, 1))
        raise LookupError
    assert run(aids(db)) == []
    assert idle(db)


def test_a_stream_that_is_read_on_after_its_block_says_so(db: Database) -> None:
    run(aadd(db, *range(1, 20)))
    with atomic():
        stream = iterate(db.stream("SELECT id FROM things", (), 2))
        next(stream)
    with pytest.raises(TransactionManagementError, match="in which this stream was opened has ended"):
        next(stream)
    assert idle(db)


@pytest.mark.asyncio
async def test_independent_may_be_left_in_any_order(db: Database) -> None:
    async with atomic(read_only=True):
        beside, inner = independent(), atomic()
        beside.__enter__()
        await inner.__aenter__()
        await aadd(db, 1)
        beside.__exit__(None, None, None)
        await aadd(db, 2)
        await inner.__aexit__(None, None, None)
        assert in_atomic_block()
        with pytest.raises(OperationalError, match=r"read-?only"):
            async with atomic():
                await aadd(db, 3)
    async with atomic():
        first, second = independent(), independent()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert not in_atomic_block()
        second.__exit__(None, None, None)
        assert in_atomic_block()
    block, beside = atomic(), independent()
    await block.__aenter__()
    await aadd(db, 4)
    beside.__enter__()
    await block.__aexit__(None, None, None)
    beside.__exit__(None, None, None)
    assert not in_atomic_block()
    assert await aids(db) == [1, 2, 4]
    assert idle(db)


@pytest.mark.asyncio
async def test_blocks_of_generators_that_overlap(db: Database) -> None:
    """A block inside an asynchronous generator is entered in the context of whoever walks it."""

    async def rows(id: int) -> Any:
        async with atomic():
            await aadd(db, id)
            yield id

    async with aclosing(rows(1)) as first:
        await anext(first)
        second = rows(2)
        await anext(second)
        with pytest.raises(TransactionManagementError, match="reverse order"):
            await anext(first)
        with pytest.raises(TransactionManagementError, match="reverse order"):
            await anext(second)
    assert await aids(db) == []
    async for _ in rows(3):
        pass
    abandoned = rows(4)
    await anext(abandoned)
    await abandoned.aclose()
    assert await aids(db) == [3]
    assert idle(db)


# -- a connection after its block --------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [False, True])
def test_a_connection_after_its_block(db: Database, inside: bool) -> None:
    with atomic() if inside else ExitStack():
        with db.connection() as connection:
            stream = connection.stream(SERIES, chunk_size=2)
            assert next(stream) == (1,) and next(stream) == (2,)
        for call in (
            lambda: connection.raw,
            lambda: connection.fetch("SELECT 1"),
            lambda: connection.execute("SELECT 1"),
            lambda: connection.execute_many("SELECT 1", [()]),
            lambda: connection.execute_script("SELECT 1"),
            lambda: next(connection.stream("SELECT 1")),
        ):
            with Unsent(db, TransactionManagementError, "not open: use it inside"):
                call()
        with pytest.raises(TransactionManagementError, match="has ended"):
            next(stream)

    async def awaitable() -> None:
        async with atomic() if inside else AsyncExitStack():
            async with db.connection() as connection:
                stream = connection.astream(SERIES, chunk_size=2)
                assert await anext(stream) == (1,) and await anext(stream) == (2,)
            for acall in (
                lambda: connection.afetch("SELECT 1"),
                lambda: connection.aexecute("SELECT 1"),
                lambda: connection.aexecute_many("SELECT 1", [()]),
                lambda: connection.aexecute_script("SELECT 1"),
                lambda: anext(connection.astream("SELECT 1")),
            ):
                with Unsent(db, TransactionManagementError, "not open: use it inside"):
                    await acall()
            with pytest.raises(TransactionManagementError, match="has ended"):
                await anext(stream)

    asyncio.run(awaitable())
    assert idle(db)


def test_a_block_that_another_thread_has_left_says_how_to_go_on(db: Database) -> None:
    def scenario() -> None:
        block = ExitStack()
        block.enter_context(atomic())
        run(aadd(db, 1))
        raised: list[BaseException] = []

        def close() -> None:
            try:
                block.close()
            except TransactionManagementError as error:
                raised.append(error)

        thread = threading.Thread(target=close)
        thread.start()
        thread.join()
        assert "left in another context" in str(raised[0])
        for _ in range(2):
            with pytest.raises(TransactionManagementError, match=r"another thread or task left it.*orm.independent"):
                run(aadd(db, 2))
        with independent():
            run(aadd(db, 3))

    contextvars.Context().run(scenario)
    assert run(aids(db)) == [3]
    assert idle(db)


@pytest.mark.parametrize("around", ["connection", "atomic", "nested"])
def test_a_stream_left_open_leaves_no_cursor(db: Database, around: str) -> None:
    """The connection's next user must find neither an old view of the rows nor a lock."""
    run(aadd(db, *range(1, 20)))

    def blocking() -> Any:
        with ExitStack() as stack:
            for block in {"connection": [], "atomic": [atomic()], "nested": [atomic(), atomic()]}[around]:
                stack.enter_context(block)
            connection = stack.enter_context(db.connection())
            stream = connection.stream("SELECT id FROM things ORDER BY id", chunk_size=2)
            assert next(stream) == (1,)
        return stream

    async def awaitable() -> Any:
        async with AsyncExitStack() as stack:
            for block in {"connection": [], "atomic": [atomic()], "nested": [atomic(), atomic()]}[around]:
                await stack.enter_async_context(block)
            connection = await stack.enter_async_context(db.connection())
            stream = connection.astream("SELECT id FROM things ORDER BY id", chunk_size=2)
            assert await anext(stream) == (1,)
        await asyncio.to_thread(run, aadd(db, 50))  # on another connection
        assert (await aids(db))[-1] == 50
        await aadd(db, 51)
        [pool] = [pool for pool in db.statistics.pools if pool.home != "blocking"]
        assert (pool.opened, pool.idle) == (1, 1), "the connection was clean, and so kept"
        with pytest.raises(TransactionManagementError, match="has ended"):
            await anext(stream)
            await anext(stream)

    stream = blocking()
    asyncio.run(aadd(db, 40))
    assert run(aids(db))[-1] == 40
    run(aadd(db, 41))
    [pool] = db.statistics.pools
    assert (pool.opened, pool.idle) == (1, 1), "the connection was clean, and so kept"
    assert next(stream) == (2,), "what had come is there"
    with pytest.raises(TransactionManagementError, match="has ended"):
        next(stream)
    asyncio.run(awaitable())
    assert idle(db)


# -- a closed database -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["close", "terminate"])
def test_a_database_that_was_closed_opens_again(db: Database, end: str) -> None:
    run(aadd(db, 1))
    getattr(db, end)()
    assert sum(pool.size for pool in db.statistics.pools) == 0
    assert run(aids(db)) == [1]

    async def awaitable() -> None:
        await aadd(db, 2)
        if end == "close":
            await db.aclose()
        else:
            db.terminate()
        assert await aids(db) == [1, 2]

    asyncio.run(awaitable())
    assert idle(db)


def test_closed_inside_a_block(db: Database) -> None:
    with pytest.raises(CLOSED), atomic():
        run(aadd(db, 1))
        db.terminate()
        with pytest.raises(CLOSED, match="closed"):
            run(aadd(db, 2))
    with pytest.raises(CLOSED, match="nothing was saved"), atomic():
        run(aadd(db, 1))
        db.terminate()

    async def awaitable() -> None:
        async with atomic():
            await aadd(db, 1)
            db.terminate()
            with pytest.raises(CLOSED, match="closed"):
                await aadd(db, 2)

    with pytest.raises(CLOSED, match="nothing was saved"):
        asyncio.run(awaitable())
    with db.connection() as connection:
        db.terminate()
        with pytest.raises(CLOSED, match="closed"):
            connection.fetch("SELECT 1")
    assert run(aids(db)) == []
    assert idle(db)


@pytest.mark.asyncio
async def test_closed_while_somebody_waits(db: Database) -> None:
    ready = asyncio.Semaphore(0)
    go = asyncio.Event()

    async def holds() -> None:
        async with db.connection():
            ready.release()
            await go.wait()

    holders = [asyncio.create_task(holds()) for _ in range(db.url.pool.max_size)]
    for _ in holders:
        await ready.acquire()
    waiting = asyncio.create_task(db.fetch("SELECT 1"))  # type: ignore[arg-type, var-annotated]
    while not any(pool.waiting for pool in db.statistics.pools):  # noqa: ASYNC110  (nobody rings when a queue grows)
        await asyncio.sleep(0)
    db.terminate()
    with pytest.raises(InterfaceError, match="have been closed"):
        await waiting
    go.set()
    await asyncio.gather(*holders)
    assert await aids(db) == []
    assert idle(db)


def test_closed_while_a_thread_waits(db: Database) -> None:
    errors: list[BaseException] = []

    def waits() -> None:
        try:
            run(db.fetch("SELECT 1"))
        except InterfaceError as error:
            errors.append(error)

    with ExitStack() as stack:
        for _ in range(db.url.pool.max_size):
            context = contextvars.copy_context()
            connection = db.connection()
            context.run(connection.__enter__)
            stack.callback(context.run, connection.__exit__, None, None, None)
        thread = threading.Thread(target=waits)
        thread.start()
        while not db.statistics.pools[0].waiting:
            time.sleep(0.001)
        db.terminate()
        thread.join(WITHIN)
    assert ["have been closed" in str(error) for error in errors] == [True]
    assert run(aids(db)) == []


@pytest.mark.only(backend="halfblocking")
@pytest.mark.parametrize("busy", [False, True])
def test_terminated_while_a_stream_is_kept_it_locks_nothing_any_more(db: Database, busy: bool) -> None:
    kept: list[Any] = []

    async def holds(open_now: asyncio.Event) -> None:
        async with atomic():
            await aadd(db, 1)
            kept.append(db.stream(SERIES, (), 10))
            await anext(kept[-1])
            open_now.set()
            if busy:
                await db.fetch(LONG)
            await asyncio.Event().wait()

    async def main() -> None:
        open_now = asyncio.Event()
        holder = asyncio.create_task(holds(open_now))
        await open_now.wait()
        if busy:
            await asyncio.sleep(0.1)
        db.terminate()
        holder.cancel()
        await asyncio.wait({holder})
        await aadd(db, 2)

    asyncio.run(main())
    assert run(aids(db)) == [2]


def test_a_database_configured_anew(db: Database, url: str) -> None:
    run(aadd(db, 1))
    with pytest.raises(CLOSED), atomic():
        run(aadd(db, 2))
        orm.configure({"default": f"{url}&idle_timeout=7"})
    says = r"closed, since orm.configure\(\).*use orm.databases\['default'\]"
    with Unsent(db, InterfaceError, says):
        run(aids(db))
    with Unsent(db, InterfaceError, says):
        asyncio.run(aadd(db, 3))
    with Unsent(db, InterfaceError, says), db.connection():
        raise AssertionError("it was entered")
    assert run(aids(databases["default"])) == [1]
    orm.configure({"default": url})
    assert databases["default"] is not db
    databases["default"].terminate()


# -- a block that fails ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_failing_block_stops_what_other_threads_run_in_it(db: Database, nested: bool, colour: str) -> None:
    errors: list[str] = []
    threads: list[threading.Thread] = []

    async def long() -> None:
        await db.fetch(LONG)

    def child() -> None:
        try:
            run(long()) if colour == "blocking" else asyncio.run(long())
        except TransactionManagementError as error:
            errors.append(str(error))

    def fails() -> None:
        with atomic():
            run(aadd(db, 1))
            threads.append(threading.Thread(target=contextvars.copy_context().run, args=(child,)))
            threads[0].start()
            while not any("WITH RECURSIVE" in holder for holder in db._pools[None].holders()):
                time.sleep(0.001)
            raise ZeroDivisionError

    with atomic() if nested else ExitStack():
        run(aids(db))
        with pytest.raises(ZeroDivisionError):
            fails()
        run(aadd(db, 5))
    threads[0].join(WITHIN)
    assert ["so the statement was stopped" in error for error in errors] == [True]
    assert run(aids(db)) == [5]
    assert idle(db)
