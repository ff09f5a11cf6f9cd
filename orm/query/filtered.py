"""FilteredRelation: a relation under another name, joined to those rows only that meet a condition.

The condition stands in the join's ON clause, so a row that may be without related rows stays in the result when it has
none that meet it; across a foreign key that is never NULL, it does not. The condition may speak of the model's own
columns, of those on the way of the relation and, on the right side, of those of other relations. What is refused:
lookups across further relations, and names of fields and annotations. Under the name of another one, the later counts
from there on; what used the earlier keeps it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.query.builder import InnerBuilder
from orm.sql.conditions import Q
from orm.sql.nodes import Node
from orm.sql.select import Filtered, Select
from orm.structures.arguments import check_names

if TYPE_CHECKING:
    from orm.query.builder import Builder
    from orm.sql.hop import Hop


class FilteredRelation:
    """``annotate(thick=FilteredRelation("books", condition=Q(books__pages__gte=500))).filter(thick__title="…")``.

    Parameters: ``relation_name`` is the relation, or a path of them; ``condition`` what its rows must meet, with names
    as ``filter()`` takes them.
    """

    def __init__(self, relation_name: str, *, condition: Q | None = None) -> None:
        if not relation_name:
            raise ValueError("relation_name cannot be empty.")
        (relation_name,) = check_names("FilteredRelation()", [relation_name])
        if condition is not None and not isinstance(condition, Q):
            raise ValueError("condition argument must be a Q() instance.")
        self.relation_name = relation_name
        self.condition = condition if condition is not None else Q()

    def structure(self, values: list[object]) -> Hashable:
        """Return the key of this relation without its condition's values, which are appended to ``values``."""
        return (type(self), self.relation_name, self.condition.structure(values))

    query_structure = structure

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FilteredRelation):
            return NotImplemented
        return self.relation_name == other.relation_name and self.condition == other.condition

    def __hash__(self) -> int:
        return hash((self.relation_name, self.condition))

    def __repr__(self) -> str:
        return f"FilteredRelation({self.relation_name!r}, condition={self.condition!r})"


def add_filtered_relation(builder: Builder, name: str, given: FilteredRelation) -> None:
    """Make ``name`` a relation of the query; it is joined when something uses it.

    Raises ``ValueError`` for a name that is taken, a path that is no relation, and a condition that goes further.
    """
    select = builder.select
    if name in builder.model._meta.names or name in select.annotations:
        raise ValueError(
            f"The annotation {name!r} conflicts with a name that {builder.model.__name__} or the query has already"
        )
    relation, hops = _way(builder, given.relation_name)
    inner = InnerBuilder(builder, builder.model, own_names=True)
    aliases = [inner.select.base_alias]
    reuse: set[str] = set()
    for hop in hops:
        aliases.append(inner.join([hop], reuse, aliases[-1]))
    _check_leaves(inner, given.condition, given.relation_name, hops)
    condition = inner.resolve_condition(given.condition, reuse=reuse)
    further = [join for join in inner.select.joins.values() if join.alias not in aliases]
    if any(join.parent == aliases[-1] for join in further):
        raise ValueError(
            "FilteredRelation's condition doesn't support nested relations deeper than the relation_name "
            f"(got {given.condition!r} for {given.relation_name!r})."
        )
    if condition.contains_aggregate or condition.contains_over_clause:
        raise FieldError(f"FilteredRelation's condition is about single rows, not {given.condition!r}")
    more = tuple((join.alias, join.parent or "", join.hop) for join in further if join.hop is not None)
    found = Filtered(relation, tuple(hops), condition, tuple(aliases), more)
    _rename_joins(select, name)
    select.filtered = {**select.filtered, name: found}


def _rename_joins(select: Select, name: str) -> None:
    """Keep the joins that ``name`` stood for until now for what uses them already: no name leads to them any more."""
    for alias, join in select.joins.items():
        if join.hop is not None and join.hop.filtered == name:
            select.joins[alias] = join._replace(hop=join.hop._replace(filtered=f"{name} before {alias}"))


def _way(builder: Builder, path: str) -> tuple[Any, list[Hop]]:
    """Return the relation that a path of relations (the first may be a filtered one) ends with, and its hops."""
    opts, hops, relation = builder.model._meta, [], None
    for position, part in enumerate(path.split("__")):
        if position == 0 and part in builder.select.filtered:
            relation, hops = builder.select.filtered[part].relation, builder.filtered_hops(part)
        else:
            relation = opts.names.get(part)
            if relation is None or not relation.is_relation or part == relation.name + "_id":
                raise ValueError(
                    f"FilteredRelation's relation_name cannot contain lookups (got {path!r}). It is a path of "
                    f"relations, and {part!r} is no relation of {opts.object_name}."
                )
            hops += opts.hops_along(relation)
        opts = hops[-1].model._meta
    return relation, hops


def _check_leaves(inner: InnerBuilder, condition: Q, relation_name: str, hops: list[Hop]) -> None:
    """Refuse lookups beyond the relation or, but for plain equality, off its way, and querysets as values."""
    for child in condition.children:
        if isinstance(child, Q):
            _check_leaves(inner, child, relation_name, hops)
        if type(child) is not tuple:
            continue
        name, value = child
        if hasattr(value, "query_structure") and not isinstance(value, Node):
            raise ValueError("Passing a QuerySet within a FilteredRelation is not supported.")
        if inner._annotation(name)[0] is not None:
            continue
        path = inner.path(name)
        near, beyond = list(path.hops[: len(hops)]), len(path.hops) > len(hops)
        if beyond and near == hops:
            raise ValueError(
                "FilteredRelation's condition doesn't support nested relations deeper than the relation_name "
                f"(got {name!r} for {relation_name!r})."
            )
        if path.rest and near != hops[: len(near)]:
            raise ValueError(
                f"FilteredRelation's condition doesn't support relations outside the {relation_name!r} (got {name!r})."
            )
