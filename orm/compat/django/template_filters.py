"""``django.template.defaultfilters``: filters that make text of values, which models and commands call as functions.

Those that need templates, or that make links, are there by name only.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from orm.compat.django import formats
from orm.text import since, words
from orm.text.html import SafeString, avoid_wrapping, conditional_escape, escape, linebreaks, mark_safe, strip_tags

__all__ = [
    *("add", "addslashes", "capfirst", "center", "cut", "date", "default", "default_if_none", "divisibleby", "escape"),
    *("filesizeformat", "first", "floatformat", "get_digit", "join", "last", "length", "linebreaks", "linebreaksbr"),
    *("linebreaks_filter", "ljust", "lower", "make_list", "phone2numeric_filter", "pluralize", "rjust", "safe"),
    *("slugify", "stringfilter", "striptags", "time", "timesince_filter", "timeuntil_filter", "title"),
    *("truncatechars", "truncatewords", "upper", "urlencode", "wordcount", "wordwrap", "yesno"),
]

T = TypeVar("T")

UNITS = ("KB", "MB", "GB", "TB", "PB")


def stringfilter(func: Callable[..., Any]) -> Callable[..., Any]:
    """Have a filter take its value as text."""

    @wraps(func)
    def filter_text(value: object, *args: object, **kwargs: object) -> Any:
        return func(str(value), *args, **kwargs)

    return filter_text


# -- texts -------------------------------------------------------------------------------------------------------------


@stringfilter
def addslashes(value: str) -> str:
    """Put a backslash before quotes and backslashes."""
    return re.sub(r"([\\\"'])", r"\\\1", value)


@stringfilter
def capfirst(value: str) -> str:
    """Write the first letter large."""
    return value[:1].upper() + value[1:]


@stringfilter
def center(value: str, arg: int | str) -> str:
    """Put spaces around a text, up to a width."""
    return value.center(int(arg))


@stringfilter
def cut(value: str, arg: str) -> str:
    """Take every occurrence of a text out of another."""
    return value.replace(arg, "")


@stringfilter
def linebreaks_filter(value: str, autoescape: bool = True) -> SafeString:
    """Return text in paragraphs, with ``<br>`` for single line ends."""
    return SafeString(linebreaks(value, autoescape))


@stringfilter
def linebreaksbr(value: str, autoescape: bool = True) -> SafeString:
    """Return text with ``<br>`` for line ends."""
    text = words.normalize_newlines(value)
    return SafeString(str(escape(text) if autoescape else text).replace("\n", "<br>"))


@stringfilter
def ljust(value: str, arg: int | str) -> str:
    """Put spaces behind a text, up to a width."""
    return value.ljust(int(arg))


@stringfilter
def lower(value: str) -> str:
    """Return a text in small letters."""
    return value.lower()


@stringfilter
def make_list(value: str) -> list[str]:
    """Return the characters of a text, or the digits of a number."""
    return list(value)


def phone2numeric_filter(value: object) -> str:
    """Return the digits that a telephone has for the letters of a text."""
    return words.phone2numeric(str(value))


@stringfilter
def rjust(value: str, arg: int | str) -> str:
    """Put spaces before a text, up to a width."""
    return value.rjust(int(arg))


@stringfilter
def safe(value: str) -> object:
    """Say that a text is HTML."""
    return mark_safe(value)


@stringfilter
def slugify(value: str) -> str:
    """Return a text in ASCII letters, digits, hyphens and underscores, for addresses."""
    return words.slugify(value)


@stringfilter
def striptags(value: str) -> str:
    """Return text without its HTML tags."""
    return strip_tags(value)


@stringfilter
def title(value: str) -> str:
    """Write each word with a large first letter and small ones after it."""
    text = re.sub(r"([a-z])'([A-Z])", lambda found: found[0].lower(), value.title())
    return re.sub(r"\d([A-Z])", lambda found: found[0].lower(), text)


@stringfilter
def truncatechars(value: str, arg: int | str) -> str:
    """Shorten a text to a number of characters, the ellipsis included."""
    return words.Truncator(value).chars(arg)


@stringfilter
def truncatewords(value: str, arg: int | str) -> str:
    """Shorten a text to a number of words, with ``" …"`` behind them."""
    return words.Truncator(value).words(arg, truncate=" …")


@stringfilter
def upper(value: str) -> str:
    """Return a text in large letters."""
    return value.upper()


@stringfilter
def urlencode(value: str, safe: str | None = None) -> str:
    """Escape a text for an address; ``safe`` has the characters that stay as they are."""
    return quote(value, "/" if safe is None else safe)


@stringfilter
def wordcount(value: str) -> int:
    """Count the words of a text."""
    return len(value.split())


@stringfilter
def wordwrap(value: str, arg: int | str) -> str:
    """Break the lines of a text at a width."""
    return words.wrap(value, int(arg))


# -- numbers -----------------------------------------------------------------------------------------------------------


def add(value: Any, arg: Any) -> Any:
    """Add two values: as whole numbers where they are ones, else as they are; ``""`` where they can't be added."""
    try:
        return int(value) + int(arg)
    except (ValueError, TypeError):
        try:
            return value + arg
        except TypeError:
            return ""


def divisibleby(value: float | str, arg: float | str) -> bool:
    """Return whether a whole number can be divided by another."""
    return int(value) % int(arg) == 0


def filesizeformat(bytes_: Any) -> str:
    """Return a number of bytes as people read it: ``13.0 KB``, with a space that does not break."""
    try:
        size = int(bytes_)
    except (TypeError, ValueError, UnicodeDecodeError):
        return avoid_wrapping("0 bytes")
    sign, size = ("-", -size) if size < 0 else ("", size)
    if size < 1024:
        return avoid_wrapping(f"{sign}{size} byte{'' if size == 1 else 's'}")
    power = min((size.bit_length() - 1) // 10, len(UNITS))
    shown = formats.number_format(round(size / (1 << (10 * power)), 1), 1)
    return avoid_wrapping(f"{sign}{shown} {UNITS[power - 1]}")


def floatformat(text: Any, arg: int | str = -1) -> str:
    """Return a number rounded to ``arg`` places, half away from zero; ``""`` for what is none.

    A negative number of places is left out where they are all zero. ``g`` behind it groups the digits, ``u`` writes
    them without the settings' separators.
    """
    grouped = plain = False
    if isinstance(arg, str):
        grouped, plain = "g" in arg[-2:], "u" in arg[-2:]
        arg = arg.rstrip("gu") or -1
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        try:
            number = Decimal(str(float(text)))
        except (ValueError, InvalidOperation, TypeError):
            return ""
    try:
        places = int(arg)
    except ValueError:
        return str(text)
    if not number.is_finite():
        return str(text)
    if places < 0 and number == number.to_integral_value():
        places = 0
    precision = max(28, number.adjusted() + abs(places) + 2)
    rounded = number.quantize(Decimal(1).scaleb(-abs(places)), ROUND_HALF_UP, Context(prec=precision))
    written = f"{rounded.copy_abs():f}"
    if rounded < 0:
        written = f"-{written}"
    return SafeString(written if plain else formats.number_format(written, abs(places), force_grouping=grouped))


def get_digit(value: float | str, arg: int | str) -> object:
    """Return a digit of a whole number, counted from the right; the value itself where there is none such."""
    try:
        place, number = int(arg), int(value)
    except ValueError:
        return value
    if place < 1:
        return number
    digits = str(number)
    return int(digits[-place]) if place <= len(digits) else 0


def pluralize(value: Any, arg: str = "s") -> str:
    """Return an ending for a number, or for the length of a list: ``arg`` is that of many, or of one and of many.

    ``""`` for what has no number, and for more than two endings.
    """
    endings = arg if "," in arg else f",{arg}"
    if endings.count(",") > 1:
        return ""
    one, many = endings.split(",")
    try:
        return one if float(value) == 1 else many
    except ValueError:  # a text that is no number
        return ""
    except TypeError:
        try:
            return one if len(value) == 1 else many
        except TypeError:
            return ""


# -- values of any kind ------------------------------------------------------------------------------------------------


def default(value: object, arg: object) -> object:
    """Return a value, or ``arg`` where it is false."""
    return value or arg


def default_if_none(value: object, arg: object) -> object:
    """Return a value, or ``arg`` where it is None."""
    return arg if value is None else value


def first(value: Sequence[T]) -> T | str:
    """Return the first item, or ``""``."""
    return value[0] if len(value) else ""


def last(value: Sequence[T]) -> T | str:
    """Return the last item, or ``""``."""
    return value[-1] if len(value) else ""


def length(value: Any) -> int:
    """Return how many items there are; 0 for what has no length."""
    try:
        return len(value)
    except (ValueError, TypeError):
        return 0


def join(value: Any, arg: str, autoescape: bool = True) -> object:
    """Join the texts of items, escaped; the value itself where it has none."""
    try:
        if autoescape:
            return mark_safe(conditional_escape(arg).join(map(conditional_escape, value)))
        return mark_safe(arg.join(map(str, value)))
    except TypeError:
        return value


def yesno(value: object, arg: str | None = None) -> object:
    """Return a word for true, false and None: ``arg`` has them, by default ``"yes,no,maybe"``."""
    said = ("yes,no,maybe" if arg is None else arg).split(",")
    if len(said) < 2:
        return value
    if value is None:
        return said[2] if len(said) == 3 else said[1]
    return said[0] if value else said[1]


# -- time --------------------------------------------------------------------------------------------------------------


def date(value: object, arg: str | None = None) -> str:
    """Return a date in a format, by its letters or as the name of a setting; ``""`` for what is none."""
    return _in_format(value, arg, formats.date_format)


def time(value: object, arg: str | None = None) -> str:
    """Return a time in a format, by its letters or as the name of a setting; ``""`` for what is none."""
    return _in_format(value, arg, formats.time_format)


def _in_format(value: object, arg: str | None, form: Callable[[Any, str | None], str]) -> str:
    if value in (None, ""):
        return ""
    try:
        return form(value, arg)
    except (AttributeError, TypeError):
        return ""


def timesince_filter(value: object, arg: datetime.datetime | None = None) -> str:
    """Return how long ago something was, or was before ``arg``; ``""`` for what is no date."""
    return _how_long(since.timesince, value, arg)


def timeuntil_filter(value: object, arg: datetime.datetime | None = None) -> str:
    """Return how far ahead something is, or is of ``arg``; ``""`` for what is no date."""
    return _how_long(since.timeuntil, value, arg)


def _how_long(measure: Callable[..., str], value: object, arg: datetime.datetime | None) -> str:
    if not value:
        return ""
    try:
        return measure(value, arg)
    except (ValueError, TypeError):
        return ""
