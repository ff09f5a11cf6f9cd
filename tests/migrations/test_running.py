"""Applying migrations and taking them back, on every database in both colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.migrations.running import UnknownTarget
from tests.conftest import Run

SHOP = "tests.migrations.histories.shop"


@pytest.fixture(autouse=True)
def shop(no_tables: None) -> Iterator[None]:
    settings = orm.settings
    before = {"installed_apps": settings.installed_apps, "migration_modules": settings.migration_modules}
    orm.configure(installed_apps=[SHOP], migration_modules={})
    yield
    orm.configure(**before)


async def afetch(sql: str) -> list[tuple[Any, ...]]:
    async with orm.databases["default"].connection() as connection:
        return [tuple(row) for row in await connection.afetch(sql)]


async def test_forwards_back_and_to_a_point(database: Run) -> None:
    names = ["shop.0001_initial", "shop.0002_prices", "shop.0003_title"]
    assert await orm.amigrate() == names
    assert await afetch("SELECT title, cents FROM mt_shop_item ORDER BY cents") == [
        ("made by a coroutine", 1),
        ("made", 2),
    ]
    assert await orm.amigrate() == []
    assert await orm.amigrate("shop", "0001") == names[:0:-1]
    assert await afetch("SELECT name FROM mt_shop_item") == []
    assert await afetch("SELECT app, name FROM orm_migrations") == [("shop", "0001_initial")]
    assert await orm.amigrate("shop", "zero") == names[:1]
    assert await orm.amigrate("shop", "0002_prices") == names[:2]


async def test_fake_records_only(database: Run) -> None:
    await orm.amigrate("shop", "0001")
    assert len(await orm.amigrate(fake=True)) == 2
    assert await afetch("SELECT name FROM mt_shop_item") == []


async def test_fake_initial_takes_tables_that_are_there(database: Run) -> None:
    async with orm.databases["default"].connection() as connection:
        await connection.aexecute("CREATE TABLE mt_shop_item (id bigint PRIMARY KEY, name varchar(50) NOT NULL)")
    await orm.amigrate("shop", "0001", fake_initial=True)
    assert await afetch("SELECT app, name FROM orm_migrations") == [("shop", "0001_initial")]


async def test_a_failure_says_what_failed_and_records_nothing_of_it(database: Run) -> None:
    await orm.amigrate("shop", "0002")
    async with orm.databases["default"].connection() as connection:
        await connection.aexecute("ALTER TABLE mt_shop_item ADD title integer")
    with pytest.raises(orm.errors.DatabaseError) as caught:
        await orm.amigrate()
    note = "\n".join(caught.value.__notes__)
    assert "applying shop.0003_title, at operation 1 of 1 (Rename field name on Item to title)" in note
    assert 'ALTER TABLE "mt_shop_item" RENAME COLUMN "name" TO "title"' in note
    assert await afetch("SELECT name FROM orm_migrations") == [("0001_initial",), ("0002_prices",)]


async def test_what_is_not_there_is_named(database: Run) -> None:
    with pytest.raises(UnknownTarget, match="0001_initial, 0002_prices, 0003_title"):
        await orm.amigrate("shop", "0009")
    with pytest.raises(UnknownTarget, match="Apps with migrations: shop"):
        await orm.amigrate("shops")
