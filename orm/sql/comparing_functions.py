"""Computed values compared to each other by a function (MAX, GREATEST, NULLIF…), as a database may want them written.

SQLite keeps decimals of many digits as text and others as numbers, and compares these by what they are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from orm.sql.calls import Func
from orm.sql.expressions import Expression
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered

F = TypeVar("F", bound=Func)


class AsCompared(Expression):
    """A value as it is compared."""

    def __init__(self, expression: Expression, sql_type: SQLType) -> None:
        super().__init__(sql_type)
        self.expression = expression

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile_value(self.expression)
        return connection.computed_as_compared(sql, self.output_field), params


def with_compared(function: F, *, given: bool) -> F:
    """Return a resolved function whose arguments are as they are compared; ``given`` says whether columns and bound
    values are, too, or computed ones only."""
    made: F = function.copy()
    made.source_expressions = [
        argument
        if (sql_type := argument.known_type() if given else argument.type_if_computed()) is None
        else AsCompared(argument, sql_type)
        for argument in function.source_expressions
    ]
    return made
