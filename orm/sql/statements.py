"""Statements that change rows, as structure: what INSERT, UPDATE and DELETE have in common.

Like a SELECT they are frozen, hold slots for values, and become text in one pure function,
``Compiler.compile_statement``. Before that the dialect may rewrite one that its database refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql.expressions import Slot
from orm.sql.fitting import Fitting
from orm.sql.nodes import Param, Rendered
from orm.sql.record import Record
from orm.sql.types import INTEGER_KINDS, SQLType

if TYPE_CHECKING:
    from orm.sql.common_tables import CommonTable
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Adapter, Dialect
    from orm.sql.select import Output
    from orm.sql.sources import Text


class Statement(Record):
    """A statement about the rows of one table.

    ``returning`` are columns of the rows that were changed, and the statement's result; ``ctes`` are the queries it
    may select from; ``comment`` stands before it.
    """

    table: str
    ctes: tuple[CommonTable, ...] = ()
    returning: tuple[Output, ...] = ()
    comment: str | None = None

    def as_sql(self, compiler: Compiler) -> Text:
        """Return the SQL. Raises ``EmptyResultSet`` for a statement that could change no row."""
        raise NotImplementedError(f"{type(self).__name__} must define as_sql(compiler)")

    def returning_clause(self, compiler: Compiler) -> tuple[str, list[object]]:
        """Return ``RETURNING …`` with a leading space, or nothing.

        Raises ``NotSupportedError`` where the database can't return the rows it changed.
        """
        if not self.returning:
            return "", []
        compiler.dialect.refuse_returning()
        return compiler.compile_outputs(" RETURNING ", self.returning)


class Stored:
    """Prepares a value as its field stores it on one dialect, and adapts it."""

    def __init__(self, field: SQLType, dialect: Dialect, adapter: Adapter | None) -> None:
        self.prepare = field.store_preparer(dialect)
        self.adapter = adapter

    def __call__(self, value: object) -> object:
        value = self.prepare(value)
        return value if value is None or self.adapter is None else self.adapter(value)


class StoredSlot(Slot):
    """The place of a value that a column is set to; a whole number that the column can't hold is refused."""

    def __init__(self, index: int, field: SQLType, bare: bool = True) -> None:
        super().__init__(index, field, bare)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = super().as_sql(compiler, connection)
        field = self.output_field
        if field.kind in INTEGER_KINDS:
            params = [params[0]._replace(adapter=Fitting(field, connection))]
        if not field.stores_prepared:
            params = [params[0]._replace(adapter=Stored(field, connection, params[0].adapter))]
        return sql, params


class AdaptedSlot(Slot):
    """The place of a value that was adapted already; ``bare`` where a column beside it gives its type."""

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return "%s" if self.bare else connection.parameter(self._output_field), [Param(self.index)]
