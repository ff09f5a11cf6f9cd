"""Interned shapes: the way through the cache gives the SQL and rows of the way without, and memory stays bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orm.errors import EmptyResultSet
from orm.models import Count, Exists, F, OuterRef, Q, Sum, Value
from orm.models.functions import Coalesce, Length
from orm.query import shape
from tests.conftest import Run, Server
from tests.properties.conftest import Waiter
from tests.query import library as L
from tests.query.models import Author, Book, Everything, Review

NUMBERS = st.integers(-5, 400)
WORDS = st.sampled_from(["Ada", "a", "Camus", "", "%", "_", "o", "Cotton", "'", "\\"])
LISTS = st.lists(NUMBERS, max_size=4)

Step = Callable[[Any, Any], Any]

# Each step takes a queryset of books and a value; the same steps with other values are the same shape.
STEPS: list[tuple[str, Step, st.SearchStrategy[Any]]] = [
    ("filter equal", lambda q, v: q.filter(pages=v), NUMBERS),
    ("filter greater", lambda q, v: q.filter(pages__gt=v), NUMBERS),
    ("filter between", lambda q, v: q.filter(pages__range=(v, v + 100)), NUMBERS),
    ("filter in", lambda q, v: q.filter(pages__in=v), LISTS),
    ("exclude in", lambda q, v: q.exclude(pages__in=v), LISTS),
    ("filter null", lambda q, v: q.filter(editor__isnull=v), st.booleans()),
    ("filter maybe none", lambda q, v: q.filter(author__age=v), st.none() | st.sampled_from([24, 36, 46])),
    ("filter text", lambda q, v: q.filter(title__contains=v), WORDS),
    ("filter across", lambda q, v: q.filter(author__name__icontains=v), WORDS),
    ("exclude across", lambda q, v: q.exclude(author__name__startswith=v), WORDS),
    ("exclude across many", lambda q, v: q.exclude(reviews__stars__gte=v), st.integers(0, 6)),
    ("exclude tags", lambda q, v: q.exclude(tags__name__in=v), st.lists(st.sampled_from(L.TAGS), max_size=3)),
    ("two conditions", lambda q, v: q.filter(Q(pages__lt=v) | Q(in_print=True), ~Q(pages=v + 1)), NUMBERS),
    ("columns", lambda q, v: q.filter(pages__gt=F("author__age") + v), NUMBERS),
    ("exists", lambda q, v: q.filter(
        Exists(Review.objects.filter(book=OuterRef("pk"), stars__gte=v))
    ), st.integers(0, 6)),
    ("in queryset", lambda q, v: q.filter(author__in=Author.objects.filter(age__gt=v)), NUMBERS),
    ("annotate", lambda q, v: q.annotate(more=F("pages") + Value(v)), NUMBERS),
    ("annotate count", lambda q, v: q.annotate(n=Count("reviews", filter=Q(reviews__stars__gte=v))), st.integers(0, 6)),
    ("annotate text", lambda q, v: q.annotate(size=Coalesce(Length("title"), v)), NUMBERS),
    ("order", lambda q, v: q.order_by(v, "pk"), st.sampled_from(["pages", "-pages", "author__name", "-in_print"])),
    ("reverse", lambda q, v: q.reverse(), st.none()),
    ("related", lambda q, v: q.select_related(v), st.sampled_from(["author", "publisher__country", "editor"])),
    ("defer", lambda q, v: q.defer(v), st.sampled_from(["pages", "price", "added"])),
]  # fmt: skip

CHAIN = st.lists(
    st.sampled_from(STEPS).flatmap(lambda step: st.tuples(st.just(step), step[2], step[2])), max_size=5,
    unique_by=lambda taken: taken[0][0],
)  # fmt: skip
SLICE = st.none() | st.tuples(st.integers(0, 4), st.integers(0, 6))


def build(chain: list[Any], which: int, part: tuple[int, int] | None) -> Any:
    """The chain with its first or its second values; ordered, so that rows can be compared."""
    queryset = Book.objects.order_by("pk")
    for taken in chain:
        queryset = taken[0][1](queryset, taken[which])
    return queryset if part is None else queryset[part[0] : part[0] + part[1]]


def text_of(queryset: Any) -> str | None:
    """The SQL; None for a query that could give no row, and so is not sent."""
    try:
        return str(queryset.query)
    except EmptyResultSet:
        return None


def seen(queryset: Any) -> list[Any]:
    extra = ("more", "n", "size")
    return [(book.pk, book.title, *(getattr(book, name, None) for name in extra)) for book in queryset]


@pytest.fixture
def library(database: Run, server: Server) -> ModuleType:
    server.fill(L)
    return L


@given(chain=CHAIN, part=SLICE)
def test_the_cached_way_gives_what_the_uncached_way_gives(
    library: ModuleType, wait: Waiter, chain: list[Any], part: tuple[int, int] | None
) -> None:
    uncached = []
    for which in (1, 2):
        shape.clear()
        queryset = build(chain, which, part)
        uncached.append((text_of(queryset), seen(queryset)))
    shape.clear()
    seen(build(chain, 1, part))  # every step is known from here on, with other values
    for which in (2, 1, 2):
        queryset = build(chain, which, part)
        assert (text_of(queryset), seen(queryset)) == uncached[which - 1]

    async def awaited() -> list[Any]:
        return seen(await build(chain, 1, part))

    assert wait(awaited()) == uncached[0][1]


@given(chain=CHAIN)
def test_counting_agrees_with_fetching(library: ModuleType, chain: list[Any]) -> None:
    queryset = build(chain, 1, None)
    rows = seen(queryset)
    assert queryset.all().count() == len(rows)
    assert queryset.all().exists() == bool(rows)
    assert queryset.values_list("pk", flat=True).count() == len(rows)
    assert queryset.aggregate(total=Sum("pages"))["total"] == (
        sum(next(b.pages for b in L.books if b.pk == row[0]) for row in rows) if rows else None
    )


# -- conditions against Python -----------------------------------------------------------------------------------------

AGES = st.sampled_from([None, 24, 36, 46, 50, 99])
LEAVES: st.SearchStrategy[tuple[Q, Callable[[Any], bool]]] = st.one_of(
    AGES.map(lambda v: (Q(age=v), lambda a: a.age == v)),
    st.integers(20, 60).map(lambda v: (Q(age__gt=v), lambda a: a.age is not None and a.age > v)),
    st.integers(20, 60).map(lambda v: (Q(age__lte=v), lambda a: a.age is not None and a.age <= v)),
    st.lists(AGES, max_size=3).map(lambda v: (Q(age__in=v), lambda a: a.age is not None and a.age in v)),
    st.booleans().map(lambda v: (Q(age__isnull=v), lambda a: (a.age is None) == v)),
    st.booleans().map(lambda v: (Q(active=v), lambda a: a.active == v)),
    st.sampled_from("aeimx").map(lambda v: (Q(name__contains=v), lambda a: v in a.name)),
    st.sampled_from(["France", "Japan"]).map(
        lambda v: (Q(country__name=v), lambda a: a.country is not None and a.country.name == v)
    ),
    st.integers(0, 320).map(lambda v: (Q(books__pages__gt=v), lambda a: any(b.pages > v for b in a.books))),
    st.sampled_from(L.TAGS).map(lambda v: (Q(books__tags__name=v), lambda a: any(v in b.tags for b in a.books))),
    st.floats(0, 5).map(lambda v: (Q(rating__gte=v), lambda a: a.rating is not None and a.rating >= v)),
)  # fmt: skip

CONDITIONS = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.tuples(inside, inside).map(lambda two: (two[0][0] | two[1][0], lambda a: two[0][1](a) or two[1][1](a))),
        inside.map(lambda one: (~one[0], lambda a: not one[1](a))),
    ),
    max_leaves=5,
)


@given(condition=CONDITIONS)
def test_or_and_not_mean_what_they_mean_in_python(
    library: ModuleType, condition: tuple[Q, Callable[[Any], bool]]
) -> None:
    query, holds = condition
    expected = sorted(a.name for a in L.authors if holds(a))
    assert sorted(set(Author.objects.filter(query).values_list("name", flat=True))) == expected
    rest = sorted(a.name for a in L.authors if not holds(a))
    assert sorted(set(Author.objects.exclude(query).values_list("name", flat=True))) == rest


# -- bounds ------------------------------------------------------------------------------------------------------------

COLUMNS = [field.name for field in Everything._meta.concrete_fields]


def test_endless_different_shapes_leave_a_bounded_number_behind() -> None:
    for number in range(3 * shape.MAX_SHAPES):
        chosen = [name for bit, name in enumerate(COLUMNS) if number >> bit & 1]
        Everything.objects.values("id", *chosen)
        assert shape.size() <= shape.MAX_SHAPES
    assert shape.size() > 0


def test_equal_queries_share_a_shape() -> None:
    def made(n: int) -> Any:
        return Book.objects.filter(pages__gt=n, author__name="x").order_by("pk")[: n + 1]

    assert made(1)._shape is made(2)._shape


def test_many_threads_agree_on_one_shape() -> None:
    shape.clear()
    found: list[Any] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        for _ in range(50):
            found.append(Book.objects.filter(pages__gt=1).exclude(author__name="y").order_by("title")._shape)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 400
    assert len(set(map(id, found))) == 1


def test_a_query_keeps_its_shape_when_all_are_forgotten(library: ModuleType) -> None:
    queryset = Book.objects.filter(pages__gt=100).order_by("pk")
    shape.clear()
    assert [book.title for book in queryset] == [b.title for b in L.books if b.pages > 100]
    assert [book.title for book in queryset.filter(pages=310)] == [b.title for b in L.books if b.pages == 310]
