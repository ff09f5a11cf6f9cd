"""dates() and datetimes(), and functions of moments, in the zone that is configured."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pytest

from orm.errors import FieldError, InvalidValue
from orm.models import Count, DateTimeField, F, Max
from orm.models.functions import Cast, ExtractHour, TruncDate, TruncDay, TruncHour, TruncQuarter, TruncWeek
from tests.query import library as L
from tests.query.models import Author, Book, Everything

UTC = datetime.UTC


@pytest.mark.parametrize("kind", ["year", "month", "day"])
async def test_dates_are_cut_and_differ_and_come_in_order(library: Any, kind: str) -> None:
    cut = {"year": {"month": 1, "day": 1}, "month": {"day": 1}, "day": {}}[kind]
    expected = sorted({b.published.replace(**cut) for b in L.books if b.published})
    assert await Book.objects.dates("published", kind) == expected
    assert await Book.objects.dates("published", kind, order="DESC") == expected[::-1]


async def test_dates_of_weeks_begin_on_monday(library: Any) -> None:
    born = [a.born for a in L.authors if a.born]
    assert await Author.objects.dates("born", "week") == sorted({d - datetime.timedelta(d.weekday()) for d in born})


@pytest.mark.parametrize("kind", ["year", "month", "day", "hour", "minute", "second"])
async def test_datetimes(library: Any, kind: str) -> None:
    parts = ["year", "month", "day", "hour", "minute", "second"]
    kept = parts[: parts.index(kind) + 1]
    first = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
    expected = {
        datetime.datetime(*(getattr(b.added, p) if p in kept else first[p] for p in parts), tzinfo=UTC)
        for b in L.books
        if b.added
    }
    assert await Book.objects.datetimes("added", kind) == sorted(expected)


async def test_dates_of_a_filtered_queryset(library: Any) -> None:
    assert await Book.objects.filter(author__name="Ada").dates("published", "year") == [
        datetime.date(1843, 1, 1),
        datetime.date(1853, 1, 1),
    ]


def test_unknown_kinds_and_fields_are_refused() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        Book.objects.dates("published", "fortnight")
    with pytest.raises(ValueError, match="UP"):
        Book.objects.dates("published", "year", order="UP")
    with pytest.raises(FieldError, match=r"publishd.*published"):
        Book.objects.dates("publishd", "year")


CUTS: list[tuple[Any, Any]] = [
    (TruncDate("added"), lambda d: d.date()),
    (TruncDay("added"), lambda d: d.replace(hour=0, minute=0, second=0, microsecond=0)),
    (TruncHour("added"), lambda d: d.replace(minute=0, second=0, microsecond=0)),
    (TruncQuarter("added"), lambda d: datetime.datetime(d.year, (d.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC)),
    (ExtractHour("added"), lambda d: d.hour),
]  # fmt: skip


@pytest.mark.parametrize(("cut", "expected"), CUTS, ids=lambda v: type(v).__name__)
async def test_function_of_a_moment(library: Any, cut: Any, expected: Any) -> None:
    found = {b.title: b.x async for b in Book.objects.annotate(x=cut)}
    assert found == {b.title: None if b.added is None else expected(b.added) for b in L.books}


async def test_truncated_to_the_week(library: Any) -> None:
    found = {a.name: a.x async for a in Author.objects.exclude(born=None).annotate(x=TruncWeek("born"))}
    assert found == {a.name: a.born - datetime.timedelta(a.born.weekday()) for a in L.authors if a.born}


async def test_grouping_by_a_truncated_moment(library: Any) -> None:
    found = (
        await Book.objects.exclude(added=None).annotate(day=TruncDate("added")).values("day").annotate(n=Count("pk"))
    )
    assert {row["day"]: row["n"] for row in found} == Counter(b.added.date() for b in L.books if b.added)


@pytest.mark.parametrize("lookup", [{"added__date": "x"}, {"added__date__in": ["x"]}, {"added__time__gt": "25:00"}])
def test_a_text_that_is_no_part_of_a_moment_is_an_invalid_value(database: Any, lookup: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="TruncDate: .*format|TruncTime: .*format"):
        Book.objects.filter(**lookup)


@pytest.mark.parametrize("item", [3, ["title"], None])
def test_an_order_by_what_is_no_name_is_an_error_of_fields(database: Any, item: Any) -> None:
    with pytest.raises(FieldError, match="Invalid order_by arguments"):
        Book.objects.order_by(item)


async def test_a_date_assigned_to_a_datetime_is_its_midnight(database: Any) -> None:
    day = datetime.date(2024, 3, 31)
    await Everything.objects.acreate(date=day, datetime=datetime.datetime(2020, 1, 1, 10, 30, tzinfo=UTC))
    await Everything.objects.aupdate(time=F("datetime"))
    assert (await Everything.objects.aget()).time == datetime.time(10, 30)
    await Everything.objects.aupdate(datetime=F("date"))
    midnight = datetime.datetime(2024, 3, 31, tzinfo=UTC)
    row = await Everything.objects.annotate(cast=Cast("date", DateTimeField())).aget(datetime=midnight)
    assert row.datetime == row.cast == midnight


async def test_a_date_and_a_duration_are_a_moment_in_utc(database: Any) -> None:
    await Everything.objects.acreate(date=datetime.date(2024, 3, 31), duration=datetime.timedelta(hours=5))
    query = Everything.objects.annotate(x=F("date") + F("duration"))
    assert (await query.aget()).x == datetime.datetime(2024, 3, 31, 5, tzinfo=UTC)
    assert await query.filter(x=datetime.datetime(2024, 3, 31, 5, tzinfo=UTC)).aexists()
    assert (await query.annotate(day=TruncDay("x")).aget()).day == datetime.datetime(2024, 3, 31, tzinfo=UTC)
    assert (await query.aaggregate(most=Max("x")))["most"] == datetime.datetime(2024, 3, 31, 5, tzinfo=UTC)
