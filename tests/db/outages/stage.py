"""What all outage tests need: scenarios run in either colour, limits of time, and a look at what is left."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg

from orm.bridge import drive
from orm.bridge.guard import running_loop
from orm.db.database_blocking import Database
from orm.errors import InterfaceError, OperationalError
from tests.servers import PrivateServer

NAME = "outages"
LOST = (OperationalError, InterfaceError)
"""What a call may raise when its server is gone."""
IN_TIME = 20.0
"""Seconds; what is bounded takes five at most on an idle machine, and what is not takes minutes, or for ever."""

Scenario = Callable[[], Coroutine[Any, Any, Any]]


def assert_whole(db: Database) -> None:
    """No place is taken by nobody."""
    for pool in db._pools.values():
        figures = pool.statistics
        assert (figures.busy, figures.waiting, len(pool.roster.permissions)) == (0, 0, 0), figures
        assert figures.size == figures.idle, figures
    assert db.budget.taken == sum(pool.size for pool in db.statistics.pools)


def sessions(server: PrivateServer) -> int:
    """Sessions of the library's at the server."""
    found: int = server.ask(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}'")
    return found


def rows(server: PrivateServer) -> set[int]:
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
