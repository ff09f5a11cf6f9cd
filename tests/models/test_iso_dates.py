"""Dates and times out of text, as ISO 8601 writes them and as people do."""

from __future__ import annotations

import datetime

import pytest

from orm.text.dates import parse_date, parse_datetime, parse_time

NOON = datetime.datetime(2012, 4, 9, 12, 5)


def plus(hours: float) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=hours))


@pytest.mark.parametrize("text", ["2012-04-09", "2012-4-9", "20120409"])
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
    ],
)
def test_moments(text: str, expected: datetime.datetime) -> None:
    found = parse_datetime(text)
    assert found == expected
    assert found is not None and found.tzinfo == expected.tzinfo


@pytest.mark.parametrize("text", ["2012-04-09T", "2012-04-09 ", "20120409091500", "x", "2012-04-09T12:05+25:00", ""])
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
