"""``django.utils.termcolors``: what Django 5.2 gives for the same calls."""

from __future__ import annotations

import pytest

from orm.text.terminal import colorize, make_style


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (colorize("x", fg="red"), "\x1b[31mx\x1b[0m"),
        (colorize("x", ("bold", "underscore"), fg="red", bg="blue"), "\x1b[31;44;1;4mx\x1b[0m"),
        (colorize("x", ("noreset",), fg="green"), "\x1b[32mx"),
        (colorize(opts=("reset",)), "\x1b[0m"),
        (colorize("x"), "\x1b[mx\x1b[0m"),
        (make_style(("bold",), fg="red")("q"), "\x1b[31;1mq\x1b[0m"),
    ],
)
def test_a_text_stands_between_codes(made: str, expected: str) -> None:
    assert made == expected
