"""Dates and times in ISO 8601, out of text: as Python reads them, or with parts of one digit (``2024-2-3 9:05``)."""

from __future__ import annotations

import datetime

from orm.late import late_pattern

ZONE = late_pattern(r"(?:Z|[+-]\d\d(?::?\d\d)?)\s*$")
"""What a time ends with that names its zone."""
_DATE = late_pattern(r"(\d{4})-(\d{1,2})-(\d{1,2})$")
_CLOCK = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?"
_TIME = late_pattern(_CLOCK + "$")
_DATETIME = late_pattern(r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]" + _CLOCK + r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?$")


def parse_date(value: str) -> datetime.date | None:
    """Return an ISO 8601 date, or None for text that is none. Raises ``ValueError`` for a date that can't be."""
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        found = _DATE.match(value)
    return None if found is None else datetime.date(*map(int, found.groups()))


def parse_time(value: str) -> datetime.time | None:
    """Return an ISO 8601 time, without the zone it may have, or None. Raises ``ValueError`` as ``parse_date``."""
    try:
        return datetime.time.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        found = _TIME.match(value)
    return None if found is None else datetime.time(*_clock(*found.groups()))


def parse_datetime(value: str) -> datetime.datetime | None:
    """Return an ISO 8601 datetime, aware where an offset is given, or None. Raises ``ValueError`` as ``parse_date``."""
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        found = _DATETIME.match(value)
    if found is None:
        return None
    year, month, day, *clock, zone = found.groups()
    return datetime.datetime(int(year), int(month), int(day), *_clock(*clock), tzinfo=_zone(zone))


def _clock(hour: str, minute: str, second: str | None, fraction: str | None) -> tuple[int, int, int, int]:
    return int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0"))


def _zone(text: str | None) -> datetime.tzinfo | None:
    if text is None or text == "Z":
        return None if text is None else datetime.UTC
    minutes = int(text[1:3]) * 60 + int(text[3:].removeprefix(":") or 0)
    return zone_at(datetime.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def zone_at(distance: datetime.timedelta) -> datetime.timezone:
    """Return a zone at a constant distance from UTC, named as ISO 8601 writes it: ``+0230``."""
    minutes = abs(int(distance.total_seconds())) // 60
    sign = "-" if distance < datetime.timedelta(0) else "+"
    return datetime.timezone(distance, f"{sign}{minutes // 60:02d}{minutes % 60:02d}")
