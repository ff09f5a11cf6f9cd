"""Subquery, Exists and OuterRef, nested as deep as they go; querysets as values of lookups."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.models import CharField, Count, Exists, F, Func, IntegerField, Max, OuterRef, Q, Subquery, Sum, Value
from orm.models.functions import Coalesce, Concat, Upper
from orm.postgresql.arrays import ArrayField
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Publisher, Review, Tag


async def test_in_queryset(library: Any) -> None:
    french = Author.objects.filter(country__name="France")
    assert await titles(Book.objects.filter(author__in=french)) == titled(
        b for b in L.books if b.author.country is L.FRANCE
    )


async def test_in_queryset_of_one_column(library: Any) -> None:
    found = Author.objects.filter(name__in=Review.objects.values("reviewer"))
    assert await names(found) == named(a for a in L.authors if a.name in {r.reviewer for r in L.reviews})


async def test_in_queryset_of_flat_values(library: Any) -> None:
    found = Author.objects.filter(name__in=Review.objects.values_list("reviewer", flat=True))
    assert await names(found) == named(a for a in L.authors if a.name in {r.reviewer for r in L.reviews})


async def test_in_queryset_runs_one_query(library: Any, queries: Any) -> None:
    french = Author.objects.filter(country__name="France")
    with queries as counted:
        await titles(Book.objects.filter(author__in=french))
    assert len(counted) == 1


async def test_in_a_sliced_queryset(library: Any) -> None:
    oldest = Author.objects.exclude(age=None).order_by("-age", "pk")[:2]
    found = Book.objects.filter(author__in=oldest)
    assert await titles(found) == titled(b for b in L.books if b.author in (L.BASHO, L.CAMUS))


async def test_exclude_in_queryset(library: Any) -> None:
    found = Book.objects.exclude(author__in=Author.objects.filter(age=36))
    assert await titles(found) == titled(b for b in L.books if b.author.age != 36)


async def test_exact_queryset_of_one_row(library: Any) -> None:
    found = Book.objects.filter(author=Author.objects.filter(name="Ada").values("pk")[:1])
    assert await titles(found) == titled(L.ADA.books)


async def test_in_queryset_over_two_relations(library: Any) -> None:
    novels = Book.objects.filter(tags__name="novel")
    found = Publisher.objects.filter(books__in=novels).distinct()
    assert await names(found) == named(p for p in L.publishers if any("novel" in b.tags for b in p.books))


async def test_exists(library: Any) -> None:
    found = Author.objects.filter(Exists(Book.objects.filter(author=OuterRef("pk"))))
    assert await names(found) == named(a for a in L.authors if a.books)


async def test_not_exists(library: Any) -> None:
    found = Author.objects.filter(~Exists(Book.objects.filter(author=OuterRef("pk"))))
    assert await names(found) == named(a for a in L.authors if not a.books)


async def test_exists_beside_other_conditions(library: Any) -> None:
    found = Author.objects.filter(Exists(Book.objects.filter(author=OuterRef("pk"))) | Q(age=24), active=False)
    assert await names(found) == named(a for a in L.authors if (a.books or a.age == 24) and not a.active)


async def test_exists_as_an_annotation_is_a_bool(library: Any) -> None:
    found = Author.objects.annotate(writes=Exists(Book.objects.filter(author=OuterRef("pk"))))
    assert {a.name: a.writes async for a in found} == {a.name: bool(a.books) for a in L.authors}


async def test_filter_on_an_annotated_exists(library: Any) -> None:
    found = Author.objects.annotate(writes=Exists(Book.objects.filter(author=OuterRef("pk")))).filter(writes=False)
    assert await names(found) == named(a for a in L.authors if not a.books)


async def test_exclude_exists(library: Any) -> None:
    found = Author.objects.exclude(Exists(Book.objects.filter(editor=OuterRef("pk"))))
    assert await names(found) == named(a for a in L.authors if not a.edited)


async def test_exists_with_two_conditions_on_the_outer_row(library: Any) -> None:
    own = Review.objects.filter(book=OuterRef("pk"), reviewer=OuterRef("author__name"))
    assert await titles(Book.objects.filter(Exists(own))) == titled(
        b for b in L.books if any(r.reviewer == b.author.name for r in b.reviews)
    )


async def test_outer_ref_in_a_comparison(library: Any) -> None:
    younger = Author.objects.filter(age__lt=OuterRef("age"), country=OuterRef("country"))
    assert await names(Author.objects.filter(Exists(younger))) == named(
        a
        for a in L.authors
        if a.age is not None
        and a.country
        and any(x.age is not None and x.age < a.age and x.country is a.country for x in L.authors)
    )


async def test_outer_ref_in_arithmetic(library: Any) -> None:
    longer = Book.objects.filter(pages__gt=OuterRef("pages") * 2, author=OuterRef("author"))
    assert await titles(Book.objects.filter(Exists(longer))) == titled(
        b for b in L.books if any(x.pages > b.pages * 2 for x in b.author.books)
    )


async def test_outer_ref_inside_q(library: Any) -> None:
    inner = Book.objects.filter(Q(author=OuterRef("pk")) | Q(editor=OuterRef("pk")))
    assert await names(Author.objects.filter(Exists(inner))) == named(a for a in L.authors if a.books or a.edited)


async def test_outer_ref_in_exclude(library: Any) -> None:
    others = Book.objects.exclude(author=OuterRef("pk")).filter(editor=OuterRef("pk"))
    assert await names(Author.objects.filter(Exists(others))) == named(
        a for a in L.authors if any(b.author is not a for b in a.edited)
    )


async def test_subquery_as_an_annotation(library: Any) -> None:
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk").values("title")[:1]
    found = {a.name: a.longest async for a in Author.objects.annotate(longest=Subquery(newest))}
    expected = {}
    for author in L.authors:
        ranked = sorted(author.books, key=lambda b: (-b.pages, b.pk))
        expected[author.name] = ranked[0].title if ranked else None
    assert found == expected


async def test_filter_and_order_by_an_annotated_subquery(library: Any) -> None:
    pages = Book.objects.filter(author=OuterRef("pk")).order_by("-pages").values("pages")[:1]
    found = Author.objects.annotate(most=Subquery(pages)).filter(most__gte=100).order_by("-most", "pk")
    expected = [(max(b.pages for b in a.books), a) for a in L.authors if a.books]
    assert [a.name async for a in found] == [
        a.name for most, a in sorted(expected, key=lambda pair: (-pair[0], pair[1].pk)) if most >= 100
    ]


async def test_subquery_in_a_lookup(library: Any) -> None:
    own_editor = Author.objects.filter(pk=OuterRef("editor")).values("name")[:1]
    found = Review.objects.filter(book__in=Book.objects.annotate(e=Subquery(own_editor)).filter(e="Felix").values("pk"))
    assert sorted([r.pk async for r in found]) == [r.pk for r in L.reviews if r.book.editor is L.FELIX]


async def test_subquery_with_an_aggregate_of_its_own_groups(library: Any) -> None:
    stars = Review.objects.filter(book=OuterRef("pk")).values("book").annotate(n=Sum("stars")).values("n")
    found = {b.title: b.stars async for b in Book.objects.annotate(stars=Coalesce(Subquery(stars), 0))}
    assert found == {b.title: sum(r.stars for r in b.reviews) for b in L.books}


async def test_two_subquery_counts_do_not_multiply(library: Any) -> None:
    tags = Tag.objects.filter(books=OuterRef("pk")).order_by().values("books").annotate(n=Count("pk")).values("n")
    reviews = Review.objects.filter(book=OuterRef("pk")).values("book").annotate(n=Count("pk")).values("n")
    queryset = Book.objects.annotate(t=Coalesce(Subquery(tags), 0), r=Coalesce(Subquery(reviews), 0))
    assert {b.title: (b.t, b.r) async for b in queryset} == {b.title: (len(b.tags), len(b.reviews)) for b in L.books}


async def test_arithmetic_on_a_subquery(library: Any) -> None:
    pages = Book.objects.filter(author=OuterRef("pk")).order_by("-pages").values("pages")[:1]
    found = {a.name: a.x async for a in Author.objects.annotate(x=Subquery(pages) + Value(1))}
    assert found == {a.name: max(b.pages for b in a.books) + 1 if a.books else None for a in L.authors}


async def test_output_field_of_a_subquery(library: Any) -> None:
    pages = Book.objects.filter(author=OuterRef("pk")).order_by("-pages").values("pages")[:1]
    found = await Author.objects.annotate(x=Subquery(pages, output_field=IntegerField())).aget(name="Ada")
    assert found.x == 310


# -- nested twice ------------------------------------------------------------------------------------------------------


async def test_exists_inside_exists(library: Any) -> None:
    bad = Review.objects.filter(book=OuterRef("pk"), stars__lte=2)
    found = Author.objects.filter(Exists(Book.objects.filter(Exists(bad), author=OuterRef("pk"))))
    assert await names(found) == named(a for a in L.authors if any(r.stars <= 2 for b in a.books for r in b.reviews))


async def test_inner_exists_refers_to_the_outermost_row(library: Any) -> None:
    by_author = Review.objects.filter(book=OuterRef("pk"), reviewer=OuterRef(OuterRef("name")))
    found = Author.objects.filter(Exists(Book.objects.filter(Exists(by_author), author=OuterRef("pk"))))
    assert await names(found) == named(
        a for a in L.authors if any(r.reviewer == a.name for b in a.books for r in b.reviews)
    )


async def test_not_exists_inside_not_exists(library: Any) -> None:
    """Division: authors all of whose books were reviewed."""
    reviewed = Review.objects.filter(book=OuterRef("pk"))
    unreviewed = Book.objects.filter(~Exists(reviewed), author=OuterRef("pk"))
    assert await names(Author.objects.filter(~Exists(unreviewed))) == named(
        a for a in L.authors if all(b.reviews for b in a.books)
    )


async def test_subquery_inside_a_subquery_annotation(library: Any) -> None:
    best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars", "pk").values("stars")[:1]
    books = (
        Book.objects.filter(author=OuterRef("pk")).annotate(best=Subquery(best)).exclude(best=None)
        .order_by("-best", "pk").values("best")[:1]
    )  # fmt: skip
    found = {a.name: a.best async for a in Author.objects.annotate(best=Subquery(books))}
    assert found == {a.name: max((r.stars for b in a.books for r in b.reviews), default=None) for a in L.authors}


async def test_doubly_nested_outer_ref_in_an_annotation(library: Any) -> None:
    own = (
        Review.objects.filter(book=OuterRef("pk"), reviewer=OuterRef(OuterRef("name")))
        .order_by("pk")
        .values("stars")[:1]
    )
    books = (
        Book.objects.filter(author=OuterRef("pk")).annotate(own=Subquery(own)).exclude(own=None)
        .order_by("-own").values("own")[:1]
    )  # fmt: skip
    found = {a.name: a.own async for a in Author.objects.annotate(own=Subquery(books))}
    expected = {}
    for author in L.authors:
        firsts = [next((r.stars for r in b.reviews if r.reviewer == author.name), None) for b in author.books]
        expected[author.name] = max((stars for stars in firsts if stars is not None), default=None)
    assert found == expected


async def test_in_inside_in(library: Any) -> None:
    reviewed_by_bob = Book.objects.filter(pk__in=Review.objects.filter(reviewer="Bob").values("book"))
    assert await names(Author.objects.filter(books__in=reviewed_by_bob)) == named(
        {b.author for b in L.books if any(r.reviewer == "Bob" for r in b.reviews)}
    )


async def test_the_same_table_on_three_levels(library: Any) -> None:
    """Authors who are older than someone who is older than someone."""
    young = Author.objects.filter(age__lt=OuterRef("age"))
    middle = Author.objects.filter(Exists(young), age__lt=OuterRef("age"))
    ages = [a.age for a in L.authors if a.age is not None]
    assert await names(Author.objects.filter(Exists(middle))) == named(
        a for a in L.authors if a.age is not None and any(y < x < a.age for x in ages for y in ages)
    )


# -- reuse -------------------------------------------------------------------------------------------------------------


async def test_one_subquery_in_two_querysets(library: Any) -> None:
    writes = Exists(Book.objects.filter(author=OuterRef("pk")))
    assert await names(Author.objects.filter(writes)) == named(a for a in L.authors if a.books)
    assert await names(Author.objects.filter(~writes)) == named(a for a in L.authors if not a.books)


async def test_one_shape_with_other_values_gives_other_rows(library: Any) -> None:
    for stars in (1, 3, 5):
        inner = Review.objects.filter(book=OuterRef("pk"), stars__gte=stars)
        assert await titles(Book.objects.filter(Exists(inner))) == titled(
            b for b in L.books if any(r.stars >= stars for r in b.reviews)
        )


async def test_values_of_inner_and_outer_query_keep_their_order(library: Any) -> None:
    inner = Review.objects.filter(stars__gte=3, book=OuterRef("pk"), reviewer="Ann")
    found = Book.objects.filter(pages__gt=50).filter(Exists(inner)).exclude(title="100 Cottons").annotate(k=Value("x"))
    assert await titles(found) == titled(
        b
        for b in L.books
        if b.pages > 50 and any(r.stars >= 3 and r.reviewer == "Ann" for r in b.reviews) and b.title != "100 Cottons"
    )


async def test_outer_ref_outside_a_subquery_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="may only be used in a subquery"):
        await Author.objects.filter(pk=OuterRef("pk"))


async def test_queryset_with_two_columns_on_the_right_of_in_is_refused(library: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        await Book.objects.filter(author__in=Author.objects.values("pk", "name"))


async def test_queryset_of_another_model_is_refused_for_a_relation(library: Any) -> None:
    with pytest.raises(ValueError, match="Author"):
        await Book.objects.filter(author__in=Tag.objects.all())


async def test_aggregate_in_a_subquery_beside_a_joined_aggregate(library: Any) -> None:
    most = (
        Review.objects.filter(book__author=OuterRef("pk")).values("book__author").annotate(m=Max("stars")).values("m")
    )
    found = Author.objects.annotate(best=Subquery(most), n=Count("books")).filter(n__gt=0)
    assert {a.name: (a.best, a.n) async for a in found} == {
        a.name: (max((r.stars for b in a.books for r in b.reviews), default=None), len(a.books))
        for a in L.authors
        if a.books
    }


async def test_subquery_compared_with_f(library: Any) -> None:
    best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
    found = Book.objects.annotate(best=Subquery(best)).filter(pages__lt=F("best") * 20)
    assert await titles(found) == titled(
        b for b in L.books if b.reviews and b.pages < max(r.stars for r in b.reviews) * 20
    )


async def test_a_queryset_is_an_annotation(library: Any) -> None:
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages", "pk").values("title")[:1]
    expected = {a.name: min(a.books, key=lambda b: (-b.pages, b.pk)).title if a.books else None for a in L.authors}
    assert {a.name: a.longest async for a in Author.objects.annotate(longest=newest)} == expected
    assert dict([row async for row in Author.objects.alias(x=newest).annotate(y=F("x")).values_list("name", "y")]) == (
        expected
    )


async def test_a_queryset_stands_in_arithmetic(library: Any) -> None:
    own = Book.objects.filter(pk=OuterRef("pk")).values("pages")
    rows = Book.objects.annotate(more=own - F("pages") + 1).filter(more=1)
    assert await rows.acount() == len(L.books)


async def test_a_subquery_of_a_truth_value_is_a_condition(library: Any) -> None:
    active = Author.objects.filter(pk=OuterRef("author")).values("active")
    assert await titles(Book.objects.filter(Subquery(active))) == titled(b for b in L.books if b.author.active)


async def test_a_query_stands_where_its_queryset_may(library: Any) -> None:
    inner = Author.objects.filter(active=True).values("pk")
    expected = titled(b for b in L.books if b.author.active)
    assert await titles(Book.objects.filter(author__in=inner.query)) == expected
    counted = Book.objects.filter(author=OuterRef("pk")).values("author").annotate(n=Count("pk")).values("n")
    rows = await Author.objects.values_list(counted.query).annotate(total=Count("*"))
    assert sorted((n or 0, total) for n, total in rows) == sorted(
        {n: [len(a.books) for a in L.authors].count(n) for n in {len(a.books) for a in L.authors}}.items()
    )


async def test_nothing_and_a_negated_exists(library: Any) -> None:
    rows = Book.objects.filter(Q() & ~Exists(Review.objects.filter(book=OuterRef("pk"))))
    assert await titles(rows) == titled(b for b in L.books if not b.reviews)


async def test_different_rows_cut_in_an_order_of_other_columns(library: Any) -> None:
    """What they are ordered by is selected too, as databases want it, and is no part of what is compared."""
    expected = sorted(book.title for book in sorted(L.books, key=lambda book: (book.title, book.pk))[:2])
    for first in (
        Book.objects.distinct().order_by("title", "pk")[:2],
        Book.objects.order_by("title", "pk").values("pk").distinct()[:2],
        Book.objects.order_by(Upper("title"), "pk").distinct()[:2],
        Book.objects.annotate(same=F("pk") + 0).order_by("title", "pk").values("same").distinct()[:2],
        Book.objects.distinct().order_by(Concat("title", Value("!")), "pk")[:2],
    ):
        found = Book.objects.filter(pk__in=first)
        assert sorted([book.title async for book in found]) == expected


async def test_a_subquery_of_several_rows_keeps_its_order(library: Any) -> None:
    """SQLite takes the first row, which is the one that the query's order puts there; PostgreSQL refuses."""
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages").values("pages")
    pages = {author.name: max([book.pages for book in author.books], default=None) for author in L.authors}
    rows = Author.objects.annotate(longest=Subquery(longest)).values_list("name", "longest")
    if orm.databases["default"].backend.name == "sqlite":
        assert dict(await rows) == pages
    else:
        with pytest.raises(orm.errors.DatabaseError, match="more than one row"):
            await rows
    assert dict(await Author.objects.annotate(it=Subquery(longest[:1])).values_list("name", "it")) == pages


async def test_a_function_of_rows_gets_them_in_their_order(library: Any) -> None:
    if orm.databases["default"].backend.name != "postgresql":
        pytest.skip("No function takes rows there.")
    titles = Book.objects.order_by("-title").values("title")
    as_array = Func(Subquery(titles), function="ARRAY", output_field=ArrayField(CharField(max_length=200)))
    first = await Author.objects.annotate(titles=as_array).afirst()
    assert first is not None
    assert first.titles == sorted((book.title for book in L.books), reverse=True)


@pytest.mark.only(backend="sqlite")  # others refuse several rows as a value
async def test_of_several_rows_the_first_by_the_models_order_is_the_value(library: Any) -> None:
    tags = Tag.objects.values("name")
    assert await Author.objects.annotate(tag=Subquery(tags)).values_list("tag", flat=True).afirst() == min(L.TAGS)
    last = Subquery(tags.order_by("-name"))
    assert await Author.objects.annotate(tag=last).values_list("tag", flat=True).afirst() == max(L.TAGS)
