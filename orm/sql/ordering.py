"""An expression with a direction: what the rows of a query, of a window or of an aggregate are put in order by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.sql.expressions import Expression

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


class OrderBy(Expression):
    """An expression with a direction: what ``order_by`` takes, and ``F("x").desc(nulls_last=True)`` gives."""

    constraint_validation_compatible = False

    is_one_term: bool = False
    asked_by: tuple[str, bool] | None = None
    """For one of the orderings of a related model: the name of the relation that was to be ordered by, and whether
    downwards."""

    def __init__(
        self,
        expression: Any,
        *,
        descending: bool = False,
        nulls_first: bool | None = None,
        nulls_last: bool | None = None,
    ) -> None:
        if nulls_first and nulls_last:
            raise ValueError("nulls_first and nulls_last are mutually exclusive")
        if nulls_first is False or nulls_last is False:
            raise ValueError("nulls_first and nulls_last values must be True or None.")
        if not hasattr(expression, "resolve_expression"):
            raise ValueError(f"expression must be an expression type, not {expression!r}")
        super().__init__()
        self.expression = expression
        self.descending = descending
        self.nulls_first = nulls_first
        self.nulls_last = nulls_last

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression!r}, descending={self.descending})"

    def reverse_ordering(self) -> OrderBy:
        """Return the opposite ordering, under Django's name."""
        return self.reversed()

    def reversed(self) -> OrderBy:
        """Return the opposite ordering."""
        return OrderBy(
            self.expression,
            descending=not self.descending,
            nulls_first=self.nulls_last,
            nulls_last=self.nulls_first,
        )

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile(self.expression)
        if self.expression.is_part_of_json:
            sql = connection.json_ordering(sql)
        sql_type = self.expression.type_if_computed()
        terms = (sql,) if sql_type is None else connection.computed_as_ordered(sql, sql_type)
        terms = terms[:1] if self.is_one_term else terms
        ordering = ", ".join(f"{term} {self.direction(connection)}" for term in terms)
        params = [param for _ in terms for param in params]
        if not (self.nulls_first or self.nulls_last) or connection.capabilities.nulls_ordering:
            return ordering, params
        first = f"{sql} IS {'NOT ' if self.nulls_first else ''}NULL"
        return f"{first}, {ordering}", [*params, *params]

    def direction(self, dialect: Dialect) -> str:
        """Return the words after the expression; those on NULLs only where the database knows them."""
        word = "DESC" if self.descending else "ASC"
        if not (self.nulls_first or self.nulls_last) or not dialect.capabilities.nulls_ordering:
            return word
        return f"{word} NULLS {'FIRST' if self.nulls_first else 'LAST'}"
