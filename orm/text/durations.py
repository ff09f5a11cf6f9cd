"""Lengths of time in text: Django's form, PostgreSQL's, and ISO 8601."""

from __future__ import annotations

import datetime

from orm.late import late_pattern

_STANDARD = late_pattern(
    r"(?:(?P<days>-?\d+) (?:days?, )?)?"
    r"(?P<sign>-?)"
    r"((?:(?P<hours>\d+):)(?=\d+:\d+))?(?:(?P<minutes>\d+):)?(?P<seconds>\d+)(?:[.,](?P<microseconds>\d{1,6})\d{0,6})?$"
)
_ISO_8601 = late_pattern(
    r"(?P<sign>[-+]?)P(?:(?P<days>\d+([.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+([.,]\d+)?)H)?(?:(?P<minutes>\d+([.,]\d+)?)M)?(?:(?P<seconds>\d+([.,]\d+)?)S)?)?$"
)
_INTERVAL = late_pattern(
    r"(?:(?P<days>-?\d+) (?:days? ?))?(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
    r"(?:\.(?P<microseconds>\d{1,6}))?)?$"
)


def parse_duration(value: str) -> datetime.timedelta | None:
    """Return the duration a text gives (``3 days, 04:05:06.7``, ``P3DT4H``, ``3 days -04:05:06``), or None."""
    for form in (_STANDARD, _ISO_8601, _INTERVAL):
        found = form.match(value)
        if found is not None:
            break
    else:
        return None
    parts = found.groupdict()
    sign = -1 if parts.pop("sign", "+") == "-" else 1
    if parts.get("microseconds"):
        parts["microseconds"] = parts["microseconds"].ljust(6, "0")
    numbers = {name: float(text.replace(",", ".")) for name, text in parts.items() if text}
    days = datetime.timedelta(numbers.pop("days", 0.0))
    if form is _ISO_8601:
        days *= sign
    return days + sign * datetime.timedelta(**numbers)


def duration_string(duration: datetime.timedelta) -> str:
    """Return a duration as ``3 04:05:06.000007``."""
    days, (hours, minutes, seconds) = duration.days, _clock(duration)
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    if days:
        text = f"{days} {text}"
    return f"{text}.{duration.microseconds:06d}" if duration.microseconds else text


def duration_iso_string(duration: datetime.timedelta) -> str:
    """Return a duration as ``P3DT04H05M06.000007S``."""
    sign, length = ("-", -duration) if duration < datetime.timedelta(0) else ("", duration)
    hours, minutes, seconds = _clock(length)
    fraction = f".{length.microseconds:06d}" if length.microseconds else ""
    return f"{sign}P{length.days}DT{hours:02d}H{minutes:02d}M{seconds:02d}{fraction}S"


def duration_microseconds(delta: datetime.timedelta) -> int:
    """Return a duration in microseconds."""
    return delta // datetime.timedelta(microseconds=1)


def _clock(duration: datetime.timedelta) -> tuple[int, int, int]:
    minutes, seconds = divmod(duration.seconds, 60)
    return minutes // 60, minutes % 60, seconds
