"""``django.utils.translation``: messages stay as they are written, in the one language of the settings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

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
    "get_language_info",
    "get_supported_language_variant",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "no_translations",
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


def get_language_info(lang_code: str) -> dict[str, object]:
    """Return the names of a language, as LANGUAGES has them: there is no list of languages here.

    Raises ``KeyError`` for a code that LANGUAGES does not have.
    """
    code = lang_code.lower()
    for known in (code, code.partition("-")[0]):
        for each, name in settings.LANGUAGES:
            if each.lower() == known:
                bidi = known.partition("-")[0] in settings.LANGUAGES_BIDI
                return {"bidi": bidi, "code": known, "name": str(name), "name_local": str(name)}
    raise KeyError(f"Unknown language code {lang_code}.")


def get_supported_language_variant(lang_code: str, strict: bool = False) -> str:
    """Return the code in LANGUAGES that serves for one: itself, a more general one, or another of the same language.

    With ``strict`` none but itself and more general ones. Raises ``LookupError`` where there is none.
    """
    supported = {code.lower(): code for code, _ in settings.LANGUAGES}
    wanted = lang_code.lower()
    parts = wanted.split("-")
    for length in range(len(parts), 0, -1):
        found = supported.get("-".join(parts[:length]))
        if found is not None:
            return str(found)
    if not strict:
        for code, found in supported.items():
            if code.startswith(f"{parts[0]}-"):
                return str(found)
    raise LookupError(lang_code)


P = ParamSpec("P")
R = TypeVar("R")


def no_translations(handle_func: Callable[P, R]) -> Callable[P, R]:
    """Have a command's ``handle`` run with no language in force."""

    @wraps(handle_func)
    def handle(*args: P.args, **kwargs: P.kwargs) -> R:
        with override(None):
            return handle_func(*args, **kwargs)

    return handle


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
