"""Which interpreter of the process this is, and what that forbids; what others of its threads may do at any moment."""

from __future__ import annotations

import _thread
import importlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from weakref import WeakSet

T = TypeVar("T")


@cache
def is_subinterpreter() -> bool:
    """Return whether this is not the interpreter that the process began with."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # since 3.13, and before
        try:
            module: Any = importlib.import_module(name)
        except ImportError:
            continue
        return bool(module.get_current() != module.get_main())
    return False


def may_leave_threads() -> bool:
    """Return whether a thread may still run when the interpreter ends (a daemon); isolated subinterpreters refuse."""
    allowed: Callable[[], bool] | None = getattr(_thread, "daemon_threads_allowed", None)
    return allowed is None or allowed()


def living(objects: WeakSet[T]) -> list[T]:
    """Return what is in a set at some moment now, while other threads may add to it: iterating over it fails then."""
    while True:
        try:
            return list(objects)
        except RuntimeError:
            continue
