"""`|`, `&` and `^` of querysets whose rows are those of one table: one condition for both, and no subqueries.

Rows that theirs refer to may be joined, since each has one of these at most. What joins many rows, groups, cuts or
combines is not met here: its rows are found by key (orm.query.faces).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.query.steps import can_hold_all
from orm.sql.conditions import Where
from orm.sql.handwritten import ExtraColumn
from orm.sql.order_joins import clear_ordering, note_order_joins
from orm.sql.references import Outer, OuterRef
from orm.sql.select import Join, Select, relabel

if TYPE_CHECKING:
    from orm.query.builder import Builder


def is_of_one_table(select: Select) -> bool:
    """Tell whether rows are those of the model's table that meet conditions about themselves and what they refer to."""
    joined = list(select.joins.values())[1:]
    return select.is_plain and can_hold_all(select) and select.lock is None and all(map(_is_referred_to, joined))


def _is_referred_to(join: Join) -> bool:
    hop = join.hop
    return hop is not None and not hop.many and hop.filtered is None and join.condition is None and join.source is None


def merge_conditions(builder: Builder, connector: str, queryset: object) -> None:
    """Let a query find what meets its conditions and, or ("or") or but not ("xor") those of another, in whose order
    they are then, where it has one.
    """
    select = builder.select
    own, offset = builder.take_in(queryset)
    if own.order_by:
        clear_ordering(select)
    kept = connector != "or" or (select.where is not None and own.where is not None)
    aliases = {**{alias: alias for alias in own.aliases()}, own.base_alias: select.base_alias}
    for join in own.joins.values():
        if (
            join.hop is not None
            and join.parent is not None
            and (own.order_by if join.alias in own.order_joins else kept)
        ):
            aliases[join.alias] = builder.join([join.hop], None, aliases[join.parent])
    other = relabel(own, aliases, offset)
    builder.list_slots |= other.list_slots
    if connector == "and" and select.where is not None and other.where is not None:
        select.where = select.where.and_with(other.where)
    elif connector == "and":
        select.where = select.where or other.where
    elif select.where is None or other.where is None:
        select.where = None
    else:
        select.where = Where((Where((select.where, other.where), connector.upper()),))
    select.sticky = frozenset()
    if own.order_by:
        select.order_by, select.reverse = other.order_by, False
        note_order_joins(select)


def with_extra_columns(builder: Builder, queryset: object) -> None:
    """Give a query the columns that ``extra(select=…)`` gave another one of the same model."""
    select = builder.select
    own, offset = builder.take_in(queryset)
    other = relabel(own, {alias: alias for alias in own.aliases()}, offset)
    for name, item in other.annotations.items():
        if isinstance(item, ExtraColumn) and name in other.selected and name not in select.annotations:
            select.annotations[name] = item
            select.selected = (*select.selected, name)


def one_further_in(builder: Builder) -> None:
    """What the keys of a query's own rows are asked for by: what it says of the query around it is one further out."""
    select = builder.select
    builder.select = relabel(select, {alias: alias for alias in select.aliases()}, 0, _one_further_out)


def _one_further_out(reference: Outer) -> Outer:
    return Outer(OuterRef(reference.name))
