"""Subqueries as expressions: a queryset used as a value (``Subquery``) or as a condition (``Exists``)."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from orm.sql import types
from orm.sql.combinable import Combinable
from orm.sql.expressions import Expression
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.resolving import Resolver

_NAME = re.compile(r"%\((\w+)\)s")


class Subquery(Expression):
    """The single value of a queryset of one column: ``Subquery(newest.values("title")[:1])``.

    Inside the queryset ``OuterRef`` names fields of the query around it. A subclass may put it in a ``template`` of its
    own, ``(SELECT COUNT(*) FROM (%(subquery)s) AS rows)`` say, whose further names are ``extra`` keywords; these become
    SQL as they are: they are the programmer's, never a user's.
    """

    template = "(%(subquery)s)"

    def __init__(self, queryset: Any, output_field: SQLType | None = None, **extra: Any) -> None:
        super().__init__(output_field)
        template = extra.pop("template", self.template)
        unknown = extra.keys() - set(_NAME.findall(template))
        if unknown:
            raise TypeError(
                f"{type(self).__name__}() got an unexpected keyword argument {min(unknown)!r}: no parameter and no "
                "name in its template"
            )
        self._text = _NAME.sub(lambda name: str(extra[name[1]]) if name[1] in extra else name[0], template)
        if not hasattr(queryset, "embedded"):
            raise TypeError(f"{type(self).__name__}() takes a queryset, not {queryset!r}")
        self.queryset = queryset

    def structure(self, values: list[object]) -> Hashable:
        field = self._output_field.structure() if self._output_field is not None else None
        return (type(self), self._text, self.queryset.query_structure(values), field)

    def _infer_output_field(self) -> SQLType | None:
        found: SQLType | None = self.queryset.value_type()
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.queryset.model.__name__})"

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        own_type = self._output_field
        if own_type is None and type(self).output_field is not Expression.output_field:
            own_type = self.output_field  # a subclass may say it as an attribute
        return query.embed_value(self.queryset.in_its_order(), self._text, own_type, first=True)


class Exists(Subquery):
    """Whether a queryset has any row: ``filter(Exists(Book.objects.filter(author=OuterRef("pk"))))``."""

    template = "EXISTS(%(subquery)s)"
    conditional_kind = True

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        return query.embed_condition(self.queryset, self._text)


Combinable.subquery_class = Subquery
