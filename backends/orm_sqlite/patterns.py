"""Patterns: what a text that is looked for becomes as GLOB, since LIKE tells no small letters from capitals here."""

from __future__ import annotations

import re

from orm.errors import DataError, UnsendableText
from orm.sql.dialect import Adapter


def _glob_escape(text: str) -> str:
    if "[" in text or "*" in text or "?" in text:
        return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in text)
    return text


def _glob_fold(text: str) -> str:
    """Return a GLOB pattern for ``text`` in any case: each letter a bracket of its cases."""
    pieces = []
    for letter in text:
        cases = {case for case in (letter, letter.lower(), letter.upper(), letter.casefold()) if len(case) == 1}
        pieces.append(f"[{''.join(sorted(cases))}]" if len(cases) > 1 or letter in "[*?" else letter)
    return "".join(pieces)


_MOST_OF_A_PATTERN = 50_000  # SQLITE_MAX_LIKE_PATTERN_LENGTH as Python's SQLite is built, in bytes


def _pattern(glob: str) -> str:
    """Return a GLOB pattern as it is; one that SQLite would not take whole is named here, before it is sent."""
    if "\0" in glob:
        raise UnsendableText(f"SQLite cuts patterns at the character NUL (0x00): {glob[:80]!r}")
    if len(glob) * 4 > _MOST_OF_A_PATTERN and len(glob.encode("utf-8", "surrogatepass")) > _MOST_OF_A_PATTERN:
        raise ValueError(
            f"SQLite matches patterns of up to {_MOST_OF_A_PATTERN} bytes; this one has {len(glob)} letters"
        )
    return glob


GLOBS: dict[str, Adapter] = {
    "startswith": lambda v: _pattern(_glob_escape(v) + "*"),
    "endswith": lambda v: _pattern("*" + _glob_escape(v)),
    "icontains": lambda v: _pattern(f"*{_glob_fold(v)}*"),
    "istartswith": lambda v: _pattern(_glob_fold(v) + "*"),
    "iendswith": lambda v: _pattern("*" + _glob_fold(v)),
    "iexact": lambda v: _pattern(_glob_fold(v)),
}


def checked_regex(text: str) -> str:
    """Return a regular expression as it is; one that is none is named here, as SQLite's own error does not."""
    try:
        re.compile(text)
    except re.error as error:
        raise DataError(f"invalid regular expression {text!r}: {error}") from error
    return text
