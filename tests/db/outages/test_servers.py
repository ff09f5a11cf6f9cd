"""Servers that are killed, stopped and started again: each call ends in time, and no acknowledged row is lost."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import pytest

from orm.bridge import drive, run
from orm.bridge.waiting import pause
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic
from orm.errors import AmbiguousCommit, OperationalError
from tests.db.outages.stage import (
    IN_TIME,
    LOST,
    Meeting,
    Stopwatch,
    assert_whole,
    play,
    play_in_threads,
    rows,
    sessions,
    settle,
)
from tests.servers import PrivateServer

pytestmark = pytest.mark.filterwarnings("error")


class Load:
    """Writers that never stop (tasks, tasks that send a thread into their block, and threads), and how each call ended.

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


@pytest.mark.parametrize("end", ["kill9", "fast"])
def test_a_server_that_ends_under_load(
    server: PrivateServer, connect: Callable[..., Database], end: str, caplog: pytest.LogCaptureFixture
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
    server: PrivateServer, connect: Callable[..., Database], colour: str
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


def test_a_restart_costs_a_pool_one_error(server: PrivateServer, connect: Callable[..., Database], colour: str) -> None:
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
