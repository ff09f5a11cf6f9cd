"""Blocks that nobody leaves, or somebody else does: what they did is undone, and the next block's rows are there."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest
import trio
import uvloop
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

import orm
from orm.bridge import iterate, run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, on_commit
from orm.errors import IntegrityError, SynchronousOnlyOperation, TransactionManagementError
from tests.db.sessions import ROOT, Sessions, settle
from tests.db.things import aadd, add, aids, idle, ids

LOOPS = pytest.mark.parametrize("loop", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
Loop = Callable[[Coroutine[Any, Any, None]], None]


# -- let go of ---------------------------------------------------------------------------------------------------------


def test_an_object_that_is_let_go_of(db: Database, sessions: Sessions) -> None:
    block = atomic()
    block.__enter__()
    add(db, 1)
    del block
    assert idle(db)
    sessions.settle_at(0, state="idle in transaction%")
    with atomic():
        add(db, 2)
    assert ids(db) == [2]


def test_a_nested_one_is_rolled_back_to_its_savepoint(db: Database) -> None:
    with atomic():
        add(db, 1)
        block = atomic()
        block.__enter__()
        add(db, 2)
        del block
        add(db, 3)
    assert ids(db) == [1, 3]
    with atomic():
        block = atomic()
        block.__enter__()
        add(db, 4)
        del block
    assert ids(db) == [1, 3]
    assert idle(db)


def test_one_without_a_savepoint_takes_the_block_around_along(db: Database) -> None:
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"), atomic():
        block = atomic(savepoint=False)
        block.__enter__()
        add(db, 1)
        del block
    assert ids(db) == []


SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n FROM s"


def test_one_whose_stream_is_kept_locks_nothing(db: Database) -> None:
    block = atomic()
    block.__enter__()
    add(db, 1)
    stream = iterate(db.stream(SERIES, (), 10))
    next(stream)
    del block
    with atomic():
        add(db, 2)
    stream.close()
    assert ids(db) == [2]
    assert idle(db)


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_one_whose_stream_is_kept_locks_nothing_in_async_code(db: Database) -> None:
    block = atomic()
    await block.__aenter__()
    await aadd(db, 1)
    stream = db.stream(SERIES, (), 10)
    await anext(stream)
    del block
    async with atomic():
        await aadd(db, 2)
    await stream.aclose()
    assert await aids(db) == [2]
    assert idle(db)


def test_one_that_the_collector_comes_to_before_the_generator_that_holds_it(db: Database) -> None:
    """Leaving it afterwards is no mistake of the program's, and nothing is said."""
    said: list[object] = []

    async def rows() -> AsyncIterator[int]:
        async with atomic():
            await aadd(db, 1)
            yield 1

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
        async with atomic():
            generator: Any = rows()
            cycle = [generator]
            cycle.append(cycle)
            await anext(generator)
            del generator, cycle
            gc.collect()
            await aadd(db, 2)

    asyncio.run(main())
    gc.collect()
    assert said == []
    assert ids(db) == [2]
    assert idle(db)


def test_a_connection_that_is_let_go_of(db: Database) -> None:
    block = db.connection()
    block.__enter__()
    add(db, 1)
    del block
    assert idle(db)
    assert ids(db) == [1]


def test_a_thread_that_dies_inside_a_block(db: Database) -> None:
    def die() -> None:
        block = atomic()
        block.__enter__()
        add(db, 1)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    with atomic():
        add(db, 2)
    assert ids(db) == [2]
    assert idle(db)


def test_a_thread_that_dies_while_something_else_holds_its_block(db: Database, sessions: Sessions) -> None:
    held: list[Any] = []

    def die() -> None:
        for number in (1, 2):
            held.append(atomic())
            held[-1].__enter__()
            add(db, number)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    sessions.settle_at(0, state="idle in transaction%")
    assert idle(db)
    with atomic():
        add(db, 3)
    assert ids(db) == [3]
    for block in reversed(held):
        with pytest.raises(TransactionManagementError, match="given up before it was left"):
            block.__exit__(None, None, None)
    assert ids(db) == [3]


def test_a_thread_that_dies_inside_a_connection_block(db: Database) -> None:
    held: list[Any] = []

    def die() -> None:
        held.append(db.connection())
        held[-1].__enter__()
        add(db, 1)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    settle(lambda: idle(db))
    assert ids(db) == [1]


@LOOPS
def test_an_async_generator_that_is_let_go_of(db: Database, loop: Loop) -> None:
    async def rows() -> AsyncIterator[int]:
        async with atomic():
            await aadd(db, 1)
            yield 1
            yield 2

    @contextlib.asynccontextmanager
    async def transaction() -> AsyncIterator[None]:
        async with atomic():
            yield

    async def deeper() -> AsyncIterator[int]:
        async with transaction():
            await aadd(db, 2)
            yield 1
            yield 2

    async def main() -> None:
        for number, generator in enumerate((rows, deeper)):
            async for _ in generator():
                break
            await aadd(db, 10 + number)
            async with atomic():
                await aadd(db, 20 + number)
        await asyncio.sleep(0.01)
        assert await aids(db) == [10, 11, 20, 21]

    loop(main())
    settle(lambda: idle(db))


# -- an error of the database ------------------------------------------------------------------------------------------


def test_an_error_dooms_the_block(db: Database) -> None:
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"), atomic():
        add(db, 1)
        with pytest.raises(IntegrityError):
            add(db, 1)
        with pytest.raises(TransactionManagementError, match=r"put the statement that may fail in an atomic\(\)") as no:
            add(db, 2)
        assert isinstance(no.value.__cause__, IntegrityError)
    assert ids(db) == []


def test_a_nested_block_is_left_of_an_error(db: Database) -> None:
    with atomic():
        add(db, 1)
        with pytest.raises(IntegrityError), atomic():
            add(db, 1)
        add(db, 2)
    assert ids(db) == [1, 2]


# -- elsewhere ---------------------------------------------------------------------------------------------------------


def test_left_in_another_context(db: Database) -> None:
    block = atomic()

    def enter() -> None:
        block.__enter__()
        add(db, 1)

    contextvars.copy_context().run(enter)
    with pytest.raises(TransactionManagementError, match="left in another context") as refused:
        contextvars.Context().run(block.__exit__, None, None, None)
    assert "async with atomic()" in str(refused.value)
    assert ids(db) == []
    assert idle(db)


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_signal_handler_in_the_middle_of_a_statement(db: Database) -> None:
    """It would wait for its own thread; so it is told at once."""
    told: list[BaseException] = []

    def handler(number: int, frame: Any) -> None:
        try:
            add(db, 2)
        except TransactionManagementError as error:
            told.append(error)

    db_call: Any = db.fetch(
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2000000) SELECT count(*) FROM s"
    )
    before = signal.signal(signal.SIGALRM, handler)
    began = time.monotonic()
    try:
        with atomic():
            add(db, 1)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            run(db_call)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ["in the middle of" in str(error) for error in told] == [True]
    assert time.monotonic() - began < 30
    assert ids(db) == [1]


def test_a_dependency_of_fastapi(db: Database) -> None:
    """A `def` one is run by a worker thread in a copy of the context, and refused; an `async def` one serves all."""

    def blocking() -> Iterator[None]:
        with atomic():
            yield

    async def awaitable() -> AsyncIterator[None]:
        async with atomic():
            yield

    app = FastAPI()

    @app.post("/def", dependencies=[Depends(blocking)])
    def refused() -> None:
        add(db, 1)

    @app.post("/async/{fails}", dependencies=[Depends(awaitable)])
    def served(fails: bool) -> None:
        add(db, 3 if fails else 2)
        if fails:
            raise RuntimeError

    client = TestClient(app)
    with pytest.raises(TransactionManagementError, match="`async def` with `async with atomic"):
        client.post("/def")
    assert client.post("/async/false").status_code == 200
    with pytest.raises(RuntimeError):
        client.post("/async/true")
    assert ids(db) == [2]
    assert idle(db)


def test_what_fastapi_answers_knows_of_the_commit(db: Database) -> None:
    """As docs/frameworks.md has it: a dependency of scope "function" ends before the answer is sent."""

    async def transaction() -> AsyncIterator[None]:
        async with atomic():
            yield

    app = FastAPI()

    def refuse() -> None:
        raise LookupError("after the commit")

    @app.post("/{pk}", dependencies=[Depends(transaction, scope="function")])
    async def view(pk: int) -> None:
        await asyncio.to_thread(add, db, pk)
        if pk == 2:
            on_commit(refuse)

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/1").status_code == 200
    assert client.post("/2").status_code == 500
    assert ids(db) == [1, 2]
    assert idle(db)


def test_trio_is_not_blocked(db: Database) -> None:
    run(db.fetch("SELECT 1"))

    async def main() -> list[int]:
        with pytest.raises(SynchronousOnlyOperation, match="Trio"):
            await db.fetch("SELECT 1")
        with pytest.raises(SynchronousOnlyOperation, match="Trio"):
            async with atomic():
                pytest.fail("entered")
        await trio.to_thread.run_sync(add, db, 1)
        return await trio.to_thread.run_sync(ids, db)

    assert trio.run(main) == [1]


# -- ends --------------------------------------------------------------------------------------------------------------


def complaints(source: str, url: str) -> str:
    """Run a program, and return what it says on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source), url],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    return done.stderr


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_daemon_thread_whose_statement_is_stopped_at_exit_says_nothing(db: Database, url: str) -> None:
    source = """
        import sys, threading, time, orm
        from orm.bridge import run
        orm.configure(sys.argv[1])
        db = orm.databases["default"]
        def work():
            with orm.atomic():
                run(db.fetch("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000000) "
                             "SELECT count(*) FROM s"))
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.5)
    """
    assert complaints(source, url) == ""


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_daemon_thread_whose_loop_is_stopped_at_exit_says_nothing(db: Database, url: str) -> None:
    source = """
        import asyncio, sys, threading, orm
        orm.configure(sys.argv[1])
        db = orm.databases["default"]
        begun = threading.Event()
        async def work():
            while True:
                async with orm.atomic():
                    await db.fetch("SELECT 1")
                begun.set()
        threading.Thread(target=asyncio.run, args=(work(),), daemon=True).start()
        begun.wait()
    """
    assert complaints(source, url) == ""


@pytest.mark.only(backend="sqlite")
def test_cancelled_while_connecting_as_the_loop_ends(db: Database, url: str) -> None:
    source = """
        import asyncio, sys, orm
        async def main():
            orm.configure(sys.argv[1])
            task = asyncio.create_task(orm.databases["default"].fetch("SELECT 1"))
            for _ in range(int(sys.argv[1][-1])):
                await asyncio.sleep(0)
        for steps in range(6):
            asyncio.run(main())
    """
    for steps in range(1, 6):
        assert complaints(source, f"{url}&timeout={steps}") == ""


@pytest.mark.only(backend="postgresql")
def test_a_stream_that_is_closed_on_another_loop(db: Database) -> None:
    stream = db.stream("SELECT generate_series(1, 1000)", (), 10)
    first = asyncio.new_event_loop()
    first.run_until_complete(anext(stream))
    asyncio.run(stream.aclose())  # type: ignore[arg-type]
    first.run_until_complete(asyncio.sleep(0))
    first.run_until_complete(first.shutdown_asyncgens())
    first.close()
    assert idle(db)
    assert orm.databases["default"].statistics.pools is not None
