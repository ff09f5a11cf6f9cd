"""Forms that Django is giving up, and the warnings about them, under the names by which programs filter them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any


class RemovedInDjango60Warning(DeprecationWarning):
    """Gone in Django 6.0."""


class RemovedInDjango61Warning(PendingDeprecationWarning):
    """Gone in Django 6.1."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn about the line of the program that led here, however many of the library's own frames lie between."""
    _, level = _called()
    warnings.warn(message, category, stacklevel=level + 1)


def _called() -> tuple[str, int]:
    """Return the name of the library's function that the program called, and how many frames lie below that call."""
    level, frame = 0, sys._getframe(1)
    while True:
        level, outer = level + 1, frame.f_back
        if outer is None or str(outer.f_globals.get("__name__", "")).split(".")[0] != "orm":
            return frame.f_code.co_name, level
        frame = outer


def taken_by_position(given: tuple[object, ...], named: Mapping[str, tuple[object, object]]) -> list[Any]:
    """Return the values of a model's method's arguments that may still be given by position, after a warning.

    Parameters:
        given: what was given by position.
        named: the arguments in order; for each what it was given by name, and what it is when it is not given.

    Raises ``TypeError`` for too many, and for one that is given both ways.
    """
    method, _ = _called()
    warn(f"Passing positional arguments to {method}() is deprecated", RemovedInDjango60Warning)
    if len(given) > len(named):
        raise TypeError(
            f"Model.{method}() takes from 1 to {len(named) + 1} positional arguments but {len(given) + 1} were given"
        )
    for name in list(named)[: len(given)]:
        value, default = named[name]
        if value is not default:
            raise TypeError(f"Model.{method}() got multiple values for argument {name!r}")
    return [*given, *(value for value, _ in list(named.values())[len(given) :])]
