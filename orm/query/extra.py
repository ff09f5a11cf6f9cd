"""``extra()``: pieces of SQL written by hand in a query, as Django's oldest way has them.

The SQL of a column or a condition is the programmer's own, and stands in the statement as it is; values are bound, and
names of columns, tables and orderings are checked and quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.query.layout import resolve_ordering
from orm.query.steps import annotate
from orm.records import NamedTuple
from orm.sql import types
from orm.sql.columns import Column
from orm.sql.handwritten import ExtraColumn, RawSQL
from orm.sql.order_joins import note_order_joins
from orm.sql.ordering import OrderBy
from orm.sql.select import Join
from orm.structures.arguments import check_names, listed, mapped
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.query.builder import Builder

_PLACEHOLDER = re.compile(r"%%|%s")


class Extra(NamedTuple):
    """What one call of ``extra()`` adds: columns by name, one condition, tables, and an ordering or None."""

    columns: dict[str, ExtraColumn]
    condition: RawSQL | None
    tables: tuple[str, ...]
    order_by: tuple[str, ...] | None


def read_extra(
    select: Mapping[str, str] | None,
    select_params: Sequence[Any] | None,
    where: Iterable[str] | None,
    params: Sequence[Any] | None,
    tables: Iterable[str] | None,
    order_by: Iterable[str] | None,
) -> Extra:
    """Return the arguments of ``extra()`` as expressions.

    Raises ``TypeError`` for what is no list where one is needed, ``ValueError`` where placeholders and parameters
    differ in number.
    """
    where, order_by = _texts("where", where), _texts("order_by", order_by)
    tables = tuple(map(_unquoted, _texts("tables", tables)))
    for item in (*tables, *order_by):
        if not item or item.endswith(".") or "\0" in item:
            raise ValueError(f"extra(): no table and no column can be called {item!r}")
    for name, given in (("params", params), ("select_params", select_params)):
        if given is not None:
            listed(f"extra({name}=…)", given, "a list of values")
    left = list(select_params or ())
    columns: dict[str, ExtraColumn] = {}
    chosen = mapped("extra(select=…)", select, "a dict of names and texts of SQL")
    check_names("extra(select=…)", chosen)
    for name, sql in chosen.items():
        count = _placeholders(str(sql))
        columns[name] = ExtraColumn(_counted(f"select={{{name!r}: …}}", str(sql), left[:count]), left[:count])
        left = left[count:]
    if left:
        raise ValueError(f"extra(select_params=…) has {len(left)} more parameters than select has placeholders")
    condition = None
    if where:
        text = " AND ".join(f"({sql})" for sql in where)
        given_params = list(params or ())
        condition = RawSQL(_counted("where=…", text, given_params), given_params, types.BOOLEAN)
    elif params:
        raise ValueError("extra(params=…) belong to the placeholders of where, and there is none")
    return Extra(columns, condition, tables, order_by or None)


def _texts(name: str, given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the texts of an argument, which may be a generator of them. Raises ``TypeError`` for anything else."""
    items = () if given is None else tuple(listed(f"extra({name}=…)", given, "a list of texts"))
    if not all(isinstance(item, str) for item in items):
        raise TypeError(f"extra({name}=…) takes a list of texts, not {given!r}")
    return items


def _placeholders(sql: str) -> int:
    return sum(mark == "%s" for mark in _PLACEHOLDER.findall(sql))


def _counted(what: str, sql: str, params: Sequence[object]) -> str:
    if _placeholders(sql) != len(params):
        raise ValueError(
            f"extra({what}) has {_placeholders(sql)} placeholders and {len(params)} parameters; a percent sign of the "
            "SQL itself is written %%"
        )
    return sql


def _unquoted(table: str) -> str:
    """Return a table's name without the quotes that ``quote_name()`` gave it."""
    inner = table[1:-1]
    return inner if table == f'"{inner}"' and '"' not in inner else table


def add_extra(builder: Builder, extra: Extra) -> None:
    """The step of extra(): a column is an annotation, which rows leave out whose columns values() has named."""
    select = builder.select
    if extra.columns:
        annotate(builder, dict(extra.columns), selected=select.values is None)
    if select.chose_all:
        select.values = (*((name, select.annotations[name]) for name in extra.columns), *(select.values or ()))
    for table in extra.tables:
        if any(join.table == table for join in select.joins.values()):
            continue  # as in Django, one that is there already is what is meant
        alias = builder._new_alias(table)
        select.joins[alias] = Join(alias, table, select.base_alias)
    if extra.condition is not None:
        builder.add_filter(extra.condition)
    if extra.order_by is not None:
        found: list[Any] = []
        for name in extra.order_by:
            found += [_of_table(builder, name)] if "." in name else resolve_ordering(builder, [name])
        select.order_by = tuple(found)
        note_order_joins(select)


def _of_table(builder: Builder, name: str) -> OrderBy:
    """Return an ordering by ``table.column``, one of the tables in the query."""
    descending = name.startswith("-")
    table, _, column = name.lstrip("-+").partition(".")
    known = {join.table for join in builder.select.joins.values()} | set(builder.select.joins)
    if table not in known:
        meant = did_you_mean_of(table, list(known))
        raise FieldError(f"extra(order_by=[{name!r}]): the query has no table {table!r}.{meant}")
    alias = next(a for a, join in builder.select.joins.items() if table in (a, join.table))
    return OrderBy(Column(alias, column), descending=descending)
