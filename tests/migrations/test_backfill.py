"""Backfills: every row once, also when the process is killed between batches and rows keep coming."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm import migrations, models
from orm.errors import NotSupportedError
from orm.migrations.state import ProjectState
from orm.migrations.steps import rows_of
from tests.conftest import Run
from tests.migrations.looking import Look

FILLED = "tests.migrations.histories.filled"


@pytest.fixture(autouse=True)
def filled(no_tables: None) -> Iterator[None]:
    before = {"installed_apps": orm.settings.installed_apps, "migration_modules": orm.settings.migration_modules}
    orm.configure(installed_apps=[FILLED], migration_modules={})
    yield
    orm.configure(**before)


async def rows(count: int) -> Any:
    await orm.amigrate("filled", "0001")
    return await insert(count)


async def insert(count: int) -> Any:
    async with orm.databases["default"].connection() as connection:
        values = ", ".join(["(0)"] * count)
        return await connection.aexecute(f"INSERT INTO mt_filled_row (number) VALUES {values}")


def numbers(database: Run) -> list[tuple[int, int]]:
    return Look(database).rows("SELECT number, COUNT(*) FROM mt_filled_row GROUP BY number ORDER BY number")


async def test_each_row_is_changed_once_and_progress_is_told(database: Run) -> None:
    await rows(48)
    told = []

    def progress(action: str, migration: Any = None, state: Any = None) -> None:
        if action == "operation_progress":
            told.append((state.done, state.total, state.seconds_left is not None))

    await orm.amigrate(progress=progress)
    assert numbers(database) == [(0, 5), (1, 43)]
    assert Look(database).rows("SELECT step FROM orm_backfills") == []
    assert told == [(10, 43, True), (20, 43, True), (30, 43, True), (40, 43, True), (43, 43, True)]


async def test_taken_back_and_run_again_it_begins_again(database: Run) -> None:
    await rows(20)
    await orm.amigrate()
    await orm.amigrate("filled", "0001")
    await orm.amigrate()
    assert numbers(database) == [(0, 5), (2, 15)]


async def test_a_table_without_rows_has_nothing_to_do(database: Run) -> None:
    await rows(1)
    await orm.amigrate()
    assert numbers(database) == [(0, 1)]


def test_it_ends_while_rows_keep_coming(database: Run) -> None:
    orm.migrate("filled", "0001")
    with orm.databases["default"].connection() as connection:
        connection.execute(f"INSERT INTO mt_filled_row (number) VALUES {', '.join(['(0)'] * 50)}")

    def busy(action: str, migration: Any = None, state: Any = None) -> None:
        if action == "operation_progress":
            with orm.databases["default"].connection() as connection:
                connection.execute(f"INSERT INTO mt_filled_row (number) VALUES {', '.join(['(0)'] * 20)}")

    orm.migrate(progress=busy)
    assert dict(numbers(database))[1] == 45


KILLED = """
import os, signal, orm
told = []
def progress(action, migration=None, state=None):
    if action == "operation_progress":
        told.append(state)
        if len(told) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
orm.configure({url!r}, installed_apps=[{app!r}])
orm.migrate(progress=progress)
"""


def test_killed_between_batches_it_goes_on_where_it_was(database: Run) -> None:
    orm.migrate("filled", "0001")
    with orm.databases["default"].connection() as connection:
        connection.execute(f"INSERT INTO mt_filled_row (number) VALUES {', '.join(['(0)'] * 48)}")
    code = KILLED.format(url=database.url, app=FILLED)
    ended = subprocess.run([sys.executable, "-c", code], cwd=os.getcwd(), env={**os.environ, "PYTHONPATH": "."})
    assert ended.returncode == -signal.SIGKILL
    assert numbers(database) == [(0, 28), (1, 20)]
    told = []
    orm.migrate(progress=lambda action, *rest: told.append(rest[1]) if action == "operation_progress" else None)
    assert numbers(database) == [(0, 5), (1, 43)]
    assert (told[0].resumed_at, told[0].done, told[-1].done) == (20, 30, 43)


@pytest.mark.only(colour="awaitable")  # a step has no blocking form of its own
async def test_a_batch_that_another_deployer_has_changed_is_not_changed_again(database: Run) -> None:
    await rows(25)
    row = orm.apps.get_model("filled", "Row")
    operation = migrations.Backfill("Row", {"number": models.F("number") + 1}, batch=10)
    async with orm.schema_editor() as editor:
        recorded = (await rows_of(editor)).filter(step="a step")
        await recorded.model.objects.acreate(step="a step", until="25", total=25)
    mine, theirs = [await recorded.aget() for _ in range(2)]
    assert await operation.step(row.objects.all(), recorded, theirs, operation.update, 10)
    assert not await operation.step(row.objects.all(), recorded, mine, operation.update, 10)
    assert numbers(database) == [(0, 15), (1, 10)]
    await recorded.adelete()


@pytest.mark.only(colour="awaitable")  # as above
async def test_where_another_deployer_came_to_the_end_nothing_is_left_to_do(database: Run) -> None:
    class Overtaken(migrations.Backfill):
        async def step(self, rows: Any, recorded: Any, *rest: Any) -> bool:
            await rows.aupdate(number=7)  # while this one looked for its batch, and then he forgot the record
            await recorded.adelete()
            return False

    await rows(25)
    row = orm.apps.get_model("filled", "Row")
    operation = Overtaken("Row", {"number": models.F("number") + 1})
    async with orm.schema_editor() as editor:
        await operation.fill(editor, row.objects.order_by("pk"), operation.update, "a step")
    assert numbers(database) == [(7, 25)]
    assert Look(database).rows("SELECT step FROM orm_backfills") == []


async def test_it_is_refused_inside_a_transaction(database: Run) -> None:
    await rows(1)
    fields = [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField(default=0))]
    made = migrations.CreateModel("Row", fields, options={"db_table": "mt_filled_row"})
    state = ProjectState()
    made.state_forwards("filled", state)
    with pytest.raises(NotSupportedError, match=r"set atomic = False on the migration"):
        async with orm.schema_editor() as editor:
            await migrations.Backfill("Row", {"number": 1}).adatabase_forwards("filled", editor, state, state)


@pytest.mark.parametrize(("update", "batch"), [({}, 10), ({"number": 1}, 0), ({"number": 1}, 2.5)])
def test_a_batch_has_rows_and_an_update_has_fields(update: dict[str, Any], batch: Any) -> None:
    with pytest.raises(ValueError, match="Backfill"):
        migrations.Backfill("Row", update, batch=batch)
