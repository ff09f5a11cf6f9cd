"""Repeated queries: one line of code that sends the same statement again and again, where one query would have done.

Counted for each task or thread by itself. A warning names the line, once for each line and statement. What this module
does not do: guess which relation to prefetch.
"""

from __future__ import annotations

import sys
import warnings
import weakref
from contextvars import ContextVar
from typing import Any

from orm.bridge.waiting import whoami
from orm.errors import RepeatedQueryWarning

MOST_PLACES = 10_000
"""Places counted for one task or thread before the count starts over, so that it can't grow for ever."""
SHOWN_CHARACTERS = 200

INTERNAL = ("orm.", "asyncio.", "threading", "concurrent.")
"""Modules that only pass a query on."""

Place = tuple[str, int, str, dict[Any, int]]

_counts: ContextVar[tuple[Any, dict[Any, int]] | None] = ContextVar("orm.repeats", default=None)


def note_repeat(alias: str, sql: str, limit: int) -> None:
    """Count a statement that the caller's line of code sends; warn when it is one more than ``limit``."""
    place = calling_line()
    if place is None:
        return
    filename, line, module, registry = place
    counts = counts_of_caller()
    if len(counts) >= MOST_PLACES:
        counts.clear()
    key = (alias, sql, filename, line)
    counts[key] = number = counts.get(key, 0) + 1
    if number != limit + 1:
        return
    shown = sql if len(sql) <= SHOWN_CHARACTERS else f"{sql[: SHOWN_CHARACTERS - 3]}..."
    warnings.warn_explicit(
        f"This line has run the same query more than {limit} times on {alias!r}. Load the rows together instead "
        f"(select_related, prefetch_related, fetch_mode('peers'), in_bulk, bulk_create): {shown}",
        RepeatedQueryWarning,
        filename,
        line,
        module,
        registry,
    )


def counts_of_caller() -> dict[object, int]:
    """Return the counts of this very task or thread; a child that inherits its parent's context starts anew."""
    me = whoami()
    held = _counts.get()
    if held is not None:
        owner = held[0]() if isinstance(held[0], weakref.ref) else held[0]
        if owner == me:
            return held[1]
    counts: dict[Any, int] = {}
    _counts.set((me if isinstance(me, int) else weakref.ref(me), counts))
    return counts


def calling_line() -> Place | None:
    """Return file, line, module and warning registry of the innermost frame that is the program's own."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module is not None and module != "orm" and not module.startswith(INTERNAL):
            registry = frame.f_globals.setdefault("__warningregistry__", {})
            return frame.f_code.co_filename, frame.f_lineno, module, registry
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None
