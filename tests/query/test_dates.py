"""``dates()`` and ``datetimes()``: the different days, months or years of a field."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.query import library as L
from tests.query.models import Author, Book


async def test_years(library: Any) -> None:
    expected = sorted({datetime.date(a.born.year, 1, 1) for a in L.authors if a.born})
    assert await Author.objects.dates("born", "year") == expected


async def test_days_backwards(library: Any) -> None:
    expected = sorted({a.born for a in L.authors if a.born}, reverse=True)
    assert await Author.objects.dates("born", "day", order="DESC") == expected


async def test_hours_of_a_datetime(library: Any) -> None:
    hours = {b.added.replace(minute=0, second=0, microsecond=0) for b in L.books if b.added}
    assert await Book.objects.datetimes("added", "hour") == sorted(hours)


async def test_an_unknown_kind_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="'kind' must be one of 'year'"):
        Author.objects.dates("born", "hour")


async def test_dates_are_ordered_by_their_name(library: Any) -> None:
    years = Author.objects.dates("born", "year")
    assert await years.order_by("-datefield") == sorted(await years, reverse=True)


async def test_dates_are_filtered_by_their_name(library: Any) -> None:
    years, turn = Author.objects.dates("born", "year"), datetime.date(1900, 1, 1)
    assert await years.filter(datefield__gt=turn) == [day for day in await years if day > turn]
