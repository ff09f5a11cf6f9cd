"""`|` and `&` of querysets whose rows are those of one table: one condition for both, and no subqueries.

What joins, groups, cuts or combines is not met here: its rows are found by key (orm.query.faces).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.query.steps import can_hold_all
from orm.sql.conditions import Where
from orm.sql.select import Select, relabel

if TYPE_CHECKING:
    from orm.query.builder import Builder


def is_of_one_table(select: Select) -> bool:
    """Tell whether rows are those of the model's table that meet conditions about themselves."""
    return len(select.joins) == 1 and select.is_plain and can_hold_all(select) and select.lock is None


def merge_conditions(builder: Builder, connector: str, queryset: object) -> None:
    """Let a query find what meets its conditions and ("and"), or or ("or"), those of another."""
    select = builder.select
    own, offset = builder.take_in(queryset)
    aliases = {**{alias: alias for alias in own.aliases()}, own.base_alias: select.base_alias}
    other = relabel(own, aliases, offset, builder)
    builder.list_slots |= other.list_slots
    if select.where is None or other.where is None:
        select.where = (select.where or other.where) if connector == "and" else None
    elif connector == "and":
        select.where = select.where.and_with(other.where)
    else:
        select.where = Where((Where((select.where, other.where), "OR"),))
    select.sticky = frozenset()
