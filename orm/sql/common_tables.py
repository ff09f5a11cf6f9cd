"""Queries with names, in front of a statement (WITH), that it and those after them may select from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from orm.errors import EmptyResultSet
from orm.sql.expressions import Expression
from orm.sql.record import Record
from orm.sql.sources import SelectedRows, Text
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler


class CommonTable(Record):
    """One query with a name.

    ``columns`` are the names of what it offers, ``types`` theirs where they are known. ``materialized`` asks the
    database to compute it once (True) or as part of what uses it (False); None leaves that to the database.
    """

    name: str
    rows: SelectedRows
    columns: tuple[str, ...]
    types: tuple[SQLType | None, ...]
    recursive: bool = False
    materialized: bool | None = None

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        """Return this with every expression changed and every table alias renamed."""
        return self.replace(rows=self.rows.transformed(change, aliases))


def compile_ctes(ctes: Sequence[CommonTable], compiler: Compiler) -> tuple[str, list[object]]:
    """Return ``WITH …`` with a trailing space, or nothing."""
    if not ctes:
        return "", []
    quote = compiler.dialect.quote
    parts: list[str] = []
    params: list[Any] = []
    for cte in ctes:
        try:
            sql, found = _rows(cte, compiler)
        except EmptyResultSet:
            # What selects from it is still right: an outer join keeps its rows.
            sql, found = cte.rows.no_rows(compiler), []
        hint = "" if cte.materialized is None else compiler.dialect.materialized(cte.materialized)
        parts.append(f"{quote(cte.name)}({', '.join(map(quote, cte.columns))}) AS {hint}({sql})")
        params += found
    word = "WITH RECURSIVE" if any(cte.recursive for cte in ctes) else "WITH"
    return f"{word} {', '.join(parts)} ", params


def _rows(cte: CommonTable, compiler: Compiler) -> Text:
    """Return the rows of one.

    Raises ``EmptyResultSet`` when there can be none: of a recursive one, too, where it has no row to go on from.
    """
    combination = cte.rows.select.combination
    if cte.recursive and combination is not None:
        SelectedRows(select=combination.parts[0]).as_rows(compiler)
    return cte.rows.as_rows(compiler)
