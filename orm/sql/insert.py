"""INSERT as structure: a table, columns, the source of the rows, and what happens to rows that are there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, NotSupportedError
from orm.sql.common_tables import compile_ctes
from orm.sql.expressions import Expression, Slot
from orm.sql.record import Record
from orm.sql.references import F
from orm.sql.sources import DefaultRow, SelectedRows, Source, ValueRow
from orm.sql.statements import Statement
from orm.sql.types import TEXT_KINDS
from orm.sql.zones import in_own_zone, told_in_own_zone

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.conditions import Where
    from orm.sql.described import ModelField
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver
    from orm.sql.sources import Text
    from orm.sql.types import SQLType

Assignment = tuple[Any, Expression]
"""A field, and the expression its column is set to."""


class ExcludedColumn(Expression):
    """In an upsert: the value of a column in the row that was to be inserted."""

    def __init__(self, field: ModelField) -> None:
        super().__init__(field)
        self.field = field

    def children(self) -> Iterator[Expression]:
        return iter(())

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return connection.excluded(connection.quote(self.field.column)), []


class Excluded(F):
    """In an upsert: a field of the row that was to be inserted, where ``F`` is one of the row that is there.

    ``bulk_create(rows, update_conflicts=True, unique_fields=["key"], update_fields={"n": F("n") + Excluded("n")})``
    """

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        if not query.of_upsert:
            raise FieldError(
                f"Excluded({self.name!r}) is a value of the row that was to be inserted, which there is only in "
                "bulk_create(update_conflicts=True): in its update_fields and its update_condition"
            )
        path = query.path(self.name)
        if path.hops or path.rest or not path.field.concrete:
            raise FieldError(f"Excluded({self.name!r}) is no column of the row that was to be inserted")
        return ExcludedColumn(path.field)


class Conflict(Record):
    """What to do with a row whose unique values are in the table: leave that one, or update it.

    ``target`` are the fields of the unique constraint (none: any constraint); ``assignments`` are empty where the row
    stays as it is; ``condition`` says which rows are updated.
    """

    target: tuple[Any, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    condition: Where | None = None

    def as_clause(self, compiler: Compiler) -> tuple[str, list[object]]:
        """Return the clause with a leading space.

        Raises ``NotSupportedError`` where the database has no such clause.
        """
        dialect = compiler.dialect
        able = dialect.capabilities.upsert if self.assignments else dialect.capabilities.ignore_conflicts
        if not able:
            raise NotSupportedError(f"{dialect.name} can't {'update on' if self.assignments else 'ignore'} conflicts")
        target = [dialect.quote(field.column) for field in self.target]
        if not self.assignments:
            return " " + dialect.on_conflict_ignore(target), []
        sets, params = compile_assignments(self.assignments, compiler)
        condition = None
        if self.condition is not None:
            condition, found = compiler.compile_condition(self.condition)
            params += found
        return " " + dialect.on_conflict_update(target, sets, condition), params


class Insert(Statement):
    """INSERT of the rows of a source into columns; ``fields`` are those of the columns, in the source's order."""

    fields: tuple[Any, ...]
    source: Source
    conflict: Conflict | None = None

    def as_sql(self, compiler: Compiler) -> Text:
        dialect = compiler.dialect
        before, params = compile_ctes(self.ctes, compiler)
        columns = "" if isinstance(self.source, DefaultRow) else self._columns(compiler)
        rows, found = self._rows(compiler)
        params += found
        clause = ""
        if self.conflict is not None:
            if isinstance(self.source, SelectedRows):
                # Without a WHERE, the ON of the clause could be that of a join.
                rows = f"SELECT * FROM ({rows}) AS given WHERE 1 = 1"
            clause, found = self.conflict.as_clause(compiler)
            params += found
        returning, found = self.returning_clause(compiler)
        text = f"{before}INSERT INTO {dialect.quote(self.table)}{columns} {rows}{clause}{returning}"
        return text, [*params, *found]

    def _rows(self, compiler: Compiler) -> Text:
        if not isinstance(self.source, ValueRow):
            return self.source.as_rows(compiler)
        row = [compile_stored(*pair, compiler) for pair in zip(self.fields, self.source.values, strict=True)]
        return f"VALUES ({', '.join(sql for sql, _ in row)})", [param for _, params in row for param in params]

    def _columns(self, compiler: Compiler) -> str:
        return f" ({', '.join(compiler.dialect.quote(field.column) for field in self.fields)})"


def compile_stored(field: SQLType, value: Expression, compiler: Compiler) -> Text:
    """Return a value in the form that the field's column stores: what is computed is converted as in any assignment.

    A moment that was cut in a zone has its date, or its time of day, in that zone.
    """
    sql, params = compiler.compile_value(value)
    if isinstance(value, Slot):
        return sql, params
    given = value.known_type()
    local = in_own_zone(sql, given, field.kind, compiler.dialect)
    if local is not None:
        return local, params
    if field.kind in TEXT_KINDS:
        sql = told_in_own_zone(sql, given, compiler.dialect)
    return compiler.dialect.stored(sql, field, None if given is None else given.kind), params


def compile_assignments(assignments: Sequence[Assignment], compiler: Compiler) -> tuple[list[str], list[object]]:
    """Return ``column = value`` for each assignment, and their parameters."""
    sets: list[str] = []
    params: list[Any] = []
    for field, value in assignments:
        sql, found = compile_stored(field, value, compiler)
        sets.append(f"{compiler.dialect.quote(field.column)} = {sql}")
        params += found
    return sets, params
