"""Forks, loops that come and go, the end of the process, and Ctrl-C: nothing is left behind and nobody waits."""

from __future__ import annotations

import asyncio
import contextvars
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvloop

import orm
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transaction import atomic

ROOT = Path(__file__).resolve().parents[2]
NAME = "lifecycle"


@pytest.fixture
def url(url: str) -> str:
    return f"{url}&application_name={NAME}" if url.startswith("postgresql") else url


@pytest.fixture
def server(db: Database) -> Iterator[Any]:
    """A session of our own at the server; None where there is no server."""
    if db.url.scheme != "postgresql":
        yield None
        return
    address = f"postgresql://{db.url.user}@{db.url.host}:{db.url.port}/{db.url.database}"
    with psycopg.connect(address, autocommit=True) as session:
        yield session


def sessions(server: Any, state: str = "%") -> int:
    """Sessions of the tests' at the server, in a state."""
    if server is None:
        return 0
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE application_name = %s AND state LIKE %s AND datname = current_database()"
    )
    return int(server.execute(query, [NAME, state]).fetchone()[0])


def settle(condition: Callable[[], bool], seconds: float = 5) -> None:
    limit = time.monotonic() + seconds
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    assert condition()


def session_of(db: Database) -> Any:
    """What tells one session from another."""
    (pool,) = (pool for loop, pool in db._pools.items() if loop is None)
    return id(pool.idle[0].connection)


def count(db: Database) -> int:
    return int(run(db.fetch("SELECT count(*) FROM things"))[0][0])


# -- forks -------------------------------------------------------------------------------------------------------------


async def use(db: Database, number: int) -> int:
    async with atomic():
        await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
        rows = await asyncio.to_thread(run, db.fetch("SELECT count(*) FROM things"))
    return int(rows[0][0])


def child(number: int, fails: Any) -> None:
    """What a worker process does: everything, on connections of its own."""
    try:
        db = databases["default"]
        assert db.statistics.pools == ()
        run(db.execute(f"INSERT INTO things VALUES ({number}, 0)"))
        asyncio.run(use(db, number + 1))
        with atomic():
            run(db.execute(f"INSERT INTO things VALUES ({number + 2}, 0)"))
        assert db.budget.taken == sum(pool.size for pool in db.statistics.pools) == 1
    except BaseException as error:
        fails.put(repr(error))
        raise


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_worker_processes_forked_after_connecting(db: Database, server: Any) -> None:
    run(db.fetch("SELECT 1"))
    before = session_of(db)
    context = multiprocessing.get_context("fork")
    fails = context.Queue()
    workers = [context.Process(target=child, args=(number * 10, fails)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0], fails.get(timeout=1)
    assert count(db) == 9
    assert session_of(db) == before, "the parent goes on with its own session"
    settle(lambda: sessions(server) == (0 if server is None else 1))


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_a_fork_inside_a_running_loop_and_an_open_transaction(db: Database) -> None:
    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 0)")
        pid = os.fork()
        if pid == 0:
            asyncio._set_running_loop(None)
            code = 1
            try:
                with orm.independent():
                    code = 0 if count(db) == 0 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, pid, 0))[1]) == 0
        await db.execute("INSERT INTO things VALUES (2, 0)")
    assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 2


PRELOAD = """
    import asyncio, os, sys
    import orm
    from orm.bridge import run
    from orm.db import databases
    orm.configure(sys.argv[1])
    db = databases["default"]
    run(db.fetch("SELECT 1"))
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            asyncio.run(db.fetch("SELECT 1"))
            run(db.fetch("SELECT 1"))
            sys.exit(0)      # an orderly end, with atexit functions and all
        assert os.waitpid(pid, 0)[1] == 0
        assert run(db.fetch("SELECT 2"))[0][0] == 2
    print("ready")
"""


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_children_that_end_in_order_leave_the_parents_session_alone(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(PRELOAD), url],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout, done.returncode, done.stderr) == ("ready\n", 0, "")


# -- loops -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_twenty_loops_without_a_close(db: Database, server: Any, factory: Any) -> None:
    threads = threading.active_count()

    async def main() -> None:
        await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(5)))
        async with atomic():
            await db.fetch("SELECT 1")
        chunks = db.stream("SELECT 1 UNION ALL SELECT 2", (), 1)
        await anext(chunks)  # left half way

    for _ in range(20):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main())
    assert [pool.home for pool in db.statistics.pools] in (["blocking"], [])
    settle(lambda: sessions(server) <= 1)
    settle(lambda: threading.active_count() <= threads + 8)  # ours that are kept for the next call, not one a run


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_both_kinds_of_loop_share_a_transaction(db: Database) -> None:
    async def add(number: int) -> None:
        await db.execute(f"INSERT INTO things VALUES ({number}, 0)")

    async def outer() -> None:
        async with atomic():
            await add(1)
            await asyncio.to_thread(lambda: asyncio.run(add(2)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(outer())
        with atomic():
            run(db.execute("INSERT INTO things VALUES (3, 0)"))
            runner.run(add(4), context=contextvars.copy_context())  # a Runner keeps the context it was first used in
    assert count(db) == 4


def test_loops_in_many_threads_at_once(db: Database) -> None:
    errors: list[BaseException] = []

    def loop(number: int) -> None:
        try:
            asyncio.run(use(db, number))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(db) == 8


# -- the end of the process --------------------------------------------------------------------------------------------

PROGRAM = """
    import asyncio, sys, threading, time
    import orm
    from orm.bridge import iterate, run
    from orm.db import atomic, databases
    orm.configure(sys.argv[1])
    db = databases["default"]
    series = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) SELECT count(*) FROM s"
    long = series.format(10 ** 9)

    def blocking():
        with atomic():
            run(db.execute("INSERT INTO things VALUES (1, 0)"))
            print("ready", flush=True)
            run(db.fetch(long))

    async def awaitable():
        async with atomic():
            await db.execute("INSERT INTO things VALUES (1, 0)")
            print("ready", flush=True)
            await db.fetch(long)

    async def crossing():
        async with atomic():
            await db.execute("INSERT INTO things VALUES (1, 0)")
            print("ready", flush=True)
            await asyncio.to_thread(run, db.fetch(long))

    def backwards():
        with atomic():
            run(db.execute("INSERT INTO things VALUES (1, 0)"))
            print("ready", flush=True)
            asyncio.run(db.fetch(long))

    def until_stopped():
        try:
            run(db.fetch(long))
        except orm.errors.Error:
            pass

    def in_the_background():
        threading.Thread(target=until_stopped, daemon=True).start()
        rows = iterate(db.stream("SELECT 1 UNION ALL SELECT 2", (), 1))
        next(rows)
        time.sleep(0.1)
        print("ready", flush=True)

    what = globals()[sys.argv[2]]
    asyncio.run(what()) if asyncio.iscoroutinefunction(what) else what()
"""


def started(url: str, what: str) -> subprocess.Popen[str]:
    """Start the program and wait until it is where it shall be interrupted."""
    program = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(PROGRAM), url, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    if program.stdout.readline() != "ready\n":
        program.kill()
        pytest.fail(program.stderr.read())
    return program


def rest_of(program: subprocess.Popen[str]) -> str:
    """Wait for the program's end; return what it had to complain."""
    try:
        return program.communicate(timeout=15)[1]
    except subprocess.TimeoutExpired:
        program.send_signal(signal.SIGABRT)
        pytest.fail(f"the program did not end: {program.communicate()[1]}")


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("what", ["blocking", "awaitable", "crossing", "backwards"])
def test_ctrl_c_ends_the_statement_and_the_process(db: Database, server: Any, url: str, what: str) -> None:
    program = started(url, what)
    settle(lambda: server is None or sessions(server, "active") == 1)
    time.sleep(0.1)
    began = time.monotonic()
    program.send_signal(signal.SIGINT)
    errors = rest_of(program)
    assert time.monotonic() - began < 3, "a second is the aim; machines under test are slow"
    assert program.returncode in (-signal.SIGINT, 130), errors
    assert errors.rstrip().endswith("KeyboardInterrupt"), errors
    settle(lambda: sessions(server, "active") == 0)
    assert count(db) == 0


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_process_ends_while_a_thread_is_in_a_statement(db: Database, server: Any, url: str) -> None:
    program = started(url, "in_the_background")
    began = time.monotonic()
    errors = rest_of(program)
    assert time.monotonic() - began < 3, "a second is the aim; machines under test are slow"
    assert (program.returncode, errors) == (0, "")
    settle(lambda: sessions(server, "active") == 0)
