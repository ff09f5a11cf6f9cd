"""The setting ``declared_types``: on SQLite, SQL of the caller's reads values as their columns were declared."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.models import Max
from orm.sql.handwritten import RawSQL
from tests.query.models import Everything

pytestmark = pytest.mark.only(backend="sqlite")

AWARE = datetime.datetime(2024, 7, 1, 1, 30, 0, 500, tzinfo=datetime.UTC)
NAIVE = AWARE.replace(tzinfo=None)
DAY = datetime.date(2024, 7, 1)
TIME = datetime.time(12, 30)


@pytest.fixture
def declared() -> Iterator[None]:
    orm.configure(declared_types=True)
    yield
    orm.configure(declared_types=False)


async def everything() -> Any:
    row = await Everything.objects.acreate(datetime=AWARE, date=DAY, time=TIME, boolean=True)
    return Everything.objects.filter(pk=row.pk)


async def test_models_are_read_as_without_it(database: Any, declared: None) -> None:
    mine = await everything()
    row = await mine.aget()
    assert (row.datetime, row.date, row.time, row.boolean) == (AWARE, DAY, TIME, True)
    assert await mine.aaggregate(at=Max("datetime"), day=Max("date"), time=Max("time")) == {
        "at": AWARE, "day": DAY, "time": TIME
    }  # fmt: skip
    assert [day async for day in mine.dates("date", "month")] == [datetime.date(2024, 7, 1)]
    assert await mine.filter(datetime=AWARE, date=DAY, time=TIME, boolean=True).aexists()


async def test_models_are_read_without_zones_while_there_are_none(database: Any, declared: None) -> None:
    mine = await everything()
    orm.configure(use_tz=False)
    try:
        assert (await mine.aget()).datetime == NAIVE
    finally:
        orm.configure(use_tz=True)


async def test_columns_of_raw_sql_have_their_declared_types(database: Any, declared: None) -> None:
    mine = await everything()
    table = Everything._meta.db_table
    sql = f"SELECT *, datetime AS at, date AS day, time AS clock, boolean AS truth FROM {table}"
    row: Any = [row async for row in Everything.objects.raw(sql)][0]
    assert (row.at, row.day, row.clock, row.truth) == (NAIVE, DAY, TIME, True)
    assert (await mine.annotate(day=RawSQL("date")).aget()).day == DAY


async def test_brackets_in_the_name_of_a_column_say_its_type(database: Any, declared: None) -> None:
    await everything()
    table = Everything._meta.db_table
    sql = f'SELECT id, max(date) AS "day [date]" FROM {table} GROUP BY id'
    rows: list[Any] = [row async for row in Everything.objects.raw(sql)]
    assert [row.day for row in rows] == [DAY]


async def test_without_it_raw_sql_gives_what_sqlite_keeps(database: Any) -> None:
    mine = await everything()
    assert (await mine.annotate(day=RawSQL("date")).aget()).day == "2024-07-01"


@pytest.mark.parametrize("column", ["datetime", "date", "time"])
async def test_text_that_is_no_such_value_is_read_as_none(database: Any, declared: None, column: str) -> None:
    mine = await everything()
    await mine.aupdate(**{column: RawSQL("'nonsense'")})
    assert getattr(await mine.aget(), column) is None
