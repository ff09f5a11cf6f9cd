"""The settings ``time_zone`` and ``use_tz``: what a naive datetime means, and whose hours a query speaks of."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import orm
from orm.errors import DataError, TransactionManagementError
from orm.models import Case, CharField, Count, DateField, DateTimeField, ExpressionWrapper, F, Value, When
from orm.models.functions import (
    Cast,
    Coalesce,
    Concat,
    Extract,
    ExtractHour,
    ExtractMinute,
    ExtractWeekDay,
    NullIf,
    TruncDate,
    TruncDay,
    TruncHour,
    TruncMonth,
    TruncTime,
)
from orm.sql.handwritten import RawSQL
from orm.sql.types import prepare_datetime
from orm.sql.zones import current_zone, name_of
from tests.query import library as L
from tests.query.models import Author, Book, Everything

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


NIGHT = datetime.datetime(2024, 3, 31, 1, 30, tzinfo=UTC)  # the evening of the 30th in New York
NEW_YORK, ROME = ZoneInfo("America/New_York"), ZoneInfo("Europe/Rome")
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
WEST = datetime.timezone(-datetime.timedelta(hours=3, minutes=30))


async def at(moment: datetime.datetime) -> Any:
    """Return the query of one new book that was added at a moment."""
    book = await Book.objects.acreate(title="x", author_id=L.ADA.pk, pages=1, added=moment)
    return Book.objects.filter(pk=book.pk)


@pytest.mark.parametrize("zone", [NEW_YORK, ROME, INDIA, WEST, "America/New_York", UTC], ids=str)
async def test_what_is_cut_and_taken_out_is_that_of_the_zone_given(library: Any, zone: Any) -> None:
    mine = await at(NIGHT)
    told = NIGHT.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)
    row = await mine.values_list(
        TruncDate("added", tzinfo=zone), TruncTime("added", tzinfo=zone), TruncDay("added", tzinfo=zone),
        TruncMonth("added", tzinfo=zone), TruncHour("added", tzinfo=zone), ExtractHour("added", tzinfo=zone),
        Extract("added", "day", tzinfo=zone), ExtractMinute("added", tzinfo=zone), ExtractWeekDay("added", tzinfo=zone),
        TruncMonth("added", output_field=DateField(), tzinfo=zone),
    ).aget()  # fmt: skip
    day = told.replace(hour=0, minute=0)
    month, hour = day.replace(day=1), told.replace(minute=0)
    assert row == (
        told.date(), told.time(), day, month, hour, told.hour, told.day, told.minute, told.isoweekday() % 7 + 1,
        month.date(),
    )  # fmt: skip
    assert [m.utcoffset() for m in row[2:5]] == [day.utcoffset(), month.utcoffset(), hour.utcoffset()]


async def test_a_block_has_a_zone_of_its_own(library: Any) -> None:
    mine = await at(NIGHT)
    month = mine.annotate(month=TruncMonth("added")).values_list("month", flat=True)
    for _ in range(2):  # the second time from plans that are there
        assert (await month.aget()).strftime("%Y-%m-%d %H") == "2024-03-01 00"
        with orm.timezone("America/New_York"):
            assert (await month.aget()).isoformat() == "2024-03-01T00:00:00-05:00"
            assert await mine.filter(added__date=datetime.date(2024, 3, 30), added__hour=21).aexists()
            with orm.timezone(INDIA):
                assert await mine.filter(added__day=31, added__hour=7).aexists()
            with orm.timezone(None):
                assert await mine.filter(added__day=31, added__hour=1).aexists()
            assert not await mine.filter(added__day=31).aexists()
        assert await mine.filter(added__day=31, added__hour=1).aexists()


async def test_a_function_has_a_zone_of_its_own(library: Any) -> None:
    mine = await at(NIGHT)

    @orm.timezone(NEW_YORK)
    async def waited() -> Any:
        return await mine.values_list(ExtractHour("added"), flat=True).aget()

    @orm.timezone(NEW_YORK)
    def named() -> str | None:
        zone = current_zone()
        return None if zone is None else name_of(zone)

    assert (await waited(), named()) == (21, "America/New_York")
    assert await mine.values_list(ExtractHour("added"), flat=True).aget() == 1


@pytest.mark.parametrize(
    ("moment", "midnight"),
    [
        (datetime.datetime(2024, 3, 31, 12, tzinfo=UTC), "2024-03-31T00:00:00+01:00"),  # clocks go forward at 2
        (datetime.datetime(2024, 10, 27, 12, tzinfo=UTC), "2024-10-27T00:00:00+02:00"),  # and back at 3
        (datetime.datetime(2024, 6, 30, 22, 30, tzinfo=UTC), "2024-07-01T00:00:00+02:00"),
    ],
)
async def test_days_begin_at_midnight_where_clocks_change(
    library: Any, rome: None, moment: datetime.datetime, midnight: str
) -> None:
    mine = await at(moment)
    assert [d.isoformat() async for d in mine.datetimes("added", "day")] == [midnight]
    assert [d.isoformat() async for d in mine.datetimes("added", "month")] == [
        moment.astimezone(ROME).replace(day=1, hour=0, minute=0).isoformat()
    ]
    assert [d.isoformat() async for d in mine.dates("added", "month")] == [midnight[:8] + "01"]


async def test_the_hour_that_comes_twice_is_two_hours(library: Any, rome: None) -> None:
    twice = [datetime.datetime(2024, 10, 27, hour, 15, tzinfo=UTC) for hour in (0, 1)]
    keys = [(await (await at(moment)).aget()).pk for moment in twice]
    hours = Book.objects.filter(pk__in=keys).datetimes("added", "hour")
    assert [h.isoformat() async for h in hours] == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]


async def test_datetimes_are_told_in_the_zone_given(library: Any) -> None:
    mine = await at(NIGHT)
    assert [d.isoformat() async for d in mine.datetimes("added", "day", tzinfo=NEW_YORK)] == [
        "2024-03-30T00:00:00-04:00"
    ]


def test_zones_no_database_could_be_told_of_are_refused() -> None:
    class Odd(datetime.tzinfo):
        key = "x'; DROP TABLE book; --"

    for wrong in ("Mars/Phobos", "x'y", "../etc", Odd(), datetime.timezone(datetime.timedelta(seconds=1))):
        with pytest.raises(ValueError, match="zone|UTC"):
            orm.timezone(wrong)
        with pytest.raises(ValueError, match="zone|UTC"):
            TruncDay("added", tzinfo=wrong)
    with pytest.raises(TypeError):
        orm.timezone(3)  # type: ignore[arg-type]


async def test_a_date_has_no_zone(library: Any) -> None:
    with pytest.raises(ValueError, match="tzinfo can only be used with DateTimeField"):
        await Author.objects.annotate(day=TruncDay(Cast("pk", DateField()), tzinfo=ROME)).afirst()


@pytest.fixture
def naive_in_rome() -> Iterator[None]:
    orm.configure(use_tz=False, zoned_columns=True, time_zone="Europe/Rome")
    yield
    orm.configure(use_tz=True, zoned_columns=False, time_zone="UTC")


async def test_with_zoned_columns_naive_datetimes_go_in_and_come_back(library: Any, naive_in_rome: None) -> None:
    moment = datetime.datetime(2024, 7, 1, 1, 30)
    mine = await at(moment)
    assert (await mine.aget()).added == moment
    assert await mine.filter(added=moment, added__hour=1, added__date=datetime.date(2024, 7, 1)).aexists()
    assert await mine.filter(added__in=[moment]).aexists()
    row = await mine.values_list(TruncDay("added"), TruncDate("added")).aget()
    assert row == (datetime.datetime(2024, 7, 1), datetime.date(2024, 7, 1))


@pytest.mark.only(backend="postgresql")
async def test_with_zoned_columns_sessions_are_in_the_zone(library: Any, naive_in_rome: None) -> None:
    mine = await at(datetime.datetime(2024, 7, 1, 1, 30))
    assert await mine.values_list(Cast("added", DateField()), flat=True).aget() == datetime.date(2024, 7, 1)
    orm.configure(time_zone="UTC")
    assert await mine.values_list(Cast("added", DateField()), flat=True).aget() == datetime.date(2024, 6, 30)


@pytest.mark.only(backend="sqlite")
async def test_where_sessions_have_no_zone_nothing_is_closed_for_another(library: Any) -> None:
    before = orm.databases["default"]
    orm.configure(use_tz=False, zoned_columns=True, time_zone="Europe/Rome")
    try:
        assert orm.databases["default"] is before
    finally:
        orm.configure(use_tz=True, zoned_columns=False, time_zone="UTC")


@pytest.mark.only(backend="postgresql", colour="blocking")
def test_the_zone_is_set_while_a_failed_transaction_is_open(library: Any, naive_in_rome: None) -> None:
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"), orm.atomic():
        with pytest.raises(DataError):
            list(Book.objects.annotate(wrong=RawSQL("1 / 0")))
        orm.configure(time_zone="UTC")
    assert Book.objects.annotate(zone=RawSQL("current_setting('TimeZone')")).values_list("zone", flat=True)[0] == "UTC"


@pytest.mark.only(backend="postgresql", colour="blocking")
def test_a_transaction_goes_on_in_the_zone_that_is_set_meanwhile(library: Any, naive_in_rome: None) -> None:
    moment = datetime.datetime(2024, 7, 1, 1, 30)
    with orm.atomic():
        book = Book.objects.create(title="x", author_id=L.ADA.pk, pages=1, added=moment)
        mine = Book.objects.filter(pk=book.pk)
        orm.configure(time_zone="UTC")
        row = mine.values_list("added", Cast("added", DateField()), RawSQL("added"), RawSQL("added::text")).get()
        utc = datetime.datetime(2024, 6, 30, 23, 30)
        assert row == (utc, utc.date(), utc, "2024-06-30 23:30:00+00")
        orm.configure(use_tz=True)
        assert mine.get().added == utc.replace(tzinfo=UTC)
    assert Book.objects.filter(pk=book.pk).exists()


@pytest.mark.only(backend="postgresql", colour="blocking")
@pytest.mark.parametrize("wrong", [RawSQL("1"), RawSQL("1 / 0")], ids=["by an exception", "by the database's error"])
def test_the_zone_set_inside_a_block_stays_when_that_is_rolled_back(
    library: Any, naive_in_rome: None, wrong: RawSQL
) -> None:
    moment = datetime.datetime(2024, 7, 1, 1, 30)
    with orm.atomic():
        book = Book.objects.create(title="x", author_id=L.ADA.pk, pages=1, added=moment)
        mine = Book.objects.filter(pk=book.pk)
        with pytest.raises((LookupError, DataError)), orm.atomic():
            try:
                mine.annotate(wrong=wrong).get()
            finally:
                orm.configure(time_zone="UTC")
            raise LookupError
        utc = datetime.datetime(2024, 6, 30, 23, 30)
        assert mine.values_list("added", Cast("added", DateField()), RawSQL("added")).get() == (utc, utc.date(), utc)
        assert mine.filter(added=utc).exists()


AWARE_IN_ROME = datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)


@pytest.mark.only(backend="postgresql")
async def test_a_zoned_column_takes_aware_datetimes(library: Any, naive_in_rome: None) -> None:
    mine = await at(AWARE_IN_ROME)
    assert (await mine.aget()).added == datetime.datetime(2024, 7, 1, 1, 30)
    assert await mine.filter(added=AWARE_IN_ROME).aexists()


@pytest.mark.only(backend="sqlite")
async def test_where_columns_keep_no_moment_aware_datetimes_are_refused(library: Any, naive_in_rome: None) -> None:
    with pytest.raises(ValueError, match="does not support timezone-aware datetimes when USE_TZ is False"):
        await at(AWARE_IN_ROME)


@pytest.mark.only(backend="postgresql")
async def test_raw_sql_reads_naive_datetimes_out_of_zoned_columns(library: Any, naive_in_rome: None) -> None:
    mine = await at(datetime.datetime(2024, 7, 1, 1, 30))
    assert (await mine.annotate(raw=RawSQL("added")).aget()).raw == datetime.datetime(2024, 7, 1, 1, 30)


@pytest.mark.only(backend="postgresql")
async def test_a_zoned_column_keeps_the_moment(library: Any, naive_in_rome: None) -> None:
    book = await (await at(datetime.datetime(2024, 7, 1, 1, 30))).aget()
    orm.configure(use_tz=True)
    assert (await Book.objects.aget(pk=book.pk)).added == datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    dialect = orm.databases["default"].dialect
    field = Book._meta.get_field("added")
    orm.configure(use_tz=False)
    assert dialect.column_type(field) == "timestamp with time zone"
    orm.configure(zoned_columns=False)
    assert dialect.column_type(field) == "timestamp"


async def test_a_date_column_gets_the_day_and_month_of_the_zone(database: Any, rome: None) -> None:
    """30 June 23:30 in UTC is in July in Rome, and July begins in UTC's June."""
    moment = datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    await Everything.objects.acreate(datetime=moment)
    july = datetime.date(2024, 7, 1)
    for month in (TruncMonth("datetime"), TruncDay("datetime"), Coalesce(TruncMonth("datetime"), TruncDay("datetime"))):
        await Everything.objects.aupdate(date=month)
        assert (await Everything.objects.aget()).date == july
    await Everything.objects.aupdate(time=TruncHour("datetime"))
    assert (await Everything.objects.aget()).time == datetime.time(1)


async def test_a_date_is_compared_with_the_month_of_the_zone(database: Any, rome: None) -> None:
    moment = datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    await Everything.objects.acreate(datetime=moment, date=datetime.date(2024, 7, 1))
    month = Everything.objects.annotate(month=TruncMonth("datetime"))
    assert await Everything.objects.filter(date=TruncMonth("datetime")).aexists()
    assert await Everything.objects.filter(date__in=[TruncMonth("datetime")]).aexists()
    assert await Everything.objects.filter(datetime__date=TruncDay("datetime")).aexists()
    assert await month.filter(month=F("date")).aexists()
    assert await month.filter(month__gte=F("date"), month__lte=F("date")).aexists()
    assert not await month.filter(month__lt=F("date")).aexists()
    assert not await Everything.objects.filter(date=TruncHour("datetime")).aexists()


async def test_the_day_of_the_zone_s_month_is_that_of_the_zone(database: Any, rome: None) -> None:
    await Everything.objects.acreate(datetime=datetime.datetime(2024, 7, 10, 12, tzinfo=UTC))
    row = await Everything.objects.annotate(day=Cast(TruncMonth("datetime"), DateField())).aget()
    assert row.day == datetime.date(2024, 7, 1)


async def test_the_text_of_the_zone_s_month_is_that_of_the_zone(database: Any, rome: None) -> None:
    await Everything.objects.acreate(datetime=datetime.datetime(2024, 6, 30, 23, 30, tzinfo=UTC))
    month, either = TruncMonth("datetime"), Coalesce(TruncMonth("datetime"), TruncDay("datetime"))
    far = TruncHour("datetime", tzinfo=datetime.timezone(datetime.timedelta(hours=5)))
    for cut, text in (
        (month, "2024-07-01 00:00:00"),
        (either, "2024-07-01 00:00:00"),
        (far, "2024-07-01 04:00:00"),
    ):
        row = await Everything.objects.annotate(
            whole=Cast(cut, CharField()), day=Cast(cut, CharField(max_length=10)), joined=Concat(cut, Value("!"))
        ).aget()
        assert (row.whole, row.joined) == (text, f"{text}!")
        assert row.day == (text[:10] if database.backend == "postgresql" else row.day)
        await Everything.objects.aupdate(text=cut)
        assert (await Everything.objects.aget()).text == text


@pytest.mark.parametrize(
    "either",
    [
        Coalesce("datetime", "date", output_field=DateTimeField()),
        Coalesce("datetime", Value(datetime.date(2024, 7, 1)), output_field=DateTimeField()),
        Case(When(integer=1, then=F("date")), default=F("datetime"), output_field=DateTimeField()),
        Case(When(integer=2, then=F("datetime")), default=F("date"), output_field=DateTimeField()),
        NullIf("date", Value(datetime.date(2024, 8, 1)), output_field=DateTimeField()),
        ExpressionWrapper(F("date"), output_field=DateTimeField()),
    ],
    ids=repr,
)
async def test_a_date_that_is_said_to_be_a_moment_is_one(database: Any, either: Any) -> None:
    await Everything.objects.acreate(date=datetime.date(2024, 7, 1), integer=1)
    midnight = datetime.datetime(2024, 7, 1, tzinfo=UTC)
    rows = Everything.objects.annotate(moment=either)
    assert (await rows.aget()).moment == midnight
    assert await rows.filter(moment=midnight).acount() == 1
    assert await rows.filter(moment__lte=midnight, moment__hour=0).acount() == 1
    assert await rows.values("moment").annotate(n=Count("pk")).aget() == {"moment": midnight, "n": 1}


async def test_naive_parameters_of_own_sql_are_in_utc_as_in_django(library: Any, rome: None) -> None:
    """Django's connections are in UTC, and ``raw()`` and ``extra()`` hand over what they are given."""
    naive = datetime.datetime(2024, 7, 1, 1, 30)
    moment = naive.replace(tzinfo=UTC)
    book = await Book.objects.acreate(title="x", author_id=L.ADA.pk, pages=1, added=moment)
    sql = "SELECT * FROM query_book WHERE added = %s"
    orm.configure(same_everywhere=False)
    try:
        assert [b.pk for b in await Book.objects.raw(sql, [naive])] == [book.pk]
        assert [b.pk for b in await Book.objects.extra(where=["added = %s"], params=[naive])] == [book.pk]
        assert await Book.objects.filter(added=RawSQL("%s", [naive])).acount() == 1
    finally:
        orm.configure(same_everywhere=True)
    assert await Book.objects.raw(sql, [naive]) == []
