"""Conditions on window functions: asked of the rows that all other conditions have left.

SQL has no place for them in WHERE (some databases have QUALIFY), so the select becomes a table in FROM, with a column
for all that is asked of it. What stays inside and what goes outside is Django's rule. What this module refuses: OR and
XOR between a window function and a plain condition of a query that groups its rows, and locks.
"""

from __future__ import annotations

import copy
from types import NoneType
from typing import Any

from orm.errors import NotSupportedError
from orm.sql.columns import Ref
from orm.sql.conditions import Where
from orm.sql.expressions import Expression, Slot
from orm.sql.lookups import Lookup
from orm.sql.ordering import OrderBy
from orm.sql.select import Join, Output, Select
from orm.sql.sources import SelectedRows
from orm.sql.windows import Window

ALIAS = "qualify"


class Table:
    """The select as a table: its columns, named, and those added for what is asked of it from outside."""

    def __init__(self, outputs: tuple[Output, ...], alias: str) -> None:
        self.given = outputs
        self.alias = alias
        self.columns = [Output(output.expression, f"c{number}") for number, output in enumerate(outputs)]
        self.names: dict[Expression, str] = {}
        for column in self.columns:
            self.names.setdefault(column.expression, column.name or "")

    def column(self, expression: Any) -> Ref:
        """Return the column that holds an expression's value, added where there is none yet."""
        name = self.names.get(expression)
        if name is None:
            name = self.names[expression] = f"c{len(self.columns)}"
            self.columns.append(Output(expression, name))
        return Ref(name, expression, self.alias)

    def condition(self, node: Expression) -> Expression:
        """Return a condition as one on the columns."""
        if isinstance(node, Where):
            return node.transformed(self.condition)
        if isinstance(node, Lookup) and isinstance(node.lhs, Window) and isinstance(node.rhs, (Slot, bool, NoneType)):
            # On the column itself, so that a database may stop counting where no further row can meet it.
            asked = copy.copy(node)
            asked.lhs = self.column(node.lhs)
            return asked
        return self.column(node)

    def ordering(self, item: Expression) -> Expression:
        """Return an ordering as one by a column."""
        if not isinstance(item, OrderBy):
            return self.column(item)
        by = item.expression
        if isinstance(by, Ref) and by.alias is None:
            by = by.source
        return item.map(lambda _: self.column(by))


def qualified(select: Select) -> Select:
    """Return a finished select that has conditions on window functions as one around a table without them.

    Raises ``NotImplementedError`` and ``NotSupportedError`` for what can't be taken apart.
    """
    assert select.where is not None
    if select.lock is not None:
        raise NotSupportedError(
            "select_for_update() can't lock rows found by a window function: lock them by their keys, "
            "with filter(pk__in=…)"
        )
    inside, outside = split(select.where, grouped=select.group_by is not None)
    assert outside is not None
    inner = select.copy()
    table = Table(select.outputs or (), ALIAS)
    outer = Select(
        select.model, {ALIAS: Join(ALIAS, ALIAS)}, limit=select.limit, offset=select.offset,
        distinct=select.distinct, distinct_on=tuple(table.column(item) for item in select.distinct_on),
        outputs=tuple(Output(table.column(item.expression), item.name) for item in select.outputs or ()),
        order_by=tuple(table.ordering(item) for item in select.order_by or ()),
    )  # fmt: skip
    condition = table.condition(outside)
    outer.where = condition if isinstance(condition, Where) else Where((condition,))
    inner.where, inner.order_by, inner.limit, inner.offset = inside, (), None, None
    inner.distinct, inner.distinct_on, inner.outputs = False, (), tuple(table.columns)
    outer.joins = {ALIAS: Join(ALIAS, ALIAS, source=SelectedRows(select=inner))}
    return outer


def split(where: Where, *, grouped: bool, negated: bool = False) -> tuple[Where | None, Where | None]:
    """Return the part of a condition that rows meet before window functions are computed, and the part after."""
    if not where.contains_over_clause:
        return where, None
    negated = negated != where.negated
    together = where.connector == "XOR" or (where.connector == "AND") == negated
    inside: list[Expression] = []
    outside: list[Expression] = []
    for node in where.nodes:
        if isinstance(node, Where):
            before, after = split(node, grouped=grouped, negated=negated)
            inside += [before] if before is not None else []
            outside += [after] if after is not None else []
        else:
            (outside if node.contains_over_clause else inside).append(node)
    if together:
        if grouped and any(not node.contains_aggregate for node in inside):
            raise NotImplementedError(
                "Heterogeneous disjunctive predicates against window functions are not implemented when performing "
                "conditional aggregation: a plain condition and one on a window function can't be joined by OR or XOR "
                "where rows are grouped"
            )
        return None, where
    parts = [Where(nodes, where.connector, where.negated) if nodes else None for nodes in (inside, outside)]
    return parts[0], parts[1]
