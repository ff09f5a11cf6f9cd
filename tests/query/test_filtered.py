"""FilteredRelation: a relation under another name, joined to those rows only that meet a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import BooleanField, Count, F, FilteredRelation, OuterRef, Q, Subquery, Sum
from orm.sql.handwritten import RawSQL
from tests.case_names import case_name
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Store


def with_long() -> Any:
    return Author.objects.annotate(long=FilteredRelation("books", condition=Q(books__pages__gt=100)))


def long(author: L.Author) -> list[L.Book]:
    return [b for b in author.books if b.pages > 100]


async def test_rows_without_such_related_rows_stay(library: Any) -> None:
    assert await names(with_long()) == named(L.authors)  # unused, it is not even joined
    rows = with_long().values_list("name", "long__title")
    assert sorted([row async for row in rows], key=str) == sorted(
        ((a.name, title) for a in L.authors for title in ([b.title for b in long(a)] or [None])), key=str
    )
    counted = with_long().annotate(n=Count("long"), pages=Sum("long__pages"))
    assert {a.name: (a.n, a.pages) async for a in counted} == {
        a.name: (len(long(a)), sum(b.pages for b in long(a)) if long(a) else None) for a in L.authors
    }
    assert await with_long().aaggregate(n=Count("long")) == {"n": sum(len(long(a)) for a in L.authors)}


CONDITIONS: list[tuple[Q, Callable[[L.Author], bool]]] = [
    (Q(long__isnull=False), lambda a: bool(long(a))),
    (Q(long__isnull=True), lambda a: not long(a)),
    (Q(long__publisher__name="Penguin"), lambda a: any(b.publisher is L.PENGUIN for b in long(a))),
    (Q(long__reviews__stars=1), lambda a: any(r.stars == 1 for b in long(a) for r in b.reviews)),
    (Q(long__pages__gt=F("age") * 5), lambda a: a.age is not None and any(b.pages > a.age * 5 for b in long(a))),
    (Q(long__editor=L.CAMUS.pk), lambda a: any(b.editor is L.CAMUS for b in long(a))),
    (Q(long__in=[L.PESTE.pk, L.NOTES.pk]), lambda a: any(b in (L.PESTE, L.NOTES) for b in long(a))),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=case_name)
async def test_filter_and_exclude(library: Any, condition: Q, expected: Callable[[L.Author], bool]) -> None:
    assert await names(with_long().filter(condition).distinct()) == named(a for a in L.authors if expected(a))
    assert await names(with_long().exclude(condition)) == named(a for a in L.authors if not expected(a))
    assert await names(with_long().filter(condition | Q(name="Gina")).distinct()) == named(
        a for a in L.authors if expected(a) or a is L.GINA
    )


async def test_several_of_the_same_relation_and_the_relation_itself(library: Any) -> None:
    both = with_long().annotate(short=FilteredRelation("books", condition=Q(books__pages__lte=100)))
    assert await names(both.filter(long__isnull=False, short__isnull=False).distinct()) == named(
        a for a in L.authors if long(a) and len(long(a)) < len(a.books)
    )
    assert await names(with_long().filter(books__title="Notes on the Engine", long__title="Letters")) == ["Ada"]


async def test_conditions_of_all_kinds(library: Any) -> None:
    async def found(condition: Q) -> set[tuple[str, str]]:
        rows = Author.objects.annotate(some=FilteredRelation("books", condition=condition)).filter(some__isnull=False)
        return {row async for row in rows.values_list("name", "some__title")}

    def expected(test: Callable[[L.Book], bool]) -> set[tuple[str, str]]:
        return {(b.author.name, b.title) for b in L.books if test(b)}

    assert await found(Q(books__pages=66) | Q(books__title__startswith="La")) == expected(
        lambda b: b.pages == 66 or b.title.startswith("La")
    )
    assert await found(~Q(books__price__gt=9)) == expected(lambda b: b.price is None or not b.price > 9)
    assert await found(Q(books__pages__lt=F("age") * 4)) == expected(
        lambda b: b.author.age is not None and b.pages < b.author.age * 4
    )
    assert await found(Q(books__pages__in=[66, 7], active=True)) == expected(
        lambda b: b.pages in (66, 7) and b.author.active
    )


async def test_across_a_nullable_foreign_key(library: Any) -> None:
    british = Book.objects.annotate(british=FilteredRelation("publisher", condition=Q(publisher__founded__gt=1920)))
    assert {row async for row in british.values_list("title", "british__name")} == {
        (b.title, "Penguin" if b.publisher is L.PENGUIN else None) for b in L.books
    }
    assert await titles(british.filter(british=L.PENGUIN.pk)) == titled(L.PENGUIN.books)
    assert await titles(british.exclude(british__name="Penguin")) == titled(
        b for b in L.books if b.publisher is not L.PENGUIN
    )
    ordered = british.order_by(F("british__name").asc(nulls_last=True), "pk")
    assert [b.pk async for b in ordered] == [
        b.pk for b in sorted(L.books, key=lambda b: (b.publisher is not L.PENGUIN, b.pk))
    ]


async def test_along_several_relations(library: Any) -> None:
    praised = Author.objects.annotate(praise=FilteredRelation("books__reviews", condition=Q(books__reviews__stars=5)))
    expected = [a for a in L.authors if any(r.stars == 5 for b in a.books for r in b.reviews)]
    assert await names(praised.filter(praise__isnull=False).distinct()) == named(expected)
    assert await names(praised.exclude(praise__reviewer="Ann")) == named(
        a for a in L.authors if not any(r.stars == 5 and r.reviewer == "Ann" for b in a.books for r in b.reviews)
    )
    tagged = Book.objects.annotate(n=FilteredRelation("tags", condition=Q(tags__name__startswith="n")))
    assert {b.title: b.count async for b in tagged.annotate(count=Count("n"))} == {
        b.title: sum(t.startswith("n") for t in b.tags) for b in L.books
    }
    stocked = Store.objects.annotate(many=FilteredRelation("stock", condition=Q(stock__quantity__gte=3)))
    assert {s.name: s.n async for s in stocked.annotate(n=Count("many"))} == {
        name: sum(b.stores.get(name, 0) >= 3 for b in L.books) for name in L.STORES
    }


async def test_of_a_filtered_relation(library: Any) -> None:
    both = with_long().annotate(praise=FilteredRelation("long__reviews", condition=Q(long__reviews__stars=5)))
    rows = both.filter(long__isnull=False).values_list("long__title", "praise__reviewer")
    assert sorted([row async for row in rows], key=str) == sorted(
        ((b.title, r) for b in L.books if b.pages > 100
         for r in ([r.reviewer for r in b.reviews if r.stars == 5] or [None])), key=str,
    )  # fmt: skip


async def test_compared_to_what_another_relation_has(library: Any) -> None:
    same = FilteredRelation("author", condition=Q(author__age__gt=F("publisher__books__editor__age")))
    found = Book.objects.annotate(older=same).filter(older__isnull=False).distinct()

    def older(book: L.Book) -> bool:
        editors = [b.editor for b in L.books if book.publisher is not None and b.publisher is book.publisher]
        ages = [e.age for e in editors if e is not None and e.age is not None]
        return book.author.age is not None and any(book.author.age > age for age in ages)

    assert await titles(found) == titled(b for b in L.books if older(b))
    assert any(map(older, L.books))


async def test_joined_objects(library: Any) -> None:
    """select_related() has an object under the filtered relation's name, or None, whichever way the relation goes."""
    rows = [a async for a in with_long().select_related("long__publisher").order_by("name", "long__title")]

    def publisher(book: Any) -> Any:
        held = book.__dict__["publisher"]
        return held and held.name

    assert sorted(((a.name, a.long and (a.long.title, publisher(a.long))) for a in rows), key=str) == sorted(
        ((a.name, b and (b.title, publisher(b))) for a in L.authors for b in (long(a) or [None])), key=str
    )
    assert all(a.long.__dict__["author"] is a for a in rows if a.long is not None)
    known = Book.objects.annotate(known=FilteredRelation("editor", condition=Q(editor__age__gt=40)))
    assert {b.title: b.known and b.known.name async for b in known.select_related("known")} == {
        b.title: b.editor.name if b.editor is not None and (b.editor.age or 0) > 40 else None for b in L.books
    }
    some = [a async for a in with_long().select_related("long").defer("long__title") if a.long is not None]
    assert some and all("title" not in a.long.__dict__ and "pages" in a.long.__dict__ for a in some)


async def test_loading_that_is_refused() -> None:
    with pytest.raises(ValueError, match=r"only\(\) is not supported with FilteredRelation"):
        with_long().only("long__title")
    with pytest.raises(ValueError, match=r"prefetch_related\(\) is not supported with FilteredRelation"):
        with_long().prefetch_related("long__tags")
    with pytest.raises(FieldError, match="Invalid field name.s. given in select_related: 'reviews'"):
        with_long().select_related("long__reviews")
    for condition, message in {
        Q(books__author__name__contains="a"): "outside the 'books__publisher' .got 'books__author__name__contains'",
        Q(books__publisher__books__pages=1): "deeper than the relation_name .got 'books__publisher__books__pages'",
        Q(books__publisher__in=Book.objects.values("publisher")): "Passing a QuerySet",
    }.items():
        with pytest.raises(ValueError, match=message):
            Author.objects.annotate(x=FilteredRelation("books__publisher", condition=condition))
    with pytest.raises(ValueError, match="aliases with periods .got 'a.b'"):
        Author.objects.annotate(**{"a.b": FilteredRelation("books")})


async def test_in_subqueries_unions_and_updates(library: Any) -> None:
    found = with_long().filter(long__price__gt=9)
    expected = named(a for a in L.authors if any(b.price is not None and b.price > 9 for b in long(a)))
    assert await names(Author.objects.filter(pk__in=found)) == expected
    other = Author.objects.annotate(tiny=FilteredRelation("books", condition=Q(books__pages__lt=10)))
    either = found.union(other.filter(tiny__isnull=False)).order_by("name")
    assert [a.name async for a in either] == sorted(
        {*expected, *(a.name for a in L.authors if any(b.pages < 10 for b in a.books))}
    )
    inner = with_long().filter(pk=OuterRef("author")).annotate(n=Count("long")).values("n")
    assert {b.title: b.n async for b in Book.objects.annotate(n=Subquery(inner))} == {
        b.title: len(long(b.author)) for b in L.books
    }
    assert await found.aupdate(active=False) == len(expected)
    for pages in (100, 200, 300):  # the same shape with other values
        some = Author.objects.annotate(some=FilteredRelation("books", condition=Q(books__pages__gt=pages)))
        assert await names(some.filter(some__isnull=False).distinct()) == named(
            a for a in L.authors if any(b.pages > pages for b in a.books)
        )


async def test_the_later_of_two_under_one_name_counts_from_there_on(library: Any) -> None:
    def short(author: L.Author) -> list[L.Book]:
        return [b for b in author.books if b.pages < 200]

    later = FilteredRelation("books", condition=Q(books__pages__lt=200))
    for queryset in (with_long().annotate(long=later), with_long().alias(long=later)):
        rows = queryset.values_list("name", "long__title")
        assert sorted([row async for row in rows], key=str) == sorted(
            ((a.name, title) for a in L.authors for title in ([b.title for b in short(a)] or [None])), key=str
        )
    found = with_long().filter(long__isnull=False).annotate(long=later).filter(long__isnull=False)
    assert await names(found.distinct()) == named(a for a in L.authors if long(a) and short(a))
    found = with_long().annotate(first=F("long__title")).annotate(long=later)
    assert sorted([row async for row in found.values_list("first", "long__title")], key=str) == sorted(
        (
            (b, s)
            for a in L.authors
            for b in ([b.title for b in long(a)] or [None])
            for s in ([b.title for b in short(a)] or [None])
        ),
        key=str,
    )
    again = with_long().filter(long__isnull=False).annotate(long=later).filter(long__isnull=False)
    again = again.annotate(long=FilteredRelation("books", condition=Q(books__pages__gt=100)))
    assert await names(again.filter(long__isnull=False).distinct()) == named(
        a for a in L.authors if long(a) and short(a)
    )


async def test_what_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        FilteredRelation("")
    with pytest.raises(ValueError, match="Q\\(\\) instance"):
        FilteredRelation("books", condition="pages > 100")  # type: ignore[arg-type]
    for wrong in ("books__title", "nosuch", "name", "books__pages__gt"):
        with pytest.raises(ValueError, match="path of relations"):
            Author.objects.annotate(x=FilteredRelation(wrong))
    with pytest.raises(ValueError, match="deeper than the relation_name"):
        Author.objects.annotate(x=FilteredRelation("books", condition=Q(books__publisher__name="Penguin")))
    with pytest.raises(ValueError, match="conflicts"):
        Author.objects.annotate(age=FilteredRelation("books"))
    with pytest.raises(ValueError, match="conflicts"):
        Author.objects.annotate(long=F("age")).annotate(long=FilteredRelation("edited"))
    with pytest.raises(FieldError, match="long"):
        with_long().filter(lang__title="x")


async def test_complex_filter(library: Any) -> None:
    assert await names(Author.objects.complex_filter({"age": 36, "active": True})) == ["Ada", "Emil"]
    assert await names(Author.objects.complex_filter(Q(age=36) | Q(age=50))) == ["Ada", "Bashō", "Emil"]
    assert await Author.objects.complex_filter({}).acount() == len(L.authors)


async def test_rawsql_as_a_condition(library: Any) -> None:
    assert await names(Author.objects.filter(RawSQL("age > %s", [40], output_field=BooleanField()))) == [
        "Bashō",
        "Camus",
    ]
