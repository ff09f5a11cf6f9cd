"""``Beyond``: the rows that lie after a given place in an ordering, as a condition.

Written out, since databases compare rows of values only where all parts go the same way and none is NULL::

    a >= 1 AND (a > 1 OR (a = 1 AND (b < 2 OR b IS NULL)))

The first part says nothing new; it is what an index on ``a`` can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orm.sql.conditions import NothingNode, Where
from orm.sql.expressions import Expression, Slot
from orm.sql.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual
from orm.sql.ordering import OrderBy

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


class Beyond(Expression):
    """Whether a row comes after a place in an ordering.

    Parameters: ``terms`` are the ordering, ``values`` the slots of what each term is at that place (None for NULL), and
    ``nullable`` says of each term whether it may be NULL at all.
    """

    conditional_kind = True

    def __init__(self, terms: Sequence[OrderBy], values: Sequence[Slot | None], nullable: Sequence[bool]) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.values = tuple(values)
        self.nullable = tuple(nullable)

    def group_by_columns(self) -> Iterable[Expression]:
        for term in self.terms:
            yield from term.expression.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        condition = self._beyond(0, connection)
        first, value = self.terms[0], self.values[0]
        if len(self.terms) > 1 and value is not None and not self._nulls_follow(0, connection):
            least = (LessThanOrEqual if first.descending else GreaterThanOrEqual)(first.expression, value)
            condition = Where((least, condition))
        return compiler.compile(condition)

    def _nulls_follow(self, position: int, dialect: Dialect) -> bool:
        """Whether rows with NULL come after all others in the ordering by this term."""
        term = self.terms[position]
        if not self.nullable[position] or term.nulls_first:
            return False
        return term.nulls_last or dialect.capabilities.nulls_largest != term.descending

    def _beyond(self, position: int, dialect: Dialect) -> Expression:
        """Return the condition of rows that are equal in all terms before this one."""
        term, value = self.terms[position], self.values[position]
        nulls_follow = self._nulls_follow(position, dialect)
        beyond: Expression
        if value is None:
            beyond = NothingNode() if nulls_follow else IsNull(term.expression, False)
            same: Expression = IsNull(term.expression, True)
        else:
            beyond = (LessThan if term.descending else GreaterThan)(term.expression, value)
            same = Exact(term.expression, value)
            if nulls_follow:
                beyond = Where((beyond, IsNull(term.expression, True)), "OR")
        if position + 1 == len(self.terms):
            return beyond
        return Where((beyond, Where((same, self._beyond(position + 1, dialect)))), "OR")
