"""prefetch_related(), Prefetch and prefetch_related_objects: many related rows in one query each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.models import Count, Prefetch
from orm.query import plan, queryset
from orm.query.iterables import ModelIterable
from tests.query import library as L
from tests.query.answers import titled
from tests.query.models import Author, Book, Publisher, Review, Tag


async def test_reverse_relation(library: Any, queries: Any) -> None:
    with queries as counted:
        authors = await Author.objects.prefetch_related("books").order_by("pk")
        found = [sorted([b.title async for b in a.books.all()]) for a in authors]
    assert found == [titled(a.books) for a in L.authors]
    assert len(counted) == 2


async def test_rows_that_become_objects_in_several_parts(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "OBJECTS_AT_ONCE", 2)
    monkeypatch.setattr(queryset, "WORTH_A_PAUSE", 2)
    authors = await Author.objects.prefetch_related("books__tags").order_by("pk")
    assert [sorted([b.title async for b in a.books.all()]) for a in authors] == [titled(a.books) for a in L.authors]
    assert all([book.author is author for author in authors async for book in author.books.all()])
    found = {b.title: [t.name async for t in b.tags.all()] for a in authors async for b in a.books.all()}
    assert found == {b.title: sorted(b.tags) for b in L.books}


class Half(ModelIterable):
    """Goes through every second result."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().__iter__())[::2])


async def test_a_queryset_that_goes_through_its_results_itself_says_what_is_prefetched(library: Any) -> None:
    halved = Book.objects.order_by("pk")._set(_iterable_class=Half)
    authors = await Author.objects.prefetch_related(Prefetch("books", halved)).order_by("pk")
    found = {book.title for author in authors async for book in author.books.all()}
    assert found == {book.title async for book in halved}


async def test_many_to_many(library: Any, queries: Any) -> None:
    with queries as counted:
        books = await Book.objects.prefetch_related("tags").order_by("pk")
        found = [[t.name async for t in b.tags.all()] for b in books]
    assert found == [sorted(b.tags) for b in L.books]
    assert len(counted) == 2


async def test_many_to_many_backwards(library: Any, queries: Any) -> None:
    with queries as counted:
        tags = await Tag.objects.prefetch_related("books")
        found = {t.name: sorted([b.title async for b in t.books.all()]) for t in tags}
    assert found == {name: titled(b for b in L.books if name in b.tags) for name in L.TAGS}
    assert len(counted) == 2


async def test_forward_relation(library: Any, queries: Any) -> None:
    with queries as counted:
        books = await Book.objects.prefetch_related("editor").order_by("pk")
        assert [b.editor and b.editor.name for b in books] == [b.editor and b.editor.name for b in L.books]
    assert len(counted) == 2


async def test_forward_relation_gives_siblings_the_same_object(library: Any) -> None:
    one, other = await Book.objects.filter(author__name="Ada").prefetch_related("author")
    assert one.author is other.author


async def test_reverse_one_to_one(library: Any, queries: Any) -> None:
    with queries as counted:
        authors = await Author.objects.filter(name__in=["Ada", "Doris"]).prefetch_related("profile").order_by("pk")
        assert [a.profile.motto for a in authors] == [L.ADA.motto, L.DORIS.motto]
    assert len(counted) == 2


async def test_over_several_steps(library: Any, queries: Any) -> None:
    with queries as counted:
        publishers = await Publisher.objects.prefetch_related("books__reviews", "books__author__country").order_by("pk")
        found = []
        for publisher in publishers:
            for book in [b async for b in publisher.books.all()]:
                stars = sorted([r.stars async for r in book.reviews.all()])
                found.append((book.title, stars, book.author.country and book.author.country.name))
    assert sorted(found) == sorted(
        (b.title, sorted(r.stars for r in b.reviews), b.author.country and b.author.country.name)
        for p in L.publishers
        for b in p.books
    )
    assert len(counted) == 5


async def test_several_lookups(library: Any, queries: Any) -> None:
    with queries as counted:
        books = await Book.objects.prefetch_related("tags", "reviews").order_by("pk")
        found = [(len(await b.tags.all()), len(await b.reviews.all())) for b in books]
    assert found == [(len(b.tags), len(b.reviews)) for b in L.books]
    assert len(counted) == 3


async def test_count_and_exists_of_prefetched_rows_need_no_query(library: Any, queries: Any) -> None:
    books = await Book.objects.prefetch_related("reviews").order_by("pk")
    with queries as counted:
        assert [await b.reviews.acount() for b in books] == [len(b.reviews) for b in L.books]
    assert len(counted) == 0


async def test_refining_prefetched_rows_asks_again(library: Any, queries: Any) -> None:
    book = await Book.objects.prefetch_related("reviews").aget(pk=L.NOTES.pk)
    with queries as counted:
        assert [r.stars async for r in book.reviews.filter(reviewer="Ann")] == [5]
    assert len(counted) == 1


async def test_prefetch_with_select_related(library: Any, queries: Any) -> None:
    with queries as counted:
        reviews = await Review.objects.select_related("book").prefetch_related("book__tags").order_by("pk")
        found = [sorted([t.name async for t in r.book.tags.all()]) for r in reviews]
    assert found == [sorted(r.book.tags) for r in L.reviews]
    assert len(counted) == 2


async def test_prefetch_of_no_rows_asks_nothing(library: Any, queries: Any) -> None:
    with queries as counted:
        assert await Author.objects.filter(name="Nobody").prefetch_related("books") == []
    assert len(counted) == 1


async def test_prefetch_on_get_and_first(library: Any, queries: Any) -> None:
    with queries as counted:
        ada = await Author.objects.prefetch_related("books").aget(name="Ada")
        first = await Author.objects.prefetch_related("books").order_by("pk").afirst()
        assert sorted([b.title async for b in ada.books.all()]) == sorted([b.title async for b in first.books.all()])
    assert len(counted) == 4


async def test_prefetch_none_takes_it_back(library: Any, queries: Any) -> None:
    with queries as counted:
        await Author.objects.prefetch_related("books").prefetch_related(None)
    assert len(counted) == 1


async def test_prefetch_to_itself(library: Any, queries: Any) -> None:
    with queries as counted:
        authors = await Author.objects.prefetch_related("friends").order_by("pk")
        found = {a.name: sorted([f.name async for f in a.friends.all()]) for a in authors}
    assert found == {
        a.name: sorted(y.name if x is a else x.name for x, y in L.friendships if a in (x, y)) for a in L.authors
    }
    assert len(counted) == 2


# -- Prefetch ----------------------------------------------------------------------------------------------------------


async def test_prefetch_with_a_queryset(library: Any, queries: Any) -> None:
    long_ones = Book.objects.filter(pages__gte=100).order_by("-pages", "pk")
    with queries as counted:
        authors = await Author.objects.prefetch_related(Prefetch("books", queryset=long_ones)).order_by("pk")
        found = [[b.title async for b in a.books.all()] for a in authors]
    assert found == [
        [b.title for b in sorted((b for b in a.books if b.pages >= 100), key=lambda b: (-b.pages, b.pk))]
        for a in L.authors
    ]
    assert len(counted) == 2


async def test_prefetch_to_an_attribute(library: Any) -> None:
    long_ones = Book.objects.filter(pages__gte=100)
    lookup = Prefetch("books", queryset=long_ones, to_attr="long_books")
    authors = await Author.objects.prefetch_related(lookup).order_by("pk")
    assert all(isinstance(a.long_books, list) for a in authors)
    assert [titled(a.long_books) for a in authors] == [titled(b for b in a.books if b.pages >= 100) for a in L.authors]
    assert sorted([b.title async for b in authors[0].books.all()]) == titled(L.ADA.books)


async def test_two_prefetches_of_one_relation_to_two_attributes(library: Any) -> None:
    authors = await Author.objects.prefetch_related(
        Prefetch("books", Book.objects.filter(in_print=True), to_attr="in_print"),
        Prefetch("books", Book.objects.filter(in_print=False), to_attr="gone"),
    ).order_by("pk")
    assert [(titled(a.in_print), titled(a.gone)) for a in authors] == [
        (titled(b for b in a.books if b.in_print), titled(b for b in a.books if not b.in_print)) for a in L.authors
    ]


async def test_prefetch_with_a_queryset_that_prefetches(library: Any, queries: Any) -> None:
    inner = Book.objects.prefetch_related(Prefetch("reviews", Review.objects.order_by("-stars", "pk")))
    with queries as counted:
        ada = await Author.objects.prefetch_related(Prefetch("books", inner)).aget(name="Ada")
        found = {b.title: [r.stars async for r in b.reviews.all()] async for b in ada.books.all()}
    assert found == {b.title: sorted((r.stars for r in b.reviews), reverse=True) for b in L.ADA.books}
    assert len(counted) == 3


async def test_prefetch_through_an_attribute(library: Any, queries: Any) -> None:
    with queries as counted:
        ada = await Author.objects.prefetch_related(
            Prefetch("books", Book.objects.order_by("pk"), to_attr="works"), "works__tags"
        ).aget(name="Ada")
        found = [sorted([t.name async for t in b.tags.all()]) for b in ada.works]
    assert found == [sorted(b.tags) for b in L.ADA.books]
    assert len(counted) == 3


async def test_prefetch_with_an_annotated_queryset(library: Any) -> None:
    counted = Book.objects.annotate(n=Count("reviews"))
    ada = await Author.objects.prefetch_related(Prefetch("books", counted)).aget(name="Ada")
    assert {b.title: b.n async for b in ada.books.all()} == {b.title: len(b.reviews) for b in L.ADA.books}


async def test_prefetch_with_a_sliced_queryset_slices_for_each_parent(library: Any) -> None:
    top = Book.objects.order_by("-pages", "pk")[:1]
    authors = await Author.objects.prefetch_related(Prefetch("books", top, to_attr="top")).order_by("pk")
    assert [[b.title for b in a.top] for a in authors] == [
        [b.title for b in sorted(a.books, key=lambda b: (-b.pages, b.pk))[:1]] for a in L.authors
    ]


async def test_prefetch_with_only(library: Any, queries: Any) -> None:
    with queries as counted:
        ada = await Author.objects.prefetch_related(Prefetch("books", Book.objects.only("title", "author"))).aget(
            name="Ada"
        )
        assert sorted([b.title async for b in ada.books.all()]) == titled(L.ADA.books)
    assert len(counted) == 2


@pytest.mark.parametrize("books", [Book.objects.only("title"), Book.objects.defer("author", "pages")])
async def test_the_key_to_the_parents_is_loaded_whatever_is_left_out(library: Any, queries: Any, books: Any) -> None:
    with queries as counted:
        ada = await Author.objects.prefetch_related(Prefetch("books", books)).aget(name="Ada")
        found = ada.books.all()
        assert sorted([b.title async for b in found]) == titled(L.ADA.books)
    assert len(counted) == 2
    assert {b.author_id async for b in found} == {ada.pk}
    assert all([b.get_deferred_fields() >= {"pages"} async for b in found])


# -- objects that are there already ------------------------------------------------------------------------------------


async def test_prefetch_related_objects(library: Any, queries: Any) -> None:
    authors = await Author.objects.order_by("pk")
    with queries as counted:
        await orm.models.aprefetch_related_objects(authors, "books__reviews")
        found = [[len(await b.reviews.all()) async for b in a.books.all()] for a in authors]
    assert [sorted(counts) for counts in found] == [sorted(len(b.reviews) for b in a.books) for a in L.authors]
    assert len(counted) == 2


async def test_prefetch_related_objects_leaves_what_is_loaded(library: Any, queries: Any) -> None:
    authors = await Author.objects.prefetch_related("books").order_by("pk")
    with queries as counted:
        await orm.models.aprefetch_related_objects(authors, "books")
    assert len(counted) == 0


# -- bad input ---------------------------------------------------------------------------------------------------------


async def test_unknown_name_is_refused(library: Any) -> None:
    for kind in (AttributeError, orm.errors.FieldError):
        with pytest.raises(kind, match=r"Cannot find 'boks' on Author object, 'boks' is an invalid.*'books'"):
            Author.objects.prefetch_related("boks")
    with pytest.raises(AttributeError, match=r"Cannot find 'tgs' on Book object, 'books__tgs' is an invalid.*'tags'"):
        await Author.objects.prefetch_related("books__tgs")


async def test_a_plain_column_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="'name' does not resolve to an item that supports prefetching"):
        await Author.objects.prefetch_related("name")


async def test_a_path_leads_through_what_another_prefetch_filled(library: Any, queries: Any) -> None:
    chosen = Prefetch("books", Book.objects.prefetch_related(Prefetch("reviews", to_attr="told")), to_attr="wrote")
    with queries as counted:
        authors = await Author.objects.prefetch_related(chosen, "wrote__told__book").order_by("pk")
    assert [[r.book.title for b in a.wrote for r in b.told] for a in authors] == [
        [b.title for b in a.books for _ in b.reviews] for a in L.authors
    ]
    assert len(counted) == 3  # a review knows the book it was found through


async def test_values_take_nothing_along(library: Any, queries: Any) -> None:
    with queries as counted:
        assert await Author.objects.prefetch_related("books").values_list("pk", flat=True).acount() == len(L.authors)
        rows = await Author.objects.prefetch_related("books").values("name")
    assert sorted(row["name"] for row in rows) == sorted(a.name for a in L.authors)
    assert len(counted) == 2


async def test_what_is_chained_to_rows_of_a_chosen_queryset_asks_that_queryset(library: Any) -> None:
    thick = Prefetch("books", Book.objects.filter(pages__gt=100))
    tagged = Prefetch("tags", Tag.objects.filter(name="classic"))
    for author in await Author.objects.prefetch_related(thick):
        assert [b async for b in author.books.all().all()] == [b async for b in author.books.all()]
    for book in await Book.objects.prefetch_related(tagged):
        assert [t async for t in book.tags.all().all()] == [t async for t in book.tags.all()]


async def test_a_relation_the_queryset_has_loaded_is_left_alone(library: Any) -> None:
    back = Prefetch("author", Author.objects.only("age"))
    authors = await Author.objects.only("name").prefetch_related(
        Prefetch("books", Book.objects.prefetch_related(back), to_attr="wrote")
    )
    assert all("age" in book.author.__dict__ for author in authors for book in author.wrote)


async def test_what_is_one_for_each_is_asked_for_in_no_order(library: Any, queries: Any) -> None:
    with queries as counted:
        assert await Book.objects.prefetch_related("author", "author__profile")
    assert not any("ORDER BY" in sql for sql in counted[1:])


def test_prefetch_with_raw_sql_is_refused() -> None:
    with pytest.raises(ValueError, match="Prefetch querysets cannot use raw"):
        Prefetch("books", Book.objects.raw("SELECT id FROM query_book"))


async def test_what_is_prefetched_goes_on_to_raw_sql(library: Any, queries: Any) -> None:
    with queries as counted:
        rows = await Author.objects.prefetch_related("books").raw("SELECT * FROM query_author")
        assert sum([await a.books.acount() for a in rows]) == len(L.books)
    assert len(counted) == 2


def test_a_prefetch_tells_its_levels() -> None:
    lookup = Prefetch("books__tags", Tag.objects.all(), to_attr="words")
    assert [lookup.get_current_prefetch_to(level) for level in (0, 1)] == ["books", "books__words"]
    assert [lookup.get_current_to_attr(level) for level in (0, 1)] == [("books", False), ("words", True)]
    assert lookup.get_current_querysets(0) is None
    assert lookup.get_current_querysets(1) == [lookup.queryset]
    with pytest.warns(DeprecationWarning, match="get_current_querysets"):
        assert lookup.get_current_queryset(1) is lookup.queryset


async def test_one_lookup_with_two_querysets_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="books"):
        await Author.objects.prefetch_related("books", Prefetch("books", Book.objects.filter(pages=1)))


def test_prefetch_with_values_is_refused() -> None:
    with pytest.raises(ValueError, match="values"):
        Prefetch("books", queryset=Book.objects.values("title"))


async def test_an_attribute_that_hides_a_field_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        await Author.objects.prefetch_related(Prefetch("books", to_attr="name"))


@pytest.mark.parametrize("path", ["books", "books__tags__books", "country__publishers__books"])
def test_a_queryset_of_another_model_than_the_paths_is_refused(path: str) -> None:
    with pytest.raises(orm.errors.FieldError, match=f"'{path}' leads to Book: write Book.objects"):
        Author.objects.prefetch_related(Prefetch(path, Author.objects.all()))


async def test_what_the_rows_of_a_prefetch_do_not_have_is_not_looked_up_again(library: Any, queries: Any) -> None:
    nobody = Prefetch("author", Author.objects.filter(name="Nobody"))
    with queries as counted:
        book = await Book.objects.prefetch_related(nobody, Prefetch("publisher", Publisher.objects.none())).afirst()
        assert book is not None
        with pytest.raises(Author.DoesNotExist, match=r"Book has no author: the queryset it was prefetched from"):
            _ = book.author
        assert book.publisher is None
    assert len(counted) == 2
    await book.arefresh_from_db()
    assert (await book.author).pk == book.author_id
    assert book.author_id is not None


async def test_another_key_is_looked_up_after_a_prefetch_that_found_nothing(library: Any) -> None:
    book = await Book.objects.prefetch_related(Prefetch("author", Author.objects.none())).afirst()
    other = await Author.objects.alast()
    assert book is not None
    assert other is not None
    book.author_id = other.pk
    assert (await book.author) == other


@pytest.mark.parametrize("name", ["a b", "", "1", "x;--", "a__b c"])
def test_to_attr_is_an_attributes_name(name: str) -> None:
    with pytest.raises(ValueError, match="can't be an attribute's name"):
        Prefetch("books", to_attr=name)
