"""``django.utils.translation``: messages stay as they are written, in the one language of the settings."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar

from orm.compat.django.settings import settings
from orm.text.words import (
    gettext,
    gettext_lazy,
    gettext_noop,
    ngettext,
    ngettext_lazy,
    npgettext,
    npgettext_lazy,
    pgettext,
    pgettext_lazy,
)

__all__ = [
    "activate",
    "check_for_language",
    "deactivate",
    "deactivate_all",
    "get_language",
    "get_language_bidi",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "npgettext",
    "npgettext_lazy",
    "override",
    "pgettext",
    "pgettext_lazy",
    "to_language",
    "to_locale",
    "trim_whitespace",
]

_active: ContextVar[str | None] = ContextVar("orm.language", default="")
"""The language of the context: empty for the settings' own, None for none."""


def get_language() -> str | None:
    """Return the code of the language in force; None where translation was switched off."""
    found = _active.get()
    return str(settings.LANGUAGE_CODE) if found == "" else found


def activate(language: str) -> None:
    """Note the language in force for this context; no message changes by it."""
    _active.set(language)


def deactivate() -> None:
    """Return to the settings' language."""
    _active.set("")


def deactivate_all() -> None:
    """Note that no language is in force."""
    _active.set(None)


class override(ContextDecorator):
    """Notes a language for a block or a function."""

    def __init__(self, language: str | None, deactivate: bool = False) -> None:
        self.language = language
        self.deactivate = deactivate
        self._before: list[str | None] = []

    def __enter__(self) -> None:
        self._before.append(_active.get())
        _active.set(self.language)

    def __exit__(self, *error: object) -> None:
        before = self._before.pop()
        _active.set("" if self.deactivate else before)


def get_language_bidi() -> bool:
    """Return whether the language in force is written from right to left."""
    return (get_language() or "").partition("-")[0] in settings.LANGUAGES_BIDI


def check_for_language(lang_code: str) -> bool:
    """Return False: there are no catalogues."""
    return False


def to_language(locale: str) -> str:
    """Return ``en_US`` as ``en-us``."""
    return locale.replace("_", "-").lower()


def to_locale(language: str) -> str:
    """Return ``en-us`` as ``en_US``."""
    lang, dash, country = language.lower().partition("-")
    if not dash:
        return lang
    first, *further = country.split("-")
    shown = first.title() if len(first) > 2 else first.upper()
    return "_".join([lang, "-".join([shown, *further])])


def trim_whitespace(s: str) -> str:
    """Return a text of several lines as one."""
    return " ".join(line.strip() for line in s.strip().splitlines())
