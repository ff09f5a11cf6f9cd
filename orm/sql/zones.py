"""The current time zone: the one whose days and hours queries speak of.

It is the zone of the settings (``time_zone``), or the one a ``timezone`` block names for its context, which tasks and
worker threads started inside inherit. While ``use_tz`` is off datetimes are naive and no zone is asked.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, TypeVar

from orm.late import inspect, late_module, late_pattern
from orm.sql import types
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from collections.abc import Hashable

    from orm.sql.dialect import Dialect
    from orm.sql.expressions import Expression

zoneinfo: Any = late_module("zoneinfo")  # not needed, and not quick, until somebody names a zone

C = TypeVar("C", bound=Callable[..., Any])

chosen: ContextVar[datetime.tzinfo | None] = ContextVar("orm_time_zone", default=None)
"""The zone of the innermost ``timezone`` block, which compiled statements are kept by."""

_NAME = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_+/-]*\Z")


def now() -> datetime.datetime:
    """Return this moment: aware, in UTC, while ``use_tz`` is on."""
    return datetime.datetime.now(None if types.default_zone is None else types.UTC)


clock: Callable[[], datetime.datetime] = now
"""What fields ask that are to hold the moment of a change. Legacy names put a clock here that tests may stop."""


def current_zone() -> datetime.tzinfo | None:
    """Return the zone queries work in, or None while ``use_tz`` is off."""
    if types.default_zone is None:
        return None
    return chosen.get() or types.default_zone


def zone_named(zone: str | datetime.tzinfo) -> datetime.tzinfo:
    """Return a zone given as itself or by its IANA name.

    Raises ``ValueError`` for a name no zone has, or a zone that no database could be told of; ``TypeError`` for other
    things.
    """
    if isinstance(zone, str):
        if zone == "UTC":
            return types.UTC
        try:
            found: datetime.tzinfo = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone is named {zone!r}") from None
        return found
    if not isinstance(zone, datetime.tzinfo):
        raise TypeError(f"a time zone is a name or a tzinfo, not {zone!r}")
    name_of(zone)
    return zone


def name_of(zone: datetime.tzinfo) -> str:
    """Return what a database is told of a zone: its IANA name, or a constant distance such as ``+05:30``.

    Raises ``ValueError`` for a zone that has neither.
    """
    if zone is types.UTC:
        return "UTC"
    if isinstance(zone, datetime.timezone):
        minutes, rest = divmod(zone.utcoffset(None), datetime.timedelta(minutes=1))
        if rest:
            raise ValueError(f"{zone!r} lies no whole number of minutes from UTC")
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)  # zoneinfo's, and pytz's
    if not isinstance(name, str) or not _NAME.match(name):
        raise ValueError(f"{zone!r} has no name a database knows: give a zoneinfo.ZoneInfo or a datetime.timezone")
    return name


class timezone:
    """A block or function in which queries speak of the days and hours of ``zone``: an IANA name or a tzinfo.

    None returns to the zone of the settings. Takes blocking and async functions as a decorator. It governs ``Trunc``,
    ``Extract``, ``dates()``, ``datetimes()`` and lookups such as ``at__date``, at the time they are executed.

    Raises ``ValueError`` for a name no zone has.
    """

    def __init__(self, zone: str | datetime.tzinfo | None) -> None:
        self.zone = None if zone is None else zone_named(zone)
        self._tokens: list[Token[datetime.tzinfo | None]] = []

    def __enter__(self) -> timezone:
        self._tokens.append(chosen.set(self.zone))
        return self

    def __exit__(self, *problem: object) -> None:
        chosen.reset(self._tokens.pop())

    def __call__(self, function: C) -> C:
        zone = self.zone
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waited(*args: object, **options: object) -> Any:
                with timezone(zone):
                    return await function(*args, **options)

            return waited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: object, **options: object) -> Any:
            with timezone(zone):
                return function(*args, **options)

        return called  # type: ignore[return-value]


class LocalMoment(SQLType):
    """A moment that is read in a zone: what a datetime cut to its month is, so that it names the right month."""

    def __init__(self, zone: datetime.tzinfo) -> None:
        super().__init__("datetime")
        self.zone = zone

    def structure(self) -> Hashable:
        """Return what tells it from other types: its zone too."""
        return (LocalMoment, name_of(self.zone))

    def from_db_value(
        self, value: datetime.datetime | None, expression: object, connection: object
    ) -> datetime.datetime | None:
        """Return the moment in the zone."""
        return None if value is None else value.astimezone(self.zone)


def in_own_zone(sql: str, given: SQLType | None, kind: str, dialect: Dialect) -> str | None:
    """Return the SQL of a moment's date or time of day in the zone it is read in; None for other values and kinds."""
    if kind not in ("date", "time") or not isinstance(given, LocalMoment):
        return None
    return dialect.truncate(kind, sql, given, name_of(given.zone))


def told_in_own_zone(sql: str, given: SQLType | None, dialect: Dialect) -> str:
    """Return the SQL of a value as a text is made of it: a moment without its zone, in the one it is read in."""
    if not isinstance(given, LocalMoment):
        return sql
    return dialect.truncate("datetime", sql, given, name_of(given.zone))


class MomentOfDate(SQLType):
    """A date and a duration together: a moment in UTC, as the date's midnight is, also where databases name no zone."""

    def __init__(self) -> None:
        super().__init__("datetime")

    def structure(self) -> Hashable:
        """Return what tells it from other types."""
        return MomentOfDate

    def from_db_value(
        self, value: datetime.datetime | None, expression: object, connection: object
    ) -> datetime.datetime | None:
        """Return the moment with its zone, where moments have one."""
        if value is None or value.tzinfo is not None or types.default_zone is None or not types.same_everywhere:
            return value
        return value.replace(tzinfo=types.UTC)


MOMENT_OF_DATE = MomentOfDate()
MOMENT_FIELDS = {"date": "DateField", "time": "TimeField", "datetime": "DateTimeField", "duration": "DurationField"}
"""What a column of each kind is declared with, for errors."""
DAYS = frozenset({"year", "iso_year", "quarter", "month", "week", "week_day", "iso_week_day", "day", "date"})
"""Parts that a time of day has not."""
HOURS = frozenset({"hour", "minute", "second", "microsecond", "time"})
"""Parts that a date has not."""


def source_named(source: Expression) -> str:
    """Return what an error calls the expression that a part is taken of: a column's field, or the expression."""
    return repr(getattr(getattr(source, "target", None), "name", None) or type(source).__name__)
