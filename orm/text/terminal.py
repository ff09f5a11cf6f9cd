"""Text in colours, as terminals show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

color_names = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
foreground = {name: f"3{number}" for number, name in enumerate(color_names)}
background = {name: f"4{number}" for number, name in enumerate(color_names)}
RESET = "0"
opt_dict = {"bold": "1", "underscore": "4", "blink": "5", "reverse": "7", "conceal": "8"}
"""What a text may be besides coloured, and the terminal's code for it."""


def colorize(text: str = "", opts: Sequence[str] = (), *, fg: str | None = None, bg: str | None = None) -> str:
    """Return a text between the terminal's codes.

    Parameters: ``fg`` and ``bg`` are the colours of the letters and of the ground; ``opts`` are of ``opt_dict``, or
        ``noreset`` for a text that leaves the colour on, or alone ``reset`` for the code that ends all colours.
    """
    if not text and tuple(opts) == ("reset",):
        return f"\x1b[{RESET}m"
    codes = [foreground[fg]] if fg is not None else []
    codes += [background[bg]] if bg is not None else []
    codes += [opt_dict[option] for option in opts if option in opt_dict]
    end = "" if "noreset" in opts else f"\x1b[{RESET}m"
    return f"\x1b[{';'.join(codes)}m{text}{end}"


def make_style(opts: Sequence[str] = (), *, fg: str | None = None, bg: str | None = None) -> Callable[[str], str]:
    """Return a function that puts a text between the same codes: ``make_style(("bold",), fg="red")``."""
    return partial(colorize, opts=opts, fg=fg, bg=bg)
