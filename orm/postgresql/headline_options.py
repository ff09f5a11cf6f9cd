"""The options of ``ts_headline``, as the one text that PostgreSQL reads them from ("12.3.4. Highlighting Results")."""

from __future__ import annotations

from collections.abc import Mapping

MOST_OF_A_MARK = 32_000
_NAMES = {
    "start_sel": "StartSel",
    "stop_sel": "StopSel",
    "max_words": "MaxWords",
    "min_words": "MinWords",
    "short_word": "ShortWord",
    "highlight_all": "HighlightAll",
    "max_fragments": "MaxFragments",
    "fragment_delimiter": "FragmentDelimiter",
}


def options_text(options: Mapping[str, object]) -> str:
    """Return the text of options by name.

    Raises ``TypeError`` for a value of a wrong type, ``ValueError`` for a text that is too long.
    """
    for name, value in options.items():
        _check(name, value)
    return ", ".join(f"{_NAMES[name]}={_written(value)}" for name, value in options.items())


def _check(name: str, value: object) -> None:
    wanted = str if name in ("start_sel", "stop_sel", "fragment_delimiter") else int
    if not isinstance(value, wanted):
        raise TypeError(f"{name} is {'a text' if wanted is str else 'a whole number'}, not {value!r}")
    if isinstance(value, str) and len(value.encode("utf-8", "replace")) > MOST_OF_A_MARK:
        raise ValueError(f"{name} has up to {MOST_OF_A_MARK} bytes, not {len(value)} characters")


def _written(value: object) -> str:
    """Return an option's value as ``ts_headline`` reads it: in double quotes, which are doubled inside."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '""') + '"'
