"""HTML cut short: tags count for nothing, and those that are open where it ends are closed."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from html.parser import HTMLParser

VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
"""Elements that nothing closes (https://html.spec.whatwg.org/#void-elements), and ``param``, which was one."""


class _Full(Exception):
    """Nothing more has room."""


class ShortHTML(HTMLParser):
    """Keeps HTML as long as its text has room.

    Parameters: ``room`` is how much of the text may stay, ``ending`` is what stands where it was cut.
    """

    def __init__(self, room: int, ending: str) -> None:
        super().__init__(convert_charrefs=True)
        self.room, self.ending = room, ending
        self.kept: list[str] = []
        self.opened: list[str] = []

    def shorten(self, html: str) -> str:
        """Return the HTML, cut where the room ends."""
        try:
            self.feed(html)
            self.close()
        except _Full:
            self.kept += [f"</{tag}>" for tag in reversed(self.opened)]
        return "".join(self.kept)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Keep a tag as it is written."""
        self.kept.append(self.get_starttag_text() or "")
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """Keep a tag that closes itself."""
        self.kept.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Keep a tag that closes, and with it what was left open inside."""
        if tag in VOID:
            return
        self.kept.append(f"</{tag}>")
        if tag in self.opened:
            del self.opened[len(self.opened) - 1 - self.opened[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Keep text; at the end of the room the ending stands in place of the rest."""
        text, is_cut = self._cut(data)
        self.kept.append(escape(text))
        if is_cut:
            self.kept.append(self.ending)
            raise _Full

    def _cut(self, data: str) -> tuple[str, bool]:
        """Return what of a text stays, and whether that is less than all."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it counts.")


class ShortByCharacters(ShortHTML):
    """Counts characters; combining marks belong to the letter before."""

    def _cut(self, data: str) -> tuple[str, bool]:
        data = unicodedata.normalize("NFC", data)
        for index, letter in enumerate(data):
            if not unicodedata.combining(letter):
                if not self.room:
                    return data[:index], True
                self.room -= 1
        return data, False


class ShortByWords(ShortHTML):
    """Counts words, between which one space is left."""

    def _cut(self, data: str) -> tuple[str, bool]:
        words = re.split(r"(?<=\S)\s+(?=\S)", data)
        kept = words[: self.room]
        self.room -= len(kept)
        return " ".join(kept), len(kept) < len(words)
