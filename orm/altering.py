"""``alters_data``: the mark by which template engines know that a method changes rows, and do not call it.

Django's templates and Jinja's sandbox ask for an attribute of that name, so a page that says ``{{ author.delete }}``
deletes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MARK = "alters_data"


def alters_data(method: F) -> F:
    """Mark a method as one that changes rows."""
    setattr(method, MARK, True)
    return method


def keep_mark(override: object, original: object) -> None:
    """Mark the override of a method that is marked, unless it says itself whether it changes rows."""
    if getattr(original, MARK, False) and isinstance(override, FunctionType):
        vars(override).setdefault(MARK, True)
