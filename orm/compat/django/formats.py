"""``django.utils.formats``: dates and numbers as people write them, in the formats of the settings.

The formats are those of English, which are the settings' defaults; other languages are not known here, as their
messages are not.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from orm.compat.django.settings import settings
from orm.text import dateformat
from orm.text.numbers import format as format_number

__all__ = [
    "FORMAT_SETTINGS",
    "date_format",
    "get_format",
    "localize",
    "localize_input",
    "number_format",
    "reset_format_cache",
    "sanitize_separators",
    "sanitize_strftime_format",
    "time_format",
]

_INPUTS = ("DATE_INPUT_FORMATS", "DATETIME_INPUT_FORMATS", "TIME_INPUT_FORMATS")
GROUPS = 3
"""How many digits English puts between separators."""

FORMAT_SETTINGS = frozenset(
    {
        *_INPUTS,
        *("DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR", "NUMBER_GROUPING", "FIRST_DAY_OF_WEEK", "MONTH_DAY_FORMAT"),
        *("DATE_FORMAT", "DATETIME_FORMAT", "TIME_FORMAT", "SHORT_DATE_FORMAT", "SHORT_DATETIME_FORMAT"),
        "YEAR_MONTH_FORMAT",
    }
)
"""Settings that say how something is written."""


def get_format(format_type: str, lang: str | None = None, use_l10n: bool | None = None) -> Any:
    """Return the format that a setting has; a name that is no setting's is a format itself."""
    if format_type not in FORMAT_SETTINGS:
        return format_type
    found = getattr(settings, format_type)
    if settings.is_overridden(format_type):
        return found
    if format_type == "DATETIME_INPUT_FORMATS":
        return [*found, "%Y-%m-%d"]
    return GROUPS if format_type == "NUMBER_GROUPING" else found


def date_format(value: datetime.date, format: str | None = None, use_l10n: bool | None = None) -> str:
    """Return a date or moment in a format, by its letters or as the name of a setting."""
    return dateformat.format(value, get_format(format or "DATE_FORMAT"))


def time_format(value: datetime.time | datetime.datetime, format: str | None = None, use_l10n: object = None) -> str:
    """Return a time in a format, by its letters or as the name of a setting."""
    return dateformat.time_format(value, get_format(format or "TIME_FORMAT"))


def number_format(
    value: object, decimal_pos: int | None = None, use_l10n: bool | None = None, force_grouping: bool = False
) -> str:
    """Return a number with the settings' separators; with ``decimal_pos`` places, grouped as the settings say."""
    return format_number(
        value,
        get_format("DECIMAL_SEPARATOR"),
        decimal_pos,
        get_format("NUMBER_GROUPING"),
        get_format("THOUSAND_SEPARATOR"),
        force_grouping=force_grouping,
    )


def localize(value: object, use_l10n: bool | None = None) -> Any:
    """Return a number, date, moment or time as text in the settings' formats; anything else as it is."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return number_format(value)
    if isinstance(value, datetime.datetime):
        return date_format(value, "DATETIME_FORMAT")
    if isinstance(value, datetime.date):
        return date_format(value)
    return time_format(value) if isinstance(value, datetime.time) else value


def localize_input(value: object, default: str | None = None) -> Any:
    """Return a value as text that can be read again: dates in ``default`` or the first of the input formats."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return number_format(value)
    if isinstance(value, datetime.datetime):
        return value.strftime(default or get_format("DATETIME_INPUT_FORMATS")[0])
    if isinstance(value, datetime.date):
        return value.strftime(default or get_format("DATE_INPUT_FORMATS")[0])
    return value.strftime(default or get_format("TIME_INPUT_FORMATS")[0]) if isinstance(value, datetime.time) else value


def sanitize_separators(value: object) -> Any:
    """Return the text of a number without the settings' separators: with a dot, and without groups."""
    if not isinstance(value, str):
        return value
    decimal = get_format("DECIMAL_SEPARATOR")
    whole, dot, places = value.partition(decimal)
    if settings.USE_THOUSAND_SEPARATOR:
        whole = whole.replace(get_format("THOUSAND_SEPARATOR"), "")
    return f"{whole}.{places}" if dot else whole


def sanitize_strftime_format(fmt: str) -> str:
    """Return a format for ``strftime``: as it is."""
    return fmt


def reset_format_cache() -> None:
    """Nothing is cached."""
