"""Locks on open files between processes, as the operating system has them.

They are advice: who never asks for a lock reads and writes as before.
"""

from __future__ import annotations

from typing import Any

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock(), and lock() says so by its answer
    fcntl = None  # type: ignore[assignment]

LOCK_SH = 1 if fcntl is None else fcntl.LOCK_SH
"""A lock that several may have at once, those who read."""
LOCK_NB = 4 if fcntl is None else fcntl.LOCK_NB
"""Beside another one: do not wait for it."""
LOCK_EX = 2 if fcntl is None else fcntl.LOCK_EX
"""A lock that one alone may have, who writes."""


def _descriptor(file: Any) -> int:
    number: int = file.fileno() if hasattr(file, "fileno") else file
    return number


def lock(f: Any, flags: int) -> bool:
    """Lock a file, or its descriptor; return whether it is locked.

    Parameters: ``flags`` is ``LOCK_EX`` or ``LOCK_SH``, with ``| LOCK_NB`` for one that does not wait. It is False for
    a lock that somebody else has, and where the system has none.
    """
    if fcntl is None:  # pragma: no cover - as above
        return False
    try:
        fcntl.flock(_descriptor(f), flags)
    except BlockingIOError:
        return False
    return True


def unlock(f: Any) -> bool:
    """Give a lock back; return whether there are locks at all."""
    if fcntl is None:  # pragma: no cover - as above
        return False
    fcntl.flock(_descriptor(f), fcntl.LOCK_UN)
    return True
