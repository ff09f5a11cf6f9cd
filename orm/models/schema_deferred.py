"""Statements that wait for the end of a schema change, with the tables they speak of."""

from __future__ import annotations

from typing import Any

from orm.records import NamedTuple


class Deferred(NamedTuple):
    """A statement that waits for the end: ``tables`` are those it speaks of, the first being the one it changes."""

    sql: str
    tables: tuple[str, ...]

    def __str__(self) -> str:
        return self.sql


def speaks_of(statement: Any, *tables: str) -> bool:
    """Whether a waiting statement speaks of one of these tables.

    Others may append statements: one that says what it speaks of (``references_table()``) is asked, a text is not.
    """
    if isinstance(statement, Deferred):
        return not set(tables).isdisjoint(statement.tables)
    return hasattr(statement, "references_table") and any(statement.references_table(table) for table in tables)
