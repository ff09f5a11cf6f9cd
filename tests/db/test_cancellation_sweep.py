"""The cancellation sweep: a scenario is broken off at its first wait, its second, and so on to its last.

After each break the pool is whole, no session is in a transaction or busy, the next query works, and ``on_commit``
functions ran if and only if the rows are there.

Every coroutine of the scenario, also those the library starts itself, runs inside ``Steps``, which counts their waits
and breaks the scenario off at the chosen one: *early*, while what it waits for is under way, or *late*, in the same
turn of the loop in which the answer arrives. Blocking code is interrupted at each line of the drivers.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import psycopg
import pytest

import orm
import orm_postgresql
import orm_sqlite
from orm.bridge import iterate, run
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic, on_commit

DRIVERS = tuple(str(Path(package.__file__ or "").parent) for package in (orm_sqlite, orm_postgresql))
SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 6) SELECT n FROM s"
SESSIONS = (  # in this database: another run of these tests may be at work in its own
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sweep' AND datname = current_database()"
)
MOST_STEPS = 400
PATIENCE = 5.0


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """The database under test, recognisable at the server, with a pool of two and an empty table."""
    name = "&application_name=sweep" if url.startswith("postgresql") else ""
    orm.configure({"default": f"{url.partition('?')[0]}?max_size=2&acquire_timeout=2{name}"})
    database = databases["default"]
    run(database.execute_script("DROP TABLE IF EXISTS things; CREATE TABLE things (id integer PRIMARY KEY, n integer)"))
    run(database.aclose())
    yield database
    database.terminate()


# -- what has to hold afterwards ---------------------------------------------------------------------------------------


class Witness:
    """Looks at the database from outside, with a raw driver."""

    def __init__(self, db: Database) -> None:
        self.db = db
        if db.url.scheme == "postgresql":
            url = f"postgresql://{db.url.user}@{db.url.host}:{db.url.port}/{db.url.database}"
            self.server: Any = psycopg.connect(url, autocommit=True)
        else:
            self.server = sqlite3.connect(db.url.database, timeout=0, isolation_level=None)

    def close(self) -> None:
        self.server.close()

    def is_quiet(self) -> bool:
        """No session of ours runs a statement, is in a transaction, or holds a lock."""
        if self.db.url.scheme == "postgresql":
            return bool(self.server.execute(f"{SESSIONS} AND state <> 'idle'").fetchone()[0] == 0)
        try:
            self.server.execute("BEGIN EXCLUSIVE")
            self.server.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        return True

    def sessions(self) -> int:
        if self.db.url.scheme != "postgresql":
            return 0
        return int(self.server.execute(SESSIONS).fetchone()[0])

    def rows(self) -> list[int]:
        return [row[0] for row in self.server.execute("SELECT id FROM things ORDER BY id").fetchall()]

    def empty(self) -> None:
        self.server.execute("DELETE FROM things")

    def settle(self, what: str, holds: Callable[[], bool]) -> None:
        """The server hears of a closed socket a moment later."""
        limit = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < limit, what
            time.sleep(0.002)

    def check(self, where: str, hooks: list[str], left: bool) -> None:
        """All that must hold after the scenario was broken off ``where``."""
        for pool in self.db._pools.values():
            figures = pool.statistics
            assert (figures.busy, figures.waiting, len(pool.roster.permissions)) == (0, 0, 0), f"{where}: {figures}"
            assert figures.size == figures.idle <= 2, where
            assert all(not entry.connection.in_transaction for entry in pool.idle), where
        self.settle(f"{where}: a session is busy", self.is_quiet)
        size = sum(pool.statistics.size for pool in self.db._pools.values())
        self.settle(f"{where}: a session too many", lambda: self.sessions() <= size)
        rows = self.rows()
        assert [id for id in rows if id < 10] in ([], [1, 2]), where
        assert hooks == (["hook"] if 1 in rows else []), f"{where}: rows {rows}, hooks {hooks}"
        assert rows in ([], [1, 2], [1, 2, 10]), where
        assert not left or rows == [1, 2, 10], where
        self.empty()


@pytest.fixture
def witness(db: Database) -> Iterator[Witness]:
    made = Witness(db)
    yield made
    made.close()


# -- the scenario ------------------------------------------------------------------------------------------------------


class Undone(Exception):
    """What makes the scenario's blocks roll back."""


async def scenario(db: Database, hooks: list[str]) -> None:
    """Acquire, begin, query, stream, nested blocks kept and undone, commit, rollback, a lease, statements alone."""
    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 1)")
        on_commit(lambda: hooks.append("hook"))
        chunks = db.stream(SERIES, (), 2)
        try:
            async for _ in chunks:
                pass
        finally:
            await chunks.aclose()
        async with atomic():
            await db.execute("INSERT INTO things VALUES (2, 2)")
        try:
            async with atomic():
                await db.execute("INSERT INTO things VALUES (3, 3)")
                raise Undone
        except Undone:
            pass
    try:
        async with atomic():
            await db.execute("INSERT INTO things VALUES (4, 4)")
            raise Undone
    except Undone:
        pass
    async with db.connection() as connection:
        await connection.afetch("SELECT 1")
    chunks = db.stream(SERIES, (), 2)
    try:
        async for _ in chunks:
            break
    finally:
        await chunks.aclose()
    await db.execute("INSERT INTO things VALUES (10, 10)")
    await db.fetch("SELECT 2")


def blocking_scenario(db: Database, hooks: list[str]) -> None:
    """The same in blocking code."""
    with atomic():
        run(db.execute("INSERT INTO things VALUES (1, 1)"))
        on_commit(lambda: hooks.append("hook"))
        for _ in iterate(db.stream(SERIES, (), 2)):
            pass
        with atomic():
            run(db.execute("INSERT INTO things VALUES (2, 2)"))
        try:
            with atomic():
                run(db.execute("INSERT INTO things VALUES (3, 3)"))
                raise Undone
        except Undone:
            pass
    try:
        with atomic():
            run(db.execute("INSERT INTO things VALUES (4, 4)"))
            raise Undone
    except Undone:
        pass
    with db.connection() as connection:
        connection.fetch("SELECT 1")
    chunks = iterate(db.stream(SERIES, (), 2))
    next(chunks)
    chunks.close()
    run(db.execute("INSERT INTO things VALUES (10, 10)"))
    run(db.fetch("SELECT 2"))


# -- breaking off at the n-th wait -------------------------------------------------------------------------------------


class Breaker:
    """Counts the waits of a scenario and calls ``strike`` at the chosen one."""

    def __init__(self, at: int, late: bool) -> None:
        self.at = at
        self.late = late
        self.waits = 0
        self.struck = False
        self.strike: Callable[[], Any] = lambda: None

    def waiting(self, future: Any) -> None:
        self.waits += 1
        if self.waits != self.at:
            return
        self.struck = True
        loop = asyncio.get_running_loop()
        if self.late and future is not None:
            future.add_done_callback(lambda _: self.strike())
        else:
            loop.call_soon(self.strike)


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose every wait is shown to a breaker."""

    def __init__(self, inner: Any, breaker: Breaker) -> None:
        self.inner = inner
        self.breaker = breaker

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        future = self.inner.send(value)
        self.breaker.waiting(future)
        return future

    def throw(self, *error: Any) -> Any:
        future = self.inner.throw(*error)
        self.breaker.waiting(future)
        return future

    def close(self) -> None:
        self.inner.close()


def watch_children(breaker: Breaker) -> None:
    """Count the waits of the tasks that the library starts, too."""

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(Steps(coroutine, breaker), loop=loop, **options)

    asyncio.get_running_loop().set_task_factory(factory)


async def break_off(db: Database, breaker: Breaker, how: str, hooks: list[str]) -> None:
    """Run the scenario until the breaker strikes, by cancellation or by a timeout."""
    watch_children(breaker)
    try:
        if how == "scope":  # anyio's cancel scopes cancel again at every wait until they are left
            with anyio.CancelScope() as scope:
                breaker.strike = scope.cancel
                await Steps(scenario(db, hooks), breaker)
            return
        if how == "cancel":
            task = asyncio.get_running_loop().create_task(scenario(db, hooks))
            breaker.strike = task.cancel
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()
            return
        try:
            async with asyncio.timeout(None) as limit:
                breaker.strike = lambda: None if limit.expired() else limit.reschedule(0)
                await Steps(scenario(db, hooks), breaker)
        except TimeoutError:
            assert breaker.struck
    finally:
        breaker.strike = lambda: None
        asyncio.get_running_loop().set_task_factory(None)


@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("start", ["cold", "warm"])
@pytest.mark.asyncio
async def test_cancelled_at_every_wait(db: Database, witness: Witness, start: str, late: bool) -> None:
    await sweep(db, witness, "cancel", start, late)


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_timed_out_at_every_wait(db: Database, witness: Witness) -> None:
    await sweep(db, witness, "timeout", "warm", False)


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_left_through_a_cancel_scope_at_every_wait(db: Database, witness: Witness) -> None:
    """No connection is lost by it: one that waits for the server to drop a statement is not given up."""
    await sweep(db, witness, "scope", "warm", False)
    (pool,) = (pool.statistics for home, pool in db._pools.items() if home is not None)
    assert pool.opened <= 2


async def sweep(db: Database, witness: Witness, how: str, start: str, late: bool) -> None:
    complaints = list[str]()
    gc.freeze()  # so that looking through what is new takes no time
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
    if start == "warm":
        await db.fetch("SELECT 1")
    for at in range(1, MOST_STEPS):
        if start == "cold":
            await db.aclose()
        breaker, hooks = Breaker(at, late), list[str]()
        await break_off(db, breaker, how, hooks)
        witness.check(f"{how} at wait {at}", hooks, not breaker.struck)
        assert (await db.fetch("SELECT 3"))[0][0] == 3
        gc.collect()  # futures that nobody asked complain when they are collected
        assert not complaints, f"{how} at wait {at}"
        if not breaker.struck:
            assert at > 20, "the scenario waits more often than that"
            gc.unfreeze()
            return
    raise AssertionError("the scenario has no end")


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.asyncio
async def test_wait_for_after_any_time(db: Database, witness: Witness) -> None:
    await db.fetch("SELECT 1")
    seconds = 0.0002
    ended = False
    while not ended and seconds < PATIENCE:
        hooks = list[str]()
        try:
            await asyncio.wait_for(scenario(db, hooks), seconds)
            ended = True
        except TimeoutError:
            pass
        witness.check(f"wait_for {seconds}", hooks, ended)
        assert (await db.fetch("SELECT 3"))[0][0] == 3
        seconds *= 1.3
    assert ended


# -- blocking code -----------------------------------------------------------------------------------------------------


class Interrupts:
    """Presses Ctrl-C at the n-th line that runs in a driver."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.lines = 0
        self.where = ""

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self.line if frame.f_code.co_filename.startswith(DRIVERS) else None

    def line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                self.where = f"{frame.f_code.co_qualname}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return self.line


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_interrupted_at_every_line_of_the_driver(db: Database, witness: Witness, start: str) -> None:
    run(db.fetch("SELECT 1"))
    for at in range(1, 10 * MOST_STEPS):
        if start == "cold":
            run(db.aclose())
        interrupts, hooks = Interrupts(at), list[str]()
        before = sys.gettrace()
        sys.settrace(interrupts.enter)
        try:
            blocking_scenario(db, hooks)
            ended = True
        except KeyboardInterrupt:
            ended = False
        finally:
            sys.settrace(before)
        witness.check(f"line {at}, {interrupts.where}", hooks, ended and not interrupts.where)
        assert run(db.fetch("SELECT 3"))[0][0] == 3
        if not interrupts.where:
            return
    raise AssertionError("the scenario has no end")
