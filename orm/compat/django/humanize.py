"""``django.contrib.humanize``: numbers and moments as people say them, for reports and commands."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from orm.compat.django import formats, timezone
from orm.text.html import SafeString
from orm.text.since import timesince

__all__ = ["apnumber", "intcomma", "intword", "naturalday", "naturaltime", "ordinal"]

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LARGE = (
    *((6, "million"), (9, "billion"), (12, "trillion"), (15, "quadrillion"), (18, "quintillion"), (21, "sextillion")),
    *((24, "septillion"), (27, "octillion"), (30, "nonillion"), (33, "decillion"), (100, "googol")),
)
"""Powers of ten, and words for them."""
DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
UNITS = ((3600, "an hour", "hours"), (60, "a minute", "minutes"), (1, "a second", "seconds"))
"""Seconds in each, and how one of them and many are said."""


def ordinal(value: Any) -> object:
    """Return ``1st`` for 1; what is no whole number from zero up comes back as text."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return value
    if number < 0:
        return str(number)
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return SafeString(f"{number}{ending}")


def intcomma(value: Any, use_l10n: bool = True) -> str:
    """Return a number with its digits in groups of three."""
    if use_l10n:
        try:
            number = value if isinstance(value, (float, Decimal)) else int(value)
        except (TypeError, ValueError):
            return intcomma(value, use_l10n=False)
        return formats.number_format(number, force_grouping=True)
    text = str(value)
    found = re.match(r"-?\d+", text)
    if found is None:
        return text
    return f"{int(found[0]):,}" + text[found.end() :]


def intword(value: Any) -> object:
    """Return a number from a million up with a word: ``1.2 million``; smaller ones, and what is none, as they are."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return value
    if abs(number) < 10**6:
        return number
    for power, word in LARGE:
        if abs(number) < 10**power * 1000:
            return f"{formats.number_format(round(number / 10**power, 1), 1)} {word}"
    return number


def apnumber(value: Any) -> object:
    """Return the word for a number from 1 to 9; others stay as they are."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return value
    return WORDS[number - 1] if 0 < number < 10 else number


def naturalday(value: Any, arg: str | None = None) -> object:
    """Return "today", "tomorrow" or "yesterday", else the date in a format; what is no date stays as it is."""
    zone = getattr(value, "tzinfo", None)
    try:
        day = datetime.date(value.year, value.month, value.day)
    except AttributeError:
        return value
    distance = (day - datetime.datetime.now(zone).date()).days
    return DAYS[distance] if distance in DAYS else formats.date_format(value, arg)


def naturaltime(value: Any) -> Any:
    """Return how long ago a moment was, or how far it is ahead: ``an hour ago``. What is no date stays as it is."""
    if not isinstance(value, datetime.date):
        return value
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    now = datetime.datetime.now(datetime.UTC if timezone.is_aware(value) else None)
    past = value < now
    distance = now - value if past else value - now
    return (
        f"{_distance(value, now, distance)} {'ago' if past else 'from now'}" if distance.total_seconds() >= 1 else "now"
    )


def _distance(value: datetime.datetime, now: datetime.datetime, distance: datetime.timedelta) -> str:
    if distance.days:
        return timesince(min(value, now), max(value, now))
    length, one, many = next(unit for unit in UNITS if distance.seconds >= unit[0])
    number = distance.seconds // length
    return one if number == 1 else f"{number}\xa0{many}"
