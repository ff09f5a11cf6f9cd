"""How values lie in SQLite's four storage classes: what writes a Python value there, and what reads it back.

What is stored, so that text order is value order and Django's SQLite databases can be read:

- date, time, datetime: ISO text with a blank between date and time; datetimes with a zone in UTC, without a suffix;
  the fraction has six digits or is left out, which sorts right.
- boolean: 0 and 1. duration: whole microseconds. UUID: 32 hexadecimal digits. JSON: text.
- decimal up to 15 digits: a number (NUMERIC affinity), exact once rounded to the field's places, so that comparing
  and ordering are SQLite's own; SUM, + - and * are exact, / and AVG have PostgreSQL's digits (in native code). More
  digits, or an unknown number: text under the collation ORM_DECIMAL, which compares exactly. What is computed may be
  either, so it is compared as text under that collation.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orm.errors import DataError
from orm.sql import types
from orm.sql.dialect import Adapter
from orm_sqlite.decimals import MOST_PLACES
from orm_sqlite.functions import spell

if TYPE_CHECKING:
    from orm.sql.types import SQLType


UTC = datetime.UTC
EXACT_DIGITS = 15
_EXACT = decimal.Context(prec=1000)
_DIGITS = decimal.Context(prec=15)
_UNKNOWN = uuid.SafeUUID.unknown


def write_datetime(value: datetime.datetime) -> str:
    if value.tzinfo is UTC:
        return value.isoformat(" ")[:-6]
    return spell(value)


def write_naive(value: datetime.datetime) -> str:
    if value.tzinfo is not None:
        raise ValueError("SQLite backend does not support timezone-aware datetimes when USE_TZ is False.")
    return spell(value)


def float_writer(sql_type: SQLType) -> Adapter:
    name = sql_type if sql_type.model is not None else "a number"

    def write_float(value: float) -> float:
        if value != value:
            raise DataError(f"{name} can't be NaN on SQLite, which has no such number and would store NULL")
        return value

    write_float.refuses = math.nan  # type: ignore[attr-defined]  # which spares others the call, see Dialect.adapter
    return write_float


def write_duration(value: datetime.timedelta) -> int:
    return (value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds


def write_decimal(value: decimal.Decimal) -> int | float | str:
    """Return a number where 15 digits hold the value, or where it is beyond all that is counted, else text.

    A number compares rightly with numeric columns, with SUM, and (SQLite turns it into text there) with text columns.
    """
    if len(value.as_tuple().digits) > EXACT_DIGITS and abs(value.adjusted()) <= MOST_PLACES:
        shorter = value.normalize(_EXACT)
        if len(shorter.as_tuple().digits) > EXACT_DIGITS:
            return f"{value:f}"
    return float(value)


def write_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_aware(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text + "+00:00")
    except ValueError:  # written by something else, with a zone of its own
        moment = datetime.datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_naive(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


class DateReader:
    """Reads a date, also out of a moment. ``quick`` reads only a date, which is nearly always what there is."""

    quick = datetime.date.fromisoformat

    def __call__(self, text: str) -> datetime.date:
        return datetime.date.fromisoformat(text[:10])


def read_duration(value: float) -> datetime.timedelta:
    return datetime.timedelta(microseconds=value)


def read_uuid(text: str) -> uuid.UUID:
    # What UUID(text) does for known-good text, without its checks: a third of the time.
    result = object.__new__(uuid.UUID)
    object.__setattr__(result, "int", int(text.replace("-", ""), 16))
    object.__setattr__(result, "is_safe", _UNKNOWN)
    return result


def read_computed_decimal(value: float | str) -> decimal.Decimal:
    if isinstance(value, float):
        return _DIGITS.create_decimal_from_float(value or 0.0)  # 0 has no sign
    return _DIGITS.create_decimal(value) if isinstance(value, str) else decimal.Decimal(value)


def decimal_reader(places: int | None) -> Callable[[Any], decimal.Decimal]:
    if places is None:
        # A computed number: no more digits than a float is exact to, so that 8.87 is not read as 8.870000000000001.
        return lambda value: decimal.Decimal(f"{value:.15g}" if type(value) is float else value)
    unit = decimal.Decimal(1).scaleb(-places)

    def read(value: Any) -> decimal.Decimal:
        if type(value) is float:
            if types.same_everywhere:  # it was rounded when it was stored
                return decimal.Decimal(f"{value:.{places}f}")
            value = f"{value:.15g}"
        return decimal.Decimal(value).quantize(unit, context=_EXACT)

    return read


ADAPTERS: dict[str, Adapter] = {
    "boolean": int,
    "date": datetime.date.isoformat,
    "time": datetime.time.isoformat,
    "datetime": write_datetime,
    "duration": write_duration,
    "decimal": write_decimal,
    "uuid": lambda value: value.hex,
    "json": write_json,
}
CONVERTERS: dict[str, Adapter] = {
    "boolean": bool,
    "date": DateReader(),
    "time": datetime.time.fromisoformat,
    "duration": read_duration,
    "uuid": read_uuid,
    "binary": bytes.__bytes__,  # bytes() would make as many zeros as a number in the column says
}
