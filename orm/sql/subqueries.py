"""Subqueries as expressions: a queryset used as a value (``Subquery``) or as a condition (``Exists``)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from orm.sql import types
from orm.sql.expressions import Combinable, Expression
from orm.sql.types import SQLType


class Subquery(Expression):
    """The single value of a queryset of one column: ``Subquery(newest.values("title")[:1])``.

    Inside the queryset ``OuterRef`` names fields of the query around it.
    """

    template = "({})"

    def __init__(self, queryset: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        if not hasattr(queryset, "embedded"):
            raise TypeError(f"{type(self).__name__}() takes a queryset, not {queryset!r}")
        self.queryset = queryset

    def structure(self, values: list[Any]) -> Hashable:
        field = self._output_field.structure() if self._output_field is not None else None
        return (type(self), self.queryset.query_structure(values), field)

    def _infer_output_field(self) -> SQLType | None:
        found: SQLType | None = self.queryset.value_type()
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.queryset.model.__name__})"

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        return query.embed_value(self.queryset, self.template, self._output_field)


class Exists(Subquery):
    """Whether a queryset has any row: ``filter(Exists(Book.objects.filter(author=OuterRef("pk"))))``."""

    template = "EXISTS({})"
    conditional_kind = True

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        return query.embed_condition(self.queryset, self.template)


Combinable.subquery_class = Subquery
