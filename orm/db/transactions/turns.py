"""Turns: one at a time, first come first served, among tasks of any loop and threads of any colour.

A transaction's statements take turns, and so do the blocks nested in it, each as a whole. What this module refuses:
waiting for a nested block for longer than the limit (the error names both sides); a statement ends by itself, so
waiting for statements has no limit of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import Any

from orm.bridge.waiting import NOTHING, Waiter, name_of
from orm.errors import TransactionManagementError

BLOCK = "a nested block"


class Turns:
    """Who may use a block's connection now; while anybody waits, somebody has the turn."""

    __slots__ = ("_lock", "_waiters", "since", "what", "who")

    def __init__(self) -> None:
        self._lock = threading.RLock()  # as in the pool
        self._waiters: deque[Waiter] = deque()
        self.who: Any = NOTHING
        self.what = ""
        self.since = 0.0

    def take(self, who: Any, what: str) -> bool:
        """Take the turn if it is free."""
        with self._lock:
            if self.who is not NOTHING:
                return False
            self._give(who, what)
            return True

    def _give(self, who: Any, what: str) -> None:
        self.who = who
        self.what = what
        if what is BLOCK:
            self.since = monotonic()

    async def wait(self, who: Any, what: str, seconds: float) -> None:
        """Take the turn, waiting for it; ``seconds`` is how long one nested block may keep it from us.

        Raises ``TransactionManagementError`` after that.
        """
        waiter = Waiter(who, what)
        with self._lock:
            if self.who is NOTHING:
                self._give(who, what)
                return
            self._waiters.append(waiter)
        try:
            while not await waiter.wait(seconds):
                with self._lock:
                    if waiter.granted is not NOTHING:
                        return
                    if self.what is not BLOCK or monotonic() - self.since < seconds:
                        continue
                    self._waiters.remove(waiter)
                raise TransactionManagementError(
                    f"{name_of(who)} waited {seconds:g} s for its turn in a transaction ({what}), while a block nested "
                    f"in it is kept open by {name_of(self.who)}. Blocks of sibling tasks take turns: end that block "
                    "first, or give one of the tasks a transaction of its own with orm.independent()."
                )
        except BaseException:
            self._give_up(waiter)
            raise

    def _give_up(self, waiter: Waiter) -> None:
        """Leave the queue; a turn that was given in the meantime goes on to the next."""
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
                return
            given = waiter.granted is not NOTHING
        if given:
            self.pass_on()

    def pass_on(self) -> None:
        """End one's turn; the next in the queue has it."""
        with self._lock:
            if not self._waiters:
                self.who = NOTHING
                return
            waiter = self._waiters.popleft()
            self._give(waiter.who, waiter.what)
            waiter.grant(True)
