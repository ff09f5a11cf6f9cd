"""Asynchronous generators that somebody may stop walking half way: what to do then is told here.

``async for row in rows(): break`` lets go of the generator at once, but its body, with the blocks it holds, ends only
when the loop gets round to it, and in a task of its own. What this module leaves alone: plain generators, which end
where they are let go of.
"""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import AsyncGenerator, Callable
from types import AsyncGeneratorType, FrameType
from typing import Any

from orm.bridge.guard import running_loop

ASYNC_GENERATOR = 0x200
"""``inspect.CO_ASYNC_GENERATOR``."""

COROUTINE = 0x80 | 0x100
"""``inspect.CO_COROUTINE`` and ``CO_ITERABLE_COROUTINE``."""

followed: weakref.WeakKeyDictionary[Any, weakref.WeakSet[AsyncGenerator[Any, Any]]] = weakref.WeakKeyDictionary()
"""The generators of loops that do not say which they have, from the moment we are first used there."""

GENERATOR = 0x20
"""``inspect.CO_GENERATOR``."""

THREAD_POOLS = tuple(
    os.path.join(*parts) for parts in (("anyio", "_backends", "_asyncio.py"), ("futures", "thread.py"))
)
"""Where worker threads call what they are given, in a copy of somebody's context or in none."""

Watches = list[weakref.ref[AsyncGenerator[Any, Any]]]


def follow_generators(loop: object) -> None:
    """Note the generators that begin on the running loop from now on, where it does not say which it has itself."""
    if hasattr(loop, "_asyncgens") or loop in followed:
        return
    begun = followed.setdefault(loop, weakref.WeakSet())
    tell_loop = sys.get_asyncgen_hooks().firstiter

    def note(generator: AsyncGenerator[Any, Any]) -> None:
        begun.add(generator)
        if tell_loop is not None:
            tell_loop(generator)

    sys.set_asyncgen_hooks(firstiter=note)


def find_generator(loop: object, frame: FrameType) -> AsyncGenerator[Any, Any] | None:
    """Return the generator whose body a frame is."""
    known: weakref.WeakSet[AsyncGenerator[Any, Any]] | None = getattr(loop, "_asyncgens", None)
    if known is None:
        known = followed.setdefault(loop, weakref.WeakSet())
    for generator in list(known):
        if getattr(generator, "ag_frame", None) is frame:
            return generator
    for found in gc.get_objects():  # it began before we were first used on its loop: this takes some milliseconds, once
        if type(found) is AsyncGeneratorType and found.ag_frame is frame:
            known.add(found)
            return found
    return None


def watch_generators(let_go: Callable[[], None]) -> Watches:
    """Call a function when an asynchronous generator that we are inside of is let go of before its end.

    It is called at once, on the thread that lets go, and must not wait. The watch lasts as long as what is returned.
    """
    watches: Watches = []
    loop = running_loop()
    if loop is None:
        return watches

    def gone(_: weakref.ref[AsyncGenerator[Any, Any]]) -> None:
        let_go()

    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_flags & (COROUTINE | ASYNC_GENERATOR):
        if frame.f_code.co_flags & ASYNC_GENERATOR:
            generator = find_generator(loop, frame)
            if generator is not None:
                watches.append(weakref.ref(generator, gone))
        frame = frame.f_back
    return watches


def is_entered_by_a_worker() -> bool:
    """Whether a worker thread takes a plain generator we are inside of to its ``yield``, for somebody elsewhere.

    So FastAPI does with a ``def`` dependency. What is set in the context there is gone when the generator has yielded.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("orm."):
        frame = frame.f_back
    if frame is None or not frame.f_code.co_flags & GENERATOR:
        return False
    while frame is not None and (frame.f_code.co_flags & GENERATOR or frame.f_globals.get("__name__") == "contextlib"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.endswith(THREAD_POOLS)
