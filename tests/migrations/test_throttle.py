"""Backfills give way: to who waits for their locks, and to replicas that are behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import psycopg
import pytest

import orm
from orm import migrations
from orm.db.transactions.public import atomic
from orm.migrations.operations.throttle import Throttle
from tests.conftest import Run
from tests.migrations.test_backfill import FILLED, rows
from tests.replication import Pair, pause
from tests.servers import NoServer


@pytest.fixture(autouse=True)
def filled(no_tables: None) -> Iterator[None]:
    apps, modules = orm.settings.installed_apps, orm.settings.migration_modules
    orm.configure(installed_apps=[FILLED], migration_modules={})
    yield
    orm.configure(installed_apps=apps, migration_modules=modules)


class Writer(threading.Thread):
    """Another session that changes the first row."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def run(self) -> None:
        with psycopg.connect(self.url) as session:
            session.execute("UPDATE mt_filled_row SET number = 7 WHERE id = 1")


def someone_waits(url: str) -> None:
    """Return once a session waits for a lock."""
    with psycopg.connect(url, autocommit=True) as session:
        while session.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
            pause(0.01)


async def look(throttle: Throttle, writer: Writer | None = None) -> None:
    """Change a row, and look whether somebody waits for it before the transaction ends."""
    async with atomic():
        await throttle.database.execute("UPDATE mt_filled_row SET number = 1 WHERE id = 1", ())
        if writer is not None:
            writer.start()
            someone_waits(writer.url)
        await throttle.look()


@pytest.mark.only(backend="postgresql", colour="awaitable")
async def test_batches_are_smaller_while_others_wait_for_their_locks(database: Run) -> None:
    await rows(20)
    told: list[str] = []
    throttle = Throttle(orm.databases["default"], 100, None, told.append)
    sizes = []
    for waits in (True, True, False, False, False):
        writer = Writer(database.url) if waits else None
        await look(throttle, writer)
        await throttle.rest(0.01)
        if writer is not None:
            writer.join()
        sizes.append(throttle.batch)
    assert sizes == [50, 25, 50, 100, 100]
    assert told == ["others that wait for locks"] * 2


@pytest.mark.only(colour="awaitable")
async def test_without_anybody_else_batches_stay_as_they_are(database: Run) -> None:
    await rows(20)
    told: list[str] = []
    throttle = Throttle(orm.databases["default"], 100, 0.1, told.append)
    await look(throttle)
    await throttle.rest(0.01)
    assert (throttle.batch, told) == (100, [])


@pytest.mark.parametrize("max_lag", [0, -1])
def test_a_lag_is_above_zero(max_lag: float) -> None:
    with pytest.raises(ValueError, match="max_lag"):
        migrations.Backfill("Row", {"number": 1}, max_lag=max_lag)


@pytest.fixture
def pair(database: Run) -> Iterator[Pair]:
    """A primary and its replica, with the database of the tests on the primary."""
    try:
        made = Pair()
    except NoServer as reason:
        pytest.skip(f"no pair of servers can be made here: {reason}")
    try:
        made.start()
        orm.configure({"default": made.primary.url})
        yield made
    finally:
        made.stop()
        orm.configure({"default": database.url})


@pytest.mark.slow
@pytest.mark.only(backend="postgresql")
def test_it_waits_for_a_replica_that_does_not_keep_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    orm.migrate("filled", "0001")
    with orm.databases["default"].connection() as connection:
        connection.execute(f"INSERT INTO mt_filled_row (number) VALUES {', '.join(['(0)'] * 30)}")
    pair.wait_for_replay()
    pair.replica.ask("SELECT pg_wal_replay_pause()")
    told: list[Any] = []

    def progress(action: str, migration: Any = None, state: Any = None) -> None:
        if action == "operation_progress":
            told.append((state.done, state.waits_for))
            if len([one for one in told if one[1]]) == 3:
                pair.replica.ask("SELECT pg_wal_replay_resume()")

    operation = import_module(f"{FILLED}.migrations.0002_number").Migration.operations[0]
    monkeypatch.setattr(operation, "max_lag", 0.001)
    orm.migrate(progress=progress)
    waited = [done for done, waits_for in told if waits_for == "a replica that is behind"]
    assert len(waited) >= 3
    assert waited[0] < 25
    assert told[-1] == (25, "")
