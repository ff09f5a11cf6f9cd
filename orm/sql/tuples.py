"""Comparisons of several expressions at once, as rows: ``filter(TupleGreaterThan(("year", "month"), (2024, 6)))``.

Rows are compared as SQL does: by the first parts that differ. Each value is bound, prepared as the expression it is
compared to. What this module refuses: rows of different lengths, and subqueries where only one row can stand.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import EmptyResultSet
from orm.sql.conditions import Where, kind_of
from orm.sql.expressions import Expression, Null, Slot, as_expression
from orm.sql.lookups import GreaterThan, IsNull, Lookup
from orm.sql.nodes import Node, Rendered
from orm.sql.references import F

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver


class Row(Expression):
    """Several expressions in parentheses."""

    def __init__(self, parts: Sequence[Expression]) -> None:
        super().__init__()
        self.parts = tuple(parts)

    def structure(self, values: list[object]) -> Hashable:
        return (Row, *[part.structure(values) for part in self.parts])

    def group_by_columns(self) -> Iterator[Expression]:
        for part in self.parts:
            yield from part.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        compiled = [compiler.compile_value(part) for part in self.parts]
        return f"({', '.join(sql for sql, _ in compiled)})", [param for _, params in compiled for param in params]


class TupleLookup(Lookup):
    """A comparison of rows.

    Parameters: ``lhs`` are expressions or names of fields, ``rhs`` as many values or expressions.

    Raises ``ValueError`` for a right side that does not fit.
    """

    lhs: Any
    rhs: Any
    operator: ClassVar[str]
    takes_queries: ClassVar[bool] = False

    def __init__(self, lhs: Sequence[object], rhs: object) -> None:
        if not isinstance(lhs, (tuple, list)) or len(lhs) < 2:
            raise TypeError(f"{type(self).__name__}() compares a tuple of two or more expressions, not {lhs!r}")
        super().__init__(tuple(F(part) if isinstance(part, str) else as_expression(part) for part in lhs), rhs)
        self.named = tuple(getattr(part, "name", part) for part in self.lhs)
        self.check()

    def check(self) -> None:
        """Refuse a right side that does not fit. Raises ``ValueError``."""
        what = f"{self.lookup_name!r} lookup of {self.named!r}"
        if hasattr(self.rhs, "query_structure"):
            if not self.takes_queries:
                raise ValueError(f"{self.lookup_name!r} doesn't support multi-column subqueries.")
        elif not isinstance(self.rhs, (tuple, list)):
            raise ValueError(f"{what} must be a tuple or a list (got {self.rhs!r})")
        elif len(self.rhs) != len(self.lhs):
            raise ValueError(f"{what} must have {len(self.lhs)} elements (got {self.rhs!r})")

    # -- resolving -----------------------------------------------------------------------------------------------------

    def structure(self, values: list[object]) -> Hashable:
        return (type(self), *[part.structure(values) for part in self.lhs], self.kinds(values))

    def kinds(self, values: list[object]) -> Hashable:
        """Return the kind of the right side, appending its values."""
        if hasattr(self.rhs, "query_structure"):
            return kind_of(self.rhs, values)
        if isinstance(self.rhs, Expression):  # resolved
            return self.rhs.structure(values)
        return tuple(kind_of(value, values) for value in self.rhs)

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        new = copy.copy(self)
        new.lhs = tuple(part.resolve_expression(query, allow_joins, reuse, summarize, for_save) for part in self.lhs)
        new.rhs = self.right(new.lhs, query)
        return new

    def right(self, lhs: Sequence[Any], query: Resolver) -> Expression:
        """Return the right side with columns and slots in place of names and values."""
        if hasattr(self.rhs, "query_structure"):
            rows = query.embed_rows(self.rhs, Row(lhs))
            found = len(rows.select.outputs or ())
            if found != len(lhs):
                raise ValueError(
                    f"The QuerySet value for the {self.lookup_name!r} lookup must have {len(lhs)} selected fields "
                    f"(received {found})"
                )
            return rows
        return bound_row(lhs, self.rhs, query)

    def children(self) -> Iterator[Expression]:
        yield from self.lhs
        if isinstance(self.rhs, Expression):
            yield self.rhs
        elif isinstance(self.rhs, (tuple, list)):
            yield from (part for part in self.rhs if isinstance(part, Expression))

    def rejects_null(self) -> set[str]:
        found: set[str] = self.lhs[0].rejects_null()
        return found

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = Row(self.lhs).as_sql(compiler, connection)
        rhs, found = compiler.compile(self.rhs)
        return f"{lhs} {self.operator} {rhs}", [*params, *found]


def bound_row(lhs: Sequence[Any], values: Sequence[Any], query: Resolver) -> Row:
    """Return a row of values and expressions, each prepared as the column of ``lhs`` that it is compared to."""
    return Row([_bound(part, value, query) for part, value in zip(lhs, values, strict=True)])


def _bound(part: Expression, value: object, query: Resolver) -> Expression:
    if value is None:
        return Null(part.output_field)
    return query.resolve_value(value, part) if isinstance(value, Node) else GreaterThan.slot(part, value, query)


class TupleExact(TupleLookup):
    """Equality of every part."""

    lookup_name = "exact"
    operator = "="
    takes_queries = True


class TupleGreaterThan(TupleLookup):
    """Order by the first parts that differ."""

    lookup_name = "gt"
    operator = ">"


class TupleGreaterThanOrEqual(TupleLookup):
    lookup_name = "gte"
    operator = ">="


class TupleLessThan(TupleLookup):
    lookup_name = "lt"
    operator = "<"


class TupleLessThanOrEqual(TupleLookup):
    lookup_name = "lte"
    operator = "<="


class TupleIn(TupleLookup):
    """Membership in a list of rows, or in those of a queryset that has chosen as many columns."""

    lookup_name = "in"
    operator = "IN"
    takes_queries = True

    def check(self) -> None:
        what = f"lookup of {self.named!r} must"
        if hasattr(self.rhs, "query_structure") and not isinstance(self.rhs, Node):
            return
        if isinstance(self.rhs, Node):
            raise ValueError(f"'in' subquery {what} be a Query object (received {type(self.rhs).__name__!r})")
        rows: list[Any] = list(self.rhs) if isinstance(self.rhs, (tuple, list, set, frozenset)) else [None]
        if any(not isinstance(row, (tuple, list)) for row in rows):
            raise ValueError(f"'in' {what} be a collection of tuples or lists (got {self.rhs!r})")
        if any(len(row) != len(self.lhs) for row in rows):
            raise ValueError(f"'in' {what} have {len(self.lhs)} elements each (got {self.rhs!r})")
        self.rhs = rows

    def kinds(self, values: list[object]) -> Hashable:
        if isinstance(self.rhs, list):
            return tuple(
                row.structure(values) if isinstance(row, Row) else tuple(kind_of(value, values) for value in row)
                for row in self.rhs
            )
        return super().kinds(values)

    def right(self, lhs: Sequence[object], query: Resolver) -> Any:
        if isinstance(self.rhs, list):
            rows = [bound_row(lhs, row, query) for row in self.rhs]
            for slot in (part for row in rows for part in row.parts if isinstance(part, Slot)):
                slot.bare = False  # in VALUES no column beside it says its type
            return rows
        return super().right(lhs, query)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if not isinstance(self.rhs, list):
            return super().as_sql(compiler, connection)
        if not self.rhs:
            raise EmptyResultSet
        lhs, params = Row(self.lhs).as_sql(compiler, connection)
        compiled = [row.as_sql(compiler, connection) for row in self.rhs]
        rows = ", ".join(sql for sql, _ in compiled)
        return f"{lhs} IN (VALUES {rows})", [*params, *(param for _, found in compiled for param in found)]


class TupleIsNull(TupleLookup):
    """Whether any part is NULL (True), or none is (False)."""

    lookup_name = "isnull"

    def check(self) -> None:
        if hasattr(self.rhs, "query_structure"):
            raise ValueError("'isnull' doesn't support multi-column subqueries.")
        if not isinstance(self.rhs, bool):
            raise ValueError("The QuerySet value for an isnull lookup must be True or False.")

    def kinds(self, values: list[object]) -> Hashable:
        return bool(self.rhs)

    def right(self, lhs: Sequence[object], query: Resolver) -> Any:
        return self.rhs

    def rejects_null(self) -> set[str]:
        return set()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        parts = [IsNull(part, self.rhs) for part in self.lhs]
        return compiler.compile(Where(parts, "OR" if self.rhs else "AND"))
