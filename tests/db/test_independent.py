"""``independent()``: queries beside the current transaction; where there is one writer, no write beside a write."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

import orm
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.limited_database import LimitedDatabase
from orm.db.transactions.public import atomic, in_atomic_block, independent, on_commit
from orm.errors import TransactionManagementError
from orm.models import F, IntegerField, Model
from orm.testing import rolled_back
from tests.db.things import aids, idle

CREATE = "INSERT INTO things VALUES (7, 0)"
RETURNING = "INSERT INTO things VALUES (7, 0) RETURNING id"
WITH = "WITH given AS (SELECT 7 AS k) UPDATE things SET n = n + 1 WHERE id IN (SELECT k FROM given)"


class Thing(Model):
    n = IntegerField()

    class Meta:
        app_label = "tests_db"
        db_table = "things"


def one_writer(db: Database) -> bool:
    return db.dialect.capabilities.one_writer


def refused(db: Database) -> AbstractContextManager[Any]:
    """Where there is one writer, what is inside is refused before anything is sent; elsewhere it works."""
    return Refused(db) if one_writer(db) else nullcontext()


class Refused:
    def __init__(self, db: Database) -> None:
        self.db = db

    def statements(self) -> int:
        return sum(pool.statements for pool in self.db.statistics.pools)

    def __enter__(self) -> None:
        self.before = self.statements()
        self.raises = pytest.raises(TransactionManagementError, match=r"wait .* for itself.*on_commit")
        self.raises.__enter__()

    def __exit__(self, *details: Any) -> bool:
        caught = bool(self.raises.__exit__(*details))
        assert self.statements() == self.before, "no statement was run, and no connection taken"
        return caught


# -- every door of the database ----------------------------------------------------------------------------------------


async def streamed(db: Any) -> None:
    # Not every database's cursor takes a statement that writes.
    async for _ in db.stream(RETURNING if db.dialect.capabilities.one_writer else "SELECT 1", (), 10):
        pass


DOORS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "fetch": lambda db: db.fetch(RETURNING),
    "fetch_named": lambda db: db.fetch_named(RETURNING),
    "run_written": lambda db: db.run_written(RETURNING, None, True),
    "execute": lambda db: db.execute(CREATE),
    "with": lambda db: db.execute(WITH),
    "execute_many": lambda db: db.execute_many("UPDATE things SET n = 1 WHERE id = 7", [()]),
    "execute_script": lambda db: db.execute_script(f"SELECT 1; {' ' * 300}; {CREATE}"),
    "stream": streamed,
    "limited fetch": lambda db: LimitedDatabase(db, 30).fetch(RETURNING),
    "limited execute": lambda db: LimitedDatabase(db, 30).execute(CREATE),
    "limited stream": lambda db: streamed(LimitedDatabase(db, 30)),
    "schema": lambda db: db.execute_script("CREATE TABLE others (id integer); DROP TABLE others"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.asyncio
async def test_writes_of_async_code(db: Database, door: str) -> None:
    async with atomic():
        await db.fetch("SELECT 1")
        async with independent():
            with refused(db):
                await DOORS[door](db)
            assert await aids(db) in ([], [7])
        await db.execute("INSERT INTO things VALUES (1, 0)")
    assert idle(db)


@pytest.mark.parametrize("door", DOORS)
def test_writes_of_blocking_code(db: Database, door: str) -> None:
    def work() -> None:
        with atomic():
            run(db.fetch("SELECT 1"))
            with independent():
                with refused(db):
                    run(DOORS[door](db))  # type: ignore[arg-type]
                assert run(aids(db)) in ([], [7])

    work()
    assert idle(db)


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("afetch", (RETURNING,)),
        ("aexecute", (CREATE,)),
        ("aexecute_many", ("UPDATE things SET n = 1 WHERE id = 7", [()])),
        ("aexecute_script", (f"SELECT 1; {' ' * 300}; {CREATE}",)),
    ],
)
@pytest.mark.asyncio
async def test_writes_on_a_connection(db: Database, method: str, args: tuple[Any, ...]) -> None:
    def blocking() -> None:
        with atomic():
            run(db.fetch("SELECT 1"))
            with independent(), db.connection() as connection:
                connection.fetch("SELECT 1")
                with refused(db):
                    getattr(connection, method[1:])(*args)
                with refused(db), atomic():
                    pass
                with refused(db):
                    run(db.execute_script(f"SELECT 1; {' ' * 300}; DELETE FROM things"))

    async with atomic():
        await db.fetch("SELECT 1")
        async with independent():
            async with db.connection() as connection:
                await connection.afetch("SELECT 1")
                with refused(db):
                    await getattr(connection, method)(*args)
                with refused(db):
                    async with atomic():
                        pass
                async with atomic(read_only=True):
                    assert await aids(db) in ([], [7])
    await db.execute("DELETE FROM things")
    await asyncio.to_thread(blocking)
    assert idle(db)


# -- as users write it -------------------------------------------------------------------------------------------------

thing = Thing(pk=1, n=5)
WRITES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "create": (lambda: Thing.objects.acreate(pk=7, n=0), lambda: Thing.objects.create(pk=7, n=0)),
    "save": (lambda: thing.asave(force_insert=True), lambda: thing.save(force_insert=True)),
    "update": (
        lambda: Thing.objects.filter(pk=7).aupdate(n=F("n") + 1),
        lambda: Thing.objects.filter(pk=7).update(n=F("n") + 1),
    ),
    "delete": (lambda: Thing.objects.all().adelete(), lambda: Thing.objects.all().delete()),
    "bulk_create": (
        lambda: Thing.objects.abulk_create([Thing(pk=8, n=0), Thing(pk=9, n=0)]),
        lambda: Thing.objects.bulk_create([Thing(pk=8, n=0), Thing(pk=9, n=0)]),
    ),
    "bulk_update": (
        lambda: Thing.objects.abulk_update([Thing(pk=7, n=1), Thing(pk=8, n=1)], ["n"]),
        lambda: Thing.objects.bulk_update([Thing(pk=7, n=1), Thing(pk=8, n=1)], ["n"]),
    ),
    "get_or_create": (
        lambda: Thing.objects.aget_or_create(pk=70, defaults={"n": 1}),
        lambda: Thing.objects.get_or_create(pk=70, defaults={"n": 1}),
    ),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.asyncio
async def test_writes_of_models(db: Database, name: str) -> None:
    awaitable, blocking = WRITES[name]
    works = pytest.raises(TransactionManagementError, match="for itself") if one_writer(db) else nullcontext()

    def in_blocking_code() -> None:
        with atomic():
            Thing.objects.count()
            with independent():
                with works:
                    blocking()
                assert Thing.objects.filter(pk=99).count() == 0

    async with atomic():
        await Thing.objects.acount()
        async with independent():
            with works:
                await awaitable()
            assert await Thing.objects.filter(pk=99).acount() == 0
    await Thing.objects.all().adelete()
    await asyncio.to_thread(in_blocking_code)
    assert idle(db)


@pytest.mark.asyncio
async def test_a_transaction_of_its_own(db: Database) -> None:
    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 0)")
        async with independent():
            with refused(db):
                async with atomic():
                    assert not one_writer(db), "it was not entered"
            with refused(db):
                async with atomic(durable=True, isolation="serializable"):
                    await db.execute("INSERT INTO things VALUES (2, 0)")
            async with atomic(read_only=True):
                assert await aids(db) == ([] if one_writer(db) else [2])
                async with independent():  # the first transaction holds the lock, however far out
                    with refused(db):
                        await db.execute("INSERT INTO things VALUES (3, 0)")
            async with independent():
                with refused(db):
                    await db.execute("INSERT INTO things VALUES (4, 0)")
    assert await aids(db) == ([1] if one_writer(db) else [1, 2, 3, 4])
    assert idle(db)


# -- tasks and threads of the block ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_tasks_and_threads_of_an_independent_block_write_beside_the_transaction(db: Database) -> None:
    async def writes(id: int) -> None:
        with refused(db):
            await db.execute(f"INSERT INTO things VALUES ({id}, 0)")

    async def leaves(id: int) -> None:
        async with independent():
            await writes(id)

    def in_thread(id: int) -> None:
        with refused(db):
            run(db.execute(f"INSERT INTO things VALUES ({id}, 0)"))
        with independent(), refused(db), atomic():
            run(db.execute(f"INSERT INTO things VALUES ({id + 100}, 0)"))

    async with atomic():
        await db.fetch("SELECT 1")
        await asyncio.create_task(leaves(1))  # it has not used the transaction
        async with atomic(), independent():
            await asyncio.create_task(writes(2))
            await asyncio.to_thread(in_thread, 3)
            await asyncio.to_thread(lambda: asyncio.run(leaves(4)))
    assert await aids(db) == ([] if one_writer(db) else [1, 2, 3, 4, 103])
    assert idle(db)


@pytest.mark.asyncio
async def test_what_outlives_the_transaction_may_write(db: Database) -> None:
    go = asyncio.Event()
    started = threading.Event()
    ended = threading.Event()

    async def later() -> None:
        await go.wait()
        await db.execute("INSERT INTO things VALUES (2, 0)")
        async with atomic():
            await db.execute("INSERT INTO things VALUES (3, 0)")

    def in_thread() -> None:
        with db.connection() as connection:
            started.set()
            assert ended.wait(20)
            connection.execute("INSERT INTO things VALUES (4, 0)")

    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 0)")
        async with independent():
            task = asyncio.create_task(later())
            thread = threading.Thread(target=contextvars.copy_context().run, args=(in_thread,))
            thread.start()
            await asyncio.to_thread(started.wait, 20)
    go.set()
    await task
    ended.set()
    await asyncio.to_thread(thread.join)
    assert await aids(db) == [1, 2, 3, 4]
    assert idle(db)


# -- where nothing stands against it -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_beside_what_does_not_write(db: Database) -> None:
    async with db.connection():
        async with independent():
            await db.execute("INSERT INTO things VALUES (1, 0)")
            async with atomic():
                await db.execute("INSERT INTO things VALUES (2, 0)")
                async with independent():
                    with refused(db):
                        await db.execute("INSERT INTO things VALUES (3, 0)")
    async with atomic(read_only=True):
        assert len(await aids(db)) in (2, 3)
        async with atomic(), independent():
            await db.execute("INSERT INTO things VALUES (4, 0)")
            assert not in_atomic_block()
    async with independent():
        await db.execute("INSERT INTO things VALUES (5, 0)")
    assert await aids(db) == ([1, 2, 4, 5] if one_writer(db) else [1, 2, 3, 4, 5])
    assert idle(db)


@pytest.mark.asyncio
async def test_the_transaction_goes_on_afterwards(db: Database) -> None:
    called: list[str] = []
    async with atomic():
        async with independent():
            on_commit(lambda: called.append("at once"))
        await db.execute("INSERT INTO things VALUES (1, 0)")
        on_commit(lambda: called.append("after"))
        assert called == ["at once"]
        async with db.connection() as connection, independent():
            await connection.aexecute("INSERT INTO things VALUES (2, 0)")  # this connection is the transaction's
    assert (await aids(db), called) == ([1, 2], ["at once", "after"])


@pytest.mark.asyncio
async def test_a_kept_connection_is_the_transactions(db: Database) -> None:
    """Also with a nested block open, whose turn it is."""
    async with db.connection() as connection, atomic():
        await connection.aexecute("INSERT INTO things VALUES (1, 0)")
        async with independent():
            assert len(await connection.afetch("SELECT id FROM things")) == 1
            await connection.aexecute("INSERT INTO things VALUES (2, 0)")
    assert await aids(db) == [1, 2]
    assert idle(db)


@pytest.mark.only(backend="sqlite")
@pytest.mark.asyncio
async def test_another_database(db: Database, url: str) -> None:
    orm.configure({"default": url, "other": url.replace("test.db", "other.db")})
    other = orm.databases["other"]
    db = orm.databases["default"]
    await other.execute("CREATE TABLE things (id integer PRIMARY KEY, n integer NOT NULL)")
    async with atomic():
        async with independent("other"):
            await db.execute("INSERT INTO things VALUES (1, 0)")
            await other.execute("INSERT INTO things VALUES (1, 0)")
            async with atomic("other"), independent("default"):
                await other.execute("INSERT INTO things VALUES (2, 0)")
                with refused(db):
                    await db.execute("INSERT INTO things VALUES (2, 0)")
        async with independent():
            await other.execute("INSERT INTO things VALUES (3, 0)")
            with refused(db):
                await db.execute("INSERT INTO things VALUES (3, 0)")
    assert (await aids(db), await aids(other)) == ([1], [1, 2, 3])
    other.terminate()


def test_inside_a_test_that_is_rolled_back(db: Database) -> None:
    with rolled_back():
        run(db.execute("INSERT INTO things VALUES (1, 0)"))
        with independent():
            assert run(aids(db)) == []
            with refused(db):
                run(db.execute("INSERT INTO things VALUES (2, 0)"))
        with refused(db):
            asyncio.run(beside(db))
    assert run(aids(db)) == ([] if one_writer(db) else [2, 3])


async def beside(db: Database) -> None:
    async with independent():
        await db.execute("INSERT INTO things VALUES (3, 0)")


@pytest.mark.asyncio
async def test_a_capture_hears_what_was_refused(db: Database) -> None:
    async with orm.capture_queries() as queries:
        async with atomic():
            await db.fetch("SELECT 1")
            async with independent():
                await db.fetch("SELECT 2")
                with refused(db):
                    await db.execute(CREATE)
    assert [query.failed for query in queries] == [False, False, one_writer(db)]


@pytest.mark.asyncio
async def test_a_stream_that_writes_is_refused_while_somebody_listens(db: Database) -> None:
    sql = RETURNING if one_writer(db) else "SELECT 1"  # not every database's cursor takes a statement that writes
    async with orm.capture_queries(), atomic():
        await db.fetch("SELECT 1")
        async with independent(), db.connection() as connection:
            with refused(db):
                assert [row async for row in connection.astream(sql)]


@pytest.mark.asyncio
async def test_what_a_block_waited_for_is_not_told_by_a_query_beside_it(db: Database) -> None:
    ready, release = asyncio.Semaphore(0), asyncio.Event()

    async def holds() -> None:
        async with db.connection():
            ready.release()
            await release.wait()

    async def waits() -> None:
        async with atomic(read_only=True):
            async with independent():
                await db.fetch("SELECT 1")
            await db.fetch("SELECT 2")

    holders = [asyncio.create_task(holds()) for _ in range(db.url.pool.max_size)]
    for _ in holders:
        await ready.acquire()
    async with orm.capture_queries() as queries:
        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.2)
        release.set()
        await asyncio.gather(waiting, *holders)
    beside, own = queries
    assert (beside.sql, own.sql) == ("SELECT 1", "SELECT 2")
    assert own.waited > beside.waited
