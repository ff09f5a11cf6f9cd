"""``strict``: how most functions of SQL take NULL."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def strict(function: Callable[..., object]) -> Callable[..., Any]:
    """Make a function give NULL as soon as one argument is NULL."""

    @functools.wraps(function)
    def call(*args: object) -> Any:
        return None if None in args else function(*args)

    return call
