"""Many tasks and threads on few connections, pools that share a limit, sweeps, and sessions that die."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import random
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

import orm
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import AmbiguousCommit, InterfaceError, OperationalError, PoolTimeout
from tests.db.sessions import settle
from tests.db.things import idle

both = [pytest.mark.only(backend="sqlite"), pytest.mark.only(backend="postgresql")]


def on_both(test: Any) -> Any:
    for mark in both:
        test = mark(test)
    return test


def made(url: str, **options: Any) -> Database:
    """The default database anew, with other options of its pool."""
    place = url.partition("?")[0]
    orm.configure({"default": f"{place}?" + "&".join(f"{name}={value}" for name, value in options.items())})
    return databases["default"]


OF_THIS_TEST = "FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"


class Sessions:
    """Watches the sessions at the server from outside, in a thread: the peak, and a way to end some."""

    def __init__(self, db: Database, name: str) -> None:
        address = f"postgresql://{db.url.user}@{db.url.host}:{db.url.port}/{db.url.database}"
        self.server = psycopg.connect(address, autocommit=True)
        self.name = name
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def count(self) -> int:
        rows = self.server.execute(f"SELECT count(*) {OF_THIS_TEST}", [self.name])
        return int(rows.fetchone()[0])  # type: ignore[index]

    def end_some(self, share: float) -> None:
        self.server.execute(f"SELECT pg_terminate_backend(pid) {OF_THIS_TEST} AND random() < %s", [self.name, share])

    def end_all(self) -> None:
        """End them, and wait until they are gone."""
        self.server.execute(f"SELECT pg_terminate_backend(pid, 5000) {OF_THIS_TEST}", [self.name])

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self.peak = max(self.peak, self.count())

    def __enter__(self) -> Sessions:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._stop.set()
        self._thread.join()
        self.server.close()


@pytest.fixture
def named(db: Database, url: str) -> Iterator[Callable[..., Database]]:
    """Make the default database anew, recognisable at the server."""
    used: list[Database] = []

    def make(**options: Any) -> Database:
        if url.startswith("postgresql"):
            options["application_name"] = "load"
        used.append(made(url, **options))
        return used[-1]

    yield make
    for database in used:
        database.terminate()


# -- many ask for few --------------------------------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_a_thousand_tasks_on_ten_connections(named: Callable[..., Database]) -> None:
    db = named(max_size=10)
    order: list[int] = []

    async def task(number: int) -> None:
        async with db.connection() as connection:
            order.append(number)
            await connection.afetch("SELECT pg_sleep(0.001)")

    with Sessions(db, "load") as sessions:
        await asyncio.gather(*(db.fetch("SELECT pg_sleep(0.02)") for _ in range(10)))
        await asyncio.gather(*(task(number) for number in range(1000)))
        assert sessions.count() == 10
    assert order == list(range(1000)), "first come, first served"
    assert 0 < sessions.peak <= 10
    assert idle(db)


@on_both
def test_fifty_threads_on_ten_connections(named: Callable[..., Database]) -> None:
    db = named(max_size=10)
    errors: list[BaseException] = []
    served = [0] * 50

    def work(number: int) -> None:
        try:
            for _ in range(20):
                with db.connection() as connection:
                    connection.fetch("SELECT 1")
                    time.sleep(0.0005)
                served[number] += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (pool,) = db.statistics.pools
    assert errors == []
    assert served == [20] * 50
    assert pool.opened <= 10
    assert idle(db)


@on_both
def test_an_exhausted_blocking_pool_names_its_holders(named: Callable[..., Database]) -> None:
    db = named(max_size=1, acquire_timeout=0.1)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with atomic():
            run(db.fetch("SELECT 1 AS held"))
            held.set()
            release.wait(10)

    holder = threading.Thread(target=hold, name="the holder")
    holder.start()
    assert held.wait(10)
    with pytest.raises(PoolTimeout, match=r"(?s)max_size=1.*thread 'the holder', SELECT 1 AS held, \d+\.\d s"):
        run(db.fetch("SELECT 2"))
    release.set()
    holder.join()
    assert run(db.fetch("SELECT 2"))[0][0] == 2


# -- pools of one database ---------------------------------------------------------------------------------------------


@on_both
def test_pools_together_keep_to_the_limit(named: Callable[..., Database]) -> None:
    """Loops in threads, and blocking threads, all at once: no more connections than all pools may have together."""
    db = named(max_size=3, max_connections=4, acquire_timeout=20)
    errors: list[BaseException] = []
    over: list[int] = []

    async def queries() -> None:
        async def one() -> None:
            for _ in range(5):
                async with db.connection() as connection:
                    await connection.afetch("SELECT 1")
                    if db.budget.taken > 4:
                        over.append(db.budget.taken)

        await asyncio.gather(*(one() for _ in range(6)))

    def loop() -> None:
        try:
            asyncio.run(queries())
        except BaseException as error:
            errors.append(error)

    def blocking() -> None:
        try:
            for _ in range(20):
                run(db.fetch("SELECT 1"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for work in [loop] * 5 + [blocking] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert over == []
    assert idle(db)
    settle(lambda: db.budget.taken == sum(pool.size for pool in db.statistics.pools))


@on_both
def test_who_waited_in_the_pool_that_gave_its_place_away_gets_it_back(named: Callable[..., Database]) -> None:
    db = named(max_size=1, max_connections=1, acquire_timeout=10)
    held = threading.Event()

    async def first_pool() -> None:
        may_queue = asyncio.Event()

        async def second_in_the_queue() -> None:  # a task that began outside of the block, and so is outside of it
            await may_queue.wait()
            await db.fetch("SELECT 2")

        later = asyncio.create_task(second_in_the_queue())
        async with db.connection():
            held.set()
            await asyncio.to_thread(settle, lambda: bool(db.budget.hungry), 10)  # the other pool waits, and came first
            may_queue.set()
            await asyncio.to_thread(settle, lambda: sum(pool.waiting for pool in db.statistics.pools) == 2, 10)
        await later

    def other_pool() -> None:
        held.wait(10)
        with db.connection() as connection:
            connection.fetch("SELECT 1")

    thread = threading.Thread(target=other_pool)
    thread.start()
    asyncio.run(first_pool())
    thread.join()


@on_both
def test_an_idle_connection_elsewhere_makes_room(named: Callable[..., Database]) -> None:
    db = named(max_size=1, max_connections=1, acquire_timeout=5)
    run(db.fetch("SELECT 1"))
    assert asyncio.run(db.fetch("SELECT 2"))[0][0] == 2  # type: ignore[arg-type]
    assert run(db.fetch("SELECT 3"))[0][0] == 3
    assert db.budget.taken == 1


@on_both
def test_a_busy_connection_elsewhere_is_waited_for(named: Callable[..., Database]) -> None:
    db = named(max_size=1, max_connections=1, acquire_timeout=10)
    held, release = threading.Event(), threading.Event()

    async def holds() -> None:
        async with db.connection():
            held.set()
            await asyncio.to_thread(release.wait, 10)
        for _ in range(50):  # it goes on asking, and must not keep the place for itself
            await db.fetch("SELECT 1")

    thread = threading.Thread(target=asyncio.run, args=(holds(),))
    thread.start()
    assert held.wait(10)
    threading.Timer(0.2, release.set).start()
    assert run(db.fetch("SELECT 2"))[0][0] == 2
    thread.join()
    assert idle(db)
    assert db.budget.taken <= 1


@on_both
def test_the_limit_of_all_pools_names_holders_of_all(named: Callable[..., Database]) -> None:
    db = named(max_size=2, max_connections=1, acquire_timeout=0.3)

    async def holds() -> str:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1 AS held")
            with pytest.raises(PoolTimeout, match="max_connections=1 for all pools together") as caught:
                await asyncio.to_thread(lambda: run(other(db)))
            return str(caught.value)

    async def other(db: Database) -> Any:
        db.membership.set(None)
        return await db.fetch("SELECT 2")

    assert "SELECT 1 AS held" in asyncio.run(holds())
    assert idle(db)


@on_both
def test_a_pool_that_is_full_takes_no_places_from_another(named: Callable[..., Database]) -> None:
    """Its tasks wait longest, but for its own connections: those of the other pool would be ended for nothing."""
    db = named(max_size=2, max_connections=3, acquire_timeout=20)
    stop = threading.Event()

    async def one() -> None:
        while not stop.is_set():
            async with db.connection() as connection:
                await connection.afetch("SELECT 1")
                await asyncio.sleep(0.001)

    async def crowd() -> None:
        await asyncio.gather(*(one() for _ in range(30)))

    def blocking() -> None:
        while not stop.is_set():
            with db.connection() as connection:
                connection.fetch("SELECT 1")
                time.sleep(0.001)

    def figures(home: str) -> Any:
        return next((pool for pool in db.statistics.pools if (pool.home == "blocking") == (home == "blocking")), None)

    threads = [threading.Thread(target=blocking) for _ in range(4)]
    for thread in threads:
        thread.start()
    settle(lambda: figures("blocking").size == 2)
    threads.append(threading.Thread(target=asyncio.run, args=(crowd(),)))
    threads[-1].start()
    settle(lambda: figures("loop") is not None and figures("loop").size == 2)  # it was given one of the other's
    before = figures("blocking")
    settle(lambda: figures("blocking").statements > before.statements + 100, 20)
    opened = figures("blocking").opened - before.opened
    stop.set()
    for thread in threads:
        thread.join()
    assert opened < 20, "one for each use would be 100"
    assert idle(db)


# -- sweeps ------------------------------------------------------------------------------------------------------------


@on_both
@pytest.mark.parametrize("option", ["idle_timeout", "max_lifetime"])
def test_idle_and_old_connections_end_without_a_release(named: Callable[..., Database], option: str) -> None:
    db = named(max_size=3, **{option: 0.2})
    run(db.fetch("SELECT 1"))
    settle(lambda: db.statistics.pools[0].size == 0)

    async def loop() -> None:
        await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(3)))
        (pool,) = (pool for pool in db.statistics.pools if pool.home != "blocking")
        limit = time.monotonic() + 5
        while pool.size and time.monotonic() < limit:
            await asyncio.sleep(0.02)
            (pool,) = (pool for pool in db.statistics.pools if pool.home != "blocking")
        assert pool.size == 0

    asyncio.run(loop())
    assert db.budget.taken == 0
    assert run(db.fetch("SELECT 2"))[0][0] == 2


@on_both
def test_the_minimum_is_kept(named: Callable[..., Database]) -> None:
    db = named(min_size=1, max_size=3, idle_timeout=0.1)
    run(db.fetch("SELECT 1"))
    time.sleep(0.4)
    assert db.statistics.pools[0].size == 1


@on_both
def test_a_place_taken_from_a_loop_that_ends_leaves_nothing_open(named: Callable[..., Database]) -> None:
    """The other thread may come to end the connection when the loop has gone."""
    db = named(max_size=1)
    ended = threading.Event()
    taking: list[threading.Thread] = []

    async def last_query() -> None:
        await db.fetch("SELECT 1")
        (pool,) = (pool for loop, pool in db._pools.items() if loop is not None)
        connection: Any = pool.idle[0].connection
        terminate = connection.terminate

        def slowly() -> None:
            if threading.current_thread() in taking:
                ended.wait(20)
            terminate()

        connection.terminate = slowly
        taking.append(threading.Thread(target=pool.surrender_idle))
        taking[0].start()
        await asyncio.to_thread(settle, lambda: not pool.idle)

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        asyncio.run(last_query())
        ended.set()
        taking[0].join()
        taking.clear()
        gc.collect()
    assert [str(one.message) for one in complaints] == []
    assert db.budget.taken == 0


# -- sessions that die -------------------------------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_sessions_ended_under_load_lose_no_acknowledged_commit(named: Callable[..., Database]) -> None:
    """Each call succeeds or raises; what was acknowledged is there, what failed is not, but for ambiguous commits."""
    db = named(max_size=5, acquire_timeout=10)
    acknowledged: set[int] = set()
    ambiguous: set[int] = set()
    failures: list[BaseException] = []

    async def write(number: int, blocking: bool) -> None:
        def in_thread() -> None:
            with atomic():
                run(db.execute(f"INSERT INTO things VALUES ({number}, 0)"))
                time.sleep(random.random() * 0.005)

        try:
            if blocking:
                await asyncio.to_thread(in_thread)
            else:
                async with atomic():
                    await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
                    await asyncio.sleep(random.random() * 0.005)
            acknowledged.add(number)
        except AmbiguousCommit:
            ambiguous.add(number)
        except (OperationalError, InterfaceError) as error:
            failures.append(error)

    # A fast machine may be through with 300 writers before a session is ended in the middle of one: then 300 more.
    rounds = itertools.count()
    with Sessions(db, "load") as sessions:
        while not failures and (started := next(rounds) * 300) < 30_000:
            writers = [asyncio.create_task(write(started + one, one % 3 == 0)) for one in range(300)]
            while not all(writer.done() for writer in writers):
                await asyncio.sleep(0.02)
                await asyncio.to_thread(sessions.end_some, 0.3)
            await asyncio.gather(*writers)
    for pool in db._pools.values():
        while pool.idle:  # what was ended while idle is found at its next use
            pool.discard(pool.idle.pop())
    found = {row[0] for row in await db.fetch("SELECT id FROM things")}
    assert acknowledged <= found
    assert found <= acknowledged | ambiguous
    assert failures, "nothing was hit"
    assert idle(db)


class Undone(Exception):
    """What the nested block is left by."""


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.asyncio
async def test_a_block_whose_nested_one_could_not_be_undone_does_not_pass_for_saved(
    named: Callable[..., Database], depth: int
) -> None:
    """The error that ended the nested block is caught; that the session ended with it must be told at the end."""
    db = named()
    sessions = Sessions(db, "load")

    async def awaitable(left: int) -> None:
        async with atomic():
            await db.execute(f"INSERT INTO things VALUES ({left}, 0)")
            if left > 1:
                await awaitable(left - 1)
                return
            with contextlib.suppress(Undone):
                async with atomic():
                    sessions.end_all()
                    raise Undone

    def blocking(left: int) -> None:
        with atomic():
            run(db.execute(f"INSERT INTO things VALUES ({left}, 0)"))
            if left > 1:
                blocking(left - 1)
                return
            with contextlib.suppress(Undone), atomic():
                sessions.end_all()
                raise Undone

    try:
        with pytest.raises(OperationalError, match="nothing was saved"):
            await awaitable(depth)
        with pytest.raises(OperationalError, match="nothing was saved"):
            await asyncio.to_thread(blocking, depth)
    finally:
        sessions.server.close()
    assert await db.fetch("SELECT id FROM things") == []
    assert idle(db)
