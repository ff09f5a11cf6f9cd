"""Sources: what rows come from. One family for FROM, ``UPDATE … FROM``, ``DELETE … USING`` and what an INSERT inserts.

A source renders itself in two ways: ``as_rows`` as the rows an INSERT takes or a CTE holds, ``as_table`` as a table
with an alias and names for its columns. A source that can be only one of these refuses the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.errors import NotSupportedError
from orm.sql.expressions import Expression, Null
from orm.sql.nodes import Param, Rendered
from orm.sql.record import Record
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Adapter
    from orm.sql.select import Select

Text = Rendered
"""SQL with ``%s`` for each parameter, and the parameters."""


class Source(Record):
    """Base of everything rows come from."""

    table_like: ClassVar[bool] = False
    """Whether it stands where a model's table would, so that its rows are those of a query as they are."""

    def as_rows(self, compiler: Compiler) -> Text:
        """Return the rows: what stands after the columns of an INSERT."""
        raise NotSupportedError(f"{type(self).__name__} can't be inserted from")

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        """Return the rows as a table in FROM, under an alias and with names for its columns."""
        raise NotSupportedError(f"{type(self).__name__} can't stand in FROM")

    def selects(self) -> Iterator[Select]:
        """Yield the selects the rows come from."""
        yield from ()

    def expressions(self) -> Iterator[Expression]:
        """Yield the expressions the rows are made of."""
        yield from ()

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        """Return this with every expression changed and every table alias renamed."""
        return self


def no_rows(compiler: Compiler, kinds: Sequence[SQLType | None], names: Sequence[str | None]) -> str:
    """Return a SELECT of no row whose columns have these types, where they are known, and these names."""
    columns: list[str] = []
    for kind, name in zip(kinds, names, strict=True):
        sql, _ = compiler.compile(Null(kind))
        columns.append(sql if name is None else f"{sql} AS {compiler.dialect.quote(name)}")
    return f"SELECT {', '.join(columns)} WHERE 1 = 0"


class DefaultRow(Source):
    """One row of which the database makes every value."""

    def as_rows(self, compiler: Compiler) -> Text:
        return compiler.dialect.default_row(), []


class ValueRow(Source):
    """One row of expressions, which an INSERT converts to what its columns store."""

    values: tuple[Expression, ...]


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


class Item:
    """Takes one item of a list in a slot, adapted."""

    def __init__(self, number: int, adapter: Adapter | None) -> None:
        self.number = number
        self.adapter = adapter

    def __call__(self, items: Any) -> Any:
        item = items[self.number]
        return item if item is None or self.adapter is None else self.adapter(item)


class Items:
    """Takes a whole list in a slot, each item adapted."""

    def __init__(self, adapter: Adapter | None) -> None:
        self.adapter = adapter

    def __call__(self, items: Any) -> list[Any]:
        adapter = self.adapter
        return list(items) if adapter is None else [None if item is None else adapter(item) for item in items]


class GivenRows(Source):
    """Rows of values that a caller gives: ``columns`` are slots, each with the list of one column's values.

    Any number of rows is one text where the database takes lists as arrays; elsewhere the text depends on how many
    there are.
    """

    columns: tuple[Any, ...]
    table_like: ClassVar[bool] = True

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        dialect = compiler.dialect
        quoted, columns = dialect.quote(alias), [dialect.quote(name) for name in names]
        kinds = [slot.output_field for slot in self.columns]
        adapters = [dialect.adapter(kind) for kind in kinds]
        arrays = dialect.array_rows(kinds)
        if arrays is not None:
            params = [Param(slot.index, Items(one)) for slot, one in zip(self.columns, adapters, strict=True)]
            return f"{arrays} AS {quoted}({', '.join(columns)})", params
        count = compiler.list_length(self.columns[0].index)
        if not count:
            return f"({no_rows(compiler, kinds, names)}) AS {quoted}", []
        # The first row tells the database the types of the columns; in those below it parameters need no cast.
        first = f"({', '.join(map(dialect.parameter, kinds))})"
        rows = [first, *[f"({', '.join(map(dialect.parameter_beside, kinds))})"] * (count - 1)]
        pairs = list(zip(self.columns, adapters, strict=True))
        params = [Param(slot.index, Item(number, one)) for number in range(count) for slot, one in pairs]
        return dialect.value_table(rows, quoted, columns), params

    def expressions(self) -> Iterator[Expression]:
        yield from self.columns

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        return self.replace(columns=tuple(change(slot) for slot in self.columns))


class FunctionRows(Source):
    """The rows of a function of the database: its name there, its arguments, and the types of its columns."""

    function: str
    arguments: tuple[Expression, ...]
    types: tuple[SQLType, ...]
    table_like: ClassVar[bool] = True

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        dialect = compiler.dialect
        parts = [compiler.compile_value(argument) for argument in self.arguments]
        columns = [dialect.quote(name) for name in names]
        sql = dialect.table_function(self.function, [sql for sql, _ in parts], dialect.quote(alias), columns)
        return sql, [param for _, params in parts for param in params]

    def expressions(self) -> Iterator[Expression]:
        yield from self.arguments

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        return self.replace(arguments=tuple(change(argument) for argument in self.arguments))


class FunctionCall(Source):
    """A function that is called for each row of the tables before it, where the database has no LATERAL for it."""

    function: str
    arguments: tuple[Expression, ...]
    through: str | None = None
    table_like: ClassVar[bool] = True

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        parts = [compiler.compile_value(argument) for argument in self.arguments]
        given = ", ".join(sql for sql, _ in parts)
        given = given if self.through is None else f"{self.through}({given})"
        sql = f"{self.function}({given}) AS {compiler.dialect.quote(alias)}"
        return sql, [param for _, params in parts for param in params]


class SelectedRows(Source):
    """The rows of a finished SELECT. ``lateral``: it speaks of the sources before it in FROM."""

    select: Select
    lateral: bool = False

    def as_rows(self, compiler: Compiler) -> Text:
        return compiler.compile_select(self.select)

    def as_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> Text:
        """Return the select in parentheses; its outputs have names of their own unless ``names`` gives others."""
        sql, params = compiler.compile_select(self.select)
        word = "LATERAL " if self.lateral else ""
        return f"{word}({sql}) {self._named(compiler, alias, names)}", params

    def no_rows(self, compiler: Compiler) -> str:
        """Return a SELECT of these columns that gives no row: what this is where ``EmptyResultSet`` was raised."""
        outputs = self.select.outputs or ()
        kinds = [output.expression.output_field_or_none for output in outputs]
        return no_rows(compiler, kinds, [output.name for output in outputs])

    def as_empty_table(self, compiler: Compiler, alias: str, names: Sequence[str]) -> str:
        """Return what ``as_table`` would, without a row."""
        return f"({self.no_rows(compiler)}) {self._named(compiler, alias, names)}"

    def _named(self, compiler: Compiler, alias: str, names: Sequence[str]) -> str:
        quote = compiler.dialect.quote
        return quote(alias) + (f"({', '.join(map(quote, names))})" if names else "")

    def selects(self) -> Iterator[Select]:
        yield self.select

    def transformed(self, change: Callable[[Expression], Expression], aliases: dict[str, str]) -> Self:
        return self.replace(select=self.select.transform(change, aliases))
