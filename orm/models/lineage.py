"""``Lineage``: which models a model inherits from, and the joins from its table to the others its rows are spread over.

It is the part of ``Model._meta`` that knows inheritance over several tables; how a class comes by its parents is in
``inheritance``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orm.models.base import AwaitableModel
    from orm.sql.hop import Hop


class Lineage:
    """The inheritance of one model. ``parents`` has each direct one with the field that links to its table, if any."""

    concrete_model: type[AwaitableModel] | None
    parents: dict[type[AwaitableModel], Any]

    @cached_property
    def all_parents(self) -> tuple[type[AwaitableModel], ...]:
        """Every model this one inherits a table from, the most distant ones last."""
        found: dict[type[AwaitableModel], None] = {}
        for parent in self.parents:
            found[parent] = None
        for parent in self.parents:
            found.update(dict.fromkeys(parent._meta.all_parents))
        return tuple(found)

    def get_parent_list(self) -> list[type[AwaitableModel]]:
        """The models this one inherits from, the most distant ones last; what stands behind a proxy for the proxy."""
        return list(dict.fromkeys(parent._meta.concrete_model or parent for parent in self.all_parents))

    def get_ancestor_link(self, ancestor: type[AwaitableModel]) -> Any:
        """The field of this model that leads to an ancestor's table, perhaps by way of others; None for no ancestor."""
        if ancestor in self.parents:
            return self.parents[ancestor]
        for parent, link in self.parents.items():
            further = parent._meta.get_ancestor_link(ancestor)
            if further is not None:
                return link or further
        return None

    def get_base_chain(self, model: type[AwaitableModel]) -> list[type[AwaitableModel]]:
        """The models between this one and an ancestor, the ancestor last; an empty list for no ancestor."""
        if not self.parents:
            return []
        if model in self.parents:
            return [model]
        for parent in self.parents:
            further = parent._meta.get_base_chain(model)
            if further:
                return [parent, *further]
        return []

    @cached_property
    def ways(self) -> Mapping[type[AwaitableModel], tuple[Hop, ...]]:
        """The joins from this model's table to each of those its rows are spread over; none to its own."""
        found: dict[Any, tuple[Hop, ...]] = {self.concrete_model: ()}
        for parent, link in self.parents.items():
            for ancestor, hops in parent._meta.ways.items():
                found.setdefault(ancestor, (*(link.hops if link is not None else ()), *hops))
        return found

    def way_to(self, field: Any) -> tuple[Hop, ...]:
        """The joins from this model's table to the one a field (or the near end of a relation) belongs to."""
        return self.ways.get(field.model._meta.concrete_model, ()) if self.parents else ()

    def hops_along(self, relation: Any) -> tuple[Hop, ...]:
        """The joins from this model's table along a relation, to the related model's.

        A parent's key that this model's own link holds is not fetched from the parent's table.
        """
        way, hops = self.way_to(relation), tuple(relation.hops)
        while way and hops and way[-1].rhs is hops[0].lhs:
            hops = (hops[0]._replace(lhs=way[-1].lhs), *hops[1:])
            way = way[:-1]
        return (*way, *hops)
