"""Joining what is no relation: a CTE, or the rows of another queryset.

What is joined is known by a name, and its columns as ``<name>__<column>``. A queryset that speaks of the query it is
joined to (``OuterRef``) is asked for each of its rows, which is called a LATERAL join.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orm.errors import FieldError, NotSupportedError
from orm.query.builder import Builder
from orm.query.layout import finish
from orm.sql.columns import Col, Column
from orm.sql.common_tables import CommonTable
from orm.sql.conditions import Where
from orm.sql.lookups import Exact
from orm.sql.select import Join, Offer, Output, Select, SubSelect
from orm.sql.sources import SelectedRows
from orm.sql.types import SQLType
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.query.cte import CTE

Columns = Mapping[str, SQLType | None]


def with_cte(builder: Builder, cte: CTE, on: Mapping[str, str], optional: bool) -> None:
    """with_cte(): put a query with a name in front, and join its rows."""
    select = builder.select
    _check_name(select, cte.name, "CTE")
    _check_columns(cte.name, cte.columns, on)
    if not cte.is_open:
        rows, layout = finish(builder.embed(cte.queryset))
        made = CommonTable(
            name=cte.name,
            rows=SelectedRows(select=rows),
            columns=layout.names,
            types=tuple(cte.columns.values()),
            recursive=cte.is_recursive,
            materialized=cte.materialized,
        )
        select.ctes = (*select.ctes, made)
    _join(builder, Join(cte.name, cte.name, select.base_alias, optional=optional), cte.columns, on)


def join_rows(
    builder: Builder, name: str, queryset: object, columns: Columns, on: Mapping[str, str], optional: bool
) -> None:
    """join(): the rows of a queryset as a table in FROM."""
    select = builder.select
    _check_name(select, name, "joined rows")
    _check_columns(name, columns, on)
    rows, _ = finish(builder.embed(queryset))
    names = tuple(columns)
    source = SelectedRows(select=_named(rows, names), lateral=_speaks_of_others(rows, set()))
    _join(builder, Join(name, name, select.base_alias, source=source, optional=optional), columns, on)


def _check_name(select: Select, name: str, what: str) -> None:
    if name in select.model._meta.names or name in select.annotations or name in select.offered:
        raise ValueError(f"The {what} can't be called {name!r} here: {select.model.__name__} has that name already")
    if any(name in (join.table, join.alias) for join in select.joins.values()):
        raise ValueError(f"The {what} can't be called {name!r}: a table of this query has that name")
    if select.combination is not None:
        raise NotSupportedError(f"The {what} can't be joined after union(): join to the querysets that are combined")


def _check_columns(name: str, columns: Columns, on: Mapping[str, str]) -> None:
    unknown = [column for column in on.values() if column not in columns]
    if unknown:
        raise FieldError(f"{name!r} has no column {unknown[0]!r}." + did_you_mean_of(unknown[0], list(columns)))


def _join(builder: Builder, join: Join, columns: Columns, on: Mapping[str, str]) -> None:
    """Add the join, by the columns that are equal, and offer its columns to the query."""
    select, name = builder.select, join.alias
    pairs = [Exact(builder.resolve_ref(field), Column(name, column, columns[column])) for field, column in on.items()]
    offered = {offer.alias for offer in select.offered.values()}
    if on and any(other.parent is not None and other.alias not in offered for other in select.joins.values()):
        raise FieldError(
            "What is joined is compared to columns of the model's own table: join it before what filters across "
            "relations"
        )
    select.joins[name] = join._replace(condition=Where(pairs) if pairs else None)
    select.offered = {**select.offered, name: Offer(name, columns)}


def _named(select: Select, names: tuple[str, ...]) -> Select:
    """Return a finished select whose columns have these names."""
    named = select.copy()
    if select.combination is not None:
        parts = tuple(_named(part, names) for part in select.combination.parts)
        named.combination = select.combination._replace(parts=parts)
    shown = (select.outputs or ())[: len(names)]
    named.outputs = tuple(Output(output.expression, name) for output, name in zip(shown, names, strict=True))
    named.outputs += (select.outputs or ())[len(names) :]
    return named


def _speaks_of_others(select: Select, known: set[str]) -> bool:
    """Whether a select has columns of tables that are not its own: ``known`` are those of the selects around it."""
    known = known | set(select.joins)
    if select.combination is not None and any(_speaks_of_others(part, known) for part in select.combination.parts):
        return True
    for join in select.joins.values():
        if join.source is not None and any(_speaks_of_others(inner, known) for inner in join.source.selects()):
            return True
    for expression in select.expressions():
        for node in expression.walk():
            if isinstance(node, (Col, Column)) and node.alias not in known:
                return True
            if isinstance(node, SubSelect) and _speaks_of_others(node.select, known):
                return True
    return False
