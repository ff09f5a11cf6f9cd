"""SQL written by hand inside a query, and conversions between types."""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.expressions import Expression, Slot
from orm.sql.python_types import type_of
from orm.sql.types import SQLType
from orm.structures.arguments import checked_sql, listed

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver


class RawSQL(Expression):
    """SQL written by hand, with ``%s`` for its parameters. The text is yours to keep safe; the parameters are bound."""

    allowed_default: Any = True

    def __init__(self, sql: str, params: Sequence[object] = (), output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.sql: str = checked_sql("RawSQL()", sql)
        self.params: Sequence[Any] = tuple(listed("RawSQL(params=…)", params, "a list of values"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sql}, {list(self.params)})"

    def structure(self, values: list[object]) -> Hashable:
        values.extend(self.params)
        field = self._output_field.structure() if self._output_field is not None else None
        kind = type_of(self.params[0]) if self._is_value and self.params else None
        return (type(self), self.sql, len(self.params), field, kind)

    def _infer_output_field(self) -> SQLType | None:
        return None

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        new = copy.copy(self)
        alone = self._is_value
        for name in self._inherited(query):
            query.resolve_ref(name, allow_joins)
        new.params = [Slot(query.take_slot(value, None), type_of(value), bare=not alone) for value in self.params]
        return new

    def _inherited(self, query: object) -> list[str]:
        """Return the fields whose columns the text may speak of that lie in the tables of parents, which are joined."""
        model = getattr(query, "model", None)
        if model is None or not model._meta.parents:
            return []
        own = set(model._meta.local_concrete_fields)
        inherited = (field for field in model._meta.concrete_fields if field not in own)
        return [one.name for one in inherited if re.search(rf"\b{re.escape(one.column)}\b", self.sql, re.IGNORECASE)]

    @property
    def _is_value(self) -> bool:
        """Whether the text is one value and nothing else, so that nothing beside it says of which type it is."""
        return self.sql.strip() == "%s"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if self._is_value and self.params:
            return compiler.compile(self.params[0])
        return f"({self.sql})", [p for slot in self.params for p in compiler.compile(slot)[1]]


class ExtraColumn(RawSQL):
    """A column of ``extra(select=…)``: it comes before the model's own where a row has all there are."""
