"""What IN and BETWEEN take: anything to go through that is no text, as often as the query is asked."""

from __future__ import annotations

import array
from collections import Counter, UserList, deque
from collections.abc import Callable
from typing import Any

import pytest

from orm.models import Q
from tests.case_names import case_name
from tests.query import library as L
from tests.query.answers import titled, titles
from tests.query.models import Book

PAGES = sorted({b.pages for b in L.books})[:2]

KINDS: dict[str, Callable[[], Any]] = {
    "keys": lambda: dict.fromkeys(PAGES).keys(),
    "values": lambda: dict(enumerate(PAGES)).values(),
    "dict": lambda: dict.fromkeys(PAGES),
    "counter": lambda: Counter(PAGES),
    "deque": lambda: deque(PAGES),
    "array": lambda: array.array("q", PAGES),
    "user list": lambda: UserList(PAGES),
    "generator": lambda: (pages for pages in PAGES),
    "map": lambda: map(int, map(str, PAGES)),
    "frozenset": lambda: frozenset(PAGES),
    "values()": lambda: Book.objects.filter(pages__lte=PAGES[-1]).values("pages"),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
async def test_any_iterable_is_a_list_of_values(library: Any, make: Callable[[], Any]) -> None:
    inside = titled(b for b in L.books if b.pages in PAGES)
    for _ in range(2):
        assert await titles(Book.objects.filter(pages__in=make())) == inside
        assert await titles(Book.objects.filter(Q(pages__in=make()) | Q(pages=-1))) == inside
        assert await titles(Book.objects.exclude(pages__in=make())) == titled(
            b for b in L.books if b.pages not in PAGES
        )


@pytest.mark.parametrize("nothing", [deque(), {}, {}.values(), {}.keys(), range(0), UserList()], ids=repr)
async def test_in_nothing(library: Any, nothing: Any) -> None:
    assert await titles(Book.objects.filter(pages__in=nothing)) == []
    assert await titles(Book.objects.exclude(pages__in=nothing)) == titled(L.books)


async def test_between(library: Any) -> None:
    inside = titled(b for b in L.books if PAGES[0] <= b.pages <= PAGES[1])
    for bounds in (deque(PAGES), array.array("q", PAGES), UserList(PAGES), dict(enumerate(PAGES)).values()):
        assert await titles(Book.objects.filter(pages__range=bounds)) == inside


@pytest.mark.parametrize("wrong", ["abc", b"abc", 3, bytearray(b"abc"), memoryview(b"abc")], ids=case_name)
async def test_a_text_is_no_list(library: Any, wrong: Any) -> None:
    assert await titles(Book.objects.filter(title__in={"Nope": 1})) == []  # the shape of which a text has, too
    with pytest.raises(TypeError, match="in lookup takes a list or a queryset"):
        Book.objects.filter(title__in=wrong)
