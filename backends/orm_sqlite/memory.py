"""Where ``sqlite://:memory:`` lives: in a private file that nobody keeps, as fast memory as the machine offers.

SQLite's own ways to share memory between connections lock readers out while anyone writes, and writers while anyone
reads (measured: a reader beside an open transaction, and a writer beside an open cursor, both end in "database is
locked", with the shared cache and with the memdb VFS alike). With two colours in one process that is the normal
case. A file in memory (``/dev/shm``) in WAL mode behaves as every other SQLite database does, at some 3 µs more
for each statement. It is removed when the process that made it ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from importlib import import_module
from typing import Any

_ROOMY = 1 << 30
_SHARED_MEMORY = "/dev/shm"

_places: dict[str, str] = {}
_lock = threading.Lock()
_directory: str | None = None


def path_of(name: str) -> str:
    """Return the file of the in-memory database of that name, the same for the whole process."""
    place = _places.get(name)
    if place is None:
        with _lock:
            place = _places.get(name)
            if place is None:
                place = _places[name] = os.path.join(_make_directory(), f"memory-{len(_places)}.db")
    return place


def forget(name: str = "") -> None:
    """Drop an in-memory database: what connects from now on finds an empty one."""
    with _lock:
        place = _places.get(name)
        if place is not None:
            _places[name] = f"{place.removesuffix('.db')}n.db"
            for leftover in (place, f"{place}-wal", f"{place}-shm"):
                if os.path.exists(leftover):
                    os.unlink(leftover)


def _make_directory() -> str:
    global _directory
    if _directory is None:
        # Dear to import, and a database in a file does without them.
        tempfile, shutil = import_module("tempfile"), import_module("shutil")
        _directory = str(tempfile.mkdtemp(prefix="orm-memory-", dir=_fastest_place(shutil)))
        atexit.register(_remove, shutil, _directory, os.getpid())
    return _directory


def _fastest_place(shutil: Any) -> str | None:
    """Return the memory file system where it has room (containers often give it 64 MB), else None: the usual place."""
    if os.access(_SHARED_MEMORY, os.W_OK) and shutil.disk_usage(_SHARED_MEMORY).free >= _ROOMY:
        return _SHARED_MEMORY
    return None


def _remove(shutil: Any, directory: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child shares the database, and must not take it from its parent
        shutil.rmtree(directory, ignore_errors=True)
