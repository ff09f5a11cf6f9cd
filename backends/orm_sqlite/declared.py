"""Values as their columns were declared (the setting ``declared_types``): truth values, dates, times and moments.

sqlite3 converts what comes from a column by the first word of its declared type, or by the word in brackets at the end
of the column's name; so rows of SQL that a caller wrote hold dates where their columns are dates. Django registers the
same five types. Text that is none of its type is read as None, as Django does.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from typing import Any

from orm.text.dates import parse_date, parse_datetime, parse_time

DETECT_TYPES = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES


def register_converters() -> None:
    """Tell sqlite3 how the declared types are read: the process's converters, which only some connections use."""
    sqlite3.register_converter("bool", b"1".__eq__)
    sqlite3.register_converter("date", _date)
    sqlite3.register_converter("time", _time)
    sqlite3.register_converter("datetime", _moment)
    sqlite3.register_converter("timestamp", _moment)


def _date(text: bytes) -> datetime.date | None:
    return parse_date(text.decode())


def _time(text: bytes) -> datetime.time | None:
    return parse_time(text.decode())


def _moment(text: bytes) -> datetime.datetime | None:
    return parse_datetime(text.decode())


def _read_date(value: Any) -> datetime.date:
    """Return a date that came as text, which may be a moment's, or as one."""
    if isinstance(value, str):
        return datetime.date.fromisoformat(value[:10])
    day: datetime.date = value.date() if isinstance(value, datetime.datetime) else value
    return day


def _read_time(value: Any) -> datetime.time:
    """Return a time that came as text or as one."""
    moment: datetime.time = datetime.time.fromisoformat(value) if isinstance(value, str) else value
    return moment


def _read_aware(value: object) -> datetime.datetime:
    """Return a moment in UTC that came as text or as a datetime; without a zone it is in UTC."""
    moment = _as_moment(value)
    return moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _read_naive(value: object) -> datetime.datetime:
    """Return a moment without zone that came as text or as a datetime; one with a zone is told in UTC."""
    moment = _as_moment(value)
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _as_moment(value: Any) -> datetime.datetime:
    if isinstance(value, str):
        return datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        return value
    return datetime.datetime(value.year, value.month, value.day)


MOMENT_READERS = _read_aware, _read_naive
READERS: dict[str, Callable[[Any], Any]] = {"date": _read_date, "time": _read_time}
"""What the library's own queries read such columns with: some come as text, as what is computed does."""
