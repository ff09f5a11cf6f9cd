"""merge(): rows that meet those of another queryset are changed or deleted, and those that meet none are inserted."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError, NotSupportedError
from orm.models import CharField, F, IntegerField, Matched, NotMatched, Q, Rows, Sum, Value
from tests.query.models import Book, Counter, Restricting, Stock, Tag

postgresql = pytest.mark.only(backend="postgresql")


def delivery(*rows: tuple[str, int]) -> Rows:
    return Rows({"key": CharField(max_length=50), "n": IntegerField(null=True)}, rows)


async def counted() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await Counter.objects.order_by("key").values_list("key", "value", "note")]


@postgresql
async def test_rows_are_deleted_changed_and_inserted(counters: Any) -> None:
    changed = await Counter.objects.amerge(
        delivery(("k0", 0), ("k1", 10), ("k2", 0), ("new", 7), ("none", -1)),
        on={"key": "key"},
        when=[
            Matched(Q(value=0)).nothing(),
            Matched(Q(given__n=0)).delete(),
            Matched().update(value=F("value") + F("given__n"), note="changed"),
            NotMatched(Q(given__n__lt=0)).nothing(),
            NotMatched().insert(key=F("given__key"), value=F("given__n") * 2),
        ],
    )
    assert changed == 3
    assert await counted() == [
        ("k0", 0, "n0"), ("k1", 11, "changed"), ("k3", 3, "n3"), ("k4", 4, "n4"), ("new", 14, ""),
    ]  # fmt: skip


@postgresql
async def test_any_queryset_is_merged_under_any_name(counters: Any) -> None:
    await Tag.objects.abulk_create([Tag(name="k1"), Tag(name="tag")])
    done = await Counter.objects.amerge(
        Tag.objects.filter(name__gt="a"),
        on={"key": "name"},
        when=[
            Matched().update(note=F("tag__name"), left=None),
            NotMatched().insert(key=F("tag__name"), note=Value("x")),
        ],
        name="tag",
    )
    assert done == 2
    assert [row for row in await counted() if row[0] in ("k1", "tag")] == [("k1", 1, "k1"), ("tag", 0, "x")]
    groups = Tag.objects.values("name").annotate(total=Sum("pk"))
    assert await Counter.objects.amerge(groups, on={"key": "name"}, when=[Matched().delete()]) == 2


@postgresql
async def test_what_a_new_row_is_not_told_is_prepared_as_its_field_says(
    counters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = Counter._meta.get_field("value")
    monkeypatch.setattr(field, "get_default", lambda: "7")
    when = [NotMatched().insert(key=F("given__key"))]
    assert await Counter.objects.amerge(delivery(("new", 1)), on={"key": "key"}, when=when) == 1
    assert (await Counter.objects.aget(key="new")).value == 7


@postgresql
async def test_nothing_to_merge(counters: Any) -> None:
    for rows in (delivery(), Tag.objects.none()):
        on = {"key": "key" if isinstance(rows, Rows) else "name"}
        assert await Counter.objects.amerge(rows, on=on, when=[Matched().delete()]) == 0
    only = Matched(Q(pk__in=[])).delete()
    assert await Counter.objects.amerge(delivery(("k1", 1)), on={"key": "key"}, when=[only]) == 0


@pytest.mark.only(backend="sqlite")
async def test_a_database_without_merge_says_what_there_is(counters: Any) -> None:
    with pytest.raises(NotSupportedError, match="update_conflicts"):
        await Counter.objects.amerge(delivery(("k1", 1)), on={"key": "key"}, when=[Matched().delete()])


async def test_what_merge_refuses(counters: Any) -> None:
    rows, on, gone = delivery(("k1", 1)), {"key": "key"}, [Matched().delete()]
    with pytest.raises(TypeError, match="all rows of a model"):
        await Counter.objects.filter(value=1).amerge(rows, on=on, when=gone)
    with pytest.raises(TypeError, match="takes a queryset"):
        await Counter.objects.amerge([1], on=on, when=gone)
    with pytest.raises(TypeError, match="how rows meet"):
        await Counter.objects.amerge(rows, on={}, when=gone)
    for when in ([], [Q(value=1)], gone[0], None):
        with pytest.raises(TypeError, match="as a list"):
            await Counter.objects.amerge(rows, on=on, when=when)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a condition"):
        Matched("value = 1")
    with pytest.raises(TypeError, match="fields to set"):
        Matched().update()
    with pytest.raises(ValueError, match="has that name"):
        await Counter.objects.amerge(rows, on=on, when=gone, name="value")
    with pytest.raises(FieldError, match="no column 'm'"):
        await Counter.objects.amerge(rows, on={"key": "m"}, when=gone)
    with pytest.raises(FieldError, match="no field named 'nothing'"):
        await Counter.objects.amerge(rows, on=on, when=[Matched().update(nothing=1)])
    with pytest.raises(FieldError, match="rows of 'given' alone"):
        await Counter.objects.amerge(rows, on=on, when=[NotMatched().insert(key=F("key"))])
    with pytest.raises(FieldError, match="rows of 'given' alone"):
        await Counter.objects.amerge(rows, on=on, when=[NotMatched(Q(value=1)).nothing()])
    with pytest.raises(FieldError, match="follow relations"):
        await Stock.objects.amerge(rows, on={"quantity": "n"}, when=[Matched(Q(book__title="x")).delete()])
    assert await Book.objects.acount() == await Restricting.objects.acount() == 0
