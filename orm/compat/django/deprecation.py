"""Warnings for what a later version of Django removes: code filters them by class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["RemovedInDjango60Warning", "RemovedInDjango61Warning", "RemovedInNextVersionWarning", "is_iterable"]


class RemovedInDjango60Warning(DeprecationWarning):
    """Gone in Django 6.0."""


class RemovedInDjango61Warning(PendingDeprecationWarning):
    """Gone in Django 6.1."""


RemovedInNextVersionWarning = RemovedInDjango60Warning
RemovedAfterNextVersionWarning = RemovedInDjango61Warning


def is_iterable(x: Any) -> bool:
    """Return whether a value can be iterated."""
    return isinstance(x, Iterable) or hasattr(x, "__getitem__")
