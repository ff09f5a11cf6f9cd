"""Dates and times in ISO 8601, out of text."""

from __future__ import annotations

import datetime
import re

FRACTION = r"(?:[.,](\d{1,6})\d*)?"
CLOCK = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})" + FRACTION + ")?"
ZONE = r"\s*(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?"


def parse_date(value: str) -> datetime.date | None:
    """Return an ISO 8601 date, or None for text that is none. Raises ``ValueError`` for a date that can't be."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", value)
    return None if found is None else datetime.date(*(int(part) for part in found.groups()))


def parse_time(value: str) -> datetime.time | None:
    """Return an ISO 8601 time without zone, or None. Raises ``ValueError`` for a time that can't be."""
    found = re.fullmatch(CLOCK + ZONE, value) or re.fullmatch(r"(\d{2})(\d{2})(\d{2})" + FRACTION + ZONE, value)
    return None if found is None else datetime.time(*_clock(found))


def parse_datetime(value: str) -> datetime.datetime | None:
    """Return an ISO 8601 datetime, aware where an offset is given, or None. Raises ``ValueError`` as ``parse_date``."""
    text, separator, clock = value.replace("T", " ", 1).partition(" ")
    day = parse_date(text)
    if day is None:
        return None
    if not separator:
        return datetime.datetime.combine(day, datetime.time())
    found = re.fullmatch(CLOCK + ZONE, clock)
    return None if found is None else datetime.datetime.combine(day, datetime.time(*_clock(found), tzinfo=_zone(found)))


def _clock(found: re.Match[str]) -> tuple[int, int, int, int]:
    hour, minute, second, fraction = found.groups()[:4]
    return int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0"))


def _zone(found: re.Match[str]) -> datetime.tzinfo | None:
    text = found.groups()[4]
    if text is None or text == "Z":
        return None if text is None else datetime.UTC
    minutes = int(text[1:3]) * 60 + int(text[3:].removeprefix(":") or 0)
    return datetime.timezone(datetime.timedelta(minutes=-minutes if text[0] == "-" else minutes))
