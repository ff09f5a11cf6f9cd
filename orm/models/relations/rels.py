"""The far side of a relation: what the model that is pointed at knows about the fields that point at it.

Each relation field makes one *rel*. ``rel.model`` is the model pointed at, ``rel.related_model`` the one that declares
the field, ``rel.name`` the word queries use. A rel whose ``related_name`` ends in ``+`` is hidden: it has no accessor,
and its name can't be typed in a query by accident.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm.late import late_module
from orm.models.on_delete import OnDelete, rule_of
from orm.models.relations.both_sides import KeptInstance, RowChoices
from orm.models.relations.path_info import PathInfo, Paths, hops_along
from orm.structures.deprecation import RemovedInDjango60Warning, warn

if TYPE_CHECKING:
    from orm.sql import hop
    from orm.sql.hop import Hop
else:
    hop = late_module("orm.sql.hop")


class ForeignObjectRel(RowChoices, KeptInstance, Paths):
    """What all rels share. Never made by users; found in ``Model._meta.related_objects``."""

    is_relation = True
    concrete = False
    auto_created = True
    editable = False
    null = True
    many_to_one = False
    many_to_many = False
    one_to_many = False
    one_to_one = False
    row: Any = None
    symmetrical = False
    multiple = True
    """Whether one row of ``model`` may have several related rows."""

    def __init__(
        self,
        field: Any,
        to: type[Any] | str,
        *,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: object = None,
        on_delete: Any = None,
        parent_link: bool = False,
    ) -> None:
        self.field = field
        self.model: Any = to
        self.related_name = self.declared_related_name = related_name
        self.related_query_name = self.declared_related_query_name = related_query_name
        self.limit_choices_to = {} if limit_choices_to is None else limit_choices_to
        self.on_delete = on_delete
        self.parent_link = parent_link
        """Whether the field ties a model's table to that of a parent it inherits from."""

    @property
    def rule(self) -> OnDelete | None:
        """What ``on_delete`` comes to; None for a relation that has no such rule."""
        return rule_of(self.on_delete)

    def get_internal_type(self) -> str:
        """The name of the class of the field, as that gives it."""
        return str(self.field.get_internal_type())

    def __repr__(self) -> str:
        meta = self.field.model._meta
        return f"<{type(self).__name__}: {meta.app_label}.{meta.model_name}>"

    def get_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the steps from the target to the model that declares the field."""
        return list(self.field.get_reverse_path_info(filtered_relation))

    def get_joining_fields(self) -> tuple[tuple[Any, Any], ...]:
        """Return the pairs of fields that a join from the target compares."""
        return self.field.get_reverse_joining_fields()  # type: ignore[no-any-return]

    def get_joining_columns(self) -> tuple[tuple[str, str], ...]:
        """Return their columns: Django's older form, with its warning."""
        warn(
            "ForeignObjectRel.get_joining_columns() is deprecated. Use get_joining_fields() instead.",
            RemovedInDjango60Warning,
        )
        return tuple((near.column, far.column) for near, far in self.get_joining_fields())

    def __getstate__(self) -> dict[str, object]:
        return self.without_paths()

    @property
    def related_model(self) -> Any:
        """The model that declares the field."""
        return self.field.model

    @property
    def remote_field(self) -> Any:
        """The field this rel belongs to (the other way round than a field's ``remote_field``)."""
        return self.field

    @property
    def hidden(self) -> bool:
        """Whether the target has no accessor for this relation."""
        return self.related_name is not None and self.related_name.endswith("+")

    @cached_property
    def name(self) -> str:
        """The word for this relation in queries on ``model``."""
        if self.related_query_name:
            return self.related_query_name
        meta = self.field.model._meta
        if self.hidden:
            app = meta.app_label.replace("__", "-")  # in a path that would part two words: of __main__, for one
            return f"_{app}_{meta.model_name}_{self.field.name}_+"
        return self.related_name or str(meta.model_name)

    @cached_property
    def accessor_name(self) -> str | None:
        """The attribute on instances of ``model``; None for a hidden relation."""
        if self.hidden:
            return None
        if self.related_name:
            return self.related_name
        model_name = str(self.field.model._meta.model_name)
        return f"{model_name}_set" if self.multiple else model_name

    @property
    def cache_name(self) -> str:
        return str(self.accessor_name)

    def get_accessor_name(self, model: object = None) -> str | None:
        """Return ``accessor_name``, under Django's spelling."""
        return self.accessor_name

    def _condition_on_choices(self) -> Any:
        return self.limit_choices_to

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The joins from ``model`` to ``related_model``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it joins.")

    def get_lookup(self, name: str) -> Any:
        """Return the lookup class for a condition on the related row's key."""
        return self.field.get_lookup(name)


class ManyToOneRel(ForeignObjectRel):
    """The far side of a ForeignKey: one row, many that refer to it."""

    one_to_many = True

    def __init__(self, field: Any, to: type[Any] | str, *, to_field: str | None = None, **options: Any) -> None:
        super().__init__(field, to, **options)
        self.field_name = to_field

    def get_related_field(self) -> Any:
        """Return the field of ``model`` that the foreign key refers to."""
        return self.field.target_field

    @cached_property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the referring row's key."""
        return self.related_model._meta.pk

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        field = self.field
        return (hop.Hop(field.model, field.target_field, field, self.multiple, True),)


class OneToOneRel(ManyToOneRel):
    """The far side of a OneToOneField: one row, at most one that refers to it."""

    one_to_many = False
    one_to_one = True
    multiple = False


class ManyToManyRel(ForeignObjectRel):
    """The far side of a ManyToManyField, joined through the same table in the other direction."""

    many_to_many = True

    def __init__(
        self,
        field: Any,
        to: type[Any] | str,
        *,
        symmetrical: bool = False,
        through: type[Any] | str | None = None,
        through_fields: tuple[str, str] | None = None,
        db_constraint: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(field, to, **options)
        self.symmetrical = symmetrical
        self.through: Any = through
        self.through_fields = through_fields
        self.db_constraint = db_constraint

    @property
    def hidden(self) -> bool:
        return self.symmetrical or super().hidden

    @cached_property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with."""
        if self.field.class_of_its_own:
            return self.related_model._meta.pk
        return self.field.source_foreign_key.target_field

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        if self.field.class_of_its_own:
            return hops_along(self.path_infos)
        near, far = self.field.target_foreign_key, self.field.source_foreign_key
        if not (near.concrete and far.concrete):
            return (near.remote_field.hops[0]._replace(many=True), far.hops[0])
        return (
            hop.Hop(self.through, near.target_field, near, True, True),
            hop.Hop(far.related_model, far, far.target_field, False, False),
        )
