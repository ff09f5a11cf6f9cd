"""SQL functions that SQLite lacks, in Python, registered on every connection of either colour.

All are deterministic, so SQLite may use them in indexes and compute them once. Names begin with ``ORM_`` except where a
standard name is missing. Each gives NULL for NULL.
"""

from __future__ import annotations

import datetime
import functools
import json
import math
import re
import sqlite3
from collections.abc import Callable
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from orm_sqlite.decimals import (
    DecimalMean,
    DecimalSum,
    compare_decimals,
    decimal_absolute,
    decimal_add,
    decimal_ceiling,
    decimal_divide,
    decimal_floor,
    decimal_multiply,
    decimal_power,
    decimal_remainder,
    decimal_round,
    decimal_subtract,
    power,
)
from orm_sqlite.strict import strict

UTC = datetime.UTC
_EPOCH = datetime.datetime(1970, 1, 1)
_SECOND = datetime.timedelta(seconds=1)
_MICROSECOND = datetime.timedelta(microseconds=1)


def register_functions(raw: sqlite3.Connection) -> None:
    """Give one connection every function of the tables below."""
    for name, count, function in _FUNCTIONS:
        raw.create_function(name, count, function, deterministic=True)
    for name, aggregate in _AGGREGATES:
        raw.create_aggregate(name, 1, aggregate)
    raw.create_window_function("ORM_DECIMAL_SUM", 1, DecimalSum)
    raw.create_window_function("ORM_DECIMAL_AVG", 1, DecimalMean)
    raw.create_collation("ORM_DECIMAL", compare_decimals)


# -- text --------------------------------------------------------------------------------------------------------------


@strict
def regexp(pattern: str, text: object) -> bool:
    """Return whether ``text REGEXP pattern``: a search, in Python's syntax."""
    return re.search(pattern, str(text)) is not None


@strict
def fold(text: object) -> str:
    """Return text without its case, for comparisons (all of Unicode; SQLite's UPPER knows only ASCII)."""
    return str(text).casefold()


# -- numbers -----------------------------------------------------------------------------------------------------------


@strict
def nearest_even(value: float) -> int:
    """Return the nearest whole number, of two the even one, as databases do that turn floats into integers."""
    return round(float(value))


@strict
def exclusive_or(one: int, other: int) -> int:
    """Return the bitwise exclusive or, for which SQLite has no operator."""
    return one ^ other


class Spread:
    """Welford's running mean and sum of squared distances, the base of variance and standard deviation."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: Any) -> None:
        """Take one row's value."""
        if value is not None:
            self.count += 1
            distance = value - self.mean
            self.mean += distance / self.count
            self.squares += distance * (value - self.mean)


class VariancePopulation(Spread):
    """VAR_POP"""

    def finalize(self) -> float | None:
        """Return the variance of all rows."""
        return self.squares / self.count if self.count else None


class VarianceSample(Spread):
    """VAR_SAMP"""

    def finalize(self) -> float | None:
        """Return the variance estimated from a sample."""
        return self.squares / (self.count - 1) if self.count > 1 else None


class DeviationPopulation(VariancePopulation):
    """STDDEV_POP"""

    def finalize(self) -> float | None:
        """Return the standard deviation of all rows."""
        variance = super().finalize()
        return None if variance is None else math.sqrt(variance)


class DeviationSample(VarianceSample):
    """STDDEV_SAMP"""

    def finalize(self) -> float | None:
        """Return the standard deviation estimated from a sample."""
        variance = super().finalize()
        return None if variance is None else math.sqrt(variance)


# -- dates -------------------------------------------------------------------------------------------------------------


def spell(moment: datetime.datetime) -> str:
    """Return a datetime as it is stored: in UTC if it has a zone, without one in the text: text order is time order."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ")


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> datetime.tzinfo:
    if name[0] in "+-":  # a constant distance from UTC
        return datetime.datetime.strptime(name, "%z").tzinfo or UTC
    return ZoneInfo(name)


def _local(text: str, zone: str | None) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if zone is None:
        return moment
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(_zone(zone))


_PARTS: dict[str, Callable[[datetime.datetime], int]] = {
    "year": lambda m: m.year,
    "iso_year": lambda m: m.isocalendar()[0],
    "quarter": lambda m: (m.month + 2) // 3,
    "month": lambda m: m.month,
    "week": lambda m: m.isocalendar()[1],
    "week_day": lambda m: m.isoweekday() % 7 + 1,
    "iso_week_day": lambda m: m.isoweekday(),
    "day": lambda m: m.day,
    "hour": lambda m: m.hour,
    "minute": lambda m: m.minute,
    "second": lambda m: m.second,
    "microsecond": lambda m: m.microsecond,
    "epoch": lambda m: (m - (_EPOCH if m.tzinfo is None else _EPOCH.replace(tzinfo=UTC))) // _SECOND,
}


def extract(part: str, text: str | None, zone: str | None) -> int | None:
    """Return a part of a stored date or datetime, as seen in ``zone``."""
    return None if text is None else _PARTS[part](_local(text, zone))


def truncate(part: str, text: str | None, zone: str | None) -> str | None:
    """Return a stored date or datetime cut to ``part`` as seen in ``zone``; dates stay dates."""
    if text is None:
        return None
    moment = _local(text, zone)
    if part == "date":
        return moment.date().isoformat()
    if part == "time":
        return moment.time().isoformat()
    if part == "datetime":
        return moment.replace(tzinfo=None).isoformat(" ")
    cut = _cut(part, moment)
    return cut.date().isoformat() if len(text) == 10 else spell(cut)


def _cut(part: str, moment: datetime.datetime) -> datetime.datetime:
    if part in ("second", "minute", "hour"):
        # By subtraction in UTC, since replace() would lose which of two equal hours it is when clocks go back.
        seconds = 0 if part == "second" else moment.second + (moment.minute * 60 if part == "hour" else 0)
        rest = datetime.timedelta(seconds=seconds, microseconds=moment.microsecond)
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)) - rest
    moment = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if part == "week":
        return moment - datetime.timedelta(days=moment.weekday())
    if part == "quarter":
        return moment.replace(month=(moment.month - 1) // 3 * 3 + 1, day=1)
    if part == "month":
        return moment.replace(day=1)
    if part == "year":
        return moment.replace(month=1, day=1)
    return moment


@strict
def add_duration(one: str | int, other: str | int) -> str:
    """Return a stored date, time or datetime moved by a duration, in either order; a date becomes a datetime."""
    text, microseconds = (str(other), one) if isinstance(one, int) else (one, int(other))
    duration = datetime.timedelta(microseconds=microseconds)
    if text[2:3] == ":":
        day = datetime.datetime.combine(_EPOCH, datetime.time.fromisoformat(text))
        return (day + duration).time().isoformat()
    return spell(datetime.datetime.fromisoformat(text) + duration)


@strict
def subtract_moments(one: str, other: str) -> int:
    """Return the microseconds from ``other`` to ``one``, both dates, both times, or datetimes."""
    return (_moment(one) - _moment(other)) // _MICROSECOND


def _moment(text: str) -> datetime.datetime:
    if text[2:3] == ":":
        return datetime.datetime.combine(_EPOCH, datetime.time.fromisoformat(text))
    return datetime.datetime.fromisoformat(text)


# -- JSON --------------------------------------------------------------------------------------------------------------


def _same(one: object, other: object) -> bool:
    """Compare decoded JSON as JSON does: true is not 1, the order of keys does not count."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _contains(whole: object, part: object, *, top: bool = True) -> bool:
    """PostgreSQL's ``@>``: objects by key, arrays in any order, and a top-level array may contain a bare scalar."""
    if isinstance(whole, dict):
        return isinstance(part, dict) and all(k in whole and _contains(whole[k], v, top=False) for k, v in part.items())
    if isinstance(whole, list):
        if isinstance(part, list):
            return all(any(_contains(item, wanted, top=False) for item in whole) for wanted in part)
        return top and not isinstance(part, dict) and any(_same(item, part) for item in whole)
    return _same(whole, part)


@strict
def right(text: object, length: float) -> str:
    """Return the last ``length`` characters, of a number those of its text, as SQLite's own SUBSTR does."""
    return str(text)[-int(length) :] if int(length) else ""


@strict
def pad_left(text: str, length: int, fill: str) -> str:
    """Return the text filled up on the left, or cut, to ``length`` characters."""
    missing = length - len(text)
    return (fill * missing)[:missing] + text if missing > 0 and fill else text[:length]


@strict
def pad_right(text: str, length: int, fill: str) -> str:
    """Return the text filled up on the right, or cut, to ``length`` characters."""
    return (
        text + (fill * max(length - len(text), 0))[: max(length - len(text), 0)]
        if len(text) < length
        else text[:length]
    )


@strict
def repeat(text: str, number: int) -> str:
    """Return the text ``number`` times."""
    return text * number


@strict
def reverse(text: str) -> str:
    """Return the text backwards."""
    return text[::-1]


@strict
def md5(text: str) -> str:
    """Return the MD5 digest of the text's UTF-8 form, in hexadecimal."""
    return hexadecimal("md5", text)


@strict
def cotangent(number: float) -> float | None:
    """Return the cotangent; None at zero, where there is none."""
    return 1 / math.tan(number) if number else None


def hexadecimal(name: str, text: str) -> str:
    """Return the digest of a text's UTF-8 form by an algorithm."""
    hashlib: Any = import_module("hashlib")  # not sooner: it loads OpenSSL, for few programs
    found: str = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
    return found


def digest(name: str) -> Callable[..., Any]:
    """Return the function that gives a text's digest by this algorithm, in hexadecimal."""

    @strict
    def digested(text: object) -> str:
        return hexadecimal(name, str(text))

    return digested


@strict
def json_part(text: str, path: str) -> str | None:
    """Return what lies at a path (a JSON list of keys and indexes) in a JSON text, as JSON; None when nothing does."""
    value = json.loads(text)
    for item in json.loads(path):
        fits = isinstance(value, dict) if isinstance(item, str) else isinstance(value, list)
        if not fits:
            return None
        try:
            value = value[item]
        except (KeyError, IndexError):
            return None
    return json.dumps(value, ensure_ascii=False)


@strict
def json_has_key(text: str, key: str) -> bool:
    """Return whether a JSON text is an object with a key."""
    value = json.loads(text)
    return isinstance(value, dict) and key in value


@strict
def json_has_all(text: str, keys: str) -> bool:
    """Return whether a JSON text is an object with all keys of a JSON list."""
    return all(json_has_key(text, key) for key in json.loads(keys))


@strict
def json_has_any(text: str, keys: str) -> bool:
    """Return whether a JSON text is an object with a key of a JSON list."""
    return any(json_has_key(text, key) for key in json.loads(keys))


MOST_NUMBERS = 1_000_000
"""Numbers that ``series`` gives for one row."""

NO_LIST = "a step of 0"
"""What ``series`` gives where there is no list: SQLite tells of it as of malformed JSON."""


def series(start: int | None, stop: int | None, step: int | None) -> str:
    """Return the whole numbers from one to another, which is one of them, as a JSON list; none where one is NULL.

    The list is held in memory, so a column's value must not make it as long as it likes: ``OverflowError``. A step of 0
    gives what is no JSON, which whoever reads the list refuses.
    """
    if start is None or stop is None or step is None:
        return "[]"
    if step == 0:
        return NO_LIST
    numbers = range(start, stop + (1 if step > 0 else -1), step)
    if numbers[MOST_NUMBERS:]:
        raise OverflowError  # which sqlite3 tells SQLite as SQLITE_TOOBIG
    return f"[{','.join(map(str, numbers))}]"


@strict
def json_equal(one: object, other: object) -> bool:
    """Return whether two JSON texts hold equal values."""
    return one == other or _same(json.loads(str(one)), json.loads(str(other)))


def only(text: str) -> object:
    """Return the only item of a JSON array."""
    (item,) = json.loads(text)
    return item


@strict
def json_contains(whole: object, part: object) -> bool:
    """Return whether one JSON text contains another."""
    return _contains(json.loads(str(whole)), json.loads(str(part)))


_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("REGEXP", 2, regexp),
    ("ORM_SERIES", 3, series),
    ("ORM_FOLD", 1, fold),
    ("ORM_POWER", 2, power),
    ("ORM_XOR", 2, exclusive_or),
    ("ORM_DECIMAL_ADD", 2, decimal_add),
    ("ORM_DECIMAL_SUBTRACT", 2, decimal_subtract),
    ("ORM_DECIMAL_MULTIPLY", 2, decimal_multiply),
    ("ORM_DECIMAL_DIVIDE", 2, decimal_divide),
    ("ORM_DECIMAL_REMAINDER", 2, decimal_remainder),
    ("ORM_DECIMAL_POWER", 2, decimal_power),
    ("ORM_DECIMAL_ROUND", 2, decimal_round),
    ("ORM_DECIMAL_FLOOR", 1, decimal_floor),
    ("ORM_DECIMAL_CEIL", 1, decimal_ceiling),
    ("ORM_DECIMAL_ABS", 1, decimal_absolute),
    ("ORM_NEAREST_EVEN", 1, nearest_even),
    ("ORM_EXTRACT", 3, extract),
    ("ORM_TRUNCATE", 3, truncate),
    ("ORM_ADD_DURATION", 2, add_duration),
    ("ORM_SUBTRACT_MOMENTS", 2, subtract_moments),
    ("ORM_ONLY", 1, only),
    ("ORM_RIGHT", 2, right),
    ("LPAD", 3, pad_left),
    ("RPAD", 3, pad_right),
    ("REPEAT", 2, repeat),
    ("REVERSE", 1, reverse),
    ("MD5", 1, md5),
    ("COT", 1, cotangent),
    *((name.upper(), 1, digest(name)) for name in ("sha1", "sha224", "sha256", "sha384", "sha512")),
    ("ORM_JSON_PART", 2, json_part),
    ("ORM_JSON_HAS_KEY", 2, json_has_key),
    ("ORM_JSON_HAS_ALL", 2, json_has_all),
    ("ORM_JSON_HAS_ANY", 2, json_has_any),
    ("ORM_JSON_EQUAL", 2, json_equal),
    ("ORM_JSON_CONTAINS", 2, json_contains),
)
_AGGREGATES: tuple[tuple[str, Any], ...] = (
    ("STDDEV_POP", DeviationPopulation),
    ("STDDEV_SAMP", DeviationSample),
    ("VAR_POP", VariancePopulation),
    ("VAR_SAMP", VarianceSample),
)
