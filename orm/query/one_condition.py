"""`|`, `&` and `^` of querysets whose rows are the model's own: one condition for both, and no subqueries.

It is what `filter(Q(…) | Q(…))` says, and a row comes as often as what it meets is joined to it, as in Django: `|` and
`^` speak of the same related rows on both sides, `&` of others on each. What groups, cuts, combines or joins other
queries is not met here: its rows are found by key (orm.query.faces).
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
    """Tell whether rows are the model's own that meet conditions about themselves and what they are related to."""
    joined = list(select.joins.values())[1:]
    return select.is_plain and can_hold_all(select) and select.lock is None and all(map(_is_related, joined))


def _is_related(join: Join) -> bool:
    return join.hop is not None and join.hop.filtered is None and join.source is None


def merge_conditions(builder: Builder, connector: str, queryset: object) -> None:
    """Let a query find what meets its conditions and, or ("or") or but not ("xor") those of another, in whose order
    they are then, where it has one.
    """
    select = builder.select
    own, offset = builder.take_in(queryset)
    if own.order_by:
        clear_ordering(select)
    other = relabel(own, _join_what_is_joined(builder, own, connector), offset)
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


def _join_what_is_joined(builder: Builder, own: Select, connector: str) -> dict[str, str]:
    """Join what another query joins, where it matters here; return what its tables are called here.

    It matters where the condition is kept, where the order speaks of it, and where it gives a row several times.
    """
    select = builder.select
    kept = connector != "or" or (select.where is not None and own.where is not None)
    repeating = {above for join in own.joins.values() if join.hop and join.hop.many for above in _way(own, join.alias)}
    free = set() if connector == "and" else set(select.joins)
    aliases = {**{alias: alias for alias in own.aliases()}, own.base_alias: select.base_alias}
    for join in own.joins.values():
        needed = bool(own.order_by) if join.alias in own.order_joins else kept or join.alias in repeating
        if join.hop is not None and join.parent is not None and needed:
            alias = builder.join([join.hop], free, aliases[join.parent])
            free.discard(alias)  # two joins of one relation over there are two here
            aliases[join.alias] = alias
    return aliases


def _way(select: Select, alias: str | None) -> list[str]:
    """Return a table's alias and those it is joined by."""
    return [] if alias is None else [alias, *_way(select, select.joins[alias].parent)]


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
