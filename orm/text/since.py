"""How long ago, or how far ahead: ``2 weeks, 3 days``."""

from __future__ import annotations

import calendar
import datetime
from typing import Any

TIME_STRINGS = {
    "year": ("%(num)d year", "%(num)d years"),
    "month": ("%(num)d month", "%(num)d months"),
    "week": ("%(num)d week", "%(num)d weeks"),
    "day": ("%(num)d day", "%(num)d days"),
    "hour": ("%(num)d hour", "%(num)d hours"),
    "minute": ("%(num)d minute", "%(num)d minutes"),
}
_SECONDS = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60}


def timesince(d: Any, now: Any = None, reversed: bool = False, time_strings: Any = None, depth: int = 2) -> str:
    """Return the time from ``d`` to ``now`` in at most ``depth`` adjacent units; ``0 minutes`` where it is not past.

    Raises ``ValueError`` for a depth below one.
    """
    if depth <= 0:
        raise ValueError("depth must be greater than 0.")
    strings = TIME_STRINGS if time_strings is None else time_strings
    begin = _moment(d)
    end = _moment(now) if now else datetime.datetime.now(tz=begin.tzinfo)
    if reversed:
        begin, end = end, begin
    if end < begin:
        return _say(strings["minute"], 0)
    counts = _counts(begin, end)
    names = list(counts)
    first = next((index for index, name in enumerate(names) if counts[name]), None)
    if first is None:
        return _say(strings["minute"], 0)
    said = []
    for name in names[first : first + depth]:
        if not counts[name]:
            break
        said.append(_say(strings[name], counts[name]))
    return ", ".join(said)


def timeuntil(d: object, now: object = None, time_strings: object = None, depth: int = 2) -> str:
    """Return the time from ``now`` to ``d``, as ``timesince`` does."""
    return timesince(d, now, reversed=True, time_strings=time_strings, depth=depth)


def _moment(value: Any) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    return datetime.datetime(value.year, value.month, value.day)


def _counts(begin: datetime.datetime, end: datetime.datetime) -> dict[str, int]:
    months = (end.year - begin.year) * 12 + end.month - begin.month
    if (end.day, end.timetz().replace(tzinfo=None)) < (begin.day, begin.timetz().replace(tzinfo=None)):
        months -= 1
    years, rest = divmod(months, 12)
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    day = min(begin.day, calendar.monthrange(year, month + 1)[1])
    seconds = int((end - begin.replace(year=year, month=month + 1, day=day)).total_seconds())
    counts = {"year": years, "month": rest}
    for name, length in _SECONDS.items():
        counts[name], seconds = divmod(seconds, length)
    return counts


def _say(forms: Any, number: int) -> str:
    text = forms % {"num": number} if not isinstance(forms, tuple) else forms[number != 1] % {"num": number}
    return str(text).replace(" ", "\xa0")
