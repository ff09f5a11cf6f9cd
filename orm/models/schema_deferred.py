"""Statements that wait for the end of a schema change, with the tables they speak of."""

from __future__ import annotations

from orm.records import NamedTuple


class Deferred(NamedTuple):
    """A statement that waits for the end: ``tables`` are those it speaks of, the first being the one it changes."""

    sql: str
    tables: tuple[str, ...]

    def __str__(self) -> str:
        return self.sql


def tables_of(statement: object) -> tuple[str, ...]:
    """The tables that a waiting statement speaks of; none of a plain text, which others may append."""
    return statement.tables if isinstance(statement, Deferred) else ()
