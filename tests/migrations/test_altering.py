"""Changes of a column that move its key, its indexes or its NULLs, seen in the database and in its rows."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest

import orm
from orm import models
from orm.errors import IntegrityError
from orm.models.apps import Apps
from orm.sql.functions import Collate
from tests.conftest import Run
from tests.migrations.looking import Look
from tests.migrations.test_schema_editor import afetch
from tests.migrations.things import field, model


async def made(*kinds: Any) -> None:
    async with orm.schema_editor() as editor:
        for kind in kinds:
            await editor.acreate_model(kind)


def test_a_copied_field_is_another_one() -> None:
    thing = model("Thing", name=models.TextField())
    first = thing._meta.get_field("name")
    second = copy.copy(first)
    second.null = True
    assert second is not first
    assert not first.null
    assert second.model is thing


async def test_a_key_the_database_numbers_comes_where_another_key_was(database: Run) -> None:
    thing = model("Thing", name=models.CharField(max_length=9, primary_key=True))
    await made(thing)
    await thing.objects.acreate(name="a")
    async with orm.schema_editor() as editor:
        old = thing._meta.get_field("name")
        await editor.aalter_field(thing, old, field(models.CharField(max_length=9), "name", thing))
        await editor.aadd_field(thing, field(models.BigAutoField(primary_key=True), "id", thing))
    after = model("Thing", name=models.CharField(max_length=9))
    await after.objects.acreate(name="a")
    assert len(set(await afetch("SELECT id FROM mt_thing"))) == 2


async def test_a_numbered_key_gives_way_to_another(database: Run) -> None:
    before = model("Thing", code=models.UUIDField(default=uuid.uuid4))
    await made(before)
    row = await before.objects.acreate()
    without = model("Thing", id=models.UUIDField(default=uuid.uuid4, primary_key=True))
    async with orm.schema_editor() as editor:
        await editor.aremove_field(before, before._meta.get_field("id"))
        await editor.aalter_field(before, before._meta.get_field("code"), without._meta.get_field("id"))
    assert [one.pk async for one in without.objects.all()] == [row.code]
    with pytest.raises(IntegrityError):
        await without.objects.acreate(id=row.code)


async def test_null_left_in_a_column_that_may_hold_none_is_refused_and_nothing_is_changed(database: Run) -> None:
    thing = model("Thing", name=models.CharField(max_length=9, null=True), size=models.IntegerField(default=1))
    await made(thing)
    await thing.objects.acreate(name=None)
    with pytest.raises(IntegrityError):
        async with orm.schema_editor() as editor:
            await editor.aadd_field(thing, field(models.IntegerField(default=2), "more", thing))
            await editor.aalter_field(
                thing, thing._meta.get_field("name"), field(models.IntegerField(), "title", thing)
            )
    assert await afetch("SELECT name, size FROM mt_thing") == [(None, 1)]
    assert sorted(one.name for one in Look(database).columns("mt_thing")) == ["id", "name", "size"]


async def test_a_rename_keeps_not_null(database: Run) -> None:
    thing = model("Thing", name=models.TextField())
    await made(thing)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(thing, thing._meta.get_field("name"), field(models.TextField(), "title", thing))
    with pytest.raises(IntegrityError):
        await model("Thing", title=models.TextField()).objects.acreate(title=None)


async def test_text_with_an_index_becomes_a_number_and_back(database: Run) -> None:
    for options in ({"db_index": True}, {"unique": True}):
        text = model("Thing", name=models.CharField(max_length=9, **options))
        number = model("Thing", name=models.BigIntegerField(**options))
        await made(text)
        had = Look(database).indexes("mt_thing")
        await text.objects.acreate(name="7")
        async with orm.schema_editor() as editor:
            await editor.aalter_field(text, text._meta.get_field("name"), number._meta.get_field("name"))
        assert (await number.objects.aget(name=7)).name == 7
        async with orm.schema_editor() as editor:
            await editor.aalter_field(number, number._meta.get_field("name"), text._meta.get_field("name"))
        assert Look(database).rows("SELECT name FROM mt_thing") == [("7",)]
        assert Look(database).indexes("mt_thing") == had
        async with orm.schema_editor() as editor:
            await editor.adelete_model(text)


async def test_an_index_gives_way_to_unique_and_comes_back(database: Run) -> None:
    indexed = model("Thing", name=models.CharField(max_length=9, db_index=True))
    unique = model("Thing", name=models.CharField(max_length=9, unique=True))
    await made(unique)
    fresh = Look(database).indexes("mt_thing")
    async with orm.schema_editor() as editor:
        await editor.adelete_model(unique)
        await editor.acreate_model(indexed)
    had = Look(database).indexes("mt_thing")
    async with orm.schema_editor() as editor:
        await editor.aalter_field(indexed, indexed._meta.get_field("name"), unique._meta.get_field("name"))
    assert Look(database).indexes("mt_thing") == fresh
    async with orm.schema_editor() as editor:
        await editor.aalter_field(unique, unique._meta.get_field("name"), indexed._meta.get_field("name"))
    assert Look(database).indexes("mt_thing") == had


async def test_a_direction_is_written_last_wherever_it_is_said(database: Run) -> None:
    thing = model("Thing", name=models.TextField())
    await made(thing)
    collation = "NOCASE" if database.backend == "sqlite" else "C"
    for number, expression in enumerate(
        (Collate("name", collation).desc(), Collate(models.F("name").desc(), collation))
    ):
        index = models.Index(expression, name=f"mt_thing_{number}")
        async with orm.schema_editor() as editor:
            await editor.aadd_index(thing, index)
        assert f"mt_thing_{number}" in Look(database).indexes("mt_thing")


def library(key: Any) -> tuple[Any, Any]:
    apps = Apps()
    author = model("Author", apps, id=key)
    book = model("Book", apps, author=models.ForeignKey(author, models.CASCADE))
    model("Unmade", apps, author=models.ForeignKey(author, models.CASCADE))  # has no table in the database
    return author, book


async def test_columns_that_refer_to_a_key_follow_its_type(database: Run) -> None:
    author, book = library(models.CharField(max_length=9, primary_key=True))
    after, _ = library(models.BigIntegerField(primary_key=True))
    await made(author, book)
    had = Look(database).indexes("mt_book")
    assert len(had) == (2 if database.backend == "postgresql" else 1)  # the second one is for LIKE
    await author.objects.acreate(id="7")
    await book.objects.acreate(author_id="7")
    async with orm.schema_editor() as editor:
        await editor.aalter_field(author, author._meta.get_field("id"), after._meta.get_field("id"))
    assert Look(database).rows("SELECT author_id FROM mt_book") == [(7,)]
    assert len(Look(database).foreign_keys("mt_book")) == len(Look(database).indexes("mt_book")) == 1
    async with orm.schema_editor() as editor:
        await editor.aalter_field(after, after._meta.get_field("id"), author._meta.get_field("id"))
    assert Look(database).rows("SELECT author_id FROM mt_book") == [("7",)]
    assert Look(database).indexes("mt_book") == had


async def test_a_key_changes_its_type_where_a_reference_to_it_has_just_come(database: Run) -> None:
    author, book = library(models.CharField(max_length=9, primary_key=True))
    after, _ = library(models.BigIntegerField(primary_key=True))
    await made(author)
    async with orm.schema_editor() as editor:
        await editor.acreate_model(book)
        await editor.aalter_field(author, author._meta.get_field("id"), after._meta.get_field("id"))
    assert len(Look(database).foreign_keys("mt_book")) == len(Look(database).indexes("mt_book")) == 1


async def test_the_join_table_goes_with_the_name_of_its_field(database: Run) -> None:
    shelf = model("Shelf")
    before = model("Thing", shelves=models.ManyToManyField(shelf, related_name="+"))
    await made(shelf, before)
    after = model("Thing", places=models.ManyToManyField(shelf, related_name="things"))
    row, place = await before.objects.acreate(), await shelf.objects.acreate()
    await row.shelves.aadd(place)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(before, before._meta.get_field("shelves"), after._meta.get_field("places"))
    assert await after.objects.filter(places=place).acount() == 1


async def test_what_refers_to_a_link_between_tables_follows_the_type_of_the_key(database: Run) -> None:
    """A grandchild of a key: its column refers to one that refers to the key, as a link to a parent's table does."""

    def family(key: models.Field[Any]) -> list[Any]:
        registry = Apps()
        parent = model("Parent", registry, id=key)
        child = model("Child", registry, link=models.OneToOneField(parent, models.CASCADE, primary_key=True))
        return [parent, child, model("Grand", registry, of=models.ForeignKey(child, models.CASCADE))]

    before, after = (
        family(models.IntegerField(primary_key=True)),
        family(models.CharField(max_length=9, primary_key=True)),
    )
    await made(*before)
    parent, child, grand = before
    one = await child.objects.acreate(link=await parent.objects.acreate(id=7))
    await grand.objects.acreate(of=one)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(parent, parent._meta.get_field("id"), after[0]._meta.get_field("id"))
    assert Look(database).rows("SELECT of_id FROM mt_grand") == [("7",)]
    assert [len(Look(database).foreign_keys(table)) for table in ("mt_child", "mt_grand")] == [1, 1]


async def test_a_computed_column_changes_its_type(database: Run) -> None:
    def thing(output: models.Field[Any]) -> Any:
        total = models.GeneratedField(expression=models.F("size") + 1, output_field=output, db_persist=True)
        return model("Thing", size=models.IntegerField(), total=total)

    before, after = thing(models.IntegerField()), thing(models.DecimalField(max_digits=9, decimal_places=2))
    await made(before)
    await before.objects.acreate(size=1)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(before, before._meta.get_field("total"), after._meta.get_field("total"))
    assert [one.total async for one in after.objects.all()] == [2]


async def test_unique_together_of_the_key_alone_can_go(database: Run) -> None:
    thing = model("Thing", meta={"unique_together": [("id",)]})
    await made(thing)
    async with orm.schema_editor() as editor:
        await editor.aalter_unique_together(thing, [("id",)], [])
    with pytest.raises(IntegrityError):
        await thing.objects.abulk_create([thing(id=1), thing(id=1)])
