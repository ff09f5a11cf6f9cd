"""Event loops that come and go, of both kinds, in many threads: their connections end with them."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

from orm.bridge import iterate, run
from orm.bridge.guard import policy
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, on_commit
from orm.errors import TransactionManagementError
from tests.db.sessions import SLOW_COMMIT, Sessions, settle

FACTORIES = [asyncio.new_event_loop, uvloop.new_event_loop]
both_kinds = pytest.mark.parametrize("factory", FACTORIES, ids=["asyncio", "uvloop"])


def count(db: Database) -> int:
    return int(run(db.fetch("SELECT count(*) FROM things"))[0][0])


async def use(db: Database, number: int) -> int:
    async with atomic():
        await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
        rows = await asyncio.to_thread(run, db.fetch("SELECT count(*) FROM things"))
    return int(rows[0][0])


@both_kinds
def test_twenty_loops_without_a_close(
    db: Database, sessions: Sessions, factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    threads = threading.active_count()
    kept: list[Any] = []

    async def main() -> None:
        await asyncio.gather(*(db.fetch("SELECT 1") for _ in range(5)))
        async with atomic():
            await db.fetch("SELECT 1")
        kept.append(db.stream("SELECT 1 UNION ALL SELECT 2", (), 1))
        await anext(kept[-1])  # left half way, and not even let go of

    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for _ in range(20):
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(main())
            assert caplog.messages == [], "the loop has nothing to complain of"
    assert [pool.home for pool in db.statistics.pools] in (["blocking"], [])
    sessions.settle_at(1)
    settle(lambda: threading.active_count() <= threads + 8)  # ours that are kept for the next call, not one a run


@both_kinds
def test_a_loop_that_ends_while_a_task_commits(db: Database, sessions: Sessions, factory: Any) -> None:
    """It cancels all its tasks, and waits for them: so for the outcome of COMMIT, which the hooks hear of."""
    slow = sessions.own is not None
    begun: list[asyncio.Task[None]] = []
    hooks: list[int] = []
    seen: set[tuple[int, int]] = set()

    async def block() -> None:
        async with atomic():
            await db.execute("INSERT INTO things VALUES (1, 0)")
            on_commit(lambda: hooks.append(1))

    async def main(turns: int) -> None:
        await db.fetch("SELECT 1")
        begun.append(asyncio.create_task(block()))
        for _ in range(turns):
            await asyncio.sleep(0)
        if slow:
            await asyncio.to_thread(settle, lambda: committing(sessions))

    if slow:
        run(db.execute_script(SLOW_COMMIT.format(seconds=0.5)))
    for turns in (0,) if slow else range(60):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main(turns))
        seen.add((count(db), len(hooks)))
        hooks.clear()
        run(db.execute("DELETE FROM things"))  # no lock is left
    assert seen <= {(0, 0), (1, 1)}
    assert not slow or (1, 1) in seen


def committing(sessions: Sessions) -> bool:
    """Whether a session is in COMMIT."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
    return bool(sessions.own.execute(f"{query} AND datname = current_database()").fetchone()[0])


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_both_kinds_of_loop_share_a_transaction(db: Database) -> None:
    async def add(number: int) -> None:
        await db.execute(f"INSERT INTO things VALUES ({number}, 0)")

    async def outer() -> None:
        async with atomic():
            await add(1)
            await asyncio.to_thread(lambda: asyncio.run(add(2)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(outer())
        with atomic():
            run(db.execute("INSERT INTO things VALUES (3, 0)"))
            runner.run(add(4), context=contextvars.copy_context())  # a Runner keeps the context it was first used in
    assert count(db) == 4


def test_loops_in_many_threads_at_once(db: Database, sessions: Sessions) -> None:
    """Some come and go while others work; the last ones find no more connections than the first."""
    errors: list[BaseException] = []

    def loops(number: int) -> None:
        factory = FACTORIES[number % 2]
        try:
            for turn in range(4):
                with asyncio.Runner(loop_factory=factory) as runner:
                    for step in range(1 + number % 3):
                        runner.run(use(db, number * 100 + turn * 10 + step))
                run(db.fetch("SELECT 1"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=loops, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(db) == 4 * sum(1 + number % 3 for number in range(6))
    (pool,) = db.statistics.pools
    assert (pool.home, pool.busy) == ("blocking", 0)
    assert db.budget.taken == pool.size
    sessions.settle_at(pool.size)


@both_kinds
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_loop_that_is_only_closed(db: Database, sessions: Sessions, factory: Any) -> None:
    """Nobody tells the pool, and it notices; asyncpg's ResourceWarning is in docs/transactions.md."""
    loops = [factory() for _ in range(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for loop in loops:
            loop.run_until_complete(use(db, id(loop) % 2**20))
            loop.close()
        settle(lambda: [pool.home for pool in db.statistics.pools if pool.size] == ["blocking"], 20)
        sessions.settle_at(sum(pool.size for pool in db.statistics.pools))
        del loop
        loops.clear()
        gc.collect()
    assert db.budget.taken == sum(pool.size for pool in db.statistics.pools)
    assert count(db) == 2


# -- notebooks ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def notebook() -> Iterator[None]:
    """A loop is running, and blocking forms may block it."""
    policy.allow_blocking = True
    yield
    policy.allow_blocking = None


@pytest.mark.asyncio
async def test_blocking_cells_between_awaited_ones(db: Database, notebook: None) -> None:
    """``with`` and ``await`` by turns, as the cells of a notebook: each transaction is whole."""
    for number in range(0, 30, 10):
        with atomic():
            run(db.execute(f"INSERT INTO things VALUES ({number}, 0)"))
            with pytest.raises(LookupError), atomic():
                run(db.execute(f"INSERT INTO things VALUES ({number + 1}, 0)"))
                raise LookupError
            assert [row[0] for rows in iterate(db.stream("SELECT 7", (), 1)) for row in rows] == [7]
        assert await use(db, number + 2) == (number // 10 + 1) * 2
        with pytest.raises(LookupError), atomic():
            await db.execute(f"INSERT INTO things VALUES ({number + 3}, 0)")  # joins the blocking block
            raise LookupError
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 6


@pytest.mark.asyncio
async def test_a_blocking_cell_inside_an_awaited_transaction(db: Database, kind: str, notebook: None) -> None:
    """The loop that is blocked is the transaction's own: that is said at once, and the transaction goes on."""
    async with atomic():
        await db.execute("INSERT INTO things VALUES (1, 0)")
        with pytest.raises(TransactionManagementError, match="blocked waiting for this very call"):
            run(db.execute("INSERT INTO things VALUES (2, 0)"))
        await db.execute("INSERT INTO things VALUES (3, 0)")
    assert run(db.fetch("SELECT count(*) FROM things"))[0][0] == 2
