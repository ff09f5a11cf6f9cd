"""Prefetches that do not depend on each other: at the same time in async code, one after the other elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import orm
from orm.bridge.together import together
from orm.models import Prefetch
from tests.query.models import Author, Book

INDEPENDENT = ("books", "edited", "friends", "country")


class Watch:
    """Counts the statements that are under way, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = self.ended = 0

    async def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.02)
            return await execute(sql, params, many, context)
        finally:
            self.now -= 1
            self.ended += 1


def busy() -> int:
    return sum(pool.busy for pool in orm.databases["default"].statistics.pools)


@pytest.mark.only(colour="awaitable")
async def test_independent_relations_load_at_the_same_time(library: Any) -> None:
    watch = Watch()
    authors = await Author.objects.order_by("pk")
    async with orm.databases["default"].execute_wrapper(watch):
        await orm.models.aprefetch_related_objects(authors, *INDEPENDENT)
    assert (watch.ended, watch.most) == (4, 4)
    for author, row in zip(authors, library.authors, strict=True):
        assert {book.title for book in author.books.all()} == {book.title for book in row.books}
        assert {book.title for book in author.edited.all()} == {book.title for book in row.edited}


@pytest.mark.only(colour="awaitable")
async def test_what_lies_behind_one_relation_loads_at_the_same_time(library: Any) -> None:
    watch = Watch()
    async with orm.databases["default"].execute_wrapper(watch):
        authors = await Author.objects.order_by("pk").prefetch_related("books__tags", "books__reviews")
    assert (watch.ended, watch.most) == (4, 2)
    found = {book.title: len(book.reviews.all()) for author in authors for book in author.books.all()}
    assert found == {book.title: len(book.reviews) for book in library.books}


@pytest.mark.only(colour="awaitable")
async def test_inside_a_transaction_one_after_the_other(library: Any) -> None:
    watch = Watch()
    async with orm.atomic(), orm.databases["default"].execute_wrapper(watch):
        await Author.objects.prefetch_related(*INDEPENDENT)
    assert (watch.ended, watch.most) == (5, 1)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.only(colour="awaitable")
async def test_never_more_than_the_pool_has(database: Any, library: Any, size: int) -> None:
    orm.configure(f"{database.url}?max_size={size}&acquire_timeout=5")
    watch = Watch()
    async with orm.databases["default"].execute_wrapper(watch):
        authors = await Author.objects.order_by("pk").prefetch_related(*INDEPENDENT)
    assert (watch.ended, watch.most) == (5, size)
    assert len(authors) == len(library.authors)


@pytest.mark.only(colour="awaitable")
async def test_never_more_than_others_leave(database: Any, library: Any) -> None:
    orm.configure(f"{database.url}?max_size=3&acquire_timeout=5")
    held, let_go = asyncio.Event(), asyncio.Event()

    async def holder() -> None:
        async with orm.databases["default"].connection():
            held.set()
            await let_go.wait()

    task = asyncio.create_task(holder())
    await held.wait()
    watch = Watch()
    async with orm.databases["default"].execute_wrapper(watch):
        await Author.objects.prefetch_related(*INDEPENDENT)
    let_go.set()
    await task
    assert watch.most == 2


@pytest.mark.only(colour="awaitable")
async def test_an_error_stops_the_others_and_leaves_as_it_is(library: Any) -> None:
    ended: list[str] = []

    async def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "query_country" in sql:
            raise ZeroDivisionError
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(sql)

    authors = await Author.objects.order_by("pk")
    async with orm.databases["default"].execute_wrapper(wrapper):
        with pytest.raises(ZeroDivisionError):
            await orm.models.aprefetch_related_objects(authors, *INDEPENDENT)
    assert len(ended) == 3
    assert busy() == 0


@pytest.mark.only(backend="postgresql", colour="awaitable")
async def test_a_cancellation_leaves_nothing_running(library: Any) -> None:
    slow = Book.objects.extra(where=["pg_sleep(10) IS NOT NULL"])
    lookups = [Prefetch("books", slow, to_attr=f"books_{number}") for number in range(3)]
    authors = await Author.objects.order_by("pk")
    task = asyncio.create_task(orm.models.aprefetch_related_objects(authors, *lookups))
    async with orm.databases["default"].connection() as connection:
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(10)%' AND pid <> pg_backend_pid()"
        sleeping += " AND state = 'active'"
        while (await connection.afetch(sleeping))[0][0] < 3:
            await connection.afetch("SELECT pg_sleep(0.01)")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await connection.afetch(sleeping))[0][0] == 0
    assert busy() == 0


async def test_a_property_is_read_after_what_it_needs(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def first_book(author: Any) -> Any:
        held = author.__dict__["_prefetched_objects_cache"]["books"]
        return held[0] if held else None

    monkeypatch.setattr(Author, "first_book", property(first_book), raising=False)
    authors = await Author.objects.order_by("pk").prefetch_related("books", "first_book__tags", "friends")
    assert sum(author.first_book is not None for author in authors) == sum(bool(row.books) for row in library.authors)


async def test_a_path_that_comes_again_with_a_queryset_is_refused_after_what_came_before_it(
    library: Any, queries: Any
) -> None:
    again = Author.objects.prefetch_related("books__tags", Prefetch("books", Book.objects.order_by("title")))
    with queries as counted:
        with pytest.raises(ValueError, match="'books' lookup was already seen with a different queryset"):
            await again
    assert len(counted) == 3


def test_together_raises_the_first_error_itself() -> None:
    async def fails() -> None:
        raise KeyError("one")

    async def waits() -> None:
        await asyncio.sleep(30)

    async def main() -> None:
        with pytest.raises(KeyError) as caught:
            await together([waits, fails, waits], 3)
        assert caught.value.__context__ is None
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
