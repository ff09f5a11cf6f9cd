"""Which statements give rows: what a cursor has to know before it runs one."""

from __future__ import annotations

import functools
from typing import Any

from orm.late import sqlparse

_READING = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "PRAGMA", "FETCH"})


@functools.lru_cache(maxsize=512)
def returns_rows(sql: str) -> bool:
    """Return whether a statement gives rows: by its first word, or because it has RETURNING."""
    statements: tuple[Any, ...] = sqlparse.parse(sqlparse.format(sql, strip_comments=True).strip())
    if not statements:
        return False
    tokens = [token for token in statements[0].flatten() if not token.is_whitespace and token.value != "("]
    first = tokens[0].normalized.upper() if tokens else ""
    if first in _READING or (first == "WITH" and statements[0].get_type() == "SELECT"):
        return True
    return any(token.is_keyword and token.normalized.upper() == "RETURNING" for token in tokens)
