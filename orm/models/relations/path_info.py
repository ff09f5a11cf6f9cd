"""``path_infos`` of relations: the steps that a relation stands for, as code written for Django asks for them.

The library's own queries walk by hops (``orm.sql.hop``). A field of an application's own that is a relation like none
of the library's says its way in steps, and ``hops_along`` makes hops of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.late import late_module
from orm.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.sql import added, hop
    from orm.sql.described import ModelField
    from orm.sql.hop import Hop
else:
    added = late_module("orm.sql.added")
    hop = late_module("orm.sql.hop")


class PathInfo(NamedTuple):
    """One step from a model to another.

    ``join_field`` is the relation as seen from where the step begins, ``target_fields`` are the fields it arrives at;
    ``m2m`` says that there may be several rows, ``direct`` that the step begins where the relation is declared.
    """

    from_opts: Any
    to_opts: Any
    target_fields: tuple[Any, ...]
    join_field: Any
    m2m: bool
    direct: bool
    filtered_relation: Any = None


class Paths:
    """What has a path, and keeps it until it is copied."""

    KEPT: ClassVar[tuple[str, ...]] = ("path_infos", "reverse_path_infos")

    def get_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the steps from the model that has this relation to the one it leads to."""
        raise NotImplementedError(f"{type(self).__name__} does not say which way it leads.")

    @cached_property
    def path_infos(self) -> list[PathInfo]:
        """The steps of ``get_path_info()``."""
        return self.get_path_info()

    def without_paths(self) -> dict[str, object]:
        """Return the attributes without the paths that were kept."""
        return {name: value for name, value in vars(self).items() if name not in self.KEPT}


class TwoWays(Paths):
    """A field that is a relation: it has a path to the other model, and one back."""

    def get_reverse_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the steps from the other model back to the one that declares the field."""
        raise NotImplementedError(f"{type(self).__name__} does not say which way leads back.")

    @cached_property
    def reverse_path_infos(self) -> list[PathInfo]:
        """The steps of ``get_reverse_path_info()``."""
        return self.get_reverse_path_info()


def forward_path(field: Any, filtered_relation: object) -> list[PathInfo]:
    """Return the step from a field that refers to one row to that row's model."""
    return [
        PathInfo(
            field.model._meta, field.related_model._meta, field.foreign_related_fields, field, False, True,
            filtered_relation,
        )
    ]  # fmt: skip


def reverse_path(field: ModelField, filtered_relation: Any) -> list[PathInfo]:
    """Return the step from a row to those whose field refers to it."""
    own = field.model._meta
    return [
        PathInfo(
            field.related_model._meta, own, (own.pk,), field.remote_field, not field.unique, False, filtered_relation
        )
    ]


class ExtraRestriction:
    """What a field's ``get_extra_restriction`` adds to its joins."""

    def __init__(self, field: Any, reverse: bool) -> None:
        self.field = field
        self.reverse = reverse

    def condition(self, near: str, far: str) -> Any:
        """Return the condition on a join of the table aliased ``far`` to the one aliased ``near``."""
        target, own = (near, far) if self.reverse else (far, near)
        found = self.field.get_extra_restriction(target, own)
        return found if found is None or hasattr(found, "walk") else added.AddedCondition(self.field, target, own)


def hops_along(steps: Iterable[PathInfo]) -> tuple[Hop, ...]:
    """Return the joins that steps stand for."""
    return tuple(map(hop_of, steps))


def hop_of(step: PathInfo) -> Hop:
    """Return the join of one step: on the fields its relation names, with the condition the relation adds."""
    relation = step.join_field
    (lhs, rhs), *further = relation.get_joining_fields()
    field = relation if step.direct or not relation.auto_created else relation.field
    restricted = hasattr(field, "get_extra_restriction")
    restriction = ExtraRestriction(field, reverse=field is not relation) if restricted else None
    return hop.Hop(step.to_opts.model, lhs, rhs, step.m2m, True, further=tuple(further), restriction=restriction)
