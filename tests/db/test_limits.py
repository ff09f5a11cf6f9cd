"""Limits of time: for a query, for the statements of a block, for its locks; in both colours, alone and in blocks."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from typing import Any

import pytest

from orm.bridge import iterate, run
from orm.bridge.clock import Clock
from orm.db.database_blocking import Database
from orm.db.limited_database import LimitedDatabase
from orm.db.limits import within
from orm.db.transactions.public import atomic
from orm.errors import DatabaseError, OperationalError, QueryTimeout, TransactionManagementError
from tests.db.things import idle

# Some ten seconds where nothing stops it.
LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40000000) SELECT count(*) FROM s"
WITHIN = 5.0


class Stopwatch:
    """``with Stopwatch():`` fails when what is inside took as long as the statement would."""

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *details: object) -> None:
        assert time.monotonic() - self.began < WITHIN


@pytest.mark.asyncio
async def test_a_query_in_async_code(db: Database) -> None:
    limited = LimitedDatabase(db, 0.05)
    with Stopwatch(), pytest.raises(QueryTimeout, match=r"limit of 0\.05 s"):
        await limited.fetch(LONG)
    assert (await limited.fetch("SELECT 1"))[0][0] == 1
    with Stopwatch():
        found = await asyncio.gather(*(limited.fetch(LONG) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [QueryTimeout] * 3
    with Stopwatch(), pytest.raises(QueryTimeout):
        async for _ in limited.stream(LONG, (), 10):
            pass
    assert [len(chunk) async for chunk in limited.stream("SELECT 1 UNION ALL SELECT 2", (), 1)] == [1, 1]
    assert await limited.execute("INSERT INTO things VALUES (1, 1)") == 1
    assert idle(db)


def test_a_query_in_blocking_code(db: Database) -> None:
    limited = LimitedDatabase(db, 0.05)
    with Stopwatch(), pytest.raises(QueryTimeout):
        run(limited.fetch(LONG))
    assert run(limited.fetch("SELECT 1"))[0][0] == 1
    with Stopwatch(), pytest.raises(QueryTimeout):
        list(iterate(limited.stream(LONG, (), 10)))
    assert run(limited.execute("INSERT INTO things VALUES (1, 1)")) == 1
    time.sleep(0.1)
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 1, "an alarm that was not needed does no harm"
    assert idle(db)


@pytest.mark.asyncio
async def test_the_statements_of_an_async_block(db: Database) -> None:
    with Stopwatch(), pytest.raises(QueryTimeout):
        async with atomic(statement_timeout=0.1):
            await db.execute("INSERT INTO things VALUES (1, 1)")
            await db.fetch(LONG)
    async with atomic(statement_timeout=0.1):
        for id in range(2, 8):
            await db.execute(f"INSERT INTO things VALUES ({id}, 1)")
            await asyncio.sleep(0.03)  # the limit is for one statement, not for the block
    assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 6
    assert idle(db)


def test_the_statements_of_a_blocking_block(db: Database) -> None:
    with Stopwatch(), pytest.raises(QueryTimeout), atomic(statement_timeout=0.1):
        run(db.execute("INSERT INTO things VALUES (1, 1)"))
        with atomic(statement_timeout=60):  # the stricter limit holds
            run(db.fetch(LONG))
    with atomic(statement_timeout=60):
        run(db.execute("INSERT INTO things VALUES (2, 1)"))
        run(LimitedDatabase(db, 30).execute("INSERT INTO things VALUES (3, 1)"))
        assert [row[0] for row in run(LimitedDatabase(db, 30).fetch("SELECT id FROM things ORDER BY id"))] == [2, 3]
    assert idle(db)


@pytest.mark.asyncio
async def test_a_limit_crosses_colours(db: Database) -> None:
    """The connection's own side keeps the limit, whoever waits."""
    with Stopwatch(), pytest.raises(QueryTimeout):
        async with atomic(statement_timeout=0.1):
            await asyncio.to_thread(run, db.fetch(LONG))

    def blocking() -> None:
        with atomic(statement_timeout=0.1):
            asyncio.run(db.fetch(LONG))  # type: ignore[arg-type]

    with Stopwatch(), pytest.raises(QueryTimeout):
        await asyncio.to_thread(blocking)
    assert idle(db)


@pytest.mark.only(backend="postgresql")
@pytest.mark.only(backend="sqlite")
@pytest.mark.asyncio
async def test_a_limit_for_locks(db: Database) -> None:
    await db.execute("INSERT INTO things VALUES (1, 1)")
    change = "UPDATE things SET n = n + 1 WHERE id = 1"

    def waits_in_vain() -> None:
        with Stopwatch(), pytest.raises(OperationalError, match="lock"), atomic(lock_timeout=0.2):
            run(db.execute(change))

    async with atomic():
        await db.execute(change)
        task = asyncio.get_running_loop().run_in_executor(None, waits_in_vain)  # in a context of its own
        await task

        async def waits_too() -> None:
            with Stopwatch(), pytest.raises(OperationalError, match="lock"):
                async with atomic(lock_timeout=0.2):
                    await db.execute(change)

        db.membership.set(None)
        await waits_too()
        with pytest.raises(TransactionManagementError, match="outermost"):
            async with atomic(read_only=True), atomic(lock_timeout=1):
                raise AssertionError
    assert (await db.fetch("SELECT n FROM things"))[0][0] == 2
    assert idle(db)


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), "1", True])
def test_what_is_no_limit(value: Any) -> None:
    for name in ("statement_timeout", "lock_timeout"):
        with pytest.raises((TypeError, ValueError), match=name):
            atomic(**{name: value})


# -- the clock, without a database -------------------------------------------------------------------------------------


def test_alarms_ring_in_order_and_can_be_cancelled() -> None:
    clock, calls, done = Clock(), list[int](), threading.Event()
    clock.call_later(0.10, lambda: (calls.append(3), done.set()))  # type: ignore[func-returns-value, arg-type]
    clock.call_later(0.02, lambda: calls.append(1))
    cancelled = clock.call_later(0.05, lambda: calls.append(2))
    assert cancelled.cancel() is False
    assert done.wait(WITHIN)
    assert calls == [1, 3]


def test_a_cancelled_alarm_under_way_is_waited_for() -> None:
    clock, began, calls = Clock(), threading.Event(), list[str]()

    def call() -> None:
        began.set()
        time.sleep(0.1)
        calls.append("ended")

    alarm = clock.call_later(0.0, call)
    assert began.wait(WITHIN)
    assert alarm.cancel() is True
    assert calls == ["ended"]


def test_an_alarm_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.ERROR, logger="orm.clock"):
        alarm = clock.call_later(0.0, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        limit = time.monotonic() + WITHIN
        while not caplog.records and time.monotonic() < limit:
            time.sleep(0.01)
    assert alarm.fired
    assert "ZeroDivisionError" in caplog.text


def test_a_fork_finds_no_clock_running() -> None:
    rang = threading.Event()
    from orm.bridge.clock import clock

    later = clock.call_later(60, rang.clear)  # keeps the thread that is looked at
    clock.call_later(0.3, rang.set)
    running = clock._thread
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        own = threading.Event()
        clock.call_later(0.05, own.set)
        os._exit(0 if own.wait(WITHIN) and not rang.wait(0.5) else 1)
    stopped = running is not None and not running.is_alive()  # it is another thread that goes on
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "the child's alarms are its own"
    assert stopped, "the program had a thread of ours while it forked"
    assert rang.wait(WITHIN), "the parent's alarms go on"
    later.cancel()


def test_errors_are_database_errors() -> None:
    assert issubclass(QueryTimeout, DatabaseError)


@pytest.mark.asyncio
async def test_a_stream_inside_a_block(db: Database) -> None:
    limited = LimitedDatabase(db, 0.05)
    with Stopwatch(), pytest.raises(QueryTimeout):
        async with atomic():
            async for _ in limited.stream(LONG, (), 10):
                pass
    with Stopwatch(), pytest.raises(QueryTimeout):
        async with atomic(), atomic():
            async for _ in limited.stream(LONG, (), 10):
                pass


@pytest.mark.asyncio
async def test_a_timeout_that_is_not_ours() -> None:
    async def fails() -> None:
        raise TimeoutError("of the driver's own")

    connection: Any = None
    with pytest.raises(TimeoutError, match="driver's own") as caught:
        await within(60, connection, fails())
    assert not isinstance(caught.value, QueryTimeout)
