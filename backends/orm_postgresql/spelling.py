"""How Python's values are spelled as text that PostgreSQL reads, whatever type the statement gives them."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from typing import Any

PLAIN = (int, float, decimal.Decimal, uuid.UUID, datetime.date, datetime.datetime, datetime.time)
"""Types whose ``str`` PostgreSQL reads."""

_UNQUOTED = re.compile(r"[A-Za-z0-9_.:+-]+\Z")


def interval(value: datetime.timedelta) -> str:
    """Return a duration as PostgreSQL reads it."""
    return f"{value.days} day {value.seconds} second {value.microseconds} microsecond"


def array(items: list[Any] | tuple[Any, ...]) -> str:
    """Return an array literal (PostgreSQL's documentation, 8.15.6)."""
    return "{" + ",".join([_element(item) for item in items]) + "}"


def spelled(value: object) -> Any:
    """Return the text that a parameter travels as; what travels otherwise (bytes, None, anything else) as it is."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime.timedelta):
        return interval(value)
    if isinstance(value, (list, tuple)):
        return array(value)
    return str(value) if isinstance(value, (str, *PLAIN)) else value


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
