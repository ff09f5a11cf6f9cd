"""Sources: what rows come from. One family for FROM, ``UPDATE … FROM``, ``DELETE … USING`` and what an INSERT inserts.

A source renders itself in two ways: ``as_rows`` as the rows an INSERT takes or a CTE holds, ``as_table`` as a table
with an alias and names for its columns. A source that can be only one of these refuses the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from orm.errors import NotSupportedError
from orm.sql.expressions import Expression
from orm.sql.nodes import Param
from orm.sql.record import Record
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.select import Select

Text = tuple[str, Sequence[Any]]
"""SQL with ``%s`` for each parameter, and the parameters."""


class Source(Record):
    """Base of everything rows come from."""

    def as_rows(self, compiler: Compiler) -> Text:
        """Return the rows: what stands after the columns of an INSERT."""
        raise NotSupportedError(f"{type(self).__name__} can't be inserted from")

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        """Return the rows as a table in FROM, under an alias and with names for its columns."""
        raise NotSupportedError(f"{type(self).__name__} can't stand in FROM")

    def selects(self) -> Iterator[Select]:
        """Yield the selects the rows come from."""
        yield from ()

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        """Return this with every expression changed and every table alias renamed."""
        return self


class DefaultRow(Source):
    """One row of which the database makes every value."""

    def as_rows(self, compiler: Compiler) -> Text:
        return compiler.dialect.default_row(), []


class ValueRow(Source):
    """One row of expressions."""

    values: tuple[Expression, ...]

    def as_rows(self, compiler: Compiler) -> Text:
        parts = [compiler.compile_value(value) for value in self.values]
        return f"VALUES ({', '.join(sql for sql, _ in parts)})", [param for _, params in parts for param in params]


class ParameterRows(Source):
    """``count`` rows of parameters that are adapted already, row after row; ``types`` are those of the columns.

    Their slots begin with ``first``.
    """

    types: tuple[SQLType, ...]
    count: int
    first: int = 0

    def _params(self) -> list[Param]:
        return [Param(self.first + number) for number in range(self.count * len(self.types))]

    def as_rows(self, compiler: Compiler) -> Text:
        return "VALUES " + ", ".join([self._row(compiler)] * self.count), self._params()

    def _row(self, compiler: Compiler) -> str:
        return f"({', '.join(map(compiler.dialect.parameter_beside, self.types))})"

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        dialect = compiler.dialect
        # The first row says the types to a database that has to be told.
        first = f"({', '.join(dialect.parameter(sql_type) for sql_type in self.types)})"
        rows = [first, *[self._row(compiler)] * (self.count - 1)]
        return dialect.value_table(rows, dialect.quote(alias), [dialect.quote(name) for name in names]), self._params()


class ParameterArrays(Source):
    """Any number of rows, one array parameter for each column; their slots begin with ``first``.

    For dialects whose ``array_rows`` is not None.
    """

    types: tuple[SQLType, ...]
    first: int = 0

    def _unnested(self, compiler: Compiler) -> Text:
        params = [Param(self.first + number) for number in range(len(self.types))]
        return compiler.dialect.array_rows(self.types) or "", params

    def as_rows(self, compiler: Compiler) -> Text:
        sql, params = self._unnested(compiler)
        return f"SELECT * FROM {sql}", params

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        sql, params = self._unnested(compiler)
        quote = compiler.dialect.quote
        return f"{sql} AS {quote(alias)}({', '.join(map(quote, names))})", params


class SelectedRows(Source):
    """The rows of a finished SELECT."""

    select: Select

    def as_rows(self, compiler: Compiler) -> Text:
        return compiler.compile_select(self.select)

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        """Return the select in parentheses; its outputs have names of their own unless ``names`` gives others."""
        sql, params = compiler.compile_select(self.select)
        quote = compiler.dialect.quote
        columns = f"({', '.join(map(quote, names))})" if names else ""
        return f"({sql}) {quote(alias)}{columns}", params

    def selects(self) -> Iterator[Select]:
        yield self.select

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        return self.replace(select=self.select.transform(change, aliases))
