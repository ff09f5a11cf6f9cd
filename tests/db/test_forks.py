"""Forks after connecting: the child opens connections of its own, the parent's stay alive and are the parent's."""

from __future__ import annotations

import asyncio
import contextvars
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

import pytest

import orm
from orm.bridge import iterate, portal, run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import OperationalError
from orm.late import Imports
from orm.models import IntegerField, Model
from orm.query import shape
from tests.db.sessions import Program, Sessions

LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 3000000) SELECT count(*) FROM s"


class Thing(Model):
    n = IntegerField()

    class Meta:
        app_label = "tests_forks"
        db_table = "things"


def session_of(db: Database) -> int:
    """What tells the parent's one session from others."""
    (pool,) = (pool for loop, pool in db._pools.items() if loop is None)
    return id(pool.idle[0].connection)


def count(db: Database) -> int:
    return int(run(db.fetch("SELECT count(*) FROM things"))[0][0])


async def use(db: Database, number: int) -> int:
    async with atomic():
        await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
        rows = await asyncio.to_thread(run, db.fetch("SELECT count(*) FROM things"))
    return int(rows[0][0])


def work(number: int) -> None:
    """What a worker process does: everything, on connections of its own, and it leaves them to the end."""
    db = databases["default"]
    run(db.execute(f"INSERT INTO things VALUES ({number}, 0)"))
    asyncio.run(use(db, number + 1))
    with atomic():
        run(db.execute(f"INSERT INTO things VALUES ({number + 2}, 0)"))
    portal.run(use(db, number + 3))
    stream = iterate(db.stream("SELECT 1 UNION ALL SELECT 2", (), 1))
    next(stream)
    assert db.budget.taken == sum(pool.size for pool in db.statistics.pools)


def in_a_child(check: Callable[[], Any]) -> NoReturn:
    """Run it and end this process."""
    code = 1
    signal.alarm(30)  # kills a child that waits for ever
    try:
        check()
        code = 0
    finally:
        os._exit(code)


def ended_well(pid: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def in_a_fork(check: Callable[[], Any]) -> None:
    """Run it in a forked child of this process, which ends at once."""
    pid = os.fork()
    if pid == 0:
        in_a_child(check)
    assert ended_well(pid)


# -- workers --


def worker(number: int, url: str, fails: Any) -> None:
    try:
        if url:
            orm.configure({"default": url})
        assert databases["default"].statistics.pools == ()
        work(number)
    except BaseException as error:
        fails.put(repr(error))
        raise


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_worker_processes(db: Database, sessions: Sessions, url: str, method: str) -> None:
    run(db.fetch("SELECT 1"))
    portal.run(db.fetch("SELECT 1"))
    before = session_of(db)
    context: Any = multiprocessing.get_context(method)
    fails = context.Queue()
    known = "" if method == "fork" else url  # a forked one has its parent's settings
    workers = [context.Process(target=worker, args=(number * 10, known, fails)) for number in range(3)]
    for process in workers:
        process.start()
    for process in workers:
        process.join(50)
    assert [process.exitcode for process in workers] == [0, 0, 0], fails.get(timeout=1)
    assert count(db) == 12
    assert session_of(db) == before, "the parent goes on with its own session"
    assert portal.run(use(db, 99)) == 13
    sessions.settle_at(2)  # blocking code's, and the portal's


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_process_pool(db: Database, sessions: Sessions, url: str, method: str) -> None:
    before = session_of(db)
    with ProcessPoolExecutor(
        2, mp_context=get_context(method), initializer=orm.configure, initargs=({"default": url},)
    ) as pool:
        list(pool.map(work, range(0, 60, 10)))
        assert count(db) == 24
    assert session_of(db) == before
    sessions.settle_at(1)


# -- in the middle of something --


def count_in_default(_: int) -> int:
    return count(databases["default"])


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_process_pool_first_used_inside_a_block(db: Database) -> None:
    with atomic():
        run(db.execute("INSERT INTO things VALUES (1, 0)"))
        with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
            assert list(pool.map(count_in_default, range(4))) == [0] * 4
        run(db.execute("INSERT INTO things VALUES (2, 0)"))
    assert count(db) == 2


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_child_may_leave_the_blocks_of_its_parent(db: Database) -> None:
    """As one that was forked by the program's own `os.fork()`, and goes on behind the `with`."""
    block = atomic()

    def leave() -> None:
        block.__exit__(None, None, None)
        assert count(db) == 0

    block.__enter__()
    run(db.execute("INSERT INTO things VALUES (1, 0)"))
    in_a_fork(leave)
    block.__exit__(None, None, None)
    assert count(db) == 1


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_inside_a_block(db: Database) -> None:
    def check() -> None:
        assert not orm.db.in_atomic_block()
        assert count(db) == 0, "the child is another process, and outside"
        with atomic(read_only=True), atomic():
            assert count(db) == 0
        with orm.independent():
            assert count(db) == 0

    with atomic():
        run(db.execute("INSERT INTO things VALUES (1, 0)"))
        in_a_fork(check)
        run(db.execute("INSERT INTO things VALUES (2, 0)"))
    assert count(db) == 2


def refused_for_the_fork(write: Callable[[], Any]) -> bool:
    try:
        write()
    except OperationalError as error:
        return "was forked while its parent was writing" in str(error)
    return False


async def awrite(db: Database) -> None:
    async with atomic():
        await db.execute("INSERT INTO things VALUES (3, 0)")


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("ended", [False, True])
def test_a_child_forked_from_a_writer_is_told_that_it_can_not_write(db: Database, ended: bool) -> None:
    """SQLite takes the lock for one of the child's own, and never gives it back: waiting for it would be in vain."""
    ready, go = multiprocessing.Pipe(False)

    def check() -> None:
        go.close()
        if ended:
            ready.recv()
        assert refused_for_the_fork(lambda: run(db.execute("INSERT INTO things VALUES (3, 0)")))
        assert refused_for_the_fork(lambda: run(db.execute_many("INSERT INTO things VALUES (?, 0)", [(3,), (4,)])))
        assert refused_for_the_fork(lambda: asyncio.run(awrite(db)))
        assert count(db) == int(ended)

    with atomic():
        run(db.execute("INSERT INTO things VALUES (1, 0)"))
        pid = os.fork()
        if pid == 0:
            in_a_child(check)
        if not ended:
            assert ended_well(pid)
    if ended:
        go.send(None)
        assert ended_well(pid)
    ready.close()
    go.close()


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_child_forked_from_a_reader_may_write(db: Database) -> None:
    with atomic(read_only=True):
        assert count(db) == 0
        in_a_fork(lambda: work(0))
    assert count(db) == 4


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_child_that_leaves_its_parents_block_ends_nothing(db: Database) -> None:
    def main(leave: bool) -> None:
        with atomic():
            run(db.execute("INSERT INTO things VALUES (1, 0)"))
            if leave:
                pid = os.fork()
                if pid == 0:
                    return
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            run(db.execute("INSERT INTO things VALUES (2, 0)"))

    parent = os.getpid()
    try:
        main(leave=True)
    finally:
        if os.getpid() != parent:
            os._exit(0)
    assert count(db) == 2


@pytest.mark.asyncio
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
async def test_inside_a_running_loop(db: Database) -> None:
    def check() -> None:
        with orm.independent():
            assert count(db) == 0
            assert asyncio.run(aseen()) == 0

    async def aseen() -> int:
        return int((await db.fetch("SELECT count(*) FROM things"))[0][0])

    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 0)")
        in_a_fork(check)
        await db.execute("INSERT INTO things VALUES (2, 0)")
    assert await aseen() == 2


@pytest.mark.parametrize("on_a_loop", [False, True])
@pytest.mark.only(backend="postgresql")
def test_while_another_thread_is_in_a_statement(db: Database, on_a_loop: bool) -> None:
    """SQLite's library can't bear that: what its locks are at the fork, they are for ever in the child."""
    found: list[Any] = []

    def query() -> None:
        found.append(asyncio.run(db.fetch(LONG)) if on_a_loop else run(db.fetch(LONG)))

    thread = threading.Thread(target=query)
    thread.start()
    while not any(pool.busy for pool in db.statistics.pools):
        thread.join(0.001)
    for number in range(3):
        in_a_fork(lambda number=number: work(number * 10))  # type: ignore[misc]
    thread.join()
    assert [tuple(row) for row in found[0]] == [(3000000,)]
    assert count(db) == 12


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_while_other_threads_hold_the_locks(db: Database) -> None:
    """What is held only for moments is held here until the fork is over."""
    held, done = threading.Barrier(2), threading.Event()

    def hold() -> None:
        with shape._growing, databases._lock, orm.settings.__dict__["_lock"], db._lock, db.budget.lock:
            held.wait()
            done.wait()

    def check() -> None:
        orm.configure(slow_query_seconds=None)
        assert not Thing.objects.filter(n__gt=1).exclude(n=17).exists()
        work(0)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        in_a_fork(check)
    finally:
        done.set()
        thread.join()


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_transaction_of_the_portal_is_the_parents(db: Database) -> None:
    """The portal's thread is not in the child, which makes a portal of its own."""
    opened: list[contextvars.Context] = []
    stop = threading.Event()

    async def hold() -> None:
        async with atomic():
            await db.execute("INSERT INTO things VALUES (1, 0)")
            opened.append(contextvars.copy_context())
            await asyncio.to_thread(stop.wait)

    def check() -> None:
        assert opened[0].run(count, db) == 0
        work(10)

    thread = threading.Thread(target=portal.run, args=(hold(),))
    thread.start()
    while not opened:
        thread.join(0.001)
    try:
        if db.url.scheme == "sqlite":  # which has one writer at a time
            in_a_fork(lambda: portal.run(db.fetch("SELECT 1")))
        else:
            in_a_fork(check)
    finally:
        stop.set()
        thread.join()
    assert count(db) == (1 if db.url.scheme == "sqlite" else 5)


# -- the child's end --

PRELOAD = """
    import asyncio, os, sys
    import orm
    from orm.bridge import portal, run
    from orm.db import databases
    orm.configure(sys.argv[1])
    db = databases["default"]
    run(db.fetch("SELECT 1"))
    portal.run(db.fetch("SELECT 1"))
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            asyncio.run(db.fetch("SELECT 1"))
            run(db.fetch("SELECT 1"))
            portal.run(db.fetch("SELECT 1"))
            sys.exit(0)      # an orderly end, with atexit functions and all
        assert os.waitpid(pid, 0)[1] == 0
        assert run(db.fetch("SELECT 2"))[0][0] == 2
        assert portal.run(db.fetch("SELECT 2"))[0][0] == 2
    print("ready")
"""


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_children_that_end_in_order_leave_the_parents_session_alone(url: str) -> None:
    program = Program(PRELOAD, url, "", "-X", "dev", "-W", "error")
    assert (*program.end(), program.status) == ("", "", 0)


# -- imports under way --

IMPORTING = """
    import os, signal, sys, threading
    import {first}
    import orm
    from orm.db.contract import LateDriver

    forking = threading.Event()
    begun = threading.Event()
    sys.path.insert(0, sys.argv[2])
    driver = LateDriver("slow_driver", "Driver")
    thread = threading.Thread(target=driver.driver)
    thread.start()
    begun.wait()
    os.register_at_fork(before=forking.set)
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)  # kills a child that waits for ever
        assert driver.driver().made
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    thread.join()
    print("ready", status)
"""
SLOW_DRIVER = """
import logging, sys, time
main = sys.modules["__main__"]
main.begun.set()
main.forking.wait()
time.sleep(0.3)
logging.getLogger("slow")  # which needs a lock that is taken at a fork
class Driver: made = True
"""


@pytest.mark.parametrize("first", ["logging", "sys"])
def test_a_fork_waits_for_a_driver_that_another_thread_imports(tmp_path: Path, first: str) -> None:
    (tmp_path / "slow_driver.py").write_text(SLOW_DRIVER)
    program = Program(IMPORTING.format(first=first), "", str(tmp_path))
    assert (program.ready, *program.end(), program.status) == ("0", "", "", 0)


def test_imports_go_on_once_after_each_fork() -> None:
    imports = Imports()
    imports.go_on()  # of a fork that had begun before anybody was told of any
    imports.pause()
    imports.pause()
    imports.go_on()
    imports.go_on()
    other = threading.Thread(target=imports.module, args=("sys",), daemon=True)
    other.start()
    other.join(30)
    assert not other.is_alive()
