"""The contexts that threads begin with: empty, or from Python 3.14 a copy of the starter's, where a flag says so.

The flag, ``sys.flags.thread_inherit_context``, is on in free-threaded builds and off in others. A thread of a pool
would begin, for all of its life, with the transaction of whoever happened to need it first. So a thread is outside of
every transaction on every build, and ``orm.carry`` or ``asyncio.to_thread`` takes one along. What this module refuses:
to guess; where it can't be told whether a context is a thread's own, it is not.
"""

from __future__ import annotations

import sys
from contextvars import Context, ContextVar
from threading import Thread, current_thread

INHERITED: bool = bool(getattr(sys.flags, "thread_inherit_context", False))
"""Whether a thread begins with a copy of the context of whoever starts it."""

_probe: ContextVar[object] = ContextVar("orm.probe")


def start_apart(thread: Thread) -> None:
    """Start a thread of the library's own, which serves many: with an empty context, on every build."""
    Context().run(thread.start)


def is_threads_own() -> bool:
    """Whether the caller runs in the context that its thread began with, and not in one that it was led into."""
    own = getattr(current_thread(), "_context", None)  # the only way to it that Python 3.14 has
    if not isinstance(own, Context):
        return False
    mark = object()
    token = _probe.set(mark)
    try:
        return own.get(_probe) is mark
    finally:
        _probe.reset(token)
