"""fetch_mode: what reading an unloaded relation or column does, for one instance or for all of a result."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldFetchBlocked
from orm.models import FETCH_ONE, FETCH_PEERS, RAISE
from orm.query.plan import OBJECTS_AT_ONCE
from tests.query import library as L
from tests.query.models import Author, Book, Profile, Review


async def test_one_is_the_default(library: Any, queries: Any) -> None:
    books = await Book.objects.order_by("pk")
    with queries as counted:
        for book in books:
            await book.author
    assert len(counted) == len(L.books)


async def test_one_can_be_asked_for(library: Any, queries: Any) -> None:
    books = await Book.objects.fetch_mode(FETCH_PEERS).fetch_mode(FETCH_ONE).order_by("pk")
    with queries as counted:
        await books[0].author
        await books[1].author
    assert len(counted) == 2


async def test_peers_loads_a_relation_for_the_whole_result(library: Any, queries: Any) -> None:
    books = await Book.objects.fetch_mode(FETCH_PEERS).order_by("pk")
    with queries as counted:
        assert [(await book.author).name for book in books] == [b.author.name for b in L.books]
    assert len(counted) == 1


async def test_peers_loads_an_optional_relation(library: Any, queries: Any) -> None:
    books = await Book.objects.fetch_mode(FETCH_PEERS).order_by("pk")
    with queries as counted:
        found = []
        for book in books:
            editor = book.editor if book.editor_id is None else await book.editor
            found.append(editor and editor.name)
    assert found == [b.editor and b.editor.name for b in L.books]
    assert len(counted) == 1


async def test_peers_follows_to_the_next_step(library: Any, queries: Any) -> None:
    reviews = await Review.objects.fetch_mode(FETCH_PEERS).order_by("pk")
    with queries as counted:
        found = []
        for review in reviews:
            book = await review.book
            found.append((await book.author).name)
    assert found == [r.book.author.name for r in L.reviews]
    assert len(counted) == 2


async def test_peers_loads_a_deferred_column_for_the_whole_result(library: Any, queries: Any) -> None:
    books = await Book.objects.defer("pages").fetch_mode(FETCH_PEERS).order_by("pk")
    with queries as counted:
        assert await books[0].pages == L.books[0].pages
        assert [book.pages for book in books] == [b.pages for b in L.books]
    assert len(counted) == 1


async def test_peers_loads_a_reverse_one_to_one(library: Any, queries: Any) -> None:
    authors = await Author.objects.fetch_mode(FETCH_PEERS).order_by("pk")
    with queries as counted:
        assert (await authors[0].profile).motto == "Compute!"
        assert (await authors[3].profile).motto == L.DORIS.motto
        with pytest.raises(Profile.DoesNotExist):
            await authors[2].profile
    assert len(counted) == 1


async def test_peers_of_a_single_object(library: Any) -> None:
    book = await Book.objects.fetch_mode(FETCH_PEERS).aget(pk=L.NOTES.pk)
    assert (await book.author).name == "Ada"


async def test_peers_that_were_dropped_are_not_kept_alive(library: Any, queries: Any) -> None:
    books = await Book.objects.fetch_mode(FETCH_PEERS).order_by("pk")
    last = books[-1]
    del books[:]
    with queries as counted:
        assert (await last.author).name == L.QUOTED.author.name
    assert len(counted) == 1


async def test_raise_refuses_a_relation(library: Any) -> None:
    book = await Book.objects.fetch_mode(RAISE).aget(pk=L.NOTES.pk)
    with pytest.raises(FieldFetchBlocked, match=r"Book\.author"):
        await book.author


async def test_raise_refuses_a_deferred_column(library: Any) -> None:
    book = await Book.objects.defer("pages").fetch_mode(RAISE).aget(pk=L.NOTES.pk)
    with pytest.raises(FieldFetchBlocked, match=r"Book\.pages"):
        await book.pages


async def test_raise_allows_what_is_loaded(library: Any) -> None:
    book = await Book.objects.select_related("author").fetch_mode(RAISE).aget(pk=L.NOTES.pk)
    assert book.author.name == "Ada"


async def test_raise_allows_an_absent_relation(library: Any) -> None:
    book = await Book.objects.fetch_mode(RAISE).aget(pk=L.ROAD.pk)
    assert book.editor is None


async def test_raise_reaches_joined_objects(library: Any) -> None:
    book = await Book.objects.select_related("author").fetch_mode(RAISE).aget(pk=L.NOTES.pk)
    with pytest.raises(FieldFetchBlocked):
        await book.author.country


async def test_raise_reaches_prefetched_objects(library: Any) -> None:
    author = await Author.objects.prefetch_related("books").fetch_mode(RAISE).aget(name="Ada")
    book = (await author.books.all())[0]
    with pytest.raises(FieldFetchBlocked):
        await book.publisher


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises((TypeError, ValueError), match="sometimes"):
        Book.objects.fetch_mode("sometimes")


async def test_peers_span_a_result_that_is_made_in_slices(database: Any, queries: Any) -> None:
    author = await Author.objects.acreate(name="Ada")
    await Book.objects.abulk_create([Book(title=f"b{i}", author=author, pages=i) for i in range(OBJECTS_AT_ONCE + 5)])
    books = await Book.objects.order_by("pages").fetch_mode(FETCH_PEERS)
    assert [book.pages for book in books] == list(range(OBJECTS_AT_ONCE + 5))
    with queries as counted:
        assert (await books[0].author) is (await books[-1].author)
    assert len(counted) == 1
