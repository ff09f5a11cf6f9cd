"""Dates and times in the format letters of PHP's ``date()``, which Django's templates use."""

from __future__ import annotations

import calendar
import datetime
import email.utils
import re
from typing import Any

_LETTERS = re.compile(r"(?<!\\)([aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTUuwWyYzZ])")
AP_MONTH_NAMES = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."]
WEEKDAY_NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTH_NAMES = [
    *["January", "February", "March", "April", "May", "June"],
    *["July", "August", "September", "October", "November", "December"],
]


class TimeFormat:
    """Formats a time; each format letter is a method."""

    def __init__(self, obj: Any) -> None:
        self.data = obj
        self.zone = getattr(obj, "tzinfo", None)

    def format(self, formatstr: str) -> str:
        """Return the time in ``formatstr``; a backslash keeps a letter as it is.

        Raises ``TypeError`` where a letter asks a time for what only a date has, or a date for a time.
        """
        pieces = []
        for index, piece in enumerate(_LETTERS.split(formatstr)):
            if index % 2 == 0:
                pieces.append(re.sub(r"\\(.)", r"\1", piece))
                continue
            if type(self.data) is datetime.date and hasattr(TimeFormat, piece):
                raise TypeError(
                    f"The format for date objects may not contain time-related format specifiers (found {piece!r})."
                )
            pieces.append(str(getattr(self, piece)()))
        return "".join(pieces)

    def a(self) -> str:
        """``a.m.`` or ``p.m.``"""
        return "p.m." if self.data.hour > 11 else "a.m."

    def A(self) -> str:
        """``AM`` or ``PM``"""
        return "PM" if self.data.hour > 11 else "AM"

    def e(self) -> str:
        """The zone's name, or nothing."""
        return (self.data.tzname() or "") if self.zone is not None else ""

    def f(self) -> str:
        """The hour of 12, with minutes unless they are zero."""
        return str(self.g()) if self.data.minute == 0 else f"{self.g()}:{self.i()}"

    def g(self) -> int:
        """The hour of 12."""
        return int(self.data.hour % 12 or 12)

    def G(self) -> int:
        """The hour of 24."""
        return int(self.data.hour)

    def h(self) -> str:
        """The hour of 12 in two digits."""
        return f"{self.g():02d}"

    def H(self) -> str:
        """The hour of 24 in two digits."""
        return f"{self.data.hour:02d}"

    def i(self) -> str:
        """The minutes in two digits."""
        return f"{self.data.minute:02d}"

    def O(self) -> str:  # noqa: E743
        """The distance from Greenwich, as ``+0200``, or nothing."""
        if self.zone is None or self.data.utcoffset() is None:
            return ""
        minutes = int(self.data.utcoffset().total_seconds()) // 60
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"

    def P(self) -> str:
        """``noon``, ``midnight``, or the time as people write it."""
        if self.data.minute == 0 and self.data.hour in (0, 12):
            return "noon" if self.data.hour else "midnight"
        return f"{self.f()} {self.a()}"

    def s(self) -> str:
        """The seconds in two digits."""
        return f"{self.data.second:02d}"

    def T(self) -> str:
        """The zone's abbreviation, or nothing."""
        return self.e()

    def u(self) -> str:
        """The microseconds in six digits."""
        return f"{self.data.microsecond:06d}"

    def Z(self) -> Any:
        """The distance from Greenwich in seconds, or nothing."""
        if self.zone is None or self.data.utcoffset() is None:
            return ""
        offset = self.data.utcoffset()
        return offset.days * 86400 + offset.seconds


class DateFormat(TimeFormat):
    """Formats a date or a datetime."""

    data: datetime.date

    def _moment(self) -> datetime.datetime:
        """The datetime; of a date, its beginning."""
        value = self.data
        return value if isinstance(value, datetime.datetime) else datetime.datetime.combine(value, datetime.time.min)

    def b(self) -> str:
        """The month in three small letters."""
        return MONTH_NAMES[self.data.month - 1][:3].lower()

    def c(self) -> str:
        """ISO 8601."""
        return str(self.data.isoformat())

    def d(self) -> str:
        """The day in two digits."""
        return f"{self.data.day:02d}"

    def D(self) -> str:
        """The day of the week in three letters."""
        return self.l()[:3]

    def E(self) -> str:
        """The month as it stands in a date."""
        return self.F()

    def F(self) -> str:
        """The month."""
        return MONTH_NAMES[self.data.month - 1]

    def I(self) -> str:  # noqa: E743
        """``1`` in summer time, else ``0``; nothing without a zone."""
        if self.zone is None:
            return ""
        return "1" if self.zone.dst(self.data) else "0"

    def j(self) -> int:
        """The day."""
        return int(self.data.day)

    def l(self) -> str:  # noqa: E743
        """The day of the week."""
        return WEEKDAY_NAMES[self.data.weekday()]

    def L(self) -> bool:
        """Whether the year is a leap year."""
        return calendar.isleap(self.data.year)

    def m(self) -> str:
        """The month in two digits."""
        return f"{self.data.month:02d}"

    def M(self) -> str:
        """The month in three letters."""
        return MONTH_NAMES[self.data.month - 1][:3]

    def n(self) -> int:
        """The month's number."""
        return int(self.data.month)

    def N(self) -> str:
        """The month as the Associated Press abbreviates it."""
        return AP_MONTH_NAMES[self.data.month - 1]

    def o(self) -> int:
        """The year of the ISO week."""
        return int(self.data.isocalendar()[0])

    def r(self) -> str:
        """RFC 5322."""
        value = self._moment()
        return email.utils.format_datetime(value.astimezone() if value.tzinfo is None else value)

    def S(self) -> str:
        """The ending of the day's number: st, nd, rd, th."""
        if self.data.day in (11, 12, 13):
            return "th"
        return {1: "st", 2: "nd", 3: "rd"}.get(self.data.day % 10, "th")

    def t(self) -> int:
        """The days of the month."""
        return calendar.monthrange(self.data.year, self.data.month)[1]

    def U(self) -> int:
        """Seconds since 1970."""
        return int(self._moment().timestamp())

    def w(self) -> int:
        """The day of the week, Sunday being 0."""
        return int(self.data.isoweekday() % 7)

    def W(self) -> int:
        """The ISO week."""
        return int(self.data.isocalendar()[1])

    def y(self) -> str:
        """The year in two digits."""
        return f"{self.data.year % 100:02d}"

    def Y(self) -> str:
        """The year in four digits."""
        return f"{self.data.year:04d}"

    def z(self) -> int:
        """The day of the year."""
        return int(self.data.timetuple().tm_yday)


def format(value: object, format_string: str) -> str:
    """Return a date or datetime in a format."""
    return DateFormat(value).format(format_string)


def time_format(value: object, format_string: str) -> str:
    """Return a time in a format."""
    return TimeFormat(value).format(format_string)
