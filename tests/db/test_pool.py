"""Pools on real databases: limits, order, ends of loops and processes, forks, broken and abandoned connections."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.bridge import iterate, run
from orm.db.contract import Connection, Driver
from orm.db.database_blocking import Database
from orm.db.pooling.bridged import PortalDriver
from orm.db.registry import backend_for, databases
from orm.db.transactions.public import atomic
from orm.db.url import DatabaseURL
from orm.errors import DatabaseError, InterfaceError, OperationalError, PoolTimeout, TransactionManagementError

ROOT = Path(__file__).resolve().parents[2]


def sessions(db: Database) -> int:
    """Sessions these tests have at the server besides the blocking one, or open database files."""
    run(db.aclose())  # SQLite closes no file while another connection of the process has it locked
    if db.url.scheme == "postgresql":
        ours = "application_name = current_setting('application_name') AND datname = current_database()"
        rows = run(db.fetch(f"SELECT count(*) FROM pg_stat_activity WHERE {ours}"))
        return int(rows[0][0]) - 1
    open_files = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if fd_exists(fd)]
    return sum(name.startswith(os.path.realpath(db.url.database)) for name in open_files)


def fd_exists(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


def settle(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until servers and threads have noticed what was ended."""
    limit = time.monotonic() + seconds
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    assert condition()


@pytest.mark.asyncio
async def test_many_tasks_share_few_connections_in_order(db: Database) -> None:
    order: list[int] = []
    await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(5)))

    async def task(number: int) -> None:
        async with db.connection() as connection:
            order.append(number)
            await connection.afetch("SELECT 1")

    await asyncio.gather(*(task(number) for number in range(200)))
    (pool,) = (p for p in db.statistics.pools if p.home != "blocking")
    assert pool.size <= 5
    assert (pool.busy, pool.waiting) == (0, 0)
    assert order == list(range(200)), "first come, first served"


def test_many_threads_share_few_connections(db: Database) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                run(db.fetch("SELECT 1"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (pool,) = db.statistics.pools
    assert errors == []
    assert pool.size <= 5
    assert (pool.busy, pool.waiting) == (0, 0)


@pytest.mark.asyncio
async def test_an_exhausted_pool_names_its_holders(db: Database) -> None:
    object.__setattr__(db.url.pool, "acquire_timeout", 0.1)
    held, release = asyncio.Semaphore(0), asyncio.Event()

    async def holds() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1 AS one")
            held.release()
            await release.wait()

    async def streams() -> None:
        rows = db.stream("SELECT 1 UNION ALL SELECT 2", (), 1)
        await anext(rows)
        held.release()
        await release.wait()
        await rows.aclose()

    tasks = [asyncio.create_task(holds(), name=f"holder {n}") for n in range(4)]
    tasks.append(asyncio.create_task(streams(), name="streamer"))
    for _ in tasks:
        await held.acquire()
    with pytest.raises(PoolTimeout, match="max_size=5") as caught:
        await db.fetch("SELECT 2")
    message = str(caught.value)
    assert all(f"'holder {n}'" in message for n in range(4))
    assert "'streamer'" in message
    assert "SELECT 1 AS one" in message
    release.set()
    await asyncio.gather(*tasks)
    assert (await db.fetch("SELECT 2"))[0][0] == 2


@pytest.mark.asyncio
async def test_a_cancelled_waiter_leaves_no_gap(db: Database) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(db.fetch("SELECT 1")) for _ in range(30)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
    (pool,) = (p for p in db.statistics.pools if p.home != "blocking")
    assert (pool.busy, pool.waiting) == (0, 0)
    assert all(task.cancelled() or task.result()[0][0] == 1 for task in tasks)


@pytest.mark.parametrize("given", ["a connection", "leave to open one"])
@pytest.mark.asyncio
async def test_a_waiter_cancelled_when_it_is_served_passes_it_on(db: Database, given: str) -> None:
    """In the same turn of the loop, so that it never hears of it."""
    held = [await db.acquire("held") for _ in range(5)]
    pool = held[0][0]
    waiting = [asyncio.create_task(db.acquire("waited for")) for _ in range(2)]
    while len(pool.waiters) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    if given == "a connection":
        pool.release(held.pop()[1])
    else:
        pool.discard(held.pop()[1])
    waiting[0].cancel()
    held.append(await waiting[1])
    assert waiting[0].cancelled()
    for _, entry in held:
        pool.release(entry)
    assert (pool.statistics.size, pool.statistics.idle, len(pool.roster.permissions)) == (5, 5, 0)


@pytest.mark.parametrize("what", ["expired", "broken"])
def test_a_block_gets_no_connection_that_is_expired_or_broken(db: Database, what: str) -> None:
    """Between two sweeps, and without a look at the server."""
    run(db.fetch("SELECT 1"))
    pool = db._pools[None]
    (old,) = pool.idle
    if what == "expired":
        old.expires = 0
    else:
        old.connection.terminate()
        settle(lambda: not old.connection.is_usable)  # where it lives on another thread's loop
    with atomic():
        assert run(db.fetch("SELECT 1"))[0][0] == 1
    assert old not in pool.roster.members
    assert not old.connection.is_usable
    assert (pool.statistics.size, pool.statistics.idle) == (1, 1)


def test_beside_a_dead_connection_the_other_idle_ones_are_tried_before_use(db: Database) -> None:
    held = [run(db.acquire("held")) for _ in range(3)]
    pool = held[0][0]
    for _, entry in held:
        pool.release(entry)
    first, _, last = pool.idle
    last.taken -= pool.health_check_after + 1
    last.connection.terminate()
    settle(lambda: not last.connection.is_usable)
    assert run(db.fetch("SELECT 1"))[0][0] == 1
    assert last not in pool.roster.members
    assert time.monotonic() - first.taken > pool.health_check_after


def test_a_connection_opened_while_its_pool_is_closed_is_not_kept(db: Database) -> None:
    whole = backend_for(db.url.scheme)
    driver = whole.blocking or PortalDriver(whole.awaitable)  # type: ignore[arg-type]
    connecting, go, opened = threading.Event(), threading.Event(), list[Connection]()

    class Slow(Driver):
        awaitable = False

        async def connect(self, url: DatabaseURL) -> Connection:
            connecting.set()
            go.wait(10)
            opened.append(await driver.connect(url))
            return opened[-1]

    slow = Database("slow", db.url, whole._replace(awaitable=None, blocking=Slow()))
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(run, slow.fetch("SELECT 1"))
        assert connecting.wait(10)
        slow.terminate()
        go.set()
        with pytest.raises(InterfaceError, match="have been closed"):
            asked.result(10)
    settle(lambda: not opened[0].is_usable)
    assert slow.budget.taken == 0


def test_a_minimum_that_can_not_be_opened_leaves_no_gap(db: Database, tmp_path: Path) -> None:
    """The one that could be opened is used by whoever comes next, and all places are free."""
    whole = backend_for(db.url.scheme)
    driver = whole.blocking or PortalDriver(whole.awaitable)  # type: ignore[arg-type]

    class Full(Driver):
        awaitable = False
        opened = 0

        async def connect(self, url: DatabaseURL) -> Connection:
            if self.opened == 1:
                raise OperationalError("too many clients")
            self.opened += 1
            return await driver.connect(url)

    url = DatabaseURL.parse(f"{str(db.url).partition('?')[0]}?min_size=3&max_size=3")
    small = Database("small", url, whole._replace(awaitable=None, blocking=Full()))
    with pytest.raises(OperationalError, match="too many clients"):
        run(small.fetch("SELECT 1"))
    pool = small._pools[None]
    assert (pool.statistics.size, pool.statistics.idle, small.budget.taken) == (1, 1, 1)
    assert run(small.fetch("SELECT 1"))[0][0] == 1
    small.terminate()


def test_a_loop_closes_its_pool_when_it_ends(db: Database) -> None:
    async def use() -> None:
        await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(5)))

    for _ in range(20):
        asyncio.run(use())
    assert [pool.home for pool in db.statistics.pools] == ["blocking"]
    assert db.statistics.awaitable == 100
    settle(lambda: sessions(db) == 0)


def test_a_loop_closed_without_goodbye_is_swept(db: Database) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(db.fetch("SELECT 1"))
    loop.close()
    run(db.aclose())
    run(db.fetch("SELECT 1"))
    assert [pool.home for pool in db.statistics.pools] == ["blocking"]


def test_closing_leaves_what_threads_have_in_use_until_it_is_given_back(db: Database) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with atomic():
            run(db.execute("INSERT INTO things VALUES (1, 1)"))
            inside.set()
            assert go_on.wait(10)
            run(db.execute("INSERT INTO things VALUES (2, 1)"))

    run(db.fetch("SELECT 1"))
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work)
        assert inside.wait(10)
        run(db.aclose())
        (pool,) = db.statistics.pools
        assert (pool.size, pool.busy) == (1, 1)
        go_on.set()
        working.result(10)
    (pool,) = db.statistics.pools
    assert pool.size == 0, "it was given back, and ended"
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 2
    (pool,) = db.statistics.pools
    assert (pool.size, pool.idle) == (1, 1), "one that was opened since then is kept"


@pytest.mark.asyncio
async def test_closing_leaves_what_tasks_have_in_use_until_it_is_given_back(db: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with atomic():
            await db.execute("INSERT INTO things VALUES (1, 1)")
            inside.set()
            await go_on.wait()
            await db.execute("INSERT INTO things VALUES (2, 1)")

    working = asyncio.create_task(work())
    await inside.wait()
    await db.aclose()
    waiting = [asyncio.create_task(db.fetch("SELECT 1")) for _ in range(10)]
    await asyncio.sleep(0)
    await db.aclose()
    go_on.set()
    await working
    assert len(await asyncio.gather(*waiting)) == 10, "who waited is served"
    assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 2


def test_a_block_may_close_its_own_database(db: Database) -> None:
    with atomic():
        run(db.execute("INSERT INTO things VALUES (1, 1)"))
        run(db.aclose())
        run(db.execute("INSERT INTO things VALUES (2, 1)"))
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 2


def test_a_forked_child_opens_its_own(db: Database) -> None:
    run(db.execute("INSERT INTO things VALUES (1, 1)"))
    with atomic():
        run(db.execute("INSERT INTO things VALUES (2, 2)"))
        pid = os.fork()
        if pid == 0:
            os._exit(child_of_fork(db))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        run(db.execute("INSERT INTO things VALUES (3, 3)"))
    assert [row[0] for row in run(db.fetch("SELECT id FROM things ORDER BY id"))] == [1, 2, 3]


def child_of_fork(db: Database) -> int:
    """What the child does; returns its exit code."""
    rows = run(db.fetch("SELECT count(*) FROM things"))
    return 0 if rows[0][0] == 1 and db.statistics.pools[0].opened == 1 else 3


@pytest.mark.only(backend="postgresql")
def test_a_broken_connection_is_dropped(db: Database) -> None:
    pid = run(db.fetch("SELECT pg_backend_pid()"))[0][0]
    asyncio.run(db.fetch(f"SELECT pg_terminate_backend({pid})"))
    with pytest.raises((OperationalError, InterfaceError)):
        run(db.fetch("SELECT 1"))
    assert run(db.fetch("SELECT 2"))[0][0] == 2
    with pytest.raises((OperationalError, InterfaceError)), atomic():
        pid = run(db.fetch("SELECT pg_backend_pid()"))[0][0]
        asyncio.run(terminate_beside(db, pid))
        run(db.fetch("SELECT 1"))
    assert run(db.fetch("SELECT 2"))[0][0] == 2
    assert all(pool.busy == 0 for pool in db.statistics.pools)


async def terminate_beside(db: Database, pid: int) -> None:
    async with orm.independent():
        await db.fetch(f"SELECT pg_terminate_backend({pid})")


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_a_long_idle_connection_is_tried_first(db: Database) -> None:
    pid = (await db.fetch("SELECT pg_backend_pid()"))[0][0]
    await asyncio.to_thread(lambda: run(db.fetch(f"SELECT pg_terminate_backend({pid})")))
    (pool,) = (p for loop, p in db._pools.items() if loop is not None)
    pool.idle[0].taken -= 60
    assert (await db.fetch("SELECT 3"))[0][0] == 3
    assert (pool.statistics.opened, pool.statistics.closed) == (2, 1)


def test_old_connections_are_replaced(db: Database) -> None:
    (pool,) = db._pools.values()
    pool.idle[0].expires = 0.0
    pool.next_sweep = 0.0
    run(db.fetch("SELECT 1"))
    assert pool.statistics.size == 0
    run(db.fetch("SELECT 1"))
    assert (pool.statistics.opened, pool.statistics.closed, pool.statistics.size) == (2, 1, 1)


@pytest.mark.asyncio
async def test_a_stream_lets_others_in_between_its_chunks(db: Database) -> None:
    await db.execute_many(insert(db), [(n, n) for n in range(50)])
    seen = [row[0] async for chunk in db.stream("SELECT id FROM things ORDER BY id", (), 7) for row in chunk]
    assert seen == list(range(50))
    async with atomic():
        chunks = db.stream("SELECT id FROM things ORDER BY id", (), 7)
        first = await anext(chunks)
        assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 50  # between two chunks
        rest = [row[0] async for chunk in chunks for row in chunk]
    assert [row[0] for row in first] + rest == list(range(50))


def insert(db: Database) -> str:
    return f"INSERT INTO things VALUES ({db.dialect.placeholder(1)}, {db.dialect.placeholder(2)})"


@pytest.mark.only(backend="sqlite")
def test_streams_in_blocking_code(db: Database) -> None:
    run(db.execute_many(insert(db), [(n, n) for n in range(50)]))
    chunks = iterate(db.stream("SELECT id FROM things ORDER BY id", (), 7))
    assert [row[0] for chunk in chunks for row in chunk] == list(range(50))


@pytest.mark.asyncio
async def test_an_abandoned_stream_gives_its_connection_back(db: Database) -> None:
    async def abandon() -> None:
        async for _ in db.stream("SELECT 1 UNION ALL SELECT 2", (), 1):
            break

    await abandon()
    gc.collect()
    for _ in range(200):
        if all(pool.busy == 0 for pool in db.statistics.pools):
            break
        await asyncio.sleep(0.01)
    assert all(pool.busy == 0 for pool in db.statistics.pools)


def test_a_transaction_begun_by_hand_never_reaches_the_next_caller(db: Database) -> None:
    with pytest.raises(TransactionManagementError, match="left a transaction open"):
        run(db.execute("BEGIN"))
    assert all(pool.busy == 0 for pool in db.statistics.pools)
    run(db.fetch("SELECT 1"))


def test_a_connection_block(db: Database) -> None:
    with db.connection() as connection:
        connection.execute("INSERT INTO things VALUES (1, 1)")
        assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 1  # on the same connection
        with pytest.raises(DatabaseError), atomic():
            connection.execute("INSERT INTO things VALUES (2, 2)")
            connection.execute("INSERT INTO things VALUES (1, 1)")
        assert [tuple(row) for row in connection.stream("SELECT * FROM things")] == [(1, 1)]
    with pytest.raises(TransactionManagementError, match="is not open"):
        connection.fetch("SELECT 1")


def test_reconfiguring_ends_the_old_connections(db: Database, url: str) -> None:
    orm.configure({"default": url})
    assert databases["default"] is db
    orm.configure({"default": url + "&idle_timeout=7"})
    assert databases["default"] is not db
    assert db.statistics.pools == ()


SCRIPT = """
    import asyncio, sys, warnings
    import orm
    from orm.bridge import run
    from orm.db import atomic, databases
    orm.configure(sys.argv[1])
    db = databases["default"]
    run(db.fetch("SELECT 1"))
    async def main():
        await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(4)))
        async with atomic():
            await asyncio.to_thread(lambda: run(db.fetch("SELECT 1")))
    asyncio.run(main())
    asyncio.run(main())
    stream = db.stream("SELECT 1 UNION ALL SELECT 2", (), 1)
    rows = __import__("orm.bridge").bridge.iterate(stream)
    next(rows)
    print("ready")
    if "raise" in sys.argv:
        raise KeyboardInterrupt
"""


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("how", ["end", "raise"])
def test_a_process_ends_quickly_and_quietly_without_close(url: str, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(SCRIPT), url, how],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
        check=False,
    )
    noise: Any = [
        line for line in done.stderr.splitlines() if "Warning" in line or "ignored" in line or "never" in line
    ]
    assert done.stdout == "ready\n", done.stderr
    assert noise == []
    assert done.returncode == (0 if how == "end" else -2)
