"""Which statements write, by their words: SQLite has one writer at a time, and a write waits for the other one.

Strings, quoted names and comments are passed over. What this module leaves out: writes to temporary tables of
statements other than CREATE, which are taken for writes to the database.
"""

from __future__ import annotations

import re

_TOKEN = (
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|([();])|([a-z_]\w*)(?=(\s*[=(])?)"""
)
_WRITES = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", "DROP", "ALTER", "REINDEX", "ANALYZE", "VACUUM"})
_READS = frozenset({"SELECT", "VALUES"})
_LOCKS = frozenset({"IMMEDIATE", "EXCLUSIVE"})
_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})
_IN_THE_FILE = frozenset({"USER_VERSION", "APPLICATION_ID", "SCHEMA_VERSION"})
"""Pragmas that change the file itself when they are given a value."""


def writes(script: str) -> bool:
    """Whether a statement, or one of a script's, takes the write lock of the database."""
    verb, depth = "", 0
    for token in re.finditer(_TOKEN, script, re.IGNORECASE | re.DOTALL):
        mark, word = token[1], (token[2] or "").upper()
        if mark:
            depth += {"(": 1, ")": -1}.get(mark, 0)
            if mark == ";":
                verb, depth = "", 0
        elif not word or depth:
            continue
        elif not verb or (verb == "WITH" and word in _READS):
            verb = word
            if verb in _WRITES:
                return True
        elif verb == "CREATE":
            if word not in _TEMPORARY:
                return True
            verb = word
        elif (
            (verb == "WITH" and word in _WRITES)
            or (verb == "BEGIN" and word in _LOCKS)
            or (verb == "PRAGMA" and word in _IN_THE_FILE and token[3])
        ):
            return True
    return False
