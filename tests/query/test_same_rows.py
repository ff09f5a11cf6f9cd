"""What a count, an aggregate, a slice or a pickle of rows says is what the rows say."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from orm import atomic
from orm.models import F, Max, QuerySet, Sum, Window
from orm.models.functions import Lag, RowNumber
from tests.query import library as L
from tests.query.models import Author, Book


async def test_an_aggregate_over_a_window_function(library: Any) -> None:
    numbered = Book.objects.annotate(
        row=Window(RowNumber(), partition_by="author", order_by="id"),
        more=F("pages") - Window(Lag("pages"), order_by="id"),
    )
    rows = [(book.row, book.more) async for book in numbered]
    found = await numbered.aaggregate(row=Max("row"), more=Max("more"))
    assert found == {"row": max(r for r, _ in rows), "more": max(m for _, m in rows if m is not None)}
    assert await numbered.acount() == len(rows)


@pytest.mark.only(backend="postgresql")
async def test_one_row_for_each_value_is_counted_and_summed_once(library: Any) -> None:
    longest = Book.objects.order_by("author", "-pages", "id").distinct("author")
    rows = [book.pages async for book in longest]
    assert await longest.acount() == len(rows)
    assert (await longest.aaggregate(s=Sum("pages")))["s"] == sum(rows)
    assert await longest.filter(pages__gt=0).acount() == len([p for p in rows if p > 0])


async def test_locked_rows_are_counted_and_summed(library: Any) -> None:
    async with atomic():
        locked = Book.objects.select_for_update()
        assert await locked.acount() == len(L.books)
        assert (await locked.aaggregate(s=Sum("pages")))["s"] == sum(b.pages for b in L.books)


async def test_named_rows_are_pickled(library: Any) -> None:
    rows = [row async for row in Author.objects.order_by("name").values_list("name", "age", named=True)]
    again = pickle.loads(pickle.dumps(rows))
    assert again == rows
    assert [row.name for row in again] == [row.name for row in rows]
    assert type(again[0]) is type(rows[0])


async def test_a_query_is_pickled_without_its_results(library: Any) -> None:
    asked = Author.objects.filter(name__gte="C").order_by("-name")[:3]
    queryset: QuerySet[Author] = Author.objects.all()
    queryset.query = pickle.loads(pickle.dumps(asked.query))
    assert [a.name async for a in queryset] == [a.name async for a in asked]


async def test_raw_rows_are_indexed_once_they_are_loaded(library: Any) -> None:
    raw = Author.objects.raw("SELECT * FROM query_author ORDER BY name")
    await raw.afetch_all()
    assert raw[0].name == min(a.name for a in L.authors)
    assert len(raw[1:3]) == 2
    assert len(raw) == len(L.authors)
    assert raw
