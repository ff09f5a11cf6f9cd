"""Running a transaction again that lost against another one: whether, how often, and after what pause.

Only the outermost block can be run again, since the database has given up all of it. What this module refuses: to run
anything again that may have been committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import random

if TYPE_CHECKING:
    from orm.errors import DatabaseError

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 1.0


def checked(retry: int) -> int:
    """Return how often to run again; raise ``TypeError`` or ``ValueError`` when that is no such number."""
    if not isinstance(retry, int) or isinstance(retry, bool):
        raise TypeError(f"retry is how many times to run again, not {retry!r}.")
    if retry < 0:
        raise ValueError(f"retry is how many times to run again, so 0 or more, not {retry}.")
    return retry


class Attempts:
    """The attempts at one call: counts them, and says how long to wait before the next one."""

    __slots__ = ("_left", "_pause")

    def __init__(self, retry: int) -> None:
        self._left = retry
        self._pause = FIRST_PAUSE

    def pause_after(self, error: DatabaseError, *, committed: bool) -> float | None:
        """Seconds to wait before running again; None when the error is to be raised.

        The pauses double, and each is shortened at random, so that those who met do not meet again.
        """
        if committed or not error.retryable or self._left == 0:
            return None
        self._left -= 1
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause * float(random.uniform(0.5, 1.0))
