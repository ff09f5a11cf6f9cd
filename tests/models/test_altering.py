"""Template engines ask methods for ``alters_data``, so that a page that names one of them changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.query.queryset_blocking import QuerySet

MARKED = ("create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "update", "merge", "copy_in")
RELATED = (*MARKED, "add", "remove", "set", "clear")


class Shelves(QuerySet["Shelf"]):
    def create(self, **values: Any) -> Shelf:
        return super().create(**values)


class Shelf(models.Model):
    objects = Shelves.as_manager()
    beside = models.ManyToManyField("self")

    class Meta:
        app_label = "altering"

    def save(self, *args: Any, **options: Any) -> None:
        super().save(*args, **options)

    async def adelete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        return await super().adelete(*args, **options)


class Box(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="boxes", null=True)

    class Meta:
        app_label = "altering"

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        return super().delete(*args, **options)

    delete.alters_data = False  # type: ignore[attr-defined]


def marks(thing: object, names: tuple[str, ...]) -> set[str]:
    both = [form for name in names for form in (name, f"a{name}")]
    return {name for name in both if getattr(getattr(thing, name), "alters_data", False)}


def in_both_forms(names: tuple[str, ...]) -> set[str]:
    return {form for name in names for form in (name, f"a{name}")}


@pytest.mark.parametrize(
    ("thing", "names"),
    [
        (Box(), ("save", "save_base")),
        (Box.objects, MARKED),
        (Box.objects.all(), (*MARKED, "delete")),
        (Shelf(pk=1).boxes, RELATED),
        (Shelf(pk=1).beside, tuple(name for name in RELATED if name not in ("merge", "copy_in"))),
    ],
    ids=["instance", "manager", "queryset", "reverse", "many-to-many"],
)
def test_what_changes_rows_is_marked(thing: object, names: tuple[str, ...]) -> None:
    assert marks(thing, names) == in_both_forms(names)


def test_what_reads_is_not_marked() -> None:
    assert marks(Box.objects, ("get", "count", "first", "exists", "in_bulk")) == set()


def test_an_override_is_marked_as_what_it_overrides() -> None:
    assert marks(Shelf(), ("save", "delete")) == in_both_forms(("save", "delete"))
    assert marks(Shelf.objects, ("create",)) == {"create", "acreate"}


def test_an_override_that_says_so_is_not_marked() -> None:
    assert marks(Box(), ("delete",)) == {"adelete"}
