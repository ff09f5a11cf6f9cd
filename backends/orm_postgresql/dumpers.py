"""psycopg made to send parameters as asyncpg does: the server decides from the statement what type each has.

psycopg usually names a type after the Python value, so that ``substr(name, $1)`` with an int looks for a function that
takes a bigint. Here every parameter goes as text of unknown type, and one SQL text works with both drivers.
"""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from typing import Any

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.types.string import TextLoader

_UNQUOTED = re.compile(r"[A-Za-z0-9_.:+-]+\Z")


class _Unknown(Dumper):
    oid = 0


class Plain(_Unknown):
    """Anything whose ``str`` PostgreSQL reads: int, float, Decimal, UUID, date, time, datetime."""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return str(obj).encode()


class Truth(_Unknown):
    """bool"""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return b"t" if obj else b"f"


class Duration(_Unknown):
    """timedelta"""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return interval(obj).encode()


class Array(_Unknown):
    """list: the elements spelled as the dumpers above spell them."""

    def dump(self, obj: Any) -> bytes:
        """Return the array's text."""
        return array(obj).encode()


def interval(value: datetime.timedelta) -> str:
    """Return a duration as PostgreSQL reads it."""
    return f"{value.days} day {value.seconds} second {value.microseconds} microsecond"


def array(items: list[Any] | tuple[Any, ...]) -> str:
    """Return an array literal (PostgreSQL's documentation, 8.15.6)."""
    return "{" + ",".join([_element(item) for item in items]) + "}"


def _element(item: Any) -> str:
    kind = type(item)
    if kind is int or kind is float or kind is decimal.Decimal:
        return str(item)
    if item is None:
        return "NULL"
    if kind is list or kind is tuple:
        return array(item)
    if kind is bool:
        return "t" if item else "f"
    if isinstance(item, (bytes, bytearray, memoryview)):
        return f'"\\\\x{bytes(item).hex()}"'
    text = interval(item) if isinstance(item, datetime.timedelta) else str(item)
    if _UNQUOTED.match(text) and text.upper() != "NULL":
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def prepare(raw: Connection[Any]) -> None:
    """Make one psycopg connection send and return values as asyncpg does."""
    adapters = raw.adapters
    for kind in (int, float, decimal.Decimal, uuid.UUID, datetime.date, datetime.datetime, datetime.time):
        adapters.register_dumper(kind, Plain)
    adapters.register_dumper(bool, Truth)
    adapters.register_dumper(datetime.timedelta, Duration)
    adapters.register_dumper(list, Array)
    adapters.register_dumper(tuple, Array)
    adapters.register_loader("json", TextLoader)
    adapters.register_loader("jsonb", TextLoader)
