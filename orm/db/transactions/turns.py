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
from enum import StrEnum
from time import monotonic
from typing import Any

from orm.bridge.waiting import NOTHING, Waiter, name_of
from orm.errors import TransactionManagementError


class Use(StrEnum):
    """What a turn is for that is no statement, as errors say it."""

    BLOCK = "a nested block"
    END = "the end of the block"


BLOCK = Use.BLOCK
END_OF_BLOCK = Use.END

Turn = tuple[Any, Any, str, float]
"""What has the turn, who that is, what for, and since when; the time is noted of a nested block only. A plain tuple,
since making a named one takes longer than all the rest of taking a turn."""

FREE: Turn = (None, NOTHING, "", 0.0)


class Turns:
    """Who may use a block's connection now; while anybody waits, somebody has the turn.

    The turn is the one item of a dict. A statement takes it with ``setdefault``, which either puts it there or gives
    the one that is there, and can't be interrupted in between: no lock, which would cost as much as all the rest that
    a statement in a block needs. Whoever finds it taken queues under the lock.
    """

    __slots__ = ("_lock", "taken", "waiters")

    def __init__(self) -> None:
        self._lock = threading.RLock()  # as in the pool
        self.taken: dict[int, Turn] = {}
        self.waiters: deque[Waiter] = deque()

    @property
    def holder(self) -> Any:
        """What has the turn; None when it is free."""
        return self.taken.get(0, FREE)[0]

    @property
    def who(self) -> Any:
        """Who has the turn."""
        return self.taken.get(0, FREE)[1]

    def take(self, holder: object, who: object, what: str) -> bool:
        """Take the turn if it is free.

        Raises ``TransactionManagementError`` when the caller has it already, and so would wait for itself.
        """
        turn: Turn = (holder, who, what, monotonic() if what is BLOCK else 0.0)
        taken = self.taken.setdefault(0, turn)
        if taken is turn:
            return True
        if taken[1] != who:
            return False
        if what is not END_OF_BLOCK:  # which may take the turn of a statement that an exception has broken off
            raise waiting_for_itself(taken, what)
        with self._lock:
            now = self.taken.setdefault(0, turn)
            if now is taken:
                self.taken[0] = now = turn
            return now is turn

    async def wait(self, holder: object, who: object, what: str, seconds: float) -> None:
        """Take the turn, waiting for it; ``seconds`` is how long one nested block may keep it from us.

        Raises ``TransactionManagementError`` after that.
        """
        waiter = Waiter(who, what, holder)
        try:
            with self._lock:
                self.waiters.append(waiter)
                self._serve()  # it may have been passed on before we were in the queue
            while not await waiter.wait(seconds):
                with self._lock:
                    self._serve()
                    if waiter.granted is not NOTHING:
                        return
                    _, holding, kind, since = self.taken.get(0, FREE)
                    if kind is not BLOCK or monotonic() - since < seconds:
                        continue
                    self.waiters.remove(waiter)
                raise TransactionManagementError(
                    f"{name_of(who)} waited {seconds:g} s for its turn in a transaction ({what}), while a block nested "
                    f"in it is kept open by {name_of(holding)}. Blocks of sibling tasks take turns: end that block "
                    "first, or give one of the tasks a transaction of its own with orm.independent()."
                )
        except BaseException:
            self._give_up(waiter)
            raise

    def _serve(self) -> None:
        """Give the turn to the first in the queue, if it is free. Called with the lock held."""
        if self.waiters:
            waiter = self.waiters[0]
            turn = turn_of(waiter)
            if self.taken.setdefault(0, turn) is turn:
                self.waiters.popleft()
                waiter.grant(True)

    def _give_up(self, waiter: Waiter) -> None:
        """Leave the queue; a turn that was given in the meantime goes on to the next."""
        with self._lock:
            if waiter in self.waiters:
                self.waiters.remove(waiter)
        self.pass_on(waiter.holder)

    def end_statement(self, coroutine: object) -> None:
        """End the turn of a statement, if it has it. Called by whoever ran it, and so by one thread only."""
        turn = self.taken.get(0)
        if turn is None or turn[0] is not coroutine:
            return
        if self.waiters:
            self.pass_on(coroutine)
            return
        del self.taken[0]
        if self.waiters:  # somebody queued between the two
            self.serve()

    def serve(self) -> None:
        """Give the turn to the first in the queue, if it is free."""
        with self._lock:
            self._serve()

    def pass_on(self, holder: object) -> None:
        """End a turn, if that holder has it; the next in the queue has it then. May be called from any thread."""
        with self._lock:
            if self.holder is not holder:
                return
            if not self.waiters:
                del self.taken[0]
                return
            waiter = self.waiters.popleft()
            self.taken[0] = turn_of(waiter)
            waiter.grant(True)


def turn_of(waiter: Waiter) -> Turn:
    """Return the turn of a waiter whose turn it is now."""
    return waiter.holder, waiter.who, waiter.what, monotonic() if waiter.what is BLOCK else 0.0


def waiting_for_itself(taken: Turn, what: str) -> TransactionManagementError:
    """Build the error for a caller that has the turn and asks for it again."""
    _, who, meanwhile, _ = taken
    return TransactionManagementError(
        f"{name_of(who)} is in the middle of {str(meanwhile)!r} and can't run another statement in the same "
        f"transaction meanwhile ({what}): this happens in a signal handler, a finalizer or a callback. Note there what "
        "is to be done and do it later, or use orm.independent()."
    )
