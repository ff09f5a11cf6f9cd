"""The exception sweep over what is done with blocks and connections besides entering and leaving them.

Streams, batches, connections of one's own, savepoints that are rolled back, transactions that only read, queries beside
a transaction: an exception comes at each seventh line of them, since all lines would take a quarter of an hour.
Afterwards what was asked for is done wholly or not at all, nothing is held, and the next block's row is there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import orm
from orm import models
from orm.bridge import iterate, run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, independent
from orm.errors import IntegrityError
from tests.db.sessions import Sessions
from tests.db.test_exception_sweep import LONG, Injected, Injector
from tests.db.things import aadd, add, idle, ids

SERIES = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40) SELECT n FROM s"
FIRST, SECOND, NEXT = 1, 2, 3


class Thing(models.Model):
    """A row of the table ``things``, for what takes a model."""

    n = models.IntegerField()

    class Meta:
        app_label = "exception_sweep"
        db_table = "things"


class Undone(Exception):
    """What makes a block roll back."""


# -- what is swept: each adds FIRST and SECOND, or neither -------------------------------------------------------------


def a_stream(db: Database) -> None:
    with atomic():
        add(db, FIRST)
        stream = iterate(db.stream(SERIES, (), 10))
        next(stream)
        with atomic():
            add(db, SECOND)
            next(stream)
        for _ in iterate(db.stream(SERIES, (), 10)):
            pass


async def a_stream_awaited(db: Database) -> None:
    async with atomic():
        await aadd(db, FIRST)
        stream = db.stream(SERIES, (), 10)
        await anext(stream)
        async with atomic():
            await aadd(db, SECOND)
            await anext(stream)
        await stream.aclose()


def a_batch(db: Database) -> None:
    with orm.batch():
        Thing(id=FIRST, n=0).save(force_insert=True)
        Thing.objects.count()
        Thing(id=SECOND, n=0).save(force_insert=True)


async def a_batch_awaited(db: Database) -> None:
    async with orm.batch():
        await Thing(id=FIRST, n=0).asave(force_insert=True)
        await Thing.objects.acount()
        await Thing(id=SECOND, n=0).asave(force_insert=True)


def a_connection(db: Database) -> None:
    with db.connection() as connection, atomic():
        connection.execute(f"INSERT INTO things VALUES ({FIRST}, 0)")
        for _ in connection.stream(SERIES, (), 10):
            pass
        connection.execute_script(f"INSERT INTO things VALUES ({SECOND}, 0)")


async def a_connection_awaited(db: Database) -> None:
    async with db.connection() as connection, atomic():
        await connection.aexecute(f"INSERT INTO things VALUES ({FIRST}, 0)")
        async for _ in connection.astream(SERIES, (), 10):
            pass
        await connection.aexecute_script(f"INSERT INTO things VALUES ({SECOND}, 0)")


def savepoints(db: Database) -> None:
    with atomic():
        add(db, FIRST)
        with contextlib.suppress(IntegrityError), atomic():
            add(db, FIRST)
        with contextlib.suppress(Undone), atomic():
            raise Undone
        with atomic(savepoint=False):
            add(db, SECOND)


async def savepoints_awaited(db: Database) -> None:
    async with atomic():
        await aadd(db, FIRST)
        with contextlib.suppress(IntegrityError):
            async with atomic():
                await aadd(db, FIRST)
        with contextlib.suppress(Undone):
            async with atomic():
                raise Undone
        async with atomic(savepoint=False):
            await aadd(db, SECOND)


def only_reading(db: Database) -> None:
    with atomic():
        add(db, FIRST, SECOND)
    with atomic(read_only=True, statement_timeout=60):
        ids(db)


def beside(db: Database) -> None:
    """What follows a use of ``independent()`` that was broken off is in the transaction again, and undone with it."""
    with contextlib.suppress(Undone), atomic():
        with contextlib.suppress(Injected), independent():
            db.membership.get()
        add(db, FIRST)
        raise Undone


BLOCKING = [a_stream, a_batch, a_connection, savepoints, only_reading, beside]
AWAITABLE = [a_stream_awaited, a_batch_awaited, a_connection_awaited, savepoints_awaited]


# -- the sweep ---------------------------------------------------------------------------------------------------------


def blocking(use: Callable[[Database], None], db: Database, at: int) -> tuple[bool, int]:
    """Use it, broken off at one line (0: nowhere), then a block; say whether it ended well, after how many lines."""
    well = False
    with contextlib.suppress(Injected), Injector(at) as injector:
        use(db)
        well = True
    with atomic():
        add(db, NEXT)
    return well, injector.count


def awaitable(use: Callable[[Database], Coroutine[Any, Any, None]], db: Database, at: int) -> tuple[bool, int]:
    async def main() -> tuple[bool, int]:
        well = False
        await db.fetch("SELECT 1")
        with contextlib.suppress(Injected), Injector(at) as injector:
            await use(db)
            well = True
        async with atomic():
            await aadd(db, NEXT)
        return well, injector.count

    return asyncio.run(asyncio.wait_for(main(), 20))


def sweep(attempt: Callable[[int], tuple[bool, int]], db: Database, sessions: Sessions) -> None:
    for _ in range(2):  # what is done once only is done the first time
        _, lines = attempt(0)
        whole = ids(db)
        run(db.execute("DELETE FROM things"))
    assert lines > 100
    wrong = []
    for at in range(1 + lines % LONG, lines + 1, LONG):
        try:
            well, _ = attempt(at)
        except Exception as error:
            wrong.append(f"line {at}: {error!r}")
            well = False
        if ids(db) not in ([whole] if well else [whole, [NEXT]]):
            wrong.append(f"line {at}: the rows are {ids(db)}")
        if not idle(db):
            wrong.append(f"line {at}: a connection is held")
            db.terminate()
        sessions.settle_at(0, state="idle in transaction%")
        run(db.execute("DELETE FROM things"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # one that was made at the line that is hit
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("use", BLOCKING)
def test_in_blocking_code(db: Database, sessions: Sessions, use: Callable[[Database], None]) -> None:
    sweep(lambda at: blocking(use, db, at), db, sessions)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("use", AWAITABLE)
def test_in_async_code(db: Database, sessions: Sessions, use: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    sweep(lambda at: awaitable(use, db, at), db, sessions)
