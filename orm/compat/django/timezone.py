"""``django.utils.timezone``: the moment, and the zone it is told in.

The default zone is that of the settings; ``activate`` and ``override`` choose another for the context, which is what
``orm.timezone`` does too.
"""

from __future__ import annotations

import datetime
import sys
from typing import Any
from zoneinfo import ZoneInfo

from orm.compat.django.settings import settings
from orm.sql import zones
from orm.text.dates import zone_at

utc = datetime.UTC


def now() -> datetime.datetime:
    """Return this moment: aware in UTC while USE_TZ is on, else naive in the zone of the process.

    That is TIME_ZONE where a settings module was read, and the system's own after ``settings.configure()``.
    """
    return datetime.datetime.now(tz=utc if settings.USE_TZ else None)


def _told() -> datetime.datetime:
    """Return what ``django.utils.timezone.now`` gives, where a program has it: tests put their own in its place."""
    module = sys.modules.get("django.utils.timezone")
    return zones.now() if module is None else module.now()


zones.clock = _told


def get_default_timezone() -> datetime.tzinfo:
    """Return the zone of the settings."""
    return ZoneInfo(settings.TIME_ZONE)


def get_default_timezone_name() -> str:
    """Return the name of the zone of the settings."""
    return str(settings.TIME_ZONE)


def get_current_timezone() -> datetime.tzinfo:
    """Return the zone of the context: one that was activated, or else the default zone."""
    return zones.chosen.get() or get_default_timezone()


def get_current_timezone_name() -> str:
    """Return the name of the zone of the context."""
    return str(get_current_timezone().tzname(None) or get_current_timezone())


def get_fixed_timezone(offset: datetime.timedelta | float) -> datetime.timezone:
    """Return a zone at a constant distance from UTC, given as a timedelta or in minutes."""
    return zone_at(offset if isinstance(offset, datetime.timedelta) else datetime.timedelta(minutes=offset))


def is_aware(value: datetime.datetime | datetime.time) -> bool:
    """Return whether a datetime knows its zone."""
    return value.utcoffset() is not None


def is_naive(value: datetime.datetime | datetime.time) -> bool:
    """Return whether a datetime knows no zone."""
    return value.utcoffset() is None


def make_aware(value: datetime.datetime, timezone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return a naive datetime told in ``timezone`` (the current zone).

    Raises ``ValueError`` for a datetime that is aware already.
    """
    if is_aware(value):
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return value.replace(tzinfo=timezone or get_current_timezone())


def make_naive(value: datetime.datetime, timezone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return an aware datetime as a naive one in ``timezone`` (the current zone).

    Raises ``ValueError`` for a datetime that is naive already.
    """
    if is_naive(value):
        raise ValueError(f"make_naive() cannot be applied to a naive datetime, which {value!r} is")
    return value.astimezone(timezone or get_current_timezone()).replace(tzinfo=None)


def localtime(value: datetime.datetime | None = None, timezone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return an aware datetime (this moment) in ``timezone`` (the current zone).

    Raises ``ValueError`` for a naive datetime.
    """
    moment = _told() if value is None else value
    if is_naive(moment):
        raise ValueError(f"localtime() cannot be applied to a naive datetime, which {moment!r} is")
    return moment.astimezone(timezone or get_current_timezone())


def localdate(value: datetime.datetime | None = None, timezone: datetime.tzinfo | None = None) -> datetime.date:
    """Return the date of an aware datetime (this moment) in ``timezone`` (the current zone)."""
    return localtime(value, timezone).date()


def template_localtime(value: Any, use_tz: bool | None = None) -> Any:
    """Return an aware datetime in the current zone, and anything else as it is.

    Parameters: ``use_tz`` says whether to; None stands for the setting USE_TZ. A value with a ``convert_to_local_time``
    that is False stays as it is, too.
    """
    wanted = settings.USE_TZ if use_tz is None else use_tz
    moment = isinstance(value, datetime.datetime) and not is_naive(value)
    return localtime(value) if wanted and moment and getattr(value, "convert_to_local_time", True) else value


def activate(timezone: str | datetime.tzinfo) -> None:
    """Make a zone, or the zone of that name, the current one of this context."""
    if not isinstance(timezone, (str, datetime.tzinfo)):
        raise ValueError(f"Invalid timezone: {timezone!r}")
    zones.chosen.set(zones.zone_named(timezone))


def deactivate() -> None:
    """Return to the default zone."""
    zones.chosen.set(None)


class override(zones.timezone):
    """A block or function in which ``timezone`` is the current zone; None stands for the default zone."""

    def __init__(self, timezone: str | datetime.tzinfo | None) -> None:
        super().__init__(timezone)
