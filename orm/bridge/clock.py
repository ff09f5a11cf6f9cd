"""An alarm clock for blocking code: calls a function later, in another thread, unless it is told not to.

One daemon thread serves all alarms and ends when there are none. It is stopped around a fork, so that a program that is
not threaded stays so. What this module refuses: nothing; an alarm whose function raises is logged.
"""

from __future__ import annotations

import atexit
import heapq
import os
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic

from orm.bridge.interpreter import is_subinterpreter, may_leave_threads
from orm.bridge.portal import helpers
from orm.bridge.thread_context import start_apart
from orm.late import LateLogger

logger = LateLogger("orm.clock")

STOPPING_SECONDS = 1.0
ENDING_SECONDS = 0.1


class Alarm:
    """One call to come, in another thread after so many seconds.

    One that is ``brief`` is called by the clock's own thread, and is no reason to start that again after a fork.
    """

    __slots__ = ("_call", "_lock", "brief", "due", "fired")

    def __init__(self, seconds: float, call: Callable[[], None], *, brief: bool = False) -> None:
        self.due = monotonic() + seconds
        self.brief = brief
        self.fired = False
        self._call: Callable[[], None] | None = call
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget the call, without waiting for one that is under way."""
        self._call = None

    def cancel(self) -> bool:
        """Forget the call, or wait for its end when it is under way; says whether it was made."""
        with self._lock:
            self._call = None
        return self.fired

    def ring(self) -> None:
        """Make the call, once."""
        with self._lock:
            call, self._call = self._call, None
            if call is None:
                return
            self.fired = True
            try:
                call()
            except Exception:
                logger.exception("an alarm's function failed")


class Clock:
    """The alarms to come, and the thread that waits for the next one."""

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._changed = threading.Condition(threading.RLock())  # the collector and signal handlers may come here, too
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._over = False

    def call_later(self, seconds: float, call: Callable[[], None], *, brief: bool = False) -> Alarm:
        """Set an alarm and return it."""
        alarm = Alarm(seconds, call, brief=brief)
        self.set(alarm)
        return alarm

    def set(self, alarm: Alarm) -> None:
        """Have an alarm ring. A brief one never rings in a subinterpreter.

        Whoever has made it can cancel it whatever comes, also a signal's exception in here.
        """
        if alarm.brief and is_subinterpreter():
            return  # an interpreter that has a thread of ours can't be ended
        with self._changed:
            heapq.heappush(self._alarms, (alarm.due, next(self._numbers), alarm))
            if self._over:
                return  # it never rings
            if self._thread is None:
                self._start()
            elif self._alarms[0][2] is alarm:
                self._changed.notify()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._serve, name="duotone-clock", daemon=may_leave_threads())
        start_apart(self._thread)

    def _serve(self) -> None:
        with self._changed:
            while self._alarms and not self._stopping:
                wait = self._alarms[0][0] - monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, alarm = heapq.heappop(self._alarms)
                if alarm.brief:
                    self._changed.release()
                    try:
                        alarm.ring()
                    finally:
                        self._changed.acquire()
                else:
                    helpers.start(alarm.ring)
            self._thread = None

    def pause(self, seconds: float = STOPPING_SECONDS) -> None:
        """End the thread, keeping the alarms: for the time of a fork."""
        with self._changed:
            thread = self._thread
            self._stopping = True
            self._changed.notify()
        if thread is not None:
            thread.join(seconds)

    def end(self) -> None:
        """End the thread for good: a subinterpreter must not end with threads in it, and none can be started then."""
        self._over = True
        self.pause(ENDING_SECONDS)  # it may be with a server that does not answer

    def go_on(self) -> None:
        """Start the thread again, when somebody waits for it."""
        with self._changed:
            self._stopping = False
            if self._thread is None and any(not alarm.brief for _, _, alarm in self._alarms):
                self._start()

    def forget(self) -> None:
        """In a forked child the alarms are the parent's."""
        self.__init__()  # type: ignore[misc]


clock = Clock()
atexit.register(clock.end)  # after what the pools do at the end
os.register_at_fork(before=clock.pause, after_in_parent=clock.go_on, after_in_child=clock.forget)
