"""A condition that a relation of an application's own adds to its joins, and writes as SQL itself."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from orm.sql import types
from orm.sql.columns import Col
from orm.sql.expressions import Expression

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.nodes import Rendered


class AddedCondition(Expression):
    """What a field's ``get_extra_restriction`` gives, where that is no expression of the library's.

    Parameters: ``field`` is asked for it, when the statement is written, with the aliases its tables have by then:
    ``target`` is that of the table the relation leads to, ``own`` that of the one it comes from.
    """

    conditional_kind = True

    def __init__(self, field: Any, target: str, own: str) -> None:
        super().__init__(types.BOOLEAN)
        self.field = field
        self.target = Col(target, field.model._meta.pk)
        self.own = Col(own, field.model._meta.pk)

    def structure(self, values: list[object]) -> Hashable:
        return (type(self), id(self.field), self.target.structure(values), self.own.structure(values))

    def as_sql(self, compiler: Compiler, connection: object) -> Rendered:
        condition = self.field.get_extra_restriction(self.target.alias, self.own.alias)
        sql, params = condition.as_sql(compiler, connection)
        return sql, list(params)
