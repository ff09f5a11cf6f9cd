"""Where a warning points: the program's own line, also where Django's async call has gone to a thread of asgiref's.

Such a thread begins in library code, and the program's line is in the task that waits for it: the one whose innermost
coroutine and the thread's frames hold the same list, which asgiref makes for each call.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import Any

LIBRARIES = frozenset({"orm", "django", "asgiref", "asyncio", "concurrent", "contextlib", "functools", "threading"})
"""Packages whose lines are not the program's."""

LOOKS, BETWEEN_LOOKS = 100, 0.002
"""How often the waiting task is looked for, and the seconds between."""


def warn_the_program(text: str, category: type[Warning]) -> None:
    """Warn, at the line of the program that asked."""
    frames = list(outwards(sys._getframe(1)))
    frame = next(filter(is_of_the_program, frames), None) or waiting_frame(frames) or frames[-1]
    given = frame.f_globals
    warnings.warn_explicit(
        text,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        given.get("__name__", "__main__"),
        given.setdefault("__warningregistry__", {}),
    )


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield a frame and those that led to it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def is_of_the_program(frame: FrameType) -> bool:
    """Whether a frame runs code that is no library's here."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] not in LIBRARIES


def waiting_frame(frames: list[FrameType]) -> FrameType | None:
    """Return the program's frame in the task that waits for the thread of these frames; None where none does."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    for crossing in (each for each in frames if each.f_globals.get("__name__") == "asgiref.sync"):
        shared = lists_of(crossing)
        loops = [each for each in crossing.f_locals.values() if isinstance(each, asyncio.AbstractEventLoop)]
        for _ in range(LOOKS):
            for task in (task for loop in loops for task in asyncio.all_tasks(loop)):
                chain = awaited(task.get_coro())
                if chain and shared & lists_of(chain[-1]):
                    return next(filter(is_of_the_program, reversed(chain)), None)
            time.sleep(BETWEEN_LOOKS)  # the task began this thread and has not come to its `await` yet
    return None


def lists_of(frame: FrameType) -> set[int]:
    """Return the identities of the lists that a frame's variables hold."""
    return {id(each) for each in list(frame.f_locals.values()) if type(each) is list}


def awaited(coroutine: Any) -> list[FrameType]:
    """Return the frames of a suspended coroutine and of those it waits for, the innermost last."""
    frames: list[FrameType] = []
    while coroutine is not None:
        for kind in ("cr", "ag", "gi"):
            frame = getattr(coroutine, f"{kind}_frame", None)
            if frame is not None:
                frames.append(frame)
                coroutine = getattr(coroutine, f"{kind}_await", None) or getattr(coroutine, "gi_yieldfrom", None)
                break
        else:  # `async for` waits by way of an object that tells its generator to nobody else
            coroutine = next((each for each in gc.get_referents(coroutine) if hasattr(each, "ag_frame")), None)
    return frames
