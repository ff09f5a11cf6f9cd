"""Which colour the caller has, and the refusal of blocking calls on a loop's own thread.

The colour is never passed around: a thread whose event loop is running is awaitable, any other is blocking. What this
module refuses: a blocking form on a loop's thread, unless the policy ``allow_blocking`` says to run it all the same.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orm.errors import SynchronousOnlyOperation

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


def loop_if_known() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs on this thread; none runs while nobody has imported asyncio."""
    events = sys.modules.get("asyncio.events")
    ask = getattr(events, "_get_running_loop", None)  # absent while another thread is importing it
    return None if ask is None else ask()


# The C function behind ``asyncio.get_running_loop``, without its exception: this is asked for every statement. A
# program that is not asynchronous is not made to import asyncio.
running_loop: Callable[[], asyncio.AbstractEventLoop | None] = (
    sys.modules["asyncio"]._get_running_loop if "asyncio" in sys.modules else loop_if_known
)

AWAITABLE_PREFIX = "Awaitable"


def refuse_other_loops() -> None:
    """Raise ``SynchronousOnlyOperation`` in a task of an event loop that is not asyncio's, which would be blocked."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        raise SynchronousOnlyOperation(
            "Trio runs on this thread, and this library waits on asyncio's event loops: the query would block Trio's. "
            "Move it to a thread (trio.to_thread.run_sync) with the blocking form, or run it on asyncio."
        )


class Policy:
    """What to do with a blocking call on a loop's thread: refuse it (the default) or run it in a helper thread.

    ``ask`` is set by the settings; an explicit ``allow_blocking`` wins over it.
    """

    __slots__ = ("_explicit", "ask")

    def __init__(self) -> None:
        self._explicit: bool | None = None
        self.ask: Callable[[], bool] = bool

    @property
    def allow_blocking(self) -> bool:
        """Whether a blocking form may block an event loop's thread."""
        return self.ask() if self._explicit is None else self._explicit

    @allow_blocking.setter
    def allow_blocking(self, value: bool | None) -> None:
        self._explicit = value


policy = Policy()


def public_name(qualname: str) -> str:
    """Turn a coroutine's qualified name into the one users know: ``AwaitableQuerySet.aget`` is ``QuerySet.aget``.

    So is ``AwaitableQuerySet._aget``, which is what ``get`` runs (see ``orm.bridge.generate``).
    """
    owner, _, name = qualname.rpartition(".")
    if not name.startswith("__"):
        name = name.removeprefix("_")
    owner = owner.rpartition(".")[2].removeprefix(AWAITABLE_PREFIX)
    return f"{owner}.{name}" if owner and owner != "<locals>" else name


def refusal(coroutine: object) -> SynchronousOnlyOperation:
    """Build the error for a blocking call on a loop's thread; it names the awaitable form."""
    qualname = getattr(coroutine, "__qualname__", None)
    if qualname is None:
        return SynchronousOnlyOperation(
            "A blocking form was called on a thread whose event loop is running. Use the awaitable form with `await`, "
            "or move the blocking code to a thread (asyncio.to_thread)."
        )
    awaitable = public_name(qualname)
    owner, dot, name = awaitable.rpartition(".")
    blocking = f"{owner}{dot}{blocking_name(name)}()"
    verb = "async for ... in" if hasattr(coroutine, "__anext__") else "await"
    if name in DUNDERS:
        blocking = f"`{DUNDERS[name][1]}` on {owner or 'this object'}"
        remedy = f"`{DUNDERS[name][2]}`"
    else:
        remedy = f"`{verb} {awaitable}(...)`"
    return refused(blocking, remedy)


def refused(blocking: str, remedy: str) -> SynchronousOnlyOperation:
    """Build the error for something blocking on a loop's thread, with what is written there instead."""
    return SynchronousOnlyOperation(
        f"{blocking} blocks, and an event loop is running on this thread. Use {remedy}, or move the blocking code to a "
        "thread (asyncio.to_thread). In a notebook or shell, orm.configure(..., allow_blocking=True) makes it run."
    )


# Methods whose two forms Python itself names: awaitable -> (blocking, how it is written, how the other is written).
DUNDERS: dict[str, tuple[str, str, str]] = {
    "__aenter__": ("__enter__", "with", "async with"),
    "__aexit__": ("__exit__", "with", "async with"),
    "__aiter__": ("__iter__", "for", "async for"),
}


def blocking_name(name: str) -> str:
    """Name of the blocking twin: ``aget`` -> ``get``, ``__aenter__`` -> ``__enter__``; other names stay."""
    if name in DUNDERS:
        return DUNDERS[name][0]
    return name[1:] if len(name) > 1 and name[0] == "a" else name
