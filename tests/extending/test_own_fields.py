"""Fields of an application's own: what they override is asked wherever Django asks it."""

from __future__ import annotations

from typing import Any

import pytest

from orm.files.base import ContentFile
from orm.files.memory import InMemoryStorage
from orm.models.fields.field_file_blocking import FieldFile
from tests.extending.models import Lease, Scan, Visitor


async def test_a_value_is_stored_as_the_field_reads_it(database: Any) -> None:
    await Visitor.objects.acreate(email="Ada@Example.org", visits="3,4")
    assert await Visitor.objects.values_list("email", "visits") == [("ada@example.org", [3, 4])]


async def test_a_value_is_compared_as_the_field_reads_it(database: Any) -> None:
    visitor = await Visitor.objects.acreate(email="ada@example.org", visits=[1])
    assert await Visitor.objects.aget(email="ADA@example.org") == visitor
    assert await Visitor.objects.filter(email__in=["X", "Ada@Example.org"]) == [visitor]
    assert await Visitor.objects.exclude(email="ADA@EXAMPLE.ORG") == []


async def test_a_value_is_updated_as_the_field_reads_it(database: Any) -> None:
    await Visitor.objects.acreate(email="ada@example.org", visits=[1])
    await Visitor.objects.aupdate(email="Bea@Example.org")
    assert await Visitor.objects.values_list("email", flat=True) == ["bea@example.org"]


def test_each_instance_asks_the_field_for_its_default() -> None:
    first, second = Visitor(), Visitor()
    assert second.number == first.number + 1


def test_a_relations_default_that_is_an_instance_gives_its_key() -> None:
    assert Lease().owner_id == 7  # type: ignore[attr-defined]


class Watching:
    """A descriptor in the place of a field's, which asks the one that was there."""

    def __init__(self, watched: Any) -> None:
        self.watched = watched

    def __get__(self, instance: object, owner: object = None) -> Any:
        return self if instance is None else self.watched.__get__(instance, owner)

    def __set__(self, instance: object, value: object) -> None:
        instance.__dict__["picture"] = value


async def test_a_descriptor_around_a_file_gives_the_file(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scan._meta.get_field("picture"), "storage", InMemoryStorage())
    monkeypatch.setattr(Scan, "picture", Watching(Scan.picture))
    scan = Scan(picture=ContentFile(b"abc", name="a.txt"))
    assert isinstance(scan.picture, FieldFile)
    await scan.asave()
    assert await Scan.objects.values_list("picture", flat=True) == ["a.txt"]
