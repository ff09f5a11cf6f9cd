"""Managers: QuerySets' methods on them, overriding, completing the other colour, inheritance."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from orm import models
from orm.errors import ImproperlyConfigured
from orm.models.apps import Apps
from orm.models.managers import BaseManager, Manager
from tests.relations.models import Author, Book, BookQuerySet, Room, Tag


def scratch(**options: object) -> type:
    return type("Meta", (), {"app_label": "scratch", "apps": Apps(), "db_table": "relations_tag", **options})


async def test_objects_and_a_manager_of_ones_own(database: Any) -> None:
    await Author.objects.acreate(name="Ada")
    await Author.objects.acreate(name="Bob", living=False)
    assert await Author.objects.acount() == 2
    assert await Author.alive.acount() == 1
    assert (await Author.alive.named("Ada").aget()).name == "Ada"
    assert await Author.alive.exclude(name="Ada").aexists() is False
    assert Author._default_manager is Author.objects


async def test_a_managers_results_are_fresh_each_time(database: Any) -> None:
    assert await Tag.objects.all() == []
    await Tag.objects.acreate(name="a")
    assert len(await Tag.objects.all()) == 1
    assert [tag.name async for tag in Tag.objects.all()] == ["a"]
    assert await Tag.objects.acount() == 1


async def test_as_manager_has_the_querysets_methods(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    await Book.objects.acreate(title="cheap", price=1, author=ada)
    assert [book.title async for book in Book.objects.cheap()] == ["cheap"]
    assert [book.title async for book in Book.objects.filter(price=1).cheap().cheapest_first()] == ["cheap"]
    assert isinstance(Book.objects.all(), BookQuerySet)


async def test_another_database_is_another_manager(database: Any) -> None:
    manager = Tag.objects.db_manager("other")
    assert (manager.db, Tag.objects.db) == ("other", "default")
    assert manager.all().db == "other"
    assert Tag.objects.using("other").db == "other"


class BlockingOverride(Manager):
    """Overrides one form only: the blocking one."""

    def create(self, **values: Any) -> Any:
        return super().create(**{**values, "name": values["name"] + "!"})


class AwaitableOverride(Manager):
    """Overrides one form only: the awaitable one."""

    async def acreate(self, **values: Any) -> Any:
        return await super().acreate(**{**values, "name": values["name"] + "?"})


class Shouting(models.Model):
    name = models.CharField(max_length=20)
    objects = BlockingOverride()
    Meta = scratch()


class Asking(models.Model):
    name = models.CharField(max_length=20)
    objects = AwaitableOverride()
    Meta = scratch()


async def test_an_override_of_one_colour_runs_once_from_both(database: Any) -> None:
    for _ in range(2):
        assert (await Shouting.objects.acreate(name="a")).name == "a!"
        await Shouting.objects.all().adelete()
        assert (await Asking.objects.acreate(name="a")).name == "a?"
        await Asking.objects.all().adelete()


class Waiting(models.Model):
    """Overrides the awaitable save only, and really waits in it."""

    name = models.CharField(max_length=20)
    room = models.ForeignKey(Room, on_delete=models.DO_NOTHING)

    async def asave(self, *args: Any, **options: Any) -> None:
        await asyncio.sleep(0.001)
        self.name += "."
        await super().asave(*args, **options)

    class Meta:
        app_label = "scratch"
        db_table = "relations_shelf"


async def test_overrides_that_wait_are_reached_from_everywhere(database: Any) -> None:
    room = await Room.objects.acreate(name="r")
    waiting = await room.waiting_set.acreate(name="a")
    assert waiting.name == "a."
    other, _ = await room.waiting_set.aget_or_create(name="b")
    assert other.name == "b."
    await room.waiting_set.aadd(Waiting(name="c"), bulk=False)
    updated, _ = await Waiting.objects.aupdate_or_create({"name": "d"}, pk=waiting.pk)
    assert updated.name == "d."
    assert sorted([row.name async for row in Waiting.objects.all()]) == ["b.", "c.", "d."]


def test_methods_are_the_querysets_own() -> None:
    class Thing(models.Model):
        Meta = scratch()

    assert Thing.objects.filter.__func__ is models.QuerySet.filter
    assert Thing.objects.filter is Thing.objects.filter, "bound once, then kept"
    assert Thing.objects.aget.__name__ == "aget"
    assert Manager.filter is models.QuerySet.filter


def test_a_manager_can_not_delete_everything_by_a_slip() -> None:
    with pytest.raises(AttributeError, match=r"write \.all\(\)\.delete\(\)"):
        _ = Tag.objects.delete
    with pytest.raises(AttributeError, match=r"write \.all\(\)\.adelete\(\)"):
        _ = Tag.objects.adelete
    with pytest.raises(AttributeError, match="no attribute 'fliter'"):
        _ = Tag.objects.fliter


def test_from_queryset_chooses_methods() -> None:
    class Rows(models.QuerySet):
        def shown(self) -> Any:
            return self.filter(name="shown")

        def _private(self) -> str:
            return "private"

        def _told(self) -> str:
            return "told"

        def kept(self) -> str:
            return "kept"

        _told.queryset_only = False  # type: ignore[attr-defined]
        kept.queryset_only = True  # type: ignore[attr-defined]

    class Base(Manager):
        def shown(self) -> str:
            return "the manager's own"

    named = Base.from_queryset(Rows, "NamedManager")
    assert named.__name__ == "NamedManager"
    manager = named()
    assert manager.shown() == "the manager's own"
    assert hasattr(named, "_told")
    assert not hasattr(named, "kept")
    assert not hasattr(named, "_private")


def test_inheritance_from_abstract_models() -> None:
    registry = Apps()

    class Base(models.Model):
        first = Manager()
        second = Manager()

        class Meta:
            abstract = True
            app_label = "scratch"
            apps = registry

    class Child(Base):
        second = BlockingOverride()  # type: ignore[assignment]
        third = Manager()

        class Meta:
            app_label = "scratch"
            apps = registry

    assert [manager.name for manager in Child._meta.managers] == ["second", "third", "first"]
    assert Child._default_manager is Child.second
    assert Child.first.model is Child
    assert isinstance(Child.second, BlockingOverride)


def test_the_default_manager_can_be_named() -> None:
    class Thing(models.Model):
        first = Manager()
        second = Manager()
        Meta = scratch(default_manager_name="second")

    class Wrong(models.Model):
        first = Manager()
        Meta = scratch(default_manager_name="thrid")

    assert Thing._default_manager is Thing.second
    with pytest.raises(ImproperlyConfigured, match="names 'thrid', but its managers are first"):
        _ = Wrong._default_manager


def test_a_manager_of_no_model_says_so() -> None:
    with pytest.raises(AttributeError, match="belongs to no model"):
        Manager().all()


def test_base_managers_without_methods() -> None:
    assert not hasattr(BaseManager(), "filter")


class Counted(Manager):
    asked = 0

    def get_queryset(self) -> Any:
        type(self).asked += 1
        return super().get_queryset().filter(name__startswith=f"{type(self).asked}")


class Numbered(models.Model):
    name = models.CharField(max_length=20)
    objects = Counted()
    Meta = scratch()


async def test_an_overridden_get_queryset_is_asked_when_a_method_is_called_and_not_when_it_is_read(
    database: Any,
) -> None:
    await Tag.objects.abulk_create([Tag(name="1"), Tag(name="2"), Tag(name="3")])
    Counted.asked = 0
    read = Numbered.objects.all
    assert Counted.asked == 0
    assert [[one.name async for one in read()] for _ in range(2)] == [["1"], ["2"]]
    assert (await Numbered.objects.aget()).name == "3"


def test_methods_of_an_overridden_get_queryset_look_like_the_querysets() -> None:
    assert inspect.iscoroutinefunction(Numbered.objects.aget)
    assert not inspect.iscoroutinefunction(Numbered.objects.get)
    assert list(inspect.signature(Numbered.objects.filter).parameters) == ["args", "kwargs"]
    assert Numbered.objects.filter.__doc__ == Tag.objects.filter.__doc__
