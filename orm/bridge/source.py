"""What somebody iterates for us: rows out of any iterable, a list at a time, in either colour.

What this module refuses: what is one row, or no iterable.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from orm.bridge.drive import breathe
from orm.bridge.guard import running_loop
from orm.late import late_module

if TYPE_CHECKING:
    from orm.bridge import portal
else:
    portal = late_module("orm.bridge.portal")

AT_ONCE = 2000
"""Rows that are taken from a plain iterable before others on the event loop may run."""


class Source:
    """The rows somebody gave, a list at a time, in either colour.

    Parameters: ``what`` is the method that takes them, as an error names it. An async iterable that blocking code gives
    is walked on the portal. Raises ``TypeError`` for anything that is no iterable of rows.
    """

    def __init__(self, rows: Any, what: str) -> None:
        if isinstance(rows, (str, bytes, bytearray, Mapping)):
            raise TypeError(f"{what} takes an iterable of rows, not one {type(rows).__name__}: {reprlib.repr(rows)}")
        walks = hasattr(rows, "__aiter__"), hasattr(rows, "__iter__")
        if not any(walks):
            raise TypeError(f"{what} takes an iterable or an async iterable of rows, not {reprlib.repr(rows)}")
        self.total = _count(rows)
        self._waits = walks[0] and (running_loop() is not None or not walks[1])
        self._rows: Any = aiter(rows) if self._waits else iter(rows)

    async def take(self, count: int) -> list[Any]:
        """Return the next rows, at most so many; none at the end."""
        found: list[Any] = []
        while len(found) < count:
            wanted = min(count - len(found), AT_ONCE)
            before = len(found)
            if not self._waits:
                found.extend(islice(self._rows, wanted))
                await breathe()
            elif running_loop() is None:
                found += portal.run(_next_of(self._rows, wanted))
            else:
                found += await _next_of(self._rows, wanted)
            if len(found) - before < wanted:
                break
        return found

    async def close(self) -> None:
        """Close a generator that was not walked to its end: it may hold a connection."""
        if not self._waits:
            if hasattr(self._rows, "close") and hasattr(self._rows, "send"):
                self._rows.close()
        elif hasattr(self._rows, "aclose"):
            if running_loop() is None:
                portal.run(_closed(self._rows))
            else:
                await self._rows.aclose()


async def _next_of(rows: Any, count: int) -> list[object]:
    """Return the next rows of an async iterator."""
    found: list[Any] = []
    async for row in rows:
        found.append(row)
        if len(found) == count:
            break
    return found


async def _closed(rows: Any) -> None:
    await rows.aclose()


def _count(rows: object) -> int | None:
    """Return how many rows there are, where that is known without asking anybody."""
    return len(rows) if isinstance(rows, (list, tuple, range)) else None
