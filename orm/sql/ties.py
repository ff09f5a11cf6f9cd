"""The condition that a row of one table belongs to a row of another: equal columns, as joins compare them.

A relation by a text that holds keys of any kind (a generic one) compares columns of different types, which the dialect
spells. What this module refuses: nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql.lookups import Exact

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


class Tie(Exact):
    """Equal columns of two tables, for a condition that stands outside a join."""

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, further = self.process_rhs(compiler, connection)
        return connection.tie(lhs, self.lhs.output_field, rhs, self.rhs.output_field), [*params, *further]
