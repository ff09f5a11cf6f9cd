"""Tables that only the order of a query joins: they come with it and go with it.

``order_by("tags__name")`` gives a row as often as it has tags, and a query that has no order any more, or another one,
gives it once again. Where a filter speaks of the same relation later, rows are ordered by the rows that it has left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.sql.columns import Col, Column, Ref
from orm.sql.select import Select, SubSelect, moved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.sql.expressions import Expression


def clear_ordering(select: Select) -> None:
    """Let rows come in no order, without the tables that were joined for it alone."""
    select.order_by, select.order_names = (), ()
    if select.order_joins:
        for alias in _only_ordering(select):
            del select.joins[alias]
        select.order_joins = frozenset()


def note_order_joins(select: Select) -> None:
    """Note which tables of relations the order speaks of, and those that lead there."""
    if len(select.joins) == 1:
        select.order_joins = frozenset()
        return
    found: set[str] = set()
    for alias in _aliases_in(select.order_by or ()) & select.joins.keys():
        found |= _way(select, alias)
    select.order_joins = frozenset(alias for alias in found if select.joins[alias].hop is not None)


def order_by_filtered(select: Select, known: Iterable[str]) -> None:
    """Order by the rows that a filter has just joined, where the order is by the same relation.

    Parameters: ``known`` are the tables that were joined before the filter.
    """
    before = set(known)
    new = [join for alias, join in select.joins.items() if alias not in before]
    if not new:
        return
    only = _only_ordering(select)
    renamed: dict[str, str] = {}
    for join in [join for alias, join in select.joins.items() if alias in select.order_joins]:
        parent = renamed.get(join.parent or "", join.parent)
        same = next((other for other in reversed(new) if (other.parent, other.hop) == (parent, join.hop)), None)
        if same is not None:
            renamed[join.alias] = same.alias
        if join.alias not in only:
            continue
        del select.joins[join.alias]
        if same is None:  # after the table that it hangs on now
            condition = None if join.condition is None else moved(join.condition, renamed)
            select.joins[join.alias] = join._replace(parent=parent, condition=condition)
    if renamed:
        select.order_by = tuple(moved(item, renamed) for item in select.order_by or ())
        note_order_joins(select)


def _only_ordering(select: Select) -> set[str]:
    """Return the tables that nothing but the order speaks of."""
    unordered = select.copy()
    unordered.order_by = ()
    unordered.joins = {alias: join for alias, join in select.joins.items() if alias not in select.order_joins}
    used = {join.parent for join in unordered.joins.values() if join.parent} | _spoken_of(unordered)
    if select.each is not None:
        used |= _aliases_in([select.each.lookup, *select.each.bounds])
    used |= _aliases_in(select.keyset)
    used |= {offer.alias for offer in select.offered.values()} | select.sticky
    only = set(select.order_joins & select.joins.keys())
    for alias in used & select.joins.keys():
        only -= _way(select, alias)
    return only


def _way(select: Select, alias: str) -> set[str]:
    """Return a table with those that it hangs on."""
    found: set[str] = set()
    at: str | None = alias
    while at is not None:
        found.add(at)
        at = select.joins[at].parent
    return found


def _spoken_of(select: Select) -> set[str]:
    found = _aliases_in(select.expressions())
    if select.combination is not None:
        for part in select.combination.parts:
            found |= _spoken_of(part)
    for join in select.joins.values():
        for inner in join.source.selects() if join.source is not None else ():
            found |= _spoken_of(inner)
    return found


def _aliases_in(expressions: Iterable[Expression]) -> set[str]:
    found: set[Any] = set()
    for expression in expressions:
        for node in expression.walk():
            if isinstance(node, (Col, Column, Ref)):
                found.add(node.alias)
            if isinstance(node, Ref):
                found |= _aliases_in([node.source])
            if isinstance(node, SubSelect):
                found |= _spoken_of(node.select)
    return found
