"""Many-to-many through a model: a related manager, and a Prefetch, speak of the same joined row as the filter."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import Prefetch, Q
from tests.query.answers import titled, titles
from tests.query.library import books
from tests.query.models import Book, Store

LEAST = 3


def stocked(name: str, least: int = LEAST) -> list[str]:
    return titled(b for b in books if b.stores.get(name, 0) >= least)


async def test_the_filter_speaks_of_the_manager_s_row(library: Any) -> None:
    async for store in Store.objects.all():
        assert await titles(store.books.filter(stock__quantity__gte=LEAST)) == stocked(store.name)
        assert await titles(store.books.filter(Q(stock__quantity__gte=LEAST) | Q(pages__lt=0))) == stocked(store.name)
        assert await titles(store.books.all().filter(stock__quantity__gte=LEAST)) == stocked(store.name)
        assert await store.books.filter(stock__quantity__gte=LEAST).acount() == len(stocked(store.name))


async def test_a_second_filter_may_speak_of_another_row(library: Any) -> None:
    async for store in Store.objects.all():
        expected = {b.title for b in books if store.name in b.stores and max(b.stores.values()) >= LEAST}
        found = store.books.filter(pages__gte=0).filter(stock__quantity__gte=LEAST)
        assert {book.title async for book in found} == expected


@pytest.mark.parametrize(
    "queryset",
    [
        Book.objects.filter(stock__quantity__gte=LEAST),
        Book.objects.filter(stock__quantity__gte=LEAST).order_by("title"),
        Book.objects.filter(stock__quantity__gte=LEAST).filter(pages__gte=0),
    ],
    ids=["filter", "ordered", "two filters"],
)
async def test_prefetched_rows_meet_the_conditions_on_the_row_that_joins_them(library: Any, queryset: Any) -> None:
    stores = [s async for s in Store.objects.prefetch_related(Prefetch("books", queryset, to_attr="many"))]
    assert stores
    for store in stores:
        assert sorted(book.title for book in store.many) == stocked(store.name)


async def test_a_sliced_prefetch(library: Any) -> None:
    longest = Book.objects.filter(stock__quantity__gte=LEAST).order_by("title")[:2]
    for store in [s async for s in Store.objects.prefetch_related(Prefetch("books", longest, to_attr="few"))]:
        assert [book.title for book in store.few] == stocked(store.name)[:2]
