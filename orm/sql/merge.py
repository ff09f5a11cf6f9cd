"""MERGE as structure: a table, the rows it is compared with, and what happens to those that meet, and to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.errors import NotSupportedError
from orm.sql.common_tables import compile_ctes
from orm.sql.conditions import Where
from orm.sql.insert import Assignment, compile_assignments, compile_stored
from orm.sql.record import Record
from orm.sql.sources import Source
from orm.sql.statements import Statement

if TYPE_CHECKING:
    from typing import Any

    from orm.sql.compiler import Compiler
    from orm.sql.sources import Text


class MergeClause(Record):
    """What happens to a row that meets a condition: ``action`` is update, delete, insert or nothing.

    ``matched``: it is about the table's rows that meet one of the source, else about rows of the source that meet none.
    """

    matched: bool
    action: str
    condition: Where | None = None
    assignments: tuple[Assignment, ...] = ()

    def as_clause(self, compiler: Compiler) -> Text:
        """Return ``WHEN … THEN …``."""
        text, params = f"WHEN {'MATCHED' if self.matched else 'NOT MATCHED'}", []
        if self.condition is not None:
            sql, found = compiler.compile_condition(self.condition)
            text, params = f"{text} AND ({sql})", [*found]
        if self.action == "update":
            sets, found = compile_assignments(self.assignments, compiler)
            return f"{text} THEN UPDATE SET {', '.join(sets)}", [*params, *found]
        if self.action == "insert":
            sql, found = self._inserted(compiler)
            return f"{text} THEN INSERT {sql}", [*params, *found]
        return f"{text} THEN {'DELETE' if self.action == 'delete' else 'DO NOTHING'}", params

    def _inserted(self, compiler: Compiler) -> Text:
        quote = compiler.dialect.quote
        if not self.assignments:
            return "DEFAULT VALUES", []
        values: list[str] = []
        params: list[Any] = []
        for field, value in self.assignments:
            sql, found = compile_stored(field, value, compiler)
            values.append(sql)
            params += found
        columns = ", ".join(quote(field.column) for field, _ in self.assignments)
        return f"({columns}) VALUES ({', '.join(values)})", params


class Merge(Statement):
    """MERGE of the rows of a source, known as ``source_alias``, into a table; ``on`` says which rows meet."""

    source: Source
    source_alias: str
    on: Where
    clauses: tuple[MergeClause, ...]

    def as_sql(self, compiler: Compiler) -> Text:
        dialect = compiler.dialect
        if not dialect.capabilities.merge:
            raise NotSupportedError(
                f"{dialect.display_name} has no MERGE: bulk_create(update_conflicts=True) inserts rows, or updates "
                "those that are there by a unique constraint"
            )
        before, params = compile_ctes(self.ctes, compiler)
        source, found = self.source.as_table(compiler, self.source_alias, ())
        on, found_on = compiler.compile_condition(self.on)
        params += [*found, *found_on]
        clauses: list[str] = []
        for clause in self.clauses:
            sql, found = clause.as_clause(compiler)
            clauses.append(sql)
            params += found
        text = f"{before}MERGE INTO {dialect.quote(self.table)} USING {source} ON {on} {' '.join(clauses)}"
        return text, params
