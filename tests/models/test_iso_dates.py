"""Dates and times out of text, as ISO 8601 writes them and as people do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from orm.errors import ValidationError
from orm.models import BooleanField, DateTimeField, DurationField, TimeField
from orm.text.dates import parse_date, parse_datetime, parse_time
from orm.text.durations import parse_duration

NOON = datetime.datetime(2012, 4, 9, 12, 5)


def plus(hours: float) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=hours))


@pytest.mark.parametrize("text", ["2012-04-09", "2012-4-9", "20120409", "2012-W15-1"])
def test_dates(text: str) -> None:
    assert parse_date(text) == datetime.date(2012, 4, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4:8", datetime.time(4, 8)),
        ("040816", datetime.time(4, 8, 16)),
        ("04:08:16,4", datetime.time(4, 8, 16, 400000)),
        ("04:08:16.1234567", datetime.time(4, 8, 16, 123456)),
        ("04:08:16+04:00", datetime.time(4, 8, 16)),
        ("T04:08", datetime.time(4, 8)),
        ("04", datetime.time(4)),
    ],
)
def test_times(text: str, expected: datetime.time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-04-09", datetime.datetime(2012, 4, 9)),
        ("2012-4-9 12:5", NOON),
        ("2012-04-09T12:05Z", NOON.replace(tzinfo=datetime.UTC)),
        ("2012-04-09T12:05:00 +0230", NOON.replace(tzinfo=plus(2.5))),
        ("2012-04-09T12:05:00-02", NOON.replace(tzinfo=plus(-2))),
        ("20120409T1205", NOON),
        ("2012-W15-1T12:05", NOON),
    ],
)
def test_moments(text: str, expected: datetime.datetime) -> None:
    found = parse_datetime(text)
    assert found == expected
    assert found is not None and found.tzinfo == expected.tzinfo


@pytest.mark.parametrize("text", ["2012-04-09T", "2012-04-09 ", "20120409091500", "x", "2012-04-09 9:05+1", ""])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert parse_datetime(text) is None


@pytest.mark.parametrize("text", ["00:05:", "00:05:23,", "00:05:23+", "4:18:101", "91500"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_what_looks_like_one_and_can_not_be_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        parse_date("2012-04-56")
    with pytest.raises(ValueError, match="second"):
        parse_time("09:15:90")
    with pytest.raises(ValueError, match="offset"):
        parse_datetime("2012-04-09T12:05+25:00")


def span(**parts: float) -> datetime.timedelta:
    return datetime.timedelta(**parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 day", span(days=1)),
        ("3 days 04:05:06", span(days=3, hours=4, minutes=5, seconds=6)),
        ("3 days, 4:05:06.7", span(days=3, hours=4, minutes=5, seconds=6.7)),
        ("-4 15:30:00", span(days=-4, hours=15, minutes=30)),
        ("4 -15:30:00", span(days=4, hours=-15, minutes=-30)),
        ("P3DT4H5M6.5S", span(days=3, hours=4, minutes=5, seconds=6.5)),
        ("-P1DT5H", span(days=-1, hours=-5)),
        ("15:30", span(minutes=15, seconds=30)),
        ("7", span(seconds=7)),
        ("1 month", None),
        ("P4Y", None),
        ("x", None),
    ],
)
def test_lengths_of_time(text: str, expected: datetime.timedelta | None) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["1 day", "P1D", "24:00:00", "1 00:00:00"])
def test_a_field_reads_lengths_of_time_in_every_form(text: str) -> None:
    assert DurationField().to_python(text) == span(days=1)


@pytest.mark.parametrize("text", ["1e3", "1_000", " 7", "inf", "99999999999 days", "x"])
def test_what_is_no_length_of_time_is_invalid(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DurationField().to_python(text)
    assert caught.value.code == "invalid"


def test_fields_read_times_and_moments_with_short_parts() -> None:
    assert TimeField().to_python("9:05") == datetime.time(9, 5)
    assert DateTimeField().to_python("2012-4-9 12:5") == NOON.replace(tzinfo=datetime.UTC)
    assert DateTimeField().get_prep_value("2012-4-9") == datetime.datetime(2012, 4, 9, tzinfo=datetime.UTC)


def test_a_time_with_a_zone_is_no_time() -> None:
    with pytest.raises(ValidationError):
        TimeField().to_python("09:05:00+02:00")


def test_nothing_is_no_truth_value() -> None:
    with pytest.raises(ValidationError) as caught:
        BooleanField().clean(None, None)
    assert caught.value.code == "invalid"
    nothings: tuple[Any, ...] = ("", [], {}, ())
    for empty in nothings:
        assert BooleanField(null=True, blank=True).clean(empty, None) is None
        with pytest.raises(ValidationError) as caught:
            BooleanField(null=True).clean(empty, None)
        assert caught.value.code == "blank"
