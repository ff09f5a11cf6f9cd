"""Words: slugs, shortening, joining, and messages, which stay as they are written."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orm.errors import SuspiciousFileOperation
from orm.late import late_module
from orm.structures.lazy import keep_lazy_text, lazy

if TYPE_CHECKING:
    from orm.text import shortening
else:
    shortening = late_module("orm.text.shortening")


@keep_lazy_text
def slugify(value: object, allow_unicode: bool = False) -> str:
    """Return ``value`` as a slug: lower case, letters, digits, underscores and single hyphens."""
    text = unicodedata.normalize("NFKC" if allow_unicode else "NFKD", str(value))
    if not allow_unicode:
        text = text.encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[-\s]+", "-", words).strip("-_")


def _joined(form: str, *args: object, **kwargs: object) -> str:
    return str(form).format(*args, **kwargs)


format_lazy = lazy(_joined, str)
"""``str.format`` that waits until the text is looked at."""


@keep_lazy_text
def capfirst(x: Any) -> Any:
    """Return a text with its first character in upper case."""
    text = str(x) if x else x
    return text[0].upper() + text[1:] if text else x


def pretty_name(name: str) -> str:
    """Return a field's name as people read it: ``first_name`` is "First name"."""
    return str(capfirst(name.replace("_", " "))) if name else ""


def camel_case_to_spaces(value: str) -> str:
    """Return ``CamelCase`` as ``camel case``."""
    return re.sub(r"((?<=[a-z])[A-Z]|(?<!\A)[A-Z](?=[a-z]))", r" \1", value).strip().lower()


def wrap(text: str, width: int) -> str:
    """Break lines at spaces so that each has at most ``width`` characters, but for longer words."""
    wrapper = textwrap.TextWrapper(
        width=width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )
    lines = [part for line in text.splitlines() for part in wrapper.wrap(line) or [line]]
    return "\n".join([*lines, ""] if text.endswith("\n") else lines)


def get_valid_filename(name: object) -> str:
    """Return a name fit for a file: spaces as underscores, nothing but letters, digits, dots, dashes, underscores.

    Raises ``SuspiciousFileOperation`` where nothing, or only dots, is left.
    """
    cleaned = re.sub(r"(?u)[^-\w.]", "", str(name).strip().replace(" ", "_"))
    if cleaned in ("", ".", ".."):
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    return cleaned


def get_text_list(list_: list[Any], last_word: str = "or") -> str:
    """Return ``a, b or c``."""
    if not list_:
        return ""
    *before, last = map(str, list_)
    return f"{', '.join(before)} {last_word} {last}" if before else last


def normalize_newlines(text: object) -> str:
    """Return text with every line end as ``\\n``."""
    return re.sub(r"\r\n|\r|\n", "\n", str(text))


def phone2numeric(phone: str) -> str:
    """Return a telephone number with its letters as digits."""
    keys = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
    return phone.lower().translate(keys)


def smart_split(text: str) -> Iterator[str]:
    """Yield the parts of a text between spaces; what is in quotes stays together, with its quotes."""
    for found in re.finditer(r"""((?:[^\s'"]*(?:(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')[^\s'"]*)+)|\S+)""", text):
        yield found[0]


def unescape_string_literal(s: str) -> str:
    """Return what a literal in quotes says; raise ``ValueError`` for what is none."""
    if not s or s[0] not in "\"'" or s[-1] != s[0]:
        raise ValueError(f"Not a string literal: {s!r}")
    quote = s[0]
    return s[1:-1].replace(rf"\{quote}", quote).replace(r"\\", "\\")


class Truncator:
    """Shortens a text to a number of characters or words."""

    def __init__(self, text: Any) -> None:
        self._text = str(text)

    def __str__(self) -> str:
        return self._text

    def chars(self, num: Any, truncate: str | None = None, html: bool = False) -> str:
        """Return at most ``num`` characters, the ending (an ellipsis) included; combining marks are not counted.

        With ``html`` the text is HTML, whose tags are not counted, and are closed where it is cut; ``ValueError`` is
        raised there for a ``num`` that is no number.
        """
        if html:
            room = int(num) - len("…" if truncate is None else truncate)
            return self._short_html(shortening.ShortByCharacters, int(num), max(room, 0), truncate)
        text = unicodedata.normalize("NFC", self._text)
        ending = "…" if truncate is None else truncate
        try:
            length = int(num)
        except ValueError:
            return self._text
        if length <= 0:
            return ""
        room = length - sum(not unicodedata.combining(each) for each in ending)
        seen, end = 0, None
        for index, each in enumerate(text):
            seen += not unicodedata.combining(each)
            if end is None and seen > room:
                end = index
            if seen > length:
                return text[: end or 0] + ending
        return text

    def words(self, num: Any, truncate: str | None = None, html: bool = False) -> str:
        """Return at most ``num`` words, an ending (an ellipsis) where some are left out. ``html``: see ``chars``."""
        if html:
            return self._short_html(shortening.ShortByWords, int(num), int(num), truncate)
        try:
            length = int(num)
        except ValueError:
            return self._text
        found = self._text.split()
        if length <= 0:
            return ""
        if len(found) <= length:
            return " ".join(found)
        ending = "…" if truncate is None else truncate
        return " ".join(found[:length]) + ending

    def _short_html(self, way: type[shortening.ShortHTML], num: int, room: int, truncate: str | None) -> str:
        return "" if num <= 0 else way(room, "…" if truncate is None else truncate).shorten(self._text)


def gettext(message: str) -> str:
    """Return the message."""
    return message


def pgettext(context: str, message: str) -> str:
    """Return the message; its context only serves catalogues."""
    return message


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the singular for 1, else the plural."""
    return singular if number == 1 else plural


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """Return the singular for 1, else the plural; their context only serves catalogues."""
    return ngettext(singular, plural, number)


gettext_noop = gettext
gettext_lazy = lazy(gettext, str)
pgettext_lazy = lazy(pgettext, str)


class LazyPlural:
    """A message in two forms whose number comes with ``%``: a number, or a mapping with one under ``key``."""

    def __init__(self, singular: str, plural: str, key: str) -> None:
        self.singular = singular
        self.plural = plural
        self.key = key

    def __mod__(self, values: Any) -> str:
        """Return the form for the number, with the values put in.

        Raises ``KeyError`` where a mapping has no number under the key.
        """
        if isinstance(values, dict):
            if self.key not in values:
                raise KeyError(
                    f"Your dictionary lacks key '{self.key}'. Please provide it, because it is required to determine "
                    "whether string is singular or plural."
                )
            number = values[self.key]
        else:
            number = values
        form = ngettext(self.singular, self.plural, number)
        return form % values if "%" in form else form

    def format(self, *args: Any, **kwargs: Any) -> str:
        """Return the form for the number among the arguments, with them put in."""
        number = kwargs[self.key] if self.key else args[0]
        return ngettext(self.singular, self.plural, number).format(*args, **kwargs)


def ngettext_lazy(singular: str, plural: str, number: int | str | None = None) -> Any:
    """Return the form for a number; where ``number`` is a key or None, a message that waits for its number."""
    if isinstance(number, int):
        return lazy(ngettext, str)(singular, plural, number)
    return LazyPlural(singular, plural, number or "")


def npgettext_lazy(context: str, singular: str, plural: str, number: int | str | None = None) -> Any:
    """``ngettext_lazy``; the context only serves catalogues."""
    return ngettext_lazy(singular, plural, number)
