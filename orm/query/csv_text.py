"""CSV as PostgreSQL's COPY writes it, for databases without COPY (PostgreSQL's documentation, COPY, "CSV Format")."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect

SPECIAL = frozenset('",\n\r')


class CSVWriter:
    """Spells rows of Python's values."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def lines(self, rows: Iterable[Sequence[object]]) -> bytes:
        """Return rows as lines."""
        return b"".join(map(self.line, rows))

    def line(self, row: Sequence[object]) -> bytes:
        """Return one row as a line."""
        return (",".join(map(self._field, row)) + "\n").encode()

    def _field(self, value: object) -> str:
        if value is None:
            return ""
        text = spelled(value)
        if not text or text == "\\." or not SPECIAL.isdisjoint(text):
            return '"' + text.replace('"', '""') + '"'
        return text


def spelled(value: object) -> str:
    """Return a value as text."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "t" if value else "f"
    if isinstance(value, datetime.datetime):
        return _moment(value)
    if isinstance(value, datetime.time):
        return _clock(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, datetime.timedelta):
        return _interval(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _moment(value: datetime.datetime) -> str:
    """Return a moment; its distance to UTC without minutes that are none."""
    distance = value.isoformat()[len(value.replace(tzinfo=None).isoformat()) :]
    return f"{value.date()} {_clock(value.time())}{distance.removesuffix(':00')}"


def _clock(value: datetime.time) -> str:
    """Return a time of day, its fraction without zeros at the end."""
    text = value.isoformat()
    return text.rstrip("0") if value.microsecond else text


def _interval(value: datetime.timedelta) -> str:
    """Return a duration as days and a time, each where there is any; the sign of a time after negative days is said."""
    if not value.seconds and not value.microseconds:
        return _days(value.days) if value.days else "00:00:00"
    clock = _clock((datetime.datetime.min + datetime.timedelta(0, value.seconds, value.microseconds)).time())
    if not value.days:
        return clock
    return f"{_days(value.days)} {'+' if value.days < 0 else ''}{clock}"


def _days(days: int) -> str:
    return f"{days} day{'s' * (days != 1)}"
