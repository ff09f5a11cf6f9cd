"""Groups by a window function's value and aggregates over one: the rows come first, then their groups."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from orm.errors import NotSupportedError
from orm.models import Count, F, Q, Sum, Window
from orm.models.functions import Rank
from tests.query import library as L
from tests.query.models import Author
from tests.query.test_windows import numbered, place

PLACES = sorted(Counter(place(book) for book in L.books).items())
"""How many books have each place among their author's."""


async def pairs(query: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) async for row in query]


async def test_groups_by_a_window(library: Any) -> None:
    groups = numbered().values("number").annotate(n=Count("pk")).order_by("number")
    assert [(row["number"], row["n"]) async for row in groups] == PLACES
    assert await groups.acount() == len(PLACES)
    assert await groups.filter(n__gt=1).aexists() == any(n > 1 for _, n in PLACES)
    assert await groups.aaggregate(all=Sum("n")) == {"all": len(L.books)}


async def test_groups_by_what_is_computed_from_a_window(library: Any) -> None:
    doubled = numbered().annotate(x=F("number") * 2 + 1).values_list("x").annotate(n=Count("pk")).order_by("x")
    assert await pairs(doubled) == [(2 * number + 1, n) for number, n in PLACES]
    first = numbered().values(first=Q(number=1)).annotate(n=Count("pk")).order_by("first").values_list("first", "n")
    firsts = dict(PLACES)[1]
    assert await pairs(first) == [(False, len(L.books) - firsts), (True, firsts)]


async def test_conditions_of_rows_windows_and_groups_each_have_their_place(library: Any) -> None:
    long = [book for book in L.books if book.pages > 60]
    expected = Counter(place(book, lambda b: b.pages > 60) for book in long)
    groups = numbered().filter(pages__gt=60).values_list("number").annotate(n=Count("pk"))
    assert await pairs(groups.order_by("number")) == sorted(expected.items())
    some = groups.filter(number__gt=1).order_by("-number")
    assert await pairs(some) == sorted(((k, n) for k, n in expected.items() if k > 1), reverse=True)
    several = groups.filter(n__gt=1).order_by("number")
    assert await pairs(several) == sorted((k, n) for k, n in expected.items() if n > 1)
    assert await pairs(groups.order_by("number")[1:2]) == sorted(expected.items())[1:2]


async def test_aggregates_over_a_window(library: Any) -> None:
    sums = (
        numbered()
        .values_list("author__name")
        .annotate(s=Sum(F("number") * F("pages")), later=Count("pk", filter=Q(number__gt=1)))
    )
    assert await pairs(sums.order_by("author__name")) == sorted(
        (a.name, sum(place(b) * b.pages for b in a.books), len(a.books) - 1) for a in L.authors if a.books
    )


async def test_a_window_over_groups_by_a_window(library: Any) -> None:
    groups = numbered().values_list("number").annotate(n=Count("pk"))
    ranked = groups.annotate(rank=Window(Rank(), order_by=F("number").desc())).order_by("number")
    assert await pairs(ranked) == [(k, n, len(PLACES) - i) for i, (k, n) in enumerate(PLACES)]


async def test_groups_by_a_window_inside_other_queries(library: Any) -> None:
    groups = numbered().values("number").annotate(n=Count("pk")).filter(n__gt=1).values("number")
    frequent = {k for k, n in PLACES if n > 1}
    found = numbered().filter(number__in=groups).order_by("pk").values_list("pk", flat=True)
    assert [pk async for pk in found] == [book.pk for book in L.books if place(book) in frequent]


async def test_rows_joined_to_many_are_refused(library: Any) -> None:
    ranked = Author.objects.annotate(r=Window(Rank(), order_by="age")).values("r").annotate(n=Count("books"))
    with pytest.raises(NotSupportedError, match=r"as often as it has related ones. Count these in a Subquery\(\)"):
        await pairs(ranked)
