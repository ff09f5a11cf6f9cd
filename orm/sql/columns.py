"""Columns: of a table, of any source by name, of the query's own output; and the ``*`` of ``COUNT(*)``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from orm.sql.expressions import Expression

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.types import SQLType


class Star(Expression):
    """The ``*`` of ``COUNT(*)``."""

    def _infer_output_field(self) -> SQLType | None:
        return None

    def __repr__(self) -> str:
        return "'*'"

    def group_by_columns(self) -> Iterable[Expression]:
        return ()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return "*", []


class Col(Expression):
    """A column of a table in the query."""

    is_given = True

    def __init__(self, alias: str, target: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field or target)
        self.alias = alias
        self.target = target

    def children(self) -> Iterator[Expression]:
        return iter(())

    def map(self, change: Callable[[Expression], Expression]) -> Self:
        return self

    def structure(self, values: list[object]) -> Hashable:
        return (Col, self.alias, self.target)

    @property
    def contains_aggregate(self) -> bool:
        return False

    @property
    def contains_over_clause(self) -> bool:
        return False

    def rejects_null(self) -> set[str]:
        return {self.alias}

    @property
    def is_key_of_several(self) -> bool:
        """Whether it stands for a key that is made of several columns."""
        return bool(self.target.is_composite)

    @property
    def parts(self) -> tuple[Col, ...]:
        """The columns of a key that is made of several; itself where it is one."""
        if not self.target.is_composite:
            return (self,)
        return tuple(Col(self.alias, field) for field in self.target.fields)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        quote = connection.quote
        if self.target.is_composite:
            alias = quote(self.alias)
            return f"({', '.join(f'{alias}.{quote(column)}' for column in self.target.columns)})", []
        return f"{quote(self.alias)}.{quote(self.target.column)}", []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.alias}, {self.target})"


class Column(Expression):
    """A column of a source, by name: ``given.v0``."""

    is_given = True

    def __init__(self, alias: str, name: str, sql_type: SQLType | None = None) -> None:
        super().__init__(sql_type)
        self.alias = alias
        self.name = name

    def children(self) -> Iterator[Expression]:
        return iter(())

    def _infer_output_field(self) -> SQLType | None:
        return None

    def rejects_null(self) -> set[str]:
        return {self.alias}

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return f"{connection.quote(self.alias)}.{connection.quote(self.name)}", []


class Ref(Expression):
    """An output column of the query (or of a subquery it selects from), by its name."""

    def __init__(self, name: str, source: Expression, alias: str | None = None) -> None:
        super().__init__()
        self.name = name
        self.source = source
        self.alias = alias
        self.is_part_of_json = source.is_part_of_json

    def _infer_output_field(self) -> SQLType | None:
        return self.source.output_field_or_none

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, {self.source})"

    @property
    def contains_aggregate(self) -> bool:
        return self.alias is None and self.source.contains_aggregate

    @property
    def contains_over_clause(self) -> bool:
        return self.alias is None and self.source.contains_over_clause

    def children(self) -> Iterator[Expression]:
        return iter(()) if self.alias is not None else iter((self.source,))

    def group_by_columns(self) -> Iterable[Expression]:
        return [self] if self.alias is not None else self.source.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        name = connection.quote(self.name)
        return (f"{connection.quote(self.alias)}.{name}" if self.alias is not None else name), []
