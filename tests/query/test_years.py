"""Lookups of a year are told by its first and last moment, so that an index on the column serves."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import orm
from orm.models import F, OuterRef, Subquery
from orm.models.functions import ExtractMonth, ExtractYear
from tests.query import library as L
from tests.query.answers import titled, titles
from tests.query.models import Author, Book

COMPARISONS = {
    "exact": lambda year, other: year == other,
    "gt": lambda year, other: year > other,
    "gte": lambda year, other: year >= other,
    "lt": lambda year, other: year < other,
    "lte": lambda year, other: year <= other,
}


@pytest.mark.parametrize("lookup", COMPARISONS)
@pytest.mark.parametrize("year", [1815, 1990, 2000, 0, -5, 10_000, 99_999])
async def test_years_of_dates_compare_as_numbers(library: Any, lookup: str, year: int) -> None:
    found = [a.name async for a in Author.objects.filter(**{f"born__year__{lookup}": year}).order_by("pk")]
    assert found == [a.name for a in L.authors if a.born and COMPARISONS[lookup](a.born.year, year)]


@pytest.mark.parametrize("lookup", COMPARISONS)
@pytest.mark.parametrize("year", [1999, 2000])
async def test_iso_years_compare_as_numbers(library: Any, lookup: str, year: int) -> None:
    found = [a.name async for a in Author.objects.filter(**{f"born__iso_year__{lookup}": year}).order_by("pk")]
    assert found == [a.name for a in L.authors if a.born and COMPARISONS[lookup](a.born.isocalendar().year, year)]


@pytest.mark.parametrize("lookup", COMPARISONS)
@pytest.mark.parametrize("year", [1999, 2020, 2021])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
async def test_years_of_datetimes_are_those_of_the_zone(library: Any, lookup: str, year: int, zone: str) -> None:
    rows = Book.objects.filter(**{f"added__year__{lookup}": year})
    with orm.timezone(zone):
        found = await titles(rows)
        told = [(b, datetime.datetime.fromisoformat(b.added.isoformat())) for b in L.books if b.added]
        local = [(b, moment.astimezone(orm.sql.zones.zone_named(zone)).year) for b, moment in told]
    assert found == titled(b for b, own in local if COMPARISONS[lookup](own, year))


async def test_the_column_is_compared_to_bounds(library: Any) -> None:
    sql = str(Book.objects.filter(added__year=2020).query)
    assert " BETWEEN " in sql
    assert "EXTRACT" not in sql.upper()
    assert "EXTRACT" not in str(Book.objects.filter(published__year__lt=2020).query).upper()


async def test_a_year_that_is_an_expression_is_compared_to_the_year(library: Any) -> None:
    rows = Book.objects.annotate(came=ExtractYear("added")).filter(published__year__lt=F("came"))
    assert await titles(rows) == titled(
        b for b in L.books if b.added and b.published and b.published.year < b.added.year
    )


async def test_a_part_of_an_outer_column_is_checked_when_that_is_known(library: Any) -> None:
    inner = Author.objects.filter(name=ExtractMonth(OuterRef("title"))).values("pk")
    with pytest.raises(ValueError, match="Extract input expression must be DateField"):
        Book.objects.annotate(x=Subquery(inner))
