"""What a command writes: to a stream, with styles where the terminal shows colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import TextIOBase
from typing import Any

ROLES = {
    "ERROR": "31;1", "SUCCESS": "32;1", "WARNING": "33;1", "NOTICE": "31", "SQL_FIELD": "32;1",
    "SQL_COLTYPE": "32", "SQL_KEYWORD": "33", "SQL_TABLE": "1", "HTTP_INFO": "1", "HTTP_SUCCESS": "",
    "HTTP_REDIRECT": "32", "HTTP_NOT_MODIFIED": "36", "HTTP_BAD_REQUEST": "31;1", "HTTP_NOT_FOUND": "33",
    "HTTP_SERVER_ERROR": "35;1", "MIGRATE_HEADING": "36;1", "MIGRATE_LABEL": "1", "ERROR_OUTPUT": "31;1",
}  # fmt: skip
"""Each role of text, and the terminal's code for it."""


def plain(text: str) -> str:
    """Return the text."""
    return text


class Style:
    """One function for each role; they add the terminal's codes, or nothing."""

    def __init__(self, coloured: bool) -> None:
        for role, code in ROLES.items():
            setattr(self, role, _painter(code) if coloured and code else plain)

    def __getattr__(self, role: str) -> Callable[[str], str]:
        raise AttributeError(f"There is no style {role}. There are {', '.join(sorted(ROLES))}.")


def _painter(code: str) -> Callable[[str], str]:
    def paint(text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m"

    return paint


def supports_color() -> bool:
    """Return whether standard output is a terminal that shows colours, and NO_COLOR is not set."""
    terminal = hasattr(sys.stdout, "isatty") and sys.stdout.isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def color_style(force_color: bool = False) -> Style:
    """Return the styles the terminal shows; in colour anyway where ``force_color`` says so."""
    return Style(force_color or supports_color())


def no_style() -> Style:
    """Return styles that add nothing."""
    return Style(False)


class OutputWrapper(TextIOBase):
    """A stream whose ``write`` ends lines, and puts a style on them where the stream is a terminal."""

    def __init__(self, out: Any, ending: str = "\n") -> None:
        self._out = out
        self.ending = ending
        self._style: Callable[[str], str] = plain

    @property
    def style_func(self) -> Callable[[str], str]:
        """The style put on everything that names none."""
        return self._style

    @style_func.setter
    def style_func(self, style: Callable[[str], str] | None) -> None:
        self._style = style if style and self.isatty() else plain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)

    def flush(self) -> None:
        """Pass on what is written."""
        if hasattr(self._out, "flush"):
            self._out.flush()

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return hasattr(self._out, "isatty") and self._out.isatty()

    def write(self, msg: Any = "", style_func: Callable[[str], str] | None = None, ending: str | None = None) -> int:
        """Write a message, and the line's end unless it has one."""
        end = self.ending if ending is None else ending
        text = str(msg)
        if end and not text.endswith(end):
            text += end
        written = (style_func or self.style_func)(text)
        self._out.write(written)
        return len(written)
