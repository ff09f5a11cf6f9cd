"""Warnings for what a later version of Django removes: code filters them by class."""

from __future__ import annotations

from collections.abc import Iterable

from orm.structures.deprecation import RemovedInDjango60Warning, RemovedInDjango61Warning

__all__ = ["RemovedInDjango60Warning", "RemovedInDjango61Warning", "RemovedInNextVersionWarning", "is_iterable"]


RemovedInNextVersionWarning = RemovedInDjango60Warning
RemovedAfterNextVersionWarning = RemovedInDjango61Warning


def is_iterable(x: object) -> bool:
    """Return whether a value can be iterated."""
    return isinstance(x, Iterable) or hasattr(x, "__getitem__")
