"""Small functions of ``django.db.backends``: names that fit, and values out of and into text."""

from __future__ import annotations

import datetime
import decimal
import re
from typing import Any

from orm.sql.identifiers import names_digest, split_identifier, truncate_name

__all__ = [
    "format_number",
    "names_digest",
    "split_identifier",
    "split_tzname_delta",
    "strip_quotes",
    "truncate_name",
    "typecast_date",
    "typecast_time",
    "typecast_timestamp",
]

is_psycopg3 = True
"""The driver for blocking code on PostgreSQL is psycopg 3."""


def strip_quotes(table_name: str) -> str:
    """Return a name without its quotes."""
    quoted = table_name.startswith('"') and table_name.endswith('"')
    return table_name[1:-1] if quoted else table_name


def format_number(value: Any, max_digits: int | None, decimal_places: int | None) -> str | None:
    """Return a decimal as text with so many places; None stays None.

    Raises ``decimal.Inexact`` where digits would be lost.
    """
    if value is None:
        return None
    context = decimal.getcontext().copy()
    if max_digits is not None:
        context.prec = max_digits
    if decimal_places is not None:
        value = value.quantize(decimal.Decimal(1).scaleb(-decimal_places), context=context)
    else:
        context.traps[decimal.Rounded] = True
        value = context.create_decimal(value)
    return f"{value:f}"


def split_tzname_delta(tzname: str) -> tuple[str, str | None, str | None]:
    """Return a zone's name, sign and offset: ``UTC+05:30`` is ``("UTC", "+", "05:30")``."""
    found = re.fullmatch(r"(.*)([+-])(\d{1,2}(?::\d{2})?)", tzname)
    if found is None:
        return tzname, None, None
    name, sign, offset = found.groups()
    return name, sign, offset if ":" in offset else f"{offset}:00"


def typecast_date(s: str | None) -> datetime.date | None:
    """Return a date out of text, None for nothing."""
    return datetime.date(*map(int, s.split("-"))) if s else None


def typecast_time(s: str | None) -> datetime.time | None:
    """Return a time out of text, None for nothing."""
    return _time(s) if s else None


def typecast_timestamp(s: str | None) -> datetime.datetime | datetime.date | None:
    """Return a datetime out of text, a date where there is no time in it; None for nothing."""
    if not s:
        return None
    day, space, clock = s.partition(" ")
    if not space:
        return typecast_date(s)
    date = typecast_date(day)
    assert date is not None
    return datetime.datetime.combine(date, _time(re.split(r"[+-]", clock)[0]))


def _time(s: str) -> datetime.time:
    hour, minute, second = s.split(":")
    whole, _, fraction = second.partition(".")
    return datetime.time(int(hour), int(minute), int(whole), int((fraction + "000000")[:6]))
