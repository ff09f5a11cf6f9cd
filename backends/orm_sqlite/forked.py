"""What a forked child has of its parent's write transactions: locks that SQLite takes for the child's own, for ever.

SQLite keeps account of a process's locks in its memory, since POSIX drops all locks of a file when one of its
descriptors is closed. A child forked in the middle of a write gets a copy of that account, and so a writer who never
ends, also when the parent has long committed; closing the parent's session in the child could write into the parent's
file (https://www.sqlite.org/howtocorrupt.html, "Carrying an open database connection across a fork"). Reading works;
writing never will, so it is not waited for.
"""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orm_sqlite.session import Session

live_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
"""Each enters itself when it is open."""

_locked: set[str] = set()
"""The files that some ancestor was writing to at the fork."""


def is_locked_for_good(file: str) -> bool:
    """Whether this process was forked in the middle of a write to that file."""
    return bool(_locked) and os.path.realpath(file) in _locked


def remember_writers() -> None:
    """In a forked child: note the files that sessions of the parent were writing to."""
    _locked.update(os.path.realpath(session.file) for session in list(live_sessions) if session.may_hold_write_lock)


os.register_at_fork(after_in_child=remember_writers)
