"""SQL written by hand inside a query, and conversions between types."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.expressions import Expression, Slot
from orm.sql.python_types import type_of
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


class RawSQL(Expression):
    """SQL written by hand, with ``%s`` for its parameters. The text is yours to keep safe; the parameters are bound."""

    def __init__(self, sql: str, params: Sequence[Any] = (), output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.sql = sql
        self.params: Sequence[Any] = tuple(params)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sql}, {list(self.params)})"

    def structure(self, values: list[Any]) -> Hashable:
        values.extend(self.params)
        field = self._output_field.structure() if self._output_field is not None else None
        return (type(self), self.sql, len(self.params), field)

    def _infer_output_field(self) -> SQLType | None:
        return None

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        new = copy.copy(self)
        new.params = [Slot(query.take_slot(value, None), type_of(value), bare=True) for value in self.params]
        return new

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        return f"({self.sql})", [p for slot in self.params for p in compiler.compile(slot)[1]]


class ExtraColumn(RawSQL):
    """A column of ``extra(select=…)``: it comes before the model's own where a row has all there are."""
