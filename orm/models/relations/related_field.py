"""``RelatedField``: what ForeignKey, OneToOneField, ForeignObject and ManyToManyField share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.models.fields.base import Field
from orm.models.fields.description import KEPT_AS
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.options import Options
from orm.models.relations.both_sides import KeptInstance, RowChoices
from orm.models.relations.path_info import PathInfo, TwoWays, forward_path, hops_along, reverse_path
from orm.models.relations.resolve import format_related_name, resolve_targets, target_label, told_target
from orm.structures.deprecation import RemovedInDjango60Warning, warn

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.relations.rels import ForeignObjectRel
    from orm.sql import conditions
    from orm.sql.hop import Hop
else:
    conditions = late_module("orm.sql.conditions")

T = TypeVar("T")
Pair = tuple[Any, Any]

FAR_OPTIONS = frozenset({"limit_choices_to", "on_delete", "parent_link"})
"""Options of relations that their far side keeps."""


TARGET: Mapping[str, Any] = {"to": NOT_PROVIDED, "swappable": True}
"""Options by which the library's own relations say what they refer to."""


class RelatedField(RowChoices, KeptInstance, TwoWays, Field[T]):
    """What ForeignKey, OneToOneField and ManyToManyField share: a target, perhaps still a name, and its rel."""

    is_relation = True
    many_to_one = one_to_one = many_to_many = one_to_many = False
    remote_field: Any
    class_of_its_own: bool = False
    """Whether an application made the relation like none of the library's: it says its way in ``get_path_info()``."""
    row: Any = None
    """What a relation by several columns is compared as; None where it is compared by one."""
    swappable: bool = True
    """Whether migrations follow the setting that names the target, where one does."""
    option_defaults: ClassVar[Mapping[str, Any]] = {
        "related_name": None,
        "related_query_name": None,
        "limit_choices_to": {},
    }

    def __init__(self, *args: Any, rel: ForeignObjectRel | None = None, **options: Any) -> None:
        """``rel`` is the far side of a relation that an application has a class of its own for."""
        super().__init__(*args, **options)
        if rel is not None:
            self.remote_field = rel
            self.__dict__["concrete"] = not self.many_to_many  # of this one alone: its class may say nothing of it
            self.class_of_its_own = True

    @cached_property
    def hops(self) -> tuple[Hop, ...]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        """The joins to the target."""
        return hops_along(self.path_infos)

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the target's key."""
        return self.related_model._meta.pk

    @property
    def swappable_setting(self) -> str | None:
        """The name of the setting that says which model is meant; None where none does."""
        target = target_label(self.remote_field.model)
        name = Options.default_apps.get_swappable_settings_name(target) if self.swappable else None
        return name if name in settings.swapped_models else None

    def given_option(self, option: str) -> Any:
        """As any field's; those of the far side as they were before names were made from them."""
        rel = self.remote_field
        if option == "to":
            return told_target(rel.model, self.swappable_setting)
        if option == "related_name":
            return rel.declared_related_name
        if option == "related_query_name":
            return rel.declared_related_query_name
        return getattr(rel if option in FAR_OPTIONS else self, KEPT_AS.get(option, option))

    @property
    def cache_name(self) -> str:
        return self.name

    @property
    def field(self) -> Self:
        """The field itself, so that ``Book.author.field`` reads the same for type checkers and at run time."""
        return self

    @property
    def related_model(self) -> Any:
        """The model this field points at.

        Raises ``ImproperlyConfigured`` while the target is a name whose model has not been imported.
        """
        target = self.remote_field.model
        if isinstance(target, str):
            raise ImproperlyConfigured(
                f"{self} refers to {target!r}, and no such model has been imported. Import the module "
                f'that declares it, or correct the name ("Model" in the same app, "app.Model", or "self").'
            )
        return target

    def get_limit_choices_to(self) -> Any:
        """The condition on rows that may be chosen, a Q or a mapping; that of a function as it is now."""
        limit = self.remote_field.limit_choices_to
        return limit() if callable(limit) else limit

    def _condition_on_choices(self) -> Any:
        return self.get_limit_choices_to()

    # -- the columns, of a relation to one row -------------------------------------------------------------------------

    @property
    def related_fields(self) -> tuple[Pair, ...]:
        """Pairs of a field of this model and the one of the target that it equals."""
        raise NotImplementedError(f"{type(self).__name__} refers to no row by fields of its own.")

    @property
    def local_related_fields(self) -> tuple[Any, ...]:
        """The fields of this model it is made of."""
        return tuple(near for near, _ in self.related_fields)

    @property
    def foreign_related_fields(self) -> tuple[Any, ...]:
        """The fields of the target they equal."""
        return tuple(far for _, far in self.related_fields)

    def values_of(self, instance: object) -> tuple[object, ...]:
        """Return what an instance of this model refers to."""
        return tuple(getattr(instance, near.attname) for near, _ in self.related_fields)

    def target_values_of(self, related: object) -> tuple[Any, ...]:
        """Return what referring instances have in their columns."""
        return tuple(getattr(related, far.attname) for _, far in self.related_fields)

    def condition(self, values: Iterable[tuple[Any, ...]], names: Sequence[str]) -> conditions.Q:
        """Return the condition that columns hold one of several groups of values."""
        found = conditions.Q()
        for group in values:
            found |= conditions.Q(**dict(zip(names, group, strict=True)))
        return found

    def get_joining_fields(self, reverse_join: bool = False) -> tuple[Pair, ...]:
        """Return the pairs of fields that a join compares, those of the side it begins at first."""
        return tuple((far, near) if reverse_join else (near, far) for near, far in self.related_fields)

    def get_reverse_joining_fields(self) -> tuple[Pair, ...]:
        """Return the pairs of fields that a join from the target compares."""
        return self.get_joining_fields(reverse_join=True)

    def get_joining_columns(self, reverse_join: bool = False) -> tuple[tuple[str, str], ...]:
        """Return the columns of ``get_joining_fields()``: Django's older form, with its warning."""
        said = "get_joining_columns() is deprecated. Use get_joining_fields() instead."
        warn(f"ForeignObject.{said}", RemovedInDjango60Warning)
        return tuple((near.column, far.column) for near, far in self.get_joining_fields(reverse_join))

    def get_reverse_joining_columns(self) -> tuple[tuple[str, str], ...]:
        """Return the columns of ``get_reverse_joining_fields()``: Django's older form, with its warning."""
        said = "get_reverse_joining_columns() is deprecated. Use get_reverse_joining_fields() instead."
        warn(f"ForeignObject.{said}", RemovedInDjango60Warning)
        return tuple((near.column, far.column) for near, far in self.get_reverse_joining_fields())

    def get_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the step to the model it refers to."""
        return forward_path(self, filtered_relation)

    def get_reverse_path_info(self, filtered_relation: object = None) -> list[PathInfo]:
        """Return the step from that model back to this one."""
        return reverse_path(self, filtered_relation)

    def __copy__(self) -> Self:
        other = super().__copy__()
        for name in self.KEPT:
            vars(other).pop(name, None)
        return other

    def related_query_name(self) -> str:
        """Return the word for the reverse direction in queries on the target."""
        return str(self.remote_field.name)

    def connect(self, cls: type[AwaitableModel]) -> None:
        """Once the owning class is known: settle the reverse name, and wait for the target to exist."""
        rel: ForeignObjectRel = self.remote_field
        rel.related_name = format_related_name(rel.related_name or cls._meta.default_related_name, cls)
        rel.related_query_name = format_related_name(rel.related_query_name, cls)
        resolve_targets(self, cls, (rel.model,), self._target_ready)

    def announce(self) -> None:
        """Once the class is made: let the target of a relation of the application's own have a word for it."""
        if not self.class_of_its_own:
            return
        rel = self.remote_field
        names = tuple(name for name in (rel.model, getattr(rel, "through", None)) if isinstance(name, str))
        resolve_targets(self, self.model, names, self._announced)

    def _announced(self, *models: type[AwaitableModel]) -> None:
        rel = self.remote_field
        if not isinstance(rel.model, str):
            rel.model._meta.add_related(rel)

    def _target_ready(self, target: type[AwaitableModel]) -> None:
        self.remote_field.model = target
        self.contribute_to_related_class(target, self.remote_field)

    def contribute_to_related_class(self, target: type[AwaitableModel], rel: ForeignObjectRel) -> None:
        """Give the target its reverse accessor and reverse query name."""
        raise NotImplementedError(f"{type(self).__name__} has no reverse side.")
