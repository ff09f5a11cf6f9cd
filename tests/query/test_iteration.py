"""Walking over results: for, async for, await, iterator(); what is cached and what is streamed."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import re
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import orm
from orm.errors import SynchronousOnlyOperation
from orm.models import Case, Count, F, FilteredRelation, Prefetch, Q, QuerySet, Sum, When, Window
from orm.models.functions import ExtractMonth, RowNumber
from orm.query.empty import EmptyQuerySet
from tests.counting import Queries
from tests.query import library as L
from tests.query.answers import titled
from tests.query.models import Author, Book, Counter, Document, Tag


async def test_iterating(library: Any) -> None:
    assert [book.title async for book in Book.objects.order_by("pk")] == L.TITLES


async def test_awaiting(library: Any) -> None:
    assert [book.title for book in await Book.objects.order_by("pk")] == L.TITLES


async def test_a_queryset_asks_once(library: Any, queries: Any) -> None:
    books = Book.objects.all()
    with queries as counted:
        first = [b async for b in books]
        second = [b async for b in books]
    assert len(counted) == 1
    assert all(one is other for one, other in zip(first, second, strict=True))


async def test_a_refinement_asks_again(library: Any, queries: Any) -> None:
    books = Book.objects.all()
    with queries as counted:
        assert len(await books) == len(L.books)
        assert len(await books.all()) == len(L.books)
    assert len(counted) == 2


async def test_count_and_exists_of_an_evaluated_queryset_need_no_query(library: Any, queries: Any) -> None:
    books = Book.objects.all()
    assert len(await books) == len(L.books)
    with queries as counted:
        assert (await books.acount(), await books.aexists()) == (len(L.books), True)
    assert len(counted) == 0


async def test_contains_of_an_evaluated_queryset_needs_no_query(library: Any, queries: Any) -> None:
    books = Book.objects.all()
    first = (await books)[0]
    with queries as counted:
        assert await books.acontains(first)
    assert len(counted) == 0


async def test_nested_loops_over_one_queryset(library: Any) -> None:
    tags = Tag.objects.all()
    pairs = [(one.name, other.name) async for one in tags async for other in tags]
    assert len(pairs) == len(L.TAGS) ** 2


async def test_leaving_a_loop_early(library: Any) -> None:
    async for book in Book.objects.order_by("pk"):
        assert book.title == L.TITLES[0]
        break
    assert await Book.objects.acount() == len(L.books)


@pytest.mark.only(colour="blocking")
async def test_len_bool_list_and_in(library: Any) -> None:
    books = Book.objects.order_by("pk")
    assert len(books) == len(L.books)
    assert bool(books)
    assert not Book.objects.none()
    assert list(books)[0] in books


@pytest.mark.only(colour="blocking")
async def test_repr_shows_some_rows(library: Any) -> None:
    assert "Ada" in repr(Author.objects.order_by("pk"))
    assert repr(Author.objects.none()).startswith("<QuerySet")


@pytest.mark.only(colour="awaitable")
async def test_repr_on_the_loops_thread_asks_nothing(library: Any, queries: Any) -> None:
    with queries as counted:
        assert "QuerySet" in repr(Author.objects.all())
    assert len(counted) == 0


async def test_concurrent_iteration_of_one_shape(library: Any) -> None:
    one, other = Book.objects.filter(pages__gt=100), Book.objects.filter(pages__gt=1)
    assert (titled(await one), titled(await other)) == (
        titled(b for b in L.books if b.pages > 100), titled(b for b in L.books if b.pages > 1),
    )  # fmt: skip


@pytest.mark.only(colour="awaitable")
async def test_many_tasks_ask_at_once(library: Any) -> None:
    found = await asyncio.gather(*(Book.objects.filter(pages__gt=n).acount() for n in range(0, 300, 10)))
    assert found == [len([b for b in L.books if b.pages > n]) for n in range(0, 300, 10)]


# -- iterator() --------------------------------------------------------------------------------------------------------


def test_blocking_code_says_how_many_rows_it_prefetches_for(database: Any) -> None:
    with pytest.raises(ValueError, match="chunk_size must be provided"):
        Book.objects.prefetch_related("tags").iterator()
    with pytest.raises(ValueError, match="strictly positive"):
        Book.objects.iterator(chunk_size=0)


async def test_iterator(library: Any) -> None:
    assert [book.title async for book in Book.objects.order_by("pk").aiterator()] == L.TITLES


async def test_iterator_keeps_nothing(library: Any, queries: Any) -> None:
    books = Book.objects.order_by("pk")
    with queries as counted:
        for _ in range(2):
            assert len([b async for b in books.aiterator()]) == len(L.books)
    assert len(counted) == 2


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
async def test_iterator_in_chunks(library: Any, size: int) -> None:
    assert [book.title async for book in Book.objects.order_by("pk").aiterator(chunk_size=size)] == L.TITLES


async def test_iterator_over_many_rows(database: Any) -> None:
    await Counter.objects.abulk_create([Counter(key=f"k{n:05}", value=n) for n in range(5000)])
    total = 0
    async for row in Counter.objects.order_by("key").aiterator(chunk_size=500):
        assert row.value == total
        total += 1
    assert total == 5000


async def test_iterator_holds_no_more_than_its_chunks(database: Any) -> None:
    """What is held while 20,000 rows stream by does not grow from a quarter of the way to the end."""
    await Counter.objects.abulk_create([Counter(key=f"k{n:06}", note="x" * 40) for n in range(20_000)])
    held: list[int] = []
    seen = 0
    tracemalloc.start()
    try:
        async for _row in Counter.objects.order_by("key").aiterator(chunk_size=500):
            seen += 1
            if seen in (5_000, 20_000):
                held.append(tracemalloc.get_traced_memory()[0])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 20_000
    assert held[1] < held[0] * 1.5 + 200_000
    assert peak < 8_000_000


async def test_iterator_of_values(library: Any) -> None:
    found = [row async for row in Book.objects.order_by("pk").values_list("title", "pages").aiterator(chunk_size=3)]
    assert found == [(b.title, b.pages) for b in L.books]


async def test_iterator_with_joined_and_annotated_rows(library: Any) -> None:
    queryset = Book.objects.select_related("author").annotate(n=Count("reviews")).order_by("pk")
    found = [(b.author.name, b.n) async for b in queryset.aiterator(chunk_size=2)]
    assert found == [(b.author.name, len(b.reviews)) for b in L.books]


async def test_iterator_prefetches_chunk_by_chunk(library: Any, queries: Any) -> None:
    with queries as counted:
        found = []
        async for book in Book.objects.prefetch_related("tags").order_by("pk").aiterator(chunk_size=3):
            found.append(sorted([t.name async for t in book.tags.all()]))
    assert found == [sorted(b.tags) for b in L.books]
    assert len(counted) == 1 + 3


async def test_iterator_prefetches_with_its_own_chunk_size(library: Any, queries: Any) -> None:
    with queries as counted:
        assert len([b async for b in Book.objects.prefetch_related("tags").aiterator(2000)]) == len(L.books)
    assert len(counted) == 2


async def test_iterator_with_a_bad_chunk_size(library: Any) -> None:
    with pytest.raises(ValueError, match="chunk_size|[Cc]hunk"):
        assert [b async for b in Book.objects.aiterator(chunk_size=0)]


async def test_iterator_left_early_gives_its_connection_back(library: Any) -> None:
    for _ in range(15):
        books = Book.objects.order_by("pk").aiterator(chunk_size=1)
        async for book in books:
            assert book.title == L.TITLES[0]
            break
        await books.aclose()
    assert await Book.objects.acount() == len(L.books)


async def test_iterator_forgotten_gives_its_connection_back(library: Any) -> None:
    for _ in range(15):
        async for _book in Book.objects.order_by("pk").aiterator(chunk_size=1):
            break
        gc.collect()
    assert await Book.objects.acount() == len(L.books)


async def test_other_queries_while_streaming(library: Any) -> None:
    found = []
    async for book in Book.objects.order_by("pk").aiterator(chunk_size=2):
        found.append(await book.reviews.acount())
    assert found == [len(b.reviews) for b in L.books]


async def test_iterator_inside_a_transaction(library: Any) -> None:
    async with orm.atomic():
        await Author.objects.acreate(name="Within")
        found = [a.name async for a in Author.objects.order_by("pk").aiterator(chunk_size=2)]
        assert "Within" in found
        assert await Author.objects.filter(name="Within").aexists()


async def test_iterator_of_none(library: Any) -> None:
    assert [b async for b in Book.objects.none().aiterator()] == []


@pytest.mark.only(colour="awaitable")
async def test_two_streams_in_two_tasks(library: Any) -> None:
    async def read() -> list[str]:
        return [book.title async for book in Book.objects.order_by("pk").aiterator(chunk_size=1)]

    assert await asyncio.gather(read(), read()) == [L.TITLES, L.TITLES]


@pytest.mark.only(colour="awaitable")
async def test_aiterator_is_an_async_iterator(library: Any) -> None:
    assert isinstance(Book.objects.aiterator(), AsyncIterator)


# -- pickling and comparing --------------------------------------------------------------------------------------------


async def test_pickled_objects(library: Any) -> None:
    book = await Book.objects.select_related("author").aget(pk=L.NOTES.pk)
    copied = pickle.loads(pickle.dumps(book))
    assert (copied, copied.title, copied.author.name) == (book, book.title, "Ada")


PICKLED: dict[str, Callable[[], Any]] = {
    "all": Book.objects.all,
    "joins": lambda: Book.objects.filter(title__icontains="a", tags__name="novel", published__year__gt=1900),
    "exclude": lambda: Book.objects.exclude(reviews__stars__in=[1, 2]).order_by("title")[1:4],
    "patterns": lambda: Document.objects.filter(data__a__icontains="x").filter(data__b__gt=1, data__has_key="z"),
    "computed": lambda: Book.objects.annotate(
        n=Count("reviews"), c=Case(When(pages__gt=99, then=1), default=F("pages"))
    ),
    "window": lambda: Book.objects.annotate(w=Window(RowNumber(), order_by="pages"), m=ExtractMonth("published")),
    "subquery": lambda: Author.objects.filter(pk__in=Book.objects.filter(pages__gt=100).values("author")),
    "join model": Book.tags.through.objects.all,
    "values": lambda: Book.objects.values("author__name").annotate(n=Sum("pages")),
    "filtered": lambda: Author.objects.annotate(
        long=FilteredRelation("books", condition=Q(books__pages__gt=100))
    ).exclude(long__title="x"),
    "prefetch": lambda: Author.objects.prefetch_related(Prefetch("books", Book.objects.filter(pages__gt=100))),
}


@pytest.mark.parametrize("name", PICKLED)
async def test_pickled_querysets_have_their_results_and_can_be_asked_again(
    library: Any, queries: Queries, name: str
) -> None:
    """As in Django's documentation: pickling evaluates, and the copy has the results of that moment."""
    books = PICKLED[name]()
    await books
    copied = pickle.loads(pickle.dumps(books))
    with queries as sent:
        assert list(copied) == list(books)
        assert len(copied) == len(books)
    assert not sent
    assert sorted(map(repr, await copied.all())) == sorted(map(repr, await books.all()))
    assert await copied.all().acount() == len(books)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"_django_version": "1.0"}, "version 1.0 does not match"),
        ({"_django_version": None}, "version is not specified"),
        ({"_duotone_version": "0.0.1"}, "Duotone version 0.0.1 does not match"),
    ],
)
async def test_what_another_version_pickled_warns(library: Any, written: dict[str, Any], said: str) -> None:
    books = Book.objects.filter(pk=L.NOTES.pk)
    await books
    queryset, state = Book.objects.none(), {**books.__getstate__(), **written}
    with pytest.warns(RuntimeWarning, match=f"queryset instance's .*{said}"):
        queryset.__setstate__(state)
    make, args, held = books._result_cache[0].__reduce__()
    with pytest.warns(RuntimeWarning, match=f"model instance's .*{said}"):
        make(*args).__setstate__({**held, **written})


@pytest.mark.only(colour="blocking")
async def test_pickling_a_queryset_runs_it(library: Any, queries: Queries) -> None:
    with queries as sent:
        text = pickle.dumps(Author.objects.prefetch_related("books").filter(age__gt=40))
    assert len(sent) == 2
    with queries as sent:
        copied = pickle.loads(text)
        assert {author.name: len(author.books.all()) for author in copied} == {"Bashō": 1, "Camus": 2}
    assert not sent


async def test_copying_a_queryset_does_not_run_it(library: Any, queries: Queries) -> None:
    with queries as sent:
        copies = [copy.copy(Book.objects.filter(pages=66)), copy.deepcopy(Book.objects.filter(pages=66))]
    assert not sent
    assert [[book.title for book in await one] for one in copies] == [["Notes on the Engine"]] * 2


@pytest.mark.only(colour="awaitable")
@pytest.mark.parametrize(
    ("written", "awaitable"),
    [
        (len, "await queryset.acount()"),
        (bool, "await queryset.aexists()"),
        (list, "async for ... in queryset"),
        (lambda books: L.NOTES in books, "await queryset.acontains(...)"),
        (lambda books: books[0], "await queryset.afirst()"),
        (lambda books: books[0:4:2], "async for ... in queryset"),
        (pickle.dumps, "await queryset` first"),
    ],
)
async def test_what_blocks_names_what_is_written_on_a_loop(
    library: Any, queries: Queries, written: Callable[[Any], Any], awaitable: str
) -> None:
    books = Book.objects.order_by("pk")
    with queries as sent, pytest.raises(SynchronousOnlyOperation, match=re.escape(awaitable)) as refused:
        written(books)
    assert not sent
    assert "fetch_all" not in str(refused.value)
    await books
    written(books)  # what is loaded may be looked at


async def test_objects_are_equal_by_model_and_key(library: Any) -> None:
    one, other = await Book.objects.aget(pk=L.NOTES.pk), await Book.objects.aget(pk=L.NOTES.pk)
    assert one == other
    assert hash(one) == hash(other)
    assert one != await Author.objects.aget(pk=L.ADA.pk)
    assert Book(title="x") != Book(title="x")


@pytest.mark.only(colour="awaitable")
async def test_an_override_of_the_blocking_iterator_serves_async_code_too(library: Any) -> None:
    class Twice(QuerySet[Any]):
        def iterator(self, chunk_size: int = 2000) -> Any:
            for item in super().iterator(chunk_size):
                yield item
                yield item

    found = [author async for author in Twice(Author).order_by("name").aiterator()]
    assert len(found) == 2 * len(L.authors)


def test_a_query_that_asks_nothing_is_told_by_its_class() -> None:
    assert isinstance(Book.objects.none().order_by("title"), EmptyQuerySet)
    assert not isinstance(Book.objects.filter(title=""), EmptyQuerySet)
    with pytest.raises(TypeError, match="can't be instantiated"):
        EmptyQuerySet()


async def test_the_query_of_rows_with_chosen_columns_gives_dicts(library: Any) -> None:
    """As Django documents it of a query that was pickled, whatever the rows were."""
    authors = Author.objects.order_by("pk")
    for chosen in (authors.values("name"), authors.values_list("name"), authors.values_list("name", flat=True)):
        again = Author.objects.all()
        again.query = pickle.loads(pickle.dumps(chosen.query))
        assert await again == await authors.values("name")
