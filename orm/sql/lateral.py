"""LATERAL for databases that have none: the joined query reads the rows it speaks of itself.

``author, LATERAL (… WHERE book.author_id = author.id ORDER BY … LIMIT 3) top`` becomes a join to a table in which each
author stands with its books, numbered, tied to the row outside by the author's key. What this module refuses: queries
whose rows are those of a union, or different ones and cut, and those that speak of another joined query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.errors import NotSupportedError
from orm.late import late_module
from orm.sql import types
from orm.sql.columns import Col, Column
from orm.sql.conditions import Where
from orm.sql.expressions import Expression
from orm.sql.lookups import Exact, GreaterThan, LessThanOrEqual
from orm.sql.select import Grouping, Join, Output, Select, SubSelect
from orm.sql.sources import FunctionCall, FunctionRows, SelectedRows
from orm.sql.types import SQLType
from orm.sql.windows import Window

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.functions import windows
    from orm.sql.nodes import Rendered
else:
    windows = late_module("orm.sql.functions.windows")


def without_lateral(select: Select, dialect: Dialect) -> Select:
    """Return a select whose joined queries no longer speak of the tables before them."""
    new = select.copy()
    for alias, join in select.joins.items():
        if isinstance(join.source, SelectedRows) and join.source.lateral:
            new.joins[alias] = _tied(new, join, _beside(join.source.select, dialect))
    return new


class Spelled(Expression):
    """What the dialect says in its own words."""

    def __init__(self, sql: str, sql_type: SQLType) -> None:
        super().__init__(sql_type)
        self.sql = sql

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return self.sql, []


def _beside(rows: Select, dialect: Dialect) -> Select:
    """Return a query that selects from a function with the function called where it can take columns."""
    first = rows.joins[rows.base_alias] if rows.joins else None
    if first is None or not isinstance(first.source, FunctionRows):
        return rows
    function = first.source.function
    form = dialect.function_beside(function, dialect.quote(first.alias), list(map(dialect.quote, first.columns)))
    if form is None:
        raise NotSupportedError(f"{dialect.display_name} can't call {function}() for each row of another query")
    spelled = dict(zip(first.columns, form.columns, strict=True))

    def change(node: Expression) -> Expression:
        if isinstance(node, Col) and node.alias == first.alias:
            return Spelled(spelled[node.target.column], node.output_field)
        return node.map(change)

    called = rows.transform(change, {alias: alias for alias in rows.aliases()})
    called.joins[first.alias] = first._replace(
        source=FunctionCall(function=form.call, arguments=first.source.arguments, through=form.through), columns=()
    )
    if form.condition is not None:
        called.where = (called.where or Where(())).and_with(Where((Spelled(form.condition, types.BOOLEAN),)))
    return called


def _tied(outer: Select, join: Join, rows: Select) -> Join:
    base = outer.base_alias
    needed = _way_to(outer, _named_outside(rows, set(rows.joins)) | {base})
    cut = rows.limit is not None or rows.offset is not None
    if rows.combination is not None or (cut and (rows.distinct or rows.distinct_on)) or rows.ctes:
        raise NotSupportedError(
            "On a database without LATERAL a joined queryset that speaks of the query around it can be no union, have "
            "no CTE, and not be distinct and cut"
        )
    keys: list[Col] = []
    for alias in needed:
        hop = outer.joins[alias].hop
        if hop is None or hop.many:
            keys += Col(alias, outer.model._meta.pk if hop is None else hop.model._meta.pk).parts
    tied = rows.copy()
    tied.joins = {alias: outer.joins[alias] for alias in needed}
    first, *others = rows.joins.values()
    tied.joins[first.alias] = first._replace(parent=base)
    tied.joins.update({other.alias: other for other in others})
    names = {output.name for output in rows.outputs or ()}
    key_names = [_free(f"key{number}", names) for number in range(len(keys))]
    tied.outputs = (*(rows.outputs or ()), *(Output(key, name) for key, name in zip(keys, key_names, strict=True)))
    if isinstance(rows.group_by, tuple):
        tied.group_by = (*rows.group_by, *keys)
    elif rows.group_by is Grouping.BY_ROW:
        tied.group_by = (*Col(first.alias, rows.model._meta.pk).parts, *keys)
    if cut:
        number = Window(windows.RowNumber(), partition_by=list(keys), order_by=list(rows.order_by or ()))
        bounds: list[Expression] = []
        if rows.offset is not None:
            bounds.append(GreaterThan(number, rows.offset))
        if rows.limit is not None:
            last: Any = rows.limit if rows.offset is None else rows.limit + rows.offset
            bounds.append(LessThanOrEqual(number, last))
        tied.where = (rows.where or Where(())).and_with(Where(bounds))
        tied.limit = tied.offset = None
    tied.order_by = ()
    ties = [Exact(Column(join.alias, name, key.target), key) for key, name in zip(keys, key_names, strict=True)]
    condition = Where([*ties, join.condition] if join.condition is not None else ties)
    return join._replace(source=SelectedRows(select=tied), condition=condition)


def _free(name: str, names: set[str | None]) -> str:
    while name in names:
        name += "_"
    return name


def _named_outside(select: Select, known: set[str]) -> set[str]:
    """Return the aliases that a select speaks of and that are none of its own."""
    found: set[str] = set()
    for join in select.joins.values():
        if join.source is not None:
            for inner in join.source.selects():
                found |= _named_outside(inner, known | set(inner.joins))
    for expression in select.expressions():
        for node in expression.walk():
            if isinstance(node, (Col, Column)) and node.alias not in known:
                found.add(node.alias)
            if isinstance(node, SubSelect):
                found |= _named_outside(node.select, known | set(node.select.joins))
    return found


def _way_to(outer: Select, aliases: set[str]) -> list[str]:
    """Return these aliases and those they are joined by, in the order of FROM."""
    needed: set[str] = set()
    for alias in aliases:
        at: str | None = alias
        while at is not None:
            join = outer.joins.get(at)
            if join is None or (join.parent is not None and join.hop is None):
                raise NotSupportedError(
                    "On a database without LATERAL a joined queryset can't speak of another joined query, nor of one "
                    "further out"
                )
            needed.add(at)
            at = join.parent
    return [alias for alias in outer.joins if alias in needed]
