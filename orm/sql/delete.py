"""DELETE as structure: a table, and which of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.common_tables import compile_ctes
from orm.sql.expressions import Expression
from orm.sql.nodes import Param
from orm.sql.select_text import compile_table, compile_ties, compile_where, inner_aliases
from orm.sql.statements import Statement

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.conditions import Where
    from orm.sql.described import ModelField
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.select import Select
    from orm.sql.sources import Text


class Delete(Statement):
    """DELETE of the rows of a table that meet ``where``.

    ``joined`` is the query whose rows they are, where that joins others: a database that has DELETE … USING joins these
    in the statement itself.
    """

    where: Where | None = None
    joined: Select | None = None

    def as_sql(self, compiler: Compiler) -> Text:
        if self.joined is not None and compiler.dialect.capabilities.delete_using and _joins_all(self.joined):
            return self._using(self.joined, compiler)
        before, params = compile_ctes(self.ctes, compiler)
        where, found = compile_where(self.where, "WHERE", compiler)
        params += found
        returning, found = self.returning_clause(compiler)
        return f"{before}DELETE FROM {compiler.dialect.quote(self.table)}{where}{returning}", [*params, *found]

    def _using(self, select: Select, compiler: Compiler) -> Text:
        quote = compiler.dialect.quote
        tables: list[str] = []
        conditions: list[str] = []
        params: list[Any] = []
        tied: list[Any] = []
        _, *others = select.joins.values()
        for join in others:
            table, found = compile_table(join, compiler)
            tables.append(table)
            params += found
            ties, found = compile_ties(join, compiler)
            conditions += ties
            tied += found
        where, found = compile_where(select.where, "AND", compiler)
        returning, returned = self.returning_clause(compiler)
        if where and conditions:
            sql = f"({where.removeprefix(' AND ')})"
            where = f" WHERE {' AND '.join([*conditions, sql])}"
        elif conditions:
            where = f" WHERE {' AND '.join(conditions)}"
        else:
            where = where.replace(" AND", " WHERE", 1)
        text = f"DELETE FROM {quote(self.table)} USING {', '.join(tables)}{where}{returning}"
        return text, [*params, *tied, *found, *returned]


def _joins_all(select: Select) -> bool:
    """Whether the query's joins leave out rows that meet none, and so may stand beside each other."""
    lateral = any(getattr(join.source, "lateral", False) for join in select.joins.values())
    return not (select.ctes or lateral) and inner_aliases(select) == set(select.joins)


class DeleteByKey(Delete):
    """A DELETE in which one value, a key, fills every slot."""

    def as_sql(self, compiler: Compiler) -> Text:
        sql, params = super().as_sql(compiler)
        return sql, [param._replace(slot=0) if isinstance(param, Param) else param for param in params]


DOOMED = "doomed"


class DoomedKeys(Expression):
    """The keys of a row that goes and of those that refer to it, and so on: for IN.

    ``own`` are the foreign keys of the table to itself, by which rows refer to the first. ``here`` says that the common
    table of the keys is written with what asks for it, and not in front of the statement. ``gives_few`` is for IN: see
    ``Dialect.among_few``.
    """

    def __init__(self, key: ModelField, own: Sequence[ModelField], here: bool) -> None:
        super().__init__(key)
        self.key = key
        self.own = own
        self.here = here
        self.gives_few = key.kind != "array"

    def as_rows(self, compiler: Compiler) -> Text:
        """Return the rows of the common table that holds the keys."""
        quote = compiler.dialect.quote
        rows = f"SELECT {quote(self.key.column)} FROM {quote(DOOMED)}"
        params: list[Any] = []
        if self.here:
            table, params = self.as_table(compiler)
            rows = f"WITH RECURSIVE {table} {rows}"
        return f"({rows})", params

    def as_table(self, compiler: Compiler) -> tuple[str, list[Any]]:
        """Return the common table: the key, and the keys of what refers to it, and so on."""
        dialect = compiler.dialect
        quote = dialect.quote
        table, key = quote(self.key.model._meta.db_table), quote(self.key.column)
        ties = " OR ".join(f"T.{quote(field.column)} = {quote(DOOMED)}.{key}" for field in self.own)
        first = f"SELECT {key} FROM {table} WHERE {key} = %s"
        further = f"SELECT T.{key} FROM {table} T INNER JOIN {quote(DOOMED)} ON ({ties})"
        return f"{quote(DOOMED)} AS ({first} UNION {further})", [Param(0, dialect.comparison_adapter(self.key))]

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return self.as_rows(compiler)


class DeleteTogether(Statement):
    """Several DELETEs as one statement, which gives how many rows each took.

    ``keys`` are those of the rows that go, where some of these refer to others of the same table.
    """

    keys: DoomedKeys | None = None
    parts: tuple[DeleteByKey, ...] = ()

    def as_sql(self, compiler: Compiler) -> Text:
        quote = compiler.dialect.quote
        tables: list[str] = []
        params: list[Any] = []
        if self.keys is not None:
            sql, params = self.keys.as_table(compiler)
            tables.append(sql)
        for number, part in enumerate(self.parts):
            sql, found = part.as_sql(compiler)
            tables.append(f"{quote(f'd{number}')} AS ({sql} RETURNING 1)")
            params += found
        counts = ", ".join(f"(SELECT COUNT(*) FROM {quote(f'd{number}')})" for number in range(len(self.parts)))
        word = "WITH" if self.keys is None else "WITH RECURSIVE"
        return f"{word} {', '.join(tables)} SELECT {counts}", params
