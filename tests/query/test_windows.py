"""Conditions on window functions: asked of the rows that all other conditions have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import orm
from orm.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery, Sum, Window
from orm.models.functions import FirstValue, Rank, RowNumber
from orm.query import shape
from tests.case_names import case_name
from tests.conftest import Run
from tests.counting import Queries
from tests.query import library as L
from tests.query.answers import titled, titles
from tests.query.models import Author, Book, Tag

NUMBER = Window(RowNumber(), partition_by="author", order_by=[F("pages").desc(), "pk"])
"""The place of a book among its author's, the longest first."""


def numbered() -> Any:
    return Book.objects.annotate(number=NUMBER)


def place(book: L.Book, among: Callable[[L.Book], bool] = lambda _: True) -> int:
    """The same in Python; ``among`` says which books count."""
    return 1 + sorted((b for b in book.author.books if among(b)), key=lambda b: (-b.pages, b.pk)).index(book)


CONDITIONS: list[tuple[Q, Callable[[L.Book], bool]]] = [
    (Q(number=1), lambda b: place(b) == 1),
    (Q(number__gt=1), lambda b: place(b) > 1),
    (Q(number__in=[2, 3]), lambda b: place(b) in (2, 3)),
    (Q(number__range=(2, 5)), lambda b: 2 <= place(b) <= 5),
    (~Q(number=1), lambda b: place(b) != 1),
    (Q(number=1) | Q(pages=66), lambda b: place(b) == 1 or b.pages == 66),
    (Q(number=1) ^ Q(pages=310), lambda b: (place(b) == 1) != (b.pages == 310)),
    (~(Q(number=2) & Q(pages=66)), lambda b: not (place(b) == 2 and b.pages == 66)),
    (Q(number=1) | (Q(number=2) & Q(pages__lt=100)), lambda b: place(b) == 1 or (place(b) == 2 and b.pages < 100)),
    (Q(number=1) | Q(editor__name="Felix"), lambda b: place(b) == 1 or b.editor is L.FELIX),
    (Q(number__lt=F("pages") - 5), lambda b: place(b) < b.pages - 5),
    (Q(pages__gt=F("number") * 50), lambda b: b.pages > place(b) * 50),
    (Q(number=1) | Q(pk__in=[]), lambda b: place(b) == 1),
    (Q(number__lt=2**70), lambda b: True),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=case_name)
async def test_rows_are_chosen_by_what_a_window_function_gives(
    library: Any, condition: Q, expected: Callable[[L.Book], bool]
) -> None:
    found = numbered().filter(condition)
    assert await titles(found) == titled(b for b in L.books if expected(b))
    assert {b.title: b.number async for b in found} == {b.title: place(b) for b in L.books if expected(b)}
    assert await found.acount() == sum(map(expected, L.books))
    assert await found.aexists() == any(map(expected, L.books))
    assert await titles(numbered().exclude(condition)) == titled(b for b in L.books if not expected(b))


async def test_ordinary_conditions_stay_inside_whatever_their_order(library: Any) -> None:
    """As in Django: they choose the rows among which the window function counts."""
    expected = titled(b for b in L.books if b.pages < 300 and place(b, lambda o: o.pages < 300) == 1)
    for found in (
        numbered().filter(number=1).filter(pages__lt=300),
        numbered().filter(pages__lt=300).filter(number=1),
        numbered().filter(number=1, pages__lt=300),
        numbered().filter(~(Q(pages__gte=300) | ~Q(number=1))),
    ):
        assert await titles(found) == expected
    assert await titles(numbered().filter(number=1)) != expected


async def test_order_slice_values_and_distinct(library: Any) -> None:
    first = sorted((b for b in L.books if place(b) == 1), key=lambda b: (b.author.name, b.pk))
    found = numbered().filter(number=1).order_by("author__name")
    assert [b.title async for b in found] == [b.title for b in first]
    assert [b.title async for b in found.reverse()[1:3]] == [b.title for b in first[::-1][1:3]]
    assert [b.title async for b in found.order_by("-number", "-author__name")] == [b.title for b in first[::-1]]
    assert (await found.afirst()).title == first[0].title
    assert [v async for v in found.values_list("author__name", flat=True)] == [b.author.name for b in first]
    assert [v async for v in found.values("title", "number")] == [{"title": b.title, "number": 1} for b in first]
    pages = numbered().filter(number__lte=2).order_by("pages").values_list("pages", flat=True).distinct()
    assert [v async for v in pages] == sorted({b.pages for b in L.books if place(b) <= 2})
    unseen = Book.objects.alias(number=NUMBER).filter(number=1).select_related("author").order_by("author__name")
    assert [b.author.name async for b in unseen] == [b.author.name for b in first]
    assert (await found.aget(author=L.ADA.pk)).title == "Letters"
    with pytest.raises(Book.MultipleObjectsReturned):
        await found.aget()


async def test_aggregates_over_the_rows_found(library: Any) -> None:
    chosen = [b for b in L.books if place(b) == 1]
    found = await numbered().filter(number=1).aaggregate(Sum("pages"), n=Count("pk"), top=Max("number"))
    assert found == {"pages__sum": sum(b.pages for b in chosen), "n": len(chosen), "top": 1}


async def test_a_window_over_groups(library: Any) -> None:
    counts = {a.name: len(a.books) for a in L.authors}
    ranked = Author.objects.annotate(n=Count("books")).annotate(rank=Window(Rank(), order_by=F("n").desc()))
    assert [a.name async for a in ranked.filter(rank=1).order_by("name")] == sorted(
        name for name, n in counts.items() if n == max(counts.values())
    )
    low = [a.name async for a in ranked.filter(Q(rank=1) | Q(n=0)).order_by("name")]
    assert low == sorted(name for name, n in counts.items() if n in (0, max(counts.values())))
    following = ranked.annotate(following=F("rank") + 1).filter(following=2)
    assert {(a.name, a.n, a.following) async for a in following} == {
        (name, n, 2) for name, n in counts.items() if n == max(counts.values())
    }
    with pytest.raises(NotImplementedError, match="joined by OR"):
        await ranked.filter(Q(rank=1) | Q(age=36))


async def test_a_window_that_counts_the_groups(library: Any) -> None:
    groups = Book.objects.values("author").annotate(pages=Sum("pages"), groups=Window(Count("*")))
    number = len({book.author.pk for book in L.books})
    assert [row["groups"] async for row in groups] == [number] * number


async def test_comparing_values_of_windows(library: Any) -> None:
    longest = Book.objects.annotate(most=Window(Max("pages"), partition_by="author"))
    assert await titles(longest.filter(pages=F("most"))) == titled(
        b for b in L.books if b.pages == max(o.pages for o in b.author.books)
    )
    first = Window(FirstValue("title"), partition_by="author", order_by="pk")
    found = Book.objects.annotate(first=first).filter(first__icontains="notes")
    assert await titles(found) == titled(L.ADA.books)
    twice = Book.objects.alias(twice=NUMBER * 2).filter(twice__gt=2)
    assert await titles(twice) == titled(b for b in L.books if place(b) > 1)


async def test_in_subqueries_and_unions(library: Any) -> None:
    second = Book.objects.alias(number=NUMBER).filter(number=2)
    expected = [a.name for a in L.authors if len(a.books) > 1]
    assert [a.name async for a in Author.objects.filter(books__in=second).order_by("pk")] == expected
    own = second.filter(author=OuterRef("pk"))
    assert [a.name async for a in Author.objects.filter(Exists(own)).order_by("pk")] == expected
    titled_ = Author.objects.annotate(second=Subquery(own.values("title"))).filter(second__isnull=False)
    assert {a.name: a.second async for a in titled_} == {b.author.name: b.title for b in L.books if place(b) == 2}
    either = second.union(Book.objects.filter(pages=180)).order_by("pk")
    assert [b.title async for b in either] == [b.title for b in L.books if place(b) == 2 or b.pages == 180]


async def test_update_and_delete(library: Any) -> None:
    longest = {b.title for b in L.books if place(b) == 1}
    assert await numbered().filter(number=1).aupdate(pages=F("pages") + 1000) == len(longest)
    assert {b.title async for b in Book.objects.filter(pages__gte=1000)} == longest
    _, deleted = await numbered().filter(number__gt=1).adelete()
    assert deleted["query.Book"] == len(L.books) - len(longest)
    assert {b.title async for b in Book.objects.all()} == longest


async def test_nothing_to_find(library: Any, queries: Queries) -> None:
    with queries as sent:
        assert await numbered().filter(number=1).none() == []
        assert await numbered().filter(number__in=[]) == []
        assert await numbered().filter(number=1, pk__in=[]).acount() == 0
    assert not sent


@pytest.mark.only(backend="postgresql")
async def test_locks_are_refused_with_the_remedy(library: Any) -> None:
    async with orm.atomic():
        with pytest.raises(orm.errors.NotSupportedError, match="by their keys"):
            await numbered().filter(number=1).select_for_update()


# -- the first few for each parent -------------------------------------------------------------------------------------


async def test_prefetching_the_first_of_each(library: Any) -> None:
    top = Prefetch("books", Book.objects.alias(number=NUMBER).filter(number=1), to_attr="top")
    authors = await Author.objects.prefetch_related(top).order_by("pk")
    assert [[b.title for b in a.top] for a in authors] == [
        [b.title for b in a.books if place(b) == 1] for a in L.authors
    ]


CUT = {"sqlite": "ROW_NUMBER", "postgresql": "LATERAL"}
SLICES = [(0, 1), (0, 2), (1, 2), (1, None), (2, 10), (0, 0)]


@pytest.mark.parametrize("bounds", SLICES, ids=str)
async def test_a_sliced_prefetch_is_cut_by_the_database(
    library: Any, database: Run, queries: Queries, bounds: tuple[int, int | None]
) -> None:
    part = slice(*bounds)
    with queries as sent:
        authors = await Author.objects.prefetch_related(
            Prefetch("books", Book.objects.order_by("-pages", "pk")[part], to_attr="some")
        ).order_by("pk")
    assert len(sent) == 2
    assert CUT[database.backend] in sent[1]
    assert [[b.title for b in a.some] for a in authors] == [
        [b.title for b in sorted(a.books, key=lambda b: (-b.pages, b.pk))[part]] for a in L.authors
    ]
    with queries as sent:
        books = await Book.objects.prefetch_related(Prefetch("tags", Tag.objects.order_by("-name")[part])).order_by(
            "pk"
        )
    assert CUT[database.backend] in sent[1]
    assert [[t.name for t in b.tags.all()] for b in books] == [sorted(b.tags, reverse=True)[part] for b in L.books]


async def test_a_sliced_prefetch_in_the_order_of_the_model(library: Any) -> None:
    books = await Book.objects.prefetch_related(Prefetch("tags", Tag.objects.all()[:2])).order_by("pk")
    assert [[t.name for t in b.tags.all()] for b in books] == [sorted(b.tags)[:2] for b in L.books]
    books = await Book.objects.prefetch_related(Prefetch("tags", Tag.objects.reverse()[:2])).order_by("pk")
    assert [[t.name for t in b.tags.all()] for b in books] == [sorted(b.tags)[::-1][:2] for b in L.books]


async def test_windows_of_a_sliced_prefetch_see_the_rows_of_all(library: Any, queries: Queries) -> None:
    numbered = Book.objects.annotate(number=Window(RowNumber(), order_by="pk")).order_by("-pages", "pk")[:1]
    with queries as sent:
        authors = await Author.objects.prefetch_related(Prefetch("books", numbered, to_attr="top")).order_by("pk")
    assert len(sent) == 2
    assert "LATERAL" not in sent[1]
    places = {b.pk: number for number, b in enumerate(L.books, 1)}
    assert [[(b.pk, b.number) for b in a.top] for a in authors] == [
        [(b.pk, places[b.pk]) for b in sorted(a.books, key=lambda b: (-b.pages, b.pk))[:1]] for a in L.authors
    ]


async def test_slices_of_other_sizes_share_a_plan(library: Any) -> None:
    for size in (1, 2, 5):
        before = shape.size()
        books = Book.objects.order_by("-pages", "pk")[:size]
        authors = await Author.objects.prefetch_related(Prefetch("books", books, to_attr="some")).order_by("pk")
        assert [len(a.some) for a in authors] == [min(size, len(a.books)) for a in L.authors]
        assert size == 1 or shape.size() == before


async def test_a_sliced_prefetch_of_groups_and_of_distinct_rows(library: Any) -> None:
    counted = Book.objects.annotate(n=Count("reviews")).order_by("-n", "pk")[:1]
    authors = await Author.objects.prefetch_related(Prefetch("books", counted, to_attr="top")).order_by("pk")
    assert [[(b.title, b.n) for b in a.top] for a in authors] == [
        [(b.title, len(b.reviews)) for b in sorted(a.books, key=lambda b: (-len(b.reviews), b.pk))[:1]]
        for a in L.authors
    ]
    reviewed = Book.objects.filter(reviews__stars__gt=0).distinct().order_by("pk")[:2]
    authors = await Author.objects.prefetch_related(Prefetch("books", reviewed, to_attr="some")).order_by("pk")
    assert [[b.title for b in a.some] for a in authors] == [
        [b.title for b in a.books if b.reviews][:2] for a in L.authors
    ]
