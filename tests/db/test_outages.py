"""Servers that are killed, networks that are cut, and peers that fall silent: in both colours, with both drivers.

Whatever happens, each call ends in time, with success or an ``OperationalError`` or ``InterfaceError``; what was
acknowledged is there; no place in a pool is lost; and as soon as there is a server again, it is used.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

import orm
from orm.bridge import drive, run
from orm.bridge.guard import running_loop
from orm.db.database_blocking import Database
from orm.db.limits import LimitedDatabase
from orm.db.registry import databases
from orm.db.transaction import atomic
from orm.errors import AmbiguousCommit, InterfaceError, OperationalError, QueryTimeout
from tests import colours, outages, servers
from tests.outages import Proxy

NAME = "outages"
LOST = (OperationalError, InterfaceError)
IN_TIME = 20.0
"""Seconds; what is bounded takes five at most on an idle machine, and what is not takes minutes, or for ever."""

pytestmark = pytest.mark.filterwarnings("error")

Scenario = Callable[[], Coroutine[Any, Any, Any]]


# -- the stage ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[servers.PrivateServer]:
    """A server of our own, with an empty table ``things (id, n)``."""
    try:
        with servers.private_server() as server:
            server.ask("CREATE TABLE things (id integer PRIMARY KEY, n integer NOT NULL)")
            yield server
    except servers.NoServer as reason:
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            raise
        pytest.skip(str(reason))


@pytest.fixture
def network(server: servers.PrivateServer) -> Iterator[Proxy]:
    """What is between the library and the server."""
    server.ask("TRUNCATE things")
    with colours.deadline(60), outages.proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def connect() -> Iterator[Callable[..., Database]]:
    """Make the default database: ``connect(port, **options)``. Afterwards no place in its pools is taken."""
    made: list[Database] = []

    def connect(port: int, **options: Any) -> Database:
        options = {"application_name": NAME, "max_size": 5, "acquire_timeout": 5, "connect_timeout": 2} | options
        query = "&".join(f"{name}={value}" for name, value in options.items())
        orm.configure({"default": f"postgresql://postgres@{servers.LOCALHOST}:{port}/postgres?{query}"})
        made.append(databases["default"])
        return made[-1]

    yield connect
    for db in made:
        assert_whole(db)
        db.terminate()


@pytest.fixture(params=["awaitable", "blocking"])
def colour(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["mute", "drop"])
def silence(request: pytest.FixtureRequest) -> str:
    """How the network falls silent: what is sent is acknowledged but not answered, or not even that."""
    if request.param == "drop" and not outages.can_drop:
        pytest.skip("dropping packets without privileges needs Linux's socket filters")
    name: str = request.param
    return name


def assert_whole(db: Database) -> None:
    """No place is taken by nobody."""
    for pool in db._pools.values():
        figures = pool.statistics
        assert (figures.busy, figures.waiting, pool.roster.opening) == (0, 0, 0), figures
        assert figures.size == figures.idle, figures
    assert db.budget.taken == sum(pool.size for pool in db.statistics.pools)


def sessions(server: servers.PrivateServer) -> int:
    """Sessions of the library's at the server."""
    found: int = server.ask(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}'")
    return found


def rows(server: servers.PrivateServer) -> set[int]:
    with psycopg.connect(server.url) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM things").fetchall()}


def settle(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + IN_TIME
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    assert condition()


def play(colour: str, *scenarios: Scenario) -> None:
    """Run scenarios side by side, as tasks of a loop in debug mode, which may complain of nothing, or in threads."""
    if colour == "blocking":
        play_in_threads(*scenarios)
        return
    complaints: list[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 60
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await asyncio.gather(*(scenario() for scenario in scenarios))

    asyncio.run(main(), debug=True)
    gc.collect()
    assert complaints == []


def play_in_threads(*scenarios: Scenario) -> None:
    errors: list[BaseException] = []

    def in_thread(scenario: Scenario) -> None:
        try:
            drive(scenario())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=in_thread, args=(scenario,), daemon=True) for scenario in scenarios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


class Stopwatch:
    """``with Stopwatch():`` fails when what is inside takes longer than it may."""

    def __init__(self, seconds: float = IN_TIME) -> None:
        self.seconds = seconds

    def __enter__(self) -> Stopwatch:
        self.began = time.monotonic()
        return self

    def __exit__(self, *details: object) -> None:
        self.took = time.monotonic() - self.began
        assert self.took < self.seconds


class Meeting:
    """A point that all scenarios reach; the last one there calls ``action`` before any goes on."""

    def __init__(self, parties: int, action: Callable[[], Any]) -> None:
        self._action = action
        self._barrier = threading.Barrier(parties, action)
        self._missing = parties
        self._open = asyncio.Event()

    async def all_there(self) -> None:
        if running_loop() is None:
            self._barrier.wait(IN_TIME)
            return
        self._missing -= 1
        if not self._missing:
            self._action()
            self._open.set()
        await self._open.wait()


# -- servers that fail -------------------------------------------------------------------------------------------------


class Load:
    """Writers that never stop: tasks, tasks that send a thread into their block, and threads. Notes how each call ended.

    A statement alone whose connection breaks may have been done: only COMMIT's outcome is ever promised.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.stop = threading.Event()
        self.numbers = count(1)
        self.acknowledged: set[int] = set()
        self.in_doubt: set[int] = set()
        self.failed: list[BaseException] = []
        self.longest = 0.0
        self.last: dict[str, float] = {}
        self.first_back: dict[str, float] = {}
        self.back = float("inf")

    async def write(self, number: int) -> None:
        await self.db.execute(f"INSERT INTO things VALUES ({number}, 0)")

    async def in_block(self, number: int) -> None:
        async with atomic():
            await self.write(number)
            await self.db.fetch("SELECT pg_sleep(0.002)")

    async def with_thread(self, number: int) -> None:
        async with atomic():
            await asyncio.to_thread(run, self.write(number))

    async def writer(self, name: str, way: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        """Write until told to stop."""
        while not self.stop.is_set():
            number, began = next(self.numbers), time.monotonic()
            try:
                await way(number)
            except AmbiguousCommit:
                self.in_doubt.add(number)
            except LOST as error:
                self.failed.append(error)
                if way == self.write:
                    self.in_doubt.add(number)
                await pause(0.01)
            else:
                self.acknowledged.add(number)
                self.last[name] = time.monotonic()
                if self.last[name] > self.back:
                    self.first_back.setdefault(name, self.last[name] - self.back)
            self.longest = max(self.longest, time.monotonic() - began)

    async def tasks(self) -> None:
        ways = [self.in_block, self.write, self.with_thread]
        await asyncio.gather(*(self.writer(f"task {number}", ways[number % 3]) for number in range(18)))

    def everybody(self) -> list[threading.Thread]:
        """A thread for the tasks, and threads that write themselves."""
        threads = [threading.Thread(target=play, args=("awaitable", self.tasks), daemon=True)]
        for number in range(6):
            way = [self.in_block, self.write][number % 2]
            scenario = self.writer(f"thread {number}", way)
            threads.append(threading.Thread(target=drive, args=(scenario,), daemon=True))
        return threads


async def pause(seconds: float) -> None:
    if running_loop() is None:
        time.sleep(seconds)  # noqa: ASYNC251  (no loop runs here)
    else:
        await asyncio.sleep(seconds)


@pytest.mark.parametrize("end", ["kill9", "fast"])
def test_a_server_that_ends_under_load(
    server: servers.PrivateServer, connect: Callable[..., Database], end: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.ask("TRUNCATE things")
    db = connect(server.port)
    load = Load(db)
    threads = load.everybody()
    for thread in threads:
        thread.start()
    settle(lambda: len(load.last) == 24 and len(load.acknowledged) > 200)
    server.kill9() if end == "kill9" else server.stop("fast")
    settle(lambda: len(load.failed) > 50)
    server.start(wait=False)
    settle(server.serves)
    load.back = time.monotonic()
    settle(lambda: len(load.first_back) == 24)
    load.stop.set()
    for thread in threads:
        thread.join(IN_TIME)
        assert not thread.is_alive()

    for kind in ("task", "thread"):
        first = min(seconds for name, seconds in load.first_back.items() if name.startswith(kind))
        assert first < 2, "from the first moment at which the server takes connections"
    assert load.longest < IN_TIME
    found = rows(server)
    assert load.acknowledged <= found
    assert found <= load.acknowledged | load.in_doubt
    assert_whole(db)
    settle(lambda: sessions(server) == sum(pool.size for pool in db.statistics.pools))
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_server_that_is_down_is_an_error_at_once(
    server: servers.PrivateServer, connect: Callable[..., Database], colour: str
) -> None:
    """Also while it starts, when it says so itself: nobody is kept waiting for a server that may come back."""
    db = connect(server.port)
    server.ask("TRUNCATE things")

    async def scenario() -> None:
        await db.fetch("SELECT 1")
        server.stop()
        try:
            with Stopwatch(), pytest.raises(LOST):
                await db.fetch("SELECT 1")
            with Stopwatch(), pytest.raises(OperationalError, match="can't connect to PostgreSQL at"):
                await db.fetch("SELECT 1")
        finally:
            server.start(wait=False)
        answers: list[Any] = []
        while not answers:
            with Stopwatch():
                try:
                    answers += await db.fetch("SELECT 1")
                except OperationalError as error:
                    assert "can't connect" in str(error)

    play(colour, scenario)


def test_a_restart_costs_a_pool_one_error(
    server: servers.PrivateServer, connect: Callable[..., Database], colour: str
) -> None:
    """Where one idle connection is found dead, the others are tried before they are used."""
    db = connect(server.port)
    meeting = Meeting(5, lambda: None)

    async def fill() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()

    async def scenario() -> None:
        server.restart()
        errors = 0
        for _ in range(10):
            try:
                await db.fetch("SELECT 1")
            except LOST:
                errors += 1
        assert errors <= 1
        (pool,) = (pool for pool in db.statistics.pools if (pool.home == "blocking") == (colour == "blocking"))
        assert pool.opened <= 5 + 5

    if colour == "blocking":
        play_in_threads(*[fill] * 5)
        drive(scenario())
    else:

        async def both() -> None:
            await asyncio.gather(*(fill() for _ in range(5)))
            await scenario()

        play(colour, both)


# -- networks that are cut ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["reset", "close"])
def how(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_cut_during_a_statement(
    server: servers.PrivateServer, network: Proxy, connect: Callable[..., Database], colour: str, how: str
) -> None:
    db = connect(network.port)

    async def scenario() -> None:
        for where in (b"BEGIN", b"things", b"SAVEPOINT", b"nested", b"RELEASE"):
            network.cut_at(where, how)
            with Stopwatch(), pytest.raises(LOST) as caught:
                async with atomic():
                    await db.execute("INSERT INTO things VALUES (1, 0)")
                    async with atomic():
                        await db.fetch("SELECT 1 AS nested")
            assert network.cut_is_over
            assert not isinstance(caught.value, AmbiguousCommit), where
            assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 0
        network.cut_at(b"alone", how, answered=True)
        with Stopwatch(), pytest.raises(LOST):
            await db.fetch("SELECT 1 AS alone")
        await db.fetch("SELECT 1")

    play(colour, scenario)
    settle(lambda: sessions(server) == sum(pool.size for pool in db.statistics.pools))


def test_cut_during_commit(
    server: servers.PrivateServer, network: Proxy, connect: Callable[..., Database], colour: str, how: str
) -> None:
    """Whether the server has committed can't be known, and that is what is said; hooks do not run."""
    db = connect(network.port)
    ran: list[int] = []

    async def scenario() -> None:
        for number, answered in enumerate((False, True)):
            network.cut_at(b"COMMIT", how, answered=answered)
            with Stopwatch(), pytest.raises(AmbiguousCommit):
                async with atomic():
                    await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
                    orm.on_commit(lambda: ran.append(1))
            found = await db.fetch("SELECT id FROM things")
            assert [row[0] for row in found] == ([1] if answered else [])

    play(colour, scenario)
    assert ran == []


def test_cut_during_a_stream(network: Proxy, connect: Callable[..., Database], colour: str, how: str) -> None:
    db = connect(network.port)
    series = "SELECT * FROM generate_series(1, 1000)"

    async def scenario() -> None:
        for inside in (False, True):
            with Stopwatch(), pytest.raises(LOST):
                if inside:
                    async with atomic():
                        await walk()
                else:
                    await walk()
            assert (await db.fetch("SELECT 1"))[0][0] == 1

    async def walk() -> None:
        chunks = db.stream(series, (), 10)
        try:
            await anext(chunks)
            network.cut(how)
            async for _ in chunks:
                pass
        finally:
            await chunks.aclose()

    play(colour, scenario)


def test_cut_while_idle(network: Proxy, connect: Callable[..., Database], colour: str, how: str) -> None:
    """The statement that finds it out may fail; the next does not."""
    db = connect(network.port)

    async def scenario() -> None:
        await db.fetch("SELECT 1")
        network.cut(how)
        try:
            await db.fetch("SELECT 1")
        except LOST:
            pass
        assert (await db.fetch("SELECT 2"))[0][0] == 2

    play(colour, scenario)


def test_refused(network: Proxy, connect: Callable[..., Database], colour: str) -> None:
    db = connect(network.port)

    async def scenario() -> None:
        await db.fetch("SELECT 1")
        network.refuse()
        network.cut("reset")
        for _ in range(3):
            with Stopwatch(), pytest.raises(LOST):
                await db.fetch("SELECT 1")
        network.listen()
        assert (await db.fetch("SELECT 2"))[0][0] == 2

    play(colour, scenario)
