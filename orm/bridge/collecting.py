"""Python's cycle collector, paused while a large result becomes objects.

It looks at every object that is made, again and again while they become more: for a hundred thousand instances it took
as long as making them. None of them is garbage before the result is there, so nothing is lost by waiting. What this
module leaves alone: a collector that the program has turned off.
"""

from __future__ import annotations

import gc
import os
import threading
from types import TracebackType

from orm.bridge.interrupts import HeldInterrupts

WORTH_A_PAUSE = 500
"""Rows of a result above which the pause, which takes two microseconds, is less than what the collector would take."""


class Paused:
    """A block in which the collector does not run; blocks of several tasks and threads may overlap."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal's handler may ask for a result of its own, right here
        self._open = 0
        self._was_on = False

    def __enter__(self) -> None:
        counted = False
        try:
            with HeldInterrupts(), self._lock:
                if not self._open:
                    self._was_on = gc.isenabled()
                    gc.disable()
                self._open += 1
                counted = True
        except BaseException:
            if counted:  # Ctrl-C was heard at the end of the held time, and nobody will leave the block
                self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with HeldInterrupts(), self._lock:
            self._open -= 1
            if not self._open and self._was_on:
                gc.enable()

    def start_over_in_child(self) -> None:
        """In a forked child the threads that were in such a block do not exist."""
        self._lock = threading.RLock()
        if self._open and self._was_on:
            gc.enable()
        self._open = 0


collector_paused = Paused()
os.register_at_fork(after_in_child=collector_paused.start_over_in_child)
