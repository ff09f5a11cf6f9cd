"""How values of PostgreSQL's own types travel: arrays by their elements, ranges and hstore as their text.

Both drivers can send any text, so what only one of them knows as a Python value goes as text with a cast in the
statement. Coming back, asyncpg and psycopg give ranges as objects of their own and hstore as text.
"""

from __future__ import annotations

import datetime
import decimal
import ipaddress
import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

from orm.errors import DataError, UnsendableText
from orm.sql.ranges import DateRange, DateTimeRange, DateTimeTZRange, NumericRange, Range

Adapter = Callable[[Any], Any]

RANGES: Mapping[str, type[Range]] = {
    "int4range": NumericRange,
    "int8range": NumericRange,
    "numrange": NumericRange,
    "daterange": DateRange,
    "tsrange": DateTimeRange,
    "tstzrange": DateTimeTZRange,
}

AS_TEXT = frozenset({*RANGES, "hstore", "tsvector", "tsquery"})
"""Kinds whose parameters are sent as text and cast in the statement."""


class Elements:
    """Applies what is done to one element to all of an array; NULLs stay. An array of arrays has one of these in it."""

    def __init__(self, each: Adapter) -> None:
        self.each = each

    def __call__(self, items: Any) -> list[Any]:
        each = self.each
        return [None if item is None else each(item) for item in items]


class ReadArray(Elements):
    """As ``Elements``, for arrays of a type of the database's own, which a driver that was not told of it gives as
    text.
    """

    def __init__(self, each: Adapter | None) -> None:
        super().__init__(each or _as_it_is)

    def __call__(self, items: Any) -> list[Any]:
        return super().__call__(read_array(items) if isinstance(items, str) else items)


def _as_it_is(item: object) -> object:
    return item


class ReadRange:
    """Makes our range of the one a driver gives."""

    def __init__(self, made: type[Range]) -> None:
        self.made = made

    def __call__(self, value: object) -> Range:
        return self.made.of(value)


class Days(dict[tuple[int], datetime.date]):
    """How asyncpg reads and writes a date: both ways it is the number of days since 2000.

    Its own way writes the last day of the calendar, 9999-12-31, as infinity and the first as minus infinity, so that
    SQL and psycopg find another day. To look up a number that was read before takes less than to make its date anew.
    """

    EPOCH = datetime.date(2000, 1, 1).toordinal()
    KEPT = 10_000
    INFINITIES: ClassVar = {2**31 - 1: datetime.date.max, -(2**31): datetime.date.min}

    def __missing__(self, value: tuple[int]) -> datetime.date:
        """Return the date; the last and the first there is for the infinities, as asyncpg has them."""
        number = value[0]
        if number in self.INFINITIES:
            return self.INFINITIES[number]
        if len(self) >= self.KEPT:
            self.clear()
        day = self[value] = datetime.date.fromordinal(self.EPOCH + number)
        return day

    def encode(self, value: datetime.date) -> tuple[int]:
        """Return the number for a date."""
        return (value.toordinal() - self.EPOCH,)


days = Days()

_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_INFINITIES = {2**63 - 1: datetime.datetime.max, -(2**63): datetime.datetime.min}


class InZone:
    """Makes a naive datetime of a zone the moment it is."""

    def __init__(self, zone: datetime.tzinfo) -> None:
        self.zone = zone

    def __call__(self, value: datetime.datetime) -> datetime.datetime:
        return value if value.tzinfo is not None else value.replace(tzinfo=self.zone)


class Naive:
    """Makes a moment the naive datetime of a zone that it is."""

    def __init__(self, zone: datetime.tzinfo) -> None:
        self.zone = zone

    def __call__(self, value: datetime.datetime) -> datetime.datetime:
        return value if value.tzinfo is None else value.astimezone(self.zone).replace(tzinfo=None)


class NaiveMoments:
    """How asyncpg reads and writes a timestamptz where columns keep the moments of a zone's naive datetimes.

    Both ways it is the number of microseconds since 2000, in UTC, with a number of its own for each infinity.
    """

    def __init__(self, zone: datetime.tzinfo) -> None:
        self.naive = Naive(zone)
        self.moment = InZone(zone)

    def decode(self, value: tuple[int]) -> datetime.datetime:
        """Return the naive datetime; the greatest and the least there is for the infinities, as asyncpg has them."""
        if value[0] in _INFINITIES:
            return _INFINITIES[value[0]]
        return self.naive(_EPOCH + datetime.timedelta(microseconds=value[0]))

    def encode(self, value: datetime.datetime) -> tuple[int]:
        """Return the number for a datetime, naive or not."""
        return ((self.moment(value) - _EPOCH) // _MICROSECOND,)


class EachBound:
    """Applies what is done to a datetime to both bounds of a range."""

    def __init__(self, each: Adapter) -> None:
        self.each = each

    def __call__(self, value: object) -> DateTimeTZRange:
        found = DateTimeTZRange.of(value)
        lower, upper = (None if bound is None else self.each(bound) for bound in (found.lower, found.upper))
        return DateTimeTZRange(lower, upper, found.bounds or "[)", found.isempty)


_NAMED: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),  # a kind of int
    (float, "double precision"),
    (decimal.Decimal, "numeric"),
    (datetime.date, "date"),
    (datetime.time, "time"),
    (datetime.timedelta, "interval"),
    (uuid.UUID, "uuid"),
    (bytes, "bytea"),
    (bytearray, "bytea"),
    (memoryview, "bytea"),
)


def named_type(value: object) -> str | None:
    """Return the type that a literal of this value has in SQL; None where the statement decides: texts, JSON, []."""
    if isinstance(value, (list, tuple)):
        names = {named_type(item) for item in value if item is not None}
        if not names or (names - set(_INTEGERS) and len(names) > 1):
            return None
        element = max(names, key=_INTEGERS.index) if len(names) > 1 else names.pop()
        return None if element is None else element if element.endswith("[]") else f"{element}[]"
    if isinstance(value, int) and not isinstance(value, bool):
        bits = value.bit_length()
        return "integer" if bits < 32 else "bigint" if bits < 64 else "numeric"
    if isinstance(value, datetime.datetime):
        return "timestamp" if value.tzinfo is None else "timestamp with time zone"
    return next((name for kind, name in _NAMED if isinstance(value, kind)), None)


_INTEGERS = ("integer", "bigint", "numeric")


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def write_json(value: object) -> str:
    """Return a value as jsonb reads it.

    Raises ``ValueError`` for one with the character NUL, which jsonb can't hold.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        raise ValueError("PostgreSQL's jsonb can't hold the character NUL (\\u0000)")
    return text


def write_address(value: str) -> str:
    """Return an address as it is. The server refuses what is none, after it was sent and a transaction is spoilt."""
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        raise UnsendableText(f"{value!r} does not appear to be an IPv4 or IPv6 address") from None
    return value


def read_address(value: object) -> str:
    """Return an address in the spelling in which addresses are stored. Drivers give an object of ``ipaddress``."""
    mapped = getattr(value, "ipv4_mapped", None)
    return str(value) if mapped is None else f"::ffff:{mapped}"


def write_hstore(value: Mapping[str, str | None]) -> str:
    """Return a mapping of texts in hstore's input form (PostgreSQL's documentation, F.18.1)."""
    return ", ".join(f"{_quoted(key)}=>{'NULL' if item is None else _quoted(item)}" for key, item in value.items())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_TEXT = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"\s*{_TEXT}=>(?:{_TEXT}|(NULL))\s*(?:,|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read_hstore(text: Any) -> dict[str, str | None]:
    """Return hstore's output form as a dict. A driver that has been told of hstore gives one already."""
    if not isinstance(text, str):
        return dict(text)
    found: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            raise DataError(f"The server sent an hstore that can't be read, at character {position}: {text[:80]!r}")
        key, value, null = pair.groups()
        found[_ESCAPE.sub(r"\1", key)] = None if null else _ESCAPE.sub(r"\1", value)
        position = pair.end()
    return found


def with_hstores(rows: Sequence[Sequence[Any]], places: Collection[int]) -> Sequence[Sequence[Any]]:
    """Return rows with the columns at these places, which are hstores, as dicts: those of SQL that a program wrote."""
    if not places:
        return rows
    return [
        tuple(read_hstore(value) if place in places and value is not None else value for place, value in enumerate(row))
        for row in rows
    ]


_PIECE = re.compile(rf"(?P<mark>[{{}},])|{_TEXT}|(?P<bare>[^{{}},\"]+)", re.DOTALL)


def read_array(text: str) -> list[Any]:
    """Return an array's output form as lists of texts (PostgreSQL's documentation, 8.15.6).

    Raises ``DataError`` for what is none.
    """
    outside: list[Any] = []
    around, inner = [outside], outside
    position = text.index("=") + 1 if text.startswith("[") else 0  # "[2:3]={…}": its first place is another than 1
    while position < len(text):
        piece = _PIECE.match(text, position)
        if piece is None or (piece["mark"] == "}" and inner is outside):
            raise DataError(f"The server sent an array that can't be read, at character {position}: {text[:80]!r}")
        if piece["mark"] == "{":
            around.append(inner)
            inner.append([])
            inner = inner[-1]
        elif piece["mark"] == "}":
            inner = around.pop()
        elif piece["bare"] is not None:
            inner.append(None if piece["bare"] == "NULL" else piece["bare"])
        elif piece["mark"] is None:
            inner.append(_ESCAPE.sub(r"\1", piece[2]))
        position = piece.end()
    if inner is not outside or len(outside) != 1:
        raise DataError(f"The server sent an array that does not end: {text[:80]!r}")
    found: list[Any] = outside[0]
    return found
