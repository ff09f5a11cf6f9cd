"""Applying migrations and taking them back, on every database in both colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import orm
from orm import migrations, models
from orm.errors import LockNotAvailable, NotSupportedError, ProgrammingError
from orm.migrations.running import UnknownTarget
from orm.migrations.state import ProjectState
from orm.models.signals import post_migrate, pre_migrate
from tests.conftest import Run

SHOP = "tests.migrations.histories.shop"


@pytest.fixture(autouse=True)
def shop(no_tables: None) -> Iterator[None]:
    settings = orm.settings
    before: dict[str, Any] = {
        "installed_apps": settings.installed_apps,
        "migration_modules": settings.migration_modules,
    }
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


async def test_receivers_are_told_of_the_models_before_and_after(database: Run) -> None:
    heard: list[Any] = []

    def receiver(sender: Any, apps: Any, verbosity: int, interactive: bool, plan: Any, **named: Any) -> None:
        fields = {model._meta.model_name: len(model._meta.fields) for model in apps.get_models()}
        heard.append((fields.get("item", 0), verbosity, interactive, len(plan), named["using"], named["stdout"]))

    pre_migrate.connect(receiver)
    post_migrate.connect(receiver)
    try:
        await orm.amigrate("shop", "0001", verbosity=2)
        await orm.amigrate("shop", "0003", interactive=True)
    finally:
        pre_migrate.disconnect(receiver)
        post_migrate.disconnect(receiver)
    assert [told[1:] for told in heard] == [
        (2, False, 1, "default", None),
        (2, False, 1, "default", None),
        (0, True, 2, "default", None),
        (0, True, 2, "default", None),
    ]
    nothing, first, again, more = (told[0] for told in heard)
    assert nothing == 0 < first == again < more


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


async def test_a_lock_that_others_keep_is_waited_for_no_longer_than_said(database: Run) -> None:
    await orm.amigrate("shop", "0002")
    if database.backend == "sqlite":
        with pytest.raises(NotSupportedError, match="lock_timeout"):
            await orm.amigrate(lock_timeout=1)
        return
    with psycopg.connect(database.url) as other:
        other.execute("SELECT count(*) FROM mt_shop_item")
        with pytest.raises(LockNotAvailable) as caught:
            await orm.amigrate(lock_timeout=0.05, lock_retries=0)
        assert "While applying shop.0003_title" in "".join(caught.value.__notes__)
    assert await afetch("SELECT name FROM orm_migrations ORDER BY 1") == [("0001_initial",), ("0002_prices",)]
    assert await afetch("SHOW lock_timeout") == [("0",)]


async def test_a_migration_that_did_not_get_a_lock_is_tried_again(database: Run) -> None:
    await orm.amigrate("shop", "0002")
    if database.backend == "sqlite":
        pytest.skip("SQLite has one lock, and a busy timeout of its own")
    missed = []
    with psycopg.connect(database.url) as other:
        other.execute("SELECT count(*) FROM mt_shop_item")

        def heard(action: str, migration: Any = None, attempt: Any = None) -> None:
            if action == "lock_missed":
                missed.append((str(migration), attempt))
                if attempt == 2:
                    other.rollback()

        assert await orm.amigrate(lock_timeout=0.05, progress=heard) == ["shop.0003_title"]
        other.execute("SELECT count(*) FROM mt_shop_item")
        with pytest.raises(LockNotAvailable, match="lock"):
            await orm.amigrate("shop", "0002", lock_timeout=0.05, lock_retries=1)
    assert missed == [("shop.0003_title", 1), ("shop.0003_title", 2)]
    assert await afetch("SELECT count(*) FROM mt_shop_item WHERE title IS NOT NULL") == [(2,)]


def test_the_editor_of_another_library_is_refused_in_words() -> None:
    migration = migrations.Migration("0001_initial", "shop")
    for run in (migration.apply, migration.unapply):
        with pytest.raises(TypeError, match=r"shop.0001_initial .* `from django.db import migrations, models`"):
            run(ProjectState(), object())


def test_a_name_that_a_renamed_table_keeps_is_explained() -> None:
    told = migrations.CreateModel("Book", []).remedy(ProgrammingError('relation "shop_book_a_id" already exists'))
    assert "Rename it in an operation before this one" in str(told)


def test_a_type_that_nothing_converts_to_is_explained() -> None:
    change = migrations.AlterField("Book", "id", models.UUIDField(primary_key=True))
    assert "Add a field of the new type beside it" in str(change.remedy(ProgrammingError("cannot cast type a to b")))
