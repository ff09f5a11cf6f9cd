"""The settings ``time_zone`` and ``use_tz``: what a naive datetime means, and whose hours a query speaks of."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.models.functions import ExtractHour, TruncDay
from orm.sql.types import prepare_datetime
from tests.query import library as L
from tests.query.models import Author, Book

UTC = datetime.UTC


@pytest.fixture
def rome() -> Iterator[None]:
    orm.configure(time_zone="Europe/Rome")
    yield
    orm.configure(time_zone="UTC")


async def test_a_naive_datetime_is_taken_in_the_zone(library: Any, rome: None) -> None:
    book = await Book.objects.acreate(
        title="x", author_id=L.ADA.pk, pages=1, added=datetime.datetime(2024, 7, 1, 1, 30)
    )
    found = await Book.objects.aget(pk=book.pk)
    assert found.added == datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)


async def test_lookups_speak_of_the_zones_hours_and_days(library: Any, rome: None) -> None:
    moment = datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    book = await Book.objects.acreate(title="x", author_id=L.ADA.pk, pages=1, added=moment)
    mine = Book.objects.filter(pk=book.pk)
    assert await mine.filter(added__hour=1, added__day=1, added__month=7).aexists()
    assert await mine.filter(added__date=datetime.date(2024, 7, 1)).aexists()
    row = await mine.annotate(hour=ExtractHour("added"), day=TruncDay("added")).aget()
    assert row.hour == 1
    assert row.day == datetime.datetime(2024, 6, 30, 22, tzinfo=UTC)


async def test_a_change_of_zone_reaches_queries_already_compiled(library: Any) -> None:
    moment = datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    book = await Book.objects.acreate(title="x", author_id=L.ADA.pk, pages=1, added=moment)
    assert await Book.objects.filter(pk=book.pk, added__hour=23).aexists()
    orm.configure(time_zone="Europe/Rome")
    try:
        assert await Book.objects.filter(pk=book.pk, added__hour=1).aexists()
        assert not await Book.objects.filter(pk=book.pk, added__hour=23).aexists()
    finally:
        orm.configure(time_zone="UTC")


async def test_without_zones_datetimes_stay_naive(library: Any) -> None:
    orm.configure(use_tz=False)
    try:
        assert prepare_datetime("2024-01-01T10:00") == datetime.datetime(2024, 1, 1, 10)
        with pytest.raises(ValueError, match="use_tz is False"):
            Author.objects.filter(books__added=datetime.datetime(2024, 1, 1, tzinfo=UTC))
    finally:
        orm.configure(use_tz=True)
