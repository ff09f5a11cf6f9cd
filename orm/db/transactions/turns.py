"""Turns: one at a time, first come first served, among tasks of any loop and threads of any colour.

A transaction's statements take turns, and so do the blocks nested in it, each as a whole. A turn is held by an object
(the statement's coroutine, the nested block), and only for that is it passed on, so that it can be passed on twice
without harm. What this module refuses: waiting for a nested block for longer than the limit (the error names both
sides), and waiting for a turn that one has oneself; a statement ends by itself, so waiting for statements has no limit
of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import Any

from orm.bridge.waiting import NOTHING, Waiter, name_of
from orm.errors import TransactionManagementError

BLOCK = "a nested block"
END_OF_BLOCK = "the end of the block"


class Turns:
    """Who may use a block's connection now; while anybody waits, somebody has the turn."""

    __slots__ = ("_lock", "_waiters", "holder", "since", "what", "who")

    def __init__(self) -> None:
        self._lock = threading.RLock()  # as in the pool
        self._waiters: deque[Waiter] = deque()
        self.holder: Any = None
        """What has the turn; None when it is free."""
        self.who: Any = NOTHING
        self.what = ""
        self.since = 0.0

    def take(self, holder: Any, who: Any, what: str) -> bool:
        """Take the turn if it is free.

        Raises ``TransactionManagementError`` when the caller has it already, and so would wait for itself.
        """
        with self._lock:
            if self.holder is None:
                self.holder, self.who, self.what = holder, who, what  # _give() written out: every statement passes here
                if what is BLOCK:
                    self.since = monotonic()
                return True
            if self.who == who:
                self._refuse_itself(what)
                self._give(holder, who, what)
                return True
            return False

    def _give(self, holder: Any, who: Any, what: str) -> None:
        self.holder = holder
        self.who = who
        self.what = what
        if what is BLOCK:
            self.since = monotonic()

    def _refuse_itself(self, what: str) -> None:
        """The end of a block may take the turn of a statement of its own, which an exception has broken off."""
        if what is not END_OF_BLOCK:
            raise TransactionManagementError(
                f"{name_of(self.who)} is in the middle of {self.what!r} and can't run another statement in the same "
                f"transaction meanwhile ({what}): this happens in a signal handler, a finalizer or a callback. Note "
                "there what is to be done and do it later, or use orm.independent()."
            )

    async def wait(self, holder: Any, who: Any, what: str, seconds: float) -> None:
        """Take the turn, waiting for it; ``seconds`` is how long one nested block may keep it from us.

        Raises ``TransactionManagementError`` after that.
        """
        waiter = Waiter(who, what, holder)
        with self._lock:
            if self.holder is None:
                self._give(holder, who, what)
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
        self.pass_on(waiter.holder)

    def pass_on(self, holder: Any) -> None:
        """End a turn, if that holder has it; the next in the queue has it then."""
        with self._lock:
            if self.holder is not holder:
                return
            if not self._waiters:
                self.holder = None
                self.who = NOTHING
                return
            waiter = self._waiters.popleft()
            self._give(waiter.holder, waiter.who, waiter.what)
            waiter.grant(True)
