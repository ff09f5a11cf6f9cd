"""Grouping by a window function, or aggregating over one: both want rows whose window functions are computed already.

SQL computes window functions last, over the groups. So the rows become a table in FROM, with a column for each window
function that is grouped by or aggregated over and for whatever else is asked of them; the select around it groups.
What this module refuses: rows that are joined to several related ones, over which a window function would not see each
row once, and locks.
"""

from __future__ import annotations

from collections.abc import Iterator

from orm.errors import NotSupportedError
from orm.sql.aggregates import Aggregate
from orm.sql.columns import Col, Column
from orm.sql.conditions import Where
from orm.sql.expressions import Expression
from orm.sql.qualify import Table
from orm.sql.select import Join, Output, Select
from orm.sql.sources import SelectedRows
from orm.sql.windows import Window

ALIAS = "windowed"


def windows_before_groups(select: Select) -> set[Expression]:
    """Return the window functions of a finished select that are grouped by, or aggregated over."""
    if select.group_by is None:
        return set()
    terms = select.group_by if isinstance(select.group_by, tuple) else ()
    grouped = [item for item in terms if item.contains_over_clause]
    return {window for item in (*grouped, *_aggregated(select)) for window in item.walk() if isinstance(window, Window)}


def _aggregated(select: Select) -> Iterator[Expression]:
    """Yield what aggregates are over, where a window function is in it."""
    asked = [*(output.expression for output in select.outputs or ()), *(select.order_by or ())]
    for expression in (*asked, *([select.where] if select.where is not None else ())):
        if expression.contains_aggregate:
            for node in expression.walk():
                if isinstance(node, Aggregate):
                    yield from (part for part in node.children() if part.contains_over_clause)


def grouped_around(select: Select, windows: set[Expression]) -> Select:
    """Return a finished select as one that groups a table of its rows, in which these window functions are columns.

    Raises ``NotSupportedError`` for what can't be taken apart.
    """
    if select.lock is not None:
        raise NotSupportedError("select_for_update() can't lock rows that are grouped by a window function")
    if any(join.hop is not None and join.hop.many for join in select.joins.values()):
        raise NotSupportedError(
            "Rows can't be grouped by a window function, or aggregated over one, and be joined to many related rows in "
            "one query: the window function would see a row as often as it has related ones. Count these in a "
            "Subquery(), or group in a second query"
        )
    table = Table((), ALIAS)

    def change(node: Expression) -> Expression:
        if node in windows or (isinstance(node, (Col, Column)) and node.alias in select.joins):
            return table.column(node)
        return node.map(change)

    before, after = _split(select.where, windows)
    own = Col(select.base_alias, select.model._meta.pk).parts
    outer = Select(
        select.model, {ALIAS: Join(ALIAS, ALIAS)}, limit=select.limit, offset=select.offset, distinct=select.distinct,
        distinct_on=tuple(map(change, select.distinct_on)), where=None if after is None else after.transformed(change),
        outputs=tuple(Output(change(item.expression), item.name) for item in select.outputs or ()),
        order_by=tuple(map(change, select.order_by or ())),
        group_by=tuple(map(change, select.group_by if isinstance(select.group_by, tuple) else own)),
    )  # fmt: skip
    inner = select.copy()
    inner.where, inner.group_by, inner.order_by, inner.limit, inner.offset = before, None, (), None, None
    inner.distinct, inner.distinct_on, inner.outputs = False, (), tuple(table.columns)
    outer.joins = {ALIAS: Join(ALIAS, ALIAS, source=SelectedRows(select=inner))}
    return outer


def _split(where: Where | None, windows: set[Expression]) -> tuple[Where | None, Where | None]:
    """Return the conditions of the rows, and those of the groups."""
    if where is None:
        return None, None
    nodes = list(where.nodes) if where.connector == "AND" and not where.negated else [where]
    late = [node for node in nodes if node.contains_aggregate or not _windows_in(node) <= windows]
    early = [node for node in nodes if node not in late]
    return (Where(early) if early else None), (Where(late) if late else None)


def _windows_in(node: Expression) -> set[Expression]:
    return {part for part in node.walk() if isinstance(part, Window)} if node.contains_over_clause else set()
