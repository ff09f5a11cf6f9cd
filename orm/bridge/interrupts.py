"""Ctrl-C kept back for a moment: for blocking code, what the awaited outcome of COMMIT is for awaitable code.

Between the COMMIT and the note that it succeeded there must be no way out, or ``on_commit`` functions would be lost and
the caller could not know. The first Ctrl-C in that time is delivered at its end; a second one at once, for a server
that does not answer. What this module leaves alone: other threads than the main one, which Ctrl-C never reaches.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from orm.bridge.guard import running_loop
from orm.late import signals

SIGINT = 2  # everywhere

Handler = Callable[[int, FrameType | None], Any]


class HeldInterrupts:
    """A block in which Ctrl-C waits, in blocking code on the main thread; elsewhere it does nothing."""

    __slots__ = ("_came", "_handler")

    def __init__(self) -> None:
        self._handler: Handler | None = None
        self._came = False

    def __enter__(self) -> None:
        if threading.get_ident() != threading.main_thread().ident or running_loop() is not None:
            return
        handler = signals.getsignal(SIGINT)
        if callable(handler):
            try:
                signals.signal(SIGINT, self._keep)
            except ValueError:
                return  # a subinterpreter, which Ctrl-C never reaches
            self._handler = handler

    def _keep(self, number: int, frame: FrameType | None) -> None:
        if not self._came:
            self._came = True
        elif self._handler is not None:
            self._handler(number, frame)

    def __exit__(self, *details: object) -> None:
        handler, self._handler = self._handler, None
        if handler is None:
            return
        signals.signal(SIGINT, handler)
        if self._came:
            handler(SIGINT, sys._getframe(1))
