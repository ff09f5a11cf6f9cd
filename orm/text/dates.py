"""Dates and times in ISO 8601, out of text."""

from __future__ import annotations

import datetime
import re


def parse_date(value: str) -> datetime.date | None:
    """Return an ISO 8601 date, or None for text that is none. Raises ``ValueError`` for a date that can't be."""
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", value) is None:
        return None
    year, month, day = (int(part) for part in value.split("-"))
    return datetime.date(year, month, day)


def parse_time(value: str) -> datetime.time | None:
    """Return an ISO 8601 time without zone, or None. Raises ``ValueError`` for a time that can't be."""
    if re.fullmatch(r"\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?", value) is None:
        return None
    return datetime.time.fromisoformat(_six_decimals(value))


def parse_datetime(value: str) -> datetime.datetime | None:
    """Return an ISO 8601 datetime, aware where an offset is given, or None. Raises ``ValueError`` as ``parse_date``."""
    form = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?\s*(Z|[+-]\d{2}(:?\d{2})?)?"
    if re.fullmatch(form, value) is None:
        return None
    return datetime.datetime.fromisoformat(re.sub(r"\s+(?=[Z+-])", "", _six_decimals(value)))


def _six_decimals(value: str) -> str:
    """Return a time with its fraction, if any, in microseconds."""
    return re.sub(r"[.,](\d{1,6})", lambda found: "." + found.group(1).ljust(6, "0"), value)
