"""Where a file is, and why SQLite refuses it: what can be seen of that from outside, and what to do about it."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orm.db.url import DatabaseURL

_SEEN_BY_EFFECTIVE_USER = os.access in os.supports_effective_ids


def file_of(url: DatabaseURL) -> str:
    """Return the path of a database's file; empty where the URL names none."""
    return os.path.join(url.folder, url.database) if url.database else ""


def why_not(code: int | None, database: str, mode: str = "rwc", read_only: bool = False) -> str:
    """Return the rest of SQLite's sentence about a file, with a remedy; nothing where the file is not the matter.

    Parameters:
        code: SQLite's extended error code.
        database: the path of the file.
        mode: what the URL says of the file: ``ro``, ``rw`` or ``rwc``, which makes it.
        read_only: whether the transaction that is open may not write.
    """
    kind = None if code is None else code & 0xFF
    if kind == sqlite3.SQLITE_CANTOPEN:
        return f": {database}{_why_not_opened(database, mode)}"
    if kind == sqlite3.SQLITE_READONLY:
        if read_only:
            return f": {database} (the transaction is read_only)"
        return f": {database} (the URL says mode=ro)" if mode == "ro" else f": {database}{_why_not_written(database)}"
    if kind == sqlite3.SQLITE_NOTADB:
        return f": {database} (it holds something else, or is encrypted: mend the URL)"
    return ""


def _why_not_opened(database: str, mode: str) -> str:
    folder = os.path.dirname(os.path.abspath(database))
    if not os.path.isdir(folder):
        return f" (there is no folder {folder}: make it, or mend the URL)"
    if os.path.isdir(database):
        return " (that is a folder: name a file in it)"
    if not os.path.exists(database):
        if not _may(folder, os.W_OK):
            return f" (there is no such file, and {_may_not_write_in(folder)})"
        return "" if mode == "rwc" else f" (there is no such file, and with mode={mode} in the URL none is made)"
    if not _may(database, os.R_OK):
        return " (the file is there, but this process may not read it: see its owner and mode)"
    return "" if _may(folder, os.W_OK) else f" ({_may_not_write_in(folder)})"


def _why_not_written(database: str) -> str:
    folder = os.path.dirname(os.path.abspath(database))
    if not os.path.exists(database):
        return " (the file was moved or deleted while it was open)"
    if not _may(database, os.W_OK):
        return " (this process may not write to the file: see its owner and mode, or read it with ?mode=ro)"
    if not _may(folder, os.W_OK):
        return f" ({_may_not_write_in(folder)}, or read the file with ?mode=ro)"
    return ""


def _may_not_write_in(folder: str) -> str:
    return (
        f"this process may not write in the folder {folder}, where SQLite keeps a journal beside the file: see the "
        "folder's owner and mode"
    )


def _may(path: str, access: int) -> bool:
    return os.access(path, access, effective_ids=_SEEN_BY_EFFECTIVE_USER)
