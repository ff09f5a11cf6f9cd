"""Tells when a thread ends: what it has begun, and only it could have ended, is nobody's from then on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from threading import get_ident


class _End:
    """Lies where only its thread finds it, and so goes when the thread does."""

    __slots__ = ("tell", "thread")

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.tell = tell
        self.thread = get_ident()

    def __del__(self) -> None:
        if not sys.is_finalizing():  # the process ends, and what it holds with it
            self.tell(self.thread)


class _Here(threading.local):
    end: _End | None = None


_here = _Here()


def watch_thread(tell: Callable[[int], None]) -> None:
    """Have ``tell`` called with this thread's number when the thread ends: once, however often it was asked for."""
    if _here.end is None:
        _here.end = _End(tell)
