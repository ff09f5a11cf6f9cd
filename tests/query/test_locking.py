"""select_for_update(): rows locked until the transaction ends, where the database has row locks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import orm
from orm.errors import FieldError, NotSupportedError, OperationalError, TransactionManagementError
from orm.models import Q
from tests.query import library as L
from tests.query.answers import titled, titles
from tests.query.models import Author, Book


async def test_locked_rows_are_the_rows_asked_for(library: Any) -> None:
    async with orm.atomic():
        assert await titles(Book.objects.select_for_update().filter(pages__gt=100)) == titled(
            b for b in L.books if b.pages > 100
        )


async def test_locked_rows_can_be_changed_in_the_transaction(library: Any) -> None:
    async with orm.atomic():
        book = await Book.objects.select_for_update().aget(pk=L.NOTES.pk)
        book.pages += 1
        await book.asave()
    assert (await Book.objects.aget(pk=L.NOTES.pk)).pages == L.NOTES.pages + 1


@pytest.mark.only(backend="postgresql")
async def test_a_stream_outside_a_transaction_locks_nothing(library: Any) -> None:
    with pytest.raises(TransactionManagementError, match="inside atomic"):
        async for _ in Book.objects.select_for_update().aiterator():
            pass
    async with orm.atomic():
        assert len([book async for book in Book.objects.select_for_update().aiterator()]) == len(L.books)


@pytest.mark.only(backend="postgresql")
async def test_the_clause_is_sent_with_its_options(library: Any) -> None:
    assert str(Book.objects.select_for_update().query).endswith("FOR UPDATE")
    assert "SKIP LOCKED" in str(Book.objects.select_for_update(skip_locked=True).query)
    assert "NOWAIT" in str(Book.objects.select_for_update(nowait=True).query)
    assert "NO KEY UPDATE" in str(Book.objects.select_for_update(no_key=True).query)


@pytest.mark.only(backend="postgresql")
async def test_only_the_named_tables_are_locked(library: Any) -> None:
    locked = Book.objects.select_related("author").select_for_update(of=("self",))
    assert str(locked.query).endswith('FOR UPDATE OF "query_book"')
    async with orm.atomic():
        assert len(await locked) == len(L.books)


@pytest.mark.only(backend="postgresql")
async def test_locking_outside_a_transaction_is_refused(library: Any) -> None:
    with pytest.raises(TransactionManagementError):
        await Book.objects.select_for_update()


@pytest.mark.only(backend="postgresql", colour="awaitable")
async def test_locked_rows_are_skipped_or_refused_elsewhere(library: Any) -> None:
    locked, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with orm.atomic():
            await Author.objects.select_for_update().aget(pk=L.ADA.pk)
            locked.set()
            await done.wait()

    holder = asyncio.create_task(hold())
    await locked.wait()
    try:
        async with orm.atomic():
            free = [a.name async for a in Author.objects.select_for_update(skip_locked=True)]
        assert sorted(free) == sorted(a.name for a in L.authors if a is not L.ADA)
        with pytest.raises(OperationalError):
            async with orm.atomic():
                await Author.objects.select_for_update(nowait=True).aget(pk=L.ADA.pk)
    finally:
        done.set()
        await holder


def test_nowait_and_skip_locked_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="skip_locked"):
        Book.objects.select_for_update(nowait=True, skip_locked=True)


@pytest.mark.only(backend="postgresql")
async def test_related_tables_are_locked_by_the_names_the_query_follows(library: Any) -> None:
    locked = Book.objects.select_related("author").select_for_update(of=("self", "author"))
    assert str(locked.query).endswith('FOR UPDATE OF "query_book", "query_author"')
    async with orm.atomic():
        assert await Book.objects.select_for_update(of=("self", "author")).aexists()
        assert len(await Book.objects.select_for_update(of=("self",)).values("pk")) == len(L.books)


@pytest.mark.parametrize("of", [("title",), ("author__country",), ("publisher",), ("nothing", "title")])
async def test_what_the_query_does_not_follow_can_not_be_locked(library: Any, of: tuple[str, ...]) -> None:
    with pytest.raises(FieldError) as caught:
        str(Book.objects.select_related("author").select_for_update(of=of).query)
    assert str(caught.value) == (
        f"Invalid field name(s) given in select_for_update(of=(...)): {', '.join(of)}. Only relational fields followed "
        "in the query are allowed. Choices are: self, author."
    )


@pytest.mark.only(backend="postgresql")
async def test_what_every_row_refers_to_can_be_locked_with_it(library: Any) -> None:
    """A row that may be missing can't be locked; a condition that it is there makes it one that may not."""
    edited = [b for b in L.books if b.editor is not None]
    for refers in (Book.objects.exclude(editor=None), Book.objects.filter(editor__isnull=False)):
        async with orm.atomic():
            books = await refers.select_related("editor").select_for_update()
            assert sorted(book.editor.name for book in books) == sorted(b.editor.name for b in edited)
    with pytest.raises(NotSupportedError, match="nullable side of an outer join"):
        async with orm.atomic():
            await Book.objects.select_related("editor").select_for_update()


def test_a_row_that_must_be_there_is_joined_as_such() -> None:
    books = Book.objects.select_related("editor")
    there = books.filter(editor__isnull=False)
    for sure in (books.exclude(editor=None), there, books.exclude(Q(editor=None) | Q(pk=1))):
        assert 'INNER JOIN "query_author"' in str(sure.query)
    for not_sure in (
        books.filter(Q(editor__isnull=False) | Q(pk=1)),
        books.exclude(Q(editor=None) & Q(pk=1)),
        books.filter(editor=None),
    ):
        assert 'LEFT OUTER JOIN "query_author"' in str(not_sure.query)


@pytest.mark.only(backend="postgresql")
async def test_the_rows_of_a_union_can_not_be_locked(library: Any) -> None:
    rows = Author.objects.filter(pk=1).union(Author.objects.filter(pk=2))
    async with orm.atomic():
        with pytest.raises(NotSupportedError, match="lock those of its parts"):
            await rows.select_for_update()
        with pytest.raises(NotSupportedError, match="lock those of its parts"):
            await Author.objects.select_for_update().union(Author.objects.filter(pk=2))
