"""Statements in other words, for databases that refuse them: what a dialect's ``rewritten`` may return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orm.sql.expressions import Expression
from orm.sql.select import Select, SubSelect
from orm.sql.statements import Statement

DERIVED = "(SELECT * FROM (%(subquery)s) AS derived)"


def read_before_change(statement: Statement) -> Statement:
    """Return an UPDATE or DELETE whose subqueries on the changed table are read first, as derived tables.

    For databases that refuse to read the table a statement changes. A subquery that is tied to the row itself can't be
    read first, and stays.
    """

    def change(node: Expression) -> Expression:
        if isinstance(node, SubSelect) and node.template == "(%(subquery)s)" and _reads(node.select, statement.table):
            return SubSelect(node.select, DERIVED, node.output_field_or_none) if not _is_tied(node) else node
        return node.map(change)

    changes: dict[str, Any] = {}
    where = getattr(statement, "where", None)
    if where is not None:
        changes["where"] = change(where)
    assignments = getattr(statement, "assignments", ())
    if assignments:
        changes["assignments"] = tuple((field, change(value)) for field, value in assignments)
    return statement.replace(**changes)


def _selects(select: Select) -> Iterator[Select]:
    """Yield a select, the parts it is combined of, what it selects from, and the subqueries in its expressions."""
    yield select
    if select.combination is not None:
        for part in select.combination.parts:
            yield from _selects(part)
    for join in select.joins.values():
        if join.source is not None:
            for inner in join.source.selects():
                yield from _selects(inner)
    for expression in select.expressions():
        for node in expression.walk():
            if isinstance(node, SubSelect):
                yield from _selects(node.select)


def _reads(select: Select, table: str) -> bool:
    return any(join.table == table for inner in _selects(select) for join in inner.joins.values())


def _is_tied(node: SubSelect) -> bool:
    return any(True for _ in node.group_by_columns())
