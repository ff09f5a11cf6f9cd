"""Waiting for something that another task or thread will hand over, in the waiter's own colour.

The pool and the turns of a transaction queue their waiters here. What this module leaves to them: who is next.
"""

from __future__ import annotations

import threading
import time
from sys import modules
from threading import get_ident
from typing import TYPE_CHECKING, Any

from orm.bridge.crossing import Bell
from orm.bridge.guard import running_loop

if TYPE_CHECKING:
    import asyncio
else:
    from orm.late import asyncio


async def pause(seconds: float) -> None:
    """Wait so long in the caller's own colour."""
    if running_loop() is None:
        time.sleep(seconds)  # noqa: ASYNC251  (no loop runs here)
    else:
        await asyncio.sleep(seconds)


NOTHING: Any = object()
"""What a waiter holds before it was granted anything."""


def whoami() -> object:
    """Return what identifies the caller: its task, or its thread's number in blocking code."""
    if "asyncio" not in modules or (loop := running_loop()) is None:
        return get_ident()
    return asyncio.current_task(loop)


def name_of(who: object) -> str:
    """Name a caller for an error message."""
    if isinstance(who, asyncio.Task):
        coroutine: Any = who.get_coro()
        return f"task {who.get_name()!r} ({getattr(coroutine, '__qualname__', coroutine)})"
    if isinstance(who, int):
        for thread in threading.enumerate():
            if thread.ident == who:
                return f"thread {thread.name!r}"
        return f"thread {who} (ended)"
    return "a callback of an event loop"


class Waiter:
    """One caller in a queue; granted at most once, from any thread. ``holder`` is what it will hold the turn with."""

    __slots__ = ("_bell", "_gate", "granted", "holder", "since", "what", "who")

    def __init__(self, who: object, what: str, holder: object = None) -> None:
        self.who = who
        self.holder = holder
        self.what = what
        self.granted: Any = NOTHING
        self.since = time.monotonic()
        loop = running_loop()
        self._bell = None if loop is None else Bell(loop)
        self._gate = threading.Lock()
        self._gate.acquire()

    def grant(self, value: object) -> None:
        """Hand ``value`` over and wake the caller."""
        self.granted = value
        if self._bell is None:
            self._gate.release()
        else:
            self._bell.ring()

    async def wait(self, seconds: float) -> bool:
        """Wait at most so long; True when something was granted. A cancellation leaves ``granted`` to be looked at."""
        if self._bell is None:
            return self._gate.acquire(timeout=max(seconds, 0)) or self.granted is not NOTHING
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(seconds, self._bell.ring_here)
        try:
            await self._bell.wait()
        finally:
            alarm.cancel()
        if self.granted is NOTHING:
            self._bell.reset()
            return False
        return True
