"""``ForeignObject``: a reference by several columns at once, which are fields of the model in their own right.

It has no column; assigning an instance sets the fields it is made of. It refers to a model with a composite primary
key, or to any group of columns that stands for one row. The database knows nothing of it unless ``db_constraint`` says
so. What is refused: the rules that set the reference to another value, since its fields have meanings of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from orm.checks.messages import CheckMessage
from orm.config import settings
from orm.errors import FieldError, ImproperlyConfigured, advised
from orm.models.checks.late import relation_checks
from orm.models.fetching import check_fetch_allowed, fetch
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.models.on_delete import check_rule, rule_that_changes_fields
from orm.models.relations.forward import ForwardOneDescriptor, rows_like
from orm.models.relations.manager_class import Link, manager_class
from orm.models.relations.many_blocking import RelatedManager
from orm.models.relations.path_info import ExtraRestriction
from orm.models.relations.related_field import TARGET, Pair, RelatedField
from orm.models.relations.related_row import RelatedRow
from orm.models.relations.rels import ForeignObjectRel
from orm.models.relations.resolve import check_related_name, check_target, install_reverse, target_label
from orm.query.known_related import KnownRelated
from orm.query.relation_loaders import Loader, ManyLoader, on
from orm.sql.hop import Hop

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


class ForeignObjectReverse(ForeignObjectRel):
    """The far side of a ForeignObject: one row, many that refer to it."""

    one_to_many = True

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the referring row's key."""
        return self.related_model._meta.pk

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        field = self.field
        (lhs, rhs), *further = field.related_fields
        more = tuple((far, near) for near, far in further)
        return (
            Hop(field.model, rhs, lhs, self.multiple, True, further=more, restriction=field.restriction(reverse=True)),
        )


class ForeignObject(RelatedField[Any]):
    """A reference to the row of another model whose ``to_fields`` equal this model's ``from_fields``.

    Parameters: ``to``, ``on_delete``, ``related_name``, ``related_query_name`` and ``limit_choices_to`` as for
    ForeignKey; ``from_fields`` and ``to_fields`` are names of as many fields on either side (in ``to_fields`` None
    means the primary key).
    """

    many_to_one = True
    concrete = False
    requires_unique_target = True
    option_defaults: ClassVar[Mapping[str, Any]] = {
        **TARGET,
        **dict.fromkeys(("on_delete", "from_fields", "to_fields"), NOT_PROVIDED),
        "parent_link": False,
    }
    rel_class: type[ForeignObjectRel] = ForeignObjectReverse

    def __init__(
        self,
        to: Any,
        on_delete: object,
        from_fields: Sequence[str],
        to_fields: Sequence[str | None],
        rel: ForeignObjectRel | None = None,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: object = None,
        parent_link: bool = False,
        swappable: bool = True,
        **options: Any,
    ) -> None:
        check_target(type(self).__name__, to)
        rule = check_rule(f"{type(self).__name__}({target_label(to)})", on_delete)
        if rule.database_action is not None or (rule.sets_value and settings.strict_models):
            raise rule_that_changes_fields(f"{type(self).__name__}({target_label(to)})", rule)
        if not from_fields or len(from_fields) != len(to_fields):
            raise ValueError("Foreign Object from and to fields must be the same non-zero length")
        super().__init__(**options)
        self.from_fields = tuple(from_fields)
        self.to_fields = tuple(to_fields)
        self.swappable = swappable
        self.remote_field = rel or self.rel_class(
            self,
            to,
            related_name=related_name,
            related_query_name=related_query_name,
            limit_choices_to=limit_choices_to,
            on_delete=on_delete,
            parent_link=parent_link,
        )
        self.remote_field.field = self

    def check_declaration(self) -> None:
        check_related_name(self, self.remote_field.related_name)

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """What it refers to, by which names, and whether that is one row."""
        yield from relation_checks.relation_checks(self)
        yield from relation_checks.foreign_object_checks(self)

    def contribute_to_class(self, cls: type[Any], name: str, private_only: bool = False, **options: object) -> None:
        """Join the model ``cls`` as its field ``name``."""
        super().contribute_to_class(cls, name, private_only, **options)
        setattr(cls, name, ForwardObjectDescriptor(self))
        if not cls._meta.abstract:
            self.connect(cls)

    def contribute_to_related_class(self, target: type[AwaitableModel], rel: ForeignObjectRel) -> None:
        install_reverse(target, rel, ReverseObjectDescriptor(rel))

    # -- the columns -------------------------------------------------------------------------------------------------

    @property
    def target_attname(self) -> str:
        """The attribute of the target that its first field equals."""
        return str(self.related_fields[0][1].attname)

    @cached_property
    def related_fields(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
    ) -> tuple[Pair, ...]:
        """Pairs of a field of this model and the one of the target that it equals.

        Raises ``ImproperlyConfigured`` for one without a column.
        """
        own, other = self.model._meta, self.related_model._meta
        pairs = tuple(
            (own.get_field(near), other.pk if far is None else other.get_field(far))
            for near, far in zip(self.from_fields, self.to_fields, strict=True)
        )
        for field in (field for pair in pairs for field in pair):
            if not field.concrete:
                raise ImproperlyConfigured(f"{self} is made of {field}, which has no column.")
        return pairs

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the target's key."""
        return self.related_model._meta.pk

    def get_extra_restriction(self, alias: str, related_alias: str) -> Any:
        """Return a condition that joins to the target (aliased ``alias``) must meet besides; for subclasses."""
        return None

    def get_extra_descriptor_filter(self, instance: object) -> Any:
        """Return what the row that an instance refers to must meet besides, a Q or a mapping; for subclasses."""
        return {}

    @cached_property
    def row(self) -> RelatedRow | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What conditions compare: its columns together, where these are several and say all about its rows."""
        return RelatedRow(self) if len(self.from_fields) > 1 and self.restriction() is None else None

    def values_that_refer_to(self, related: object) -> tuple[Any, ...]:
        """Return what this model's columns hold where they refer to an instance.

        Raises ``ValueError`` for an instance of another model, or one that is not saved.
        """
        if not isinstance(related, self.related_model._meta.concrete_model):
            raise ValueError(f'Cannot query "{related}": Must be "{self.related_model.__name__}" instance.')
        values = self.target_values_of(related)
        if all(value is None for value in values):
            raise ValueError(
                f"Unsaved model instance {related!r} cannot be used in an ORM query. It has no "
                f"{self.foreign_related_fields[0].name} yet, so {self} can't refer to it; save it first."
            )
        return values

    def accessor_class(self, wanted: type[ForwardOneDescriptor]) -> type[ForwardOneDescriptor]:
        """Return the class of the attribute, where a class of an application's own is wanted: with what it says."""
        if issubclass(wanted, ForwardObjectDescriptor):
            return wanted
        if issubclass(ForwardObjectDescriptor, wanted):
            return ForwardObjectDescriptor
        bases = (wanted, ForwardObjectDescriptor)
        return type(wanted.__name__, bases, {"__module__": wanted.__module__})  # pyright: ignore[reportGeneralTypeIssues]

    def restriction(self, reverse: bool = False) -> ExtraRestriction | None:
        """Return what joins are asked besides equal columns; None where the class says nothing."""
        overridden = type(self).get_extra_restriction is not ForeignObject.get_extra_restriction
        return ExtraRestriction(self, reverse) if overridden else None

    @cached_property
    def hops(self) -> tuple[Hop, ...]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        """The join from the declaring model to the target."""
        (lhs, rhs), *further = self.related_fields
        optional = self.null or lhs.null or any(near.null for near, _ in further)
        return (
            Hop(self.related_model, lhs, rhs, False, optional, further=tuple(further), restriction=self.restriction()),
        )

    # -- values ------------------------------------------------------------------------------------------------------

    def get_default(self) -> None:
        """A relation without a column has no default."""

    def validate(self, value: Any, instance: Any) -> None:
        """Nothing to check: the fields it is made of are checked by themselves."""

    def clone(self) -> Any:
        """Return a field declared the same way."""
        return super().clone()


class ForwardObjectDescriptor(ForwardOneDescriptor):
    """The attribute of a ForeignObject: the instance it refers to, loaded on demand."""

    def prefetch_loader(self, name: str) -> ForwardObjectLoader:
        """Return what loads this attribute for many instances."""
        return ForwardObjectLoader(self.field, name)

    def is_cached(self, instance: AwaitableModel) -> bool:
        """Whether the related instance is loaded and still the right one."""
        related = instance.__dict__.get(self.name)
        return related is not None and self.field.target_values_of(related) == self.field.values_of(instance)

    def __get__(self, instance: AwaitableModel | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        if self.is_cached(instance):
            return instance.__dict__[self.name]
        if None in self.field.values_of(instance):
            if not self.field.null:
                raise self.RelatedObjectDoesNotExist(f"{type(instance).__name__} has no {self.name}.")
            return None
        what = f"{type(instance).__name__}.{self.name}"
        check_fetch_allowed(instance, what)
        return fetch(lambda: self.aload(instance), what)

    async def aload(self, instance: Any) -> Any:
        """Load the related instance, keep it and return it. Raises the target's DoesNotExist when there is none."""
        if not self.is_cached(instance):
            field = self.field
            names = [far.attname for far in field.foreign_related_fields]
            condition = field.condition([field.values_of(instance)], names)
            rows = filtered(rows_like(field.related_model, instance), field.get_extra_descriptor_filter(instance))
            instance.__dict__[self.name] = await rows.aget(condition)
        return instance.__dict__[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        field = self.field
        if value is not None and not isinstance(value, field.related_model._meta.concrete_model):
            raise ValueError(
                f'Cannot assign "{value!r}": "{type(instance).__name__}.{self.name}" must be a '
                f'"{field.related_model.__name__}" instance.'
            )
        for near, far in field.related_fields:
            setattr(instance, near.attname, None if value is None else getattr(value, far.attname))
        if value is None:
            instance.__dict__.pop(self.name, None)
        else:
            instance.__dict__[self.name] = value


def filtered(rows: Any, condition: object) -> Any:
    """Return the rows that meet a condition, given as a Q or a mapping of lookups."""
    return rows.complex_filter(condition) if condition else rows


class ForwardObjectLoader(Loader):
    """Loads what ForeignObjects refer to."""

    single = True

    def held(self, instance: object) -> Any:
        descriptor = getattr(type(instance), self.name)
        return instance.__dict__[self.name] if descriptor.is_cached(instance) else None

    def lacking(self, instances: Sequence[Any]) -> Sequence[Any]:
        known = [one for one in instances if None not in self.relation.values_of(one)]
        return [one for one in known if self.held(one) is None]

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._base_manager, using)

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        field = self.relation
        names = [far.attname for far in field.foreign_related_fields]
        wanted = dict.fromkeys(map(field.values_of, instances))
        found = list(await queryset.filter(field.condition(wanted, names)))
        by_values = {field.target_values_of(related): related for related in found}
        for instance in instances:
            related = by_values.get(field.values_of(instance))
            if related is not None or to_attr is not None:
                instance.__dict__[to_attr or self.name] = related
        return found


class ReverseObjectDescriptor:
    """The reverse attribute of a ForeignObject: gives the manager of an instance's referring rows."""

    def __init__(self, rel: ForeignObjectRel) -> None:
        self.rel = self.relation = rel
        self.name = str(rel.accessor_name)

    @property
    def field(self) -> Any:
        """The ForeignObject on the other model."""
        return self.rel.field

    def prefetch_loader(self, name: str) -> ReverseObjectLoader:
        """Return what loads this attribute for many instances."""
        return ReverseObjectLoader(self.rel, name)

    @cached_property
    def related_manager_cls(self) -> Any:
        """The class of the managers this descriptor gives."""
        link = Link(self.name, self.rel, self.field)
        return manager_class(ObjectRelatedManager, self.rel.related_model._default_manager, link)

    def __get__(self, instance: AwaitableModel | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        manager = object.__new__(self.related_manager_cls)
        manager.instance = instance
        return manager

    def __set__(self, instance: AwaitableModel, value: Any) -> None:
        raise advised(
            TypeError,
            f"Direct assignment to the reverse side of a related set is prohibited. Use {self.name}.set() instead.",
            f" (In async code: await {self.name}.aset().)",
        )


class ReverseObjectLoader(ManyLoader):
    """Loads the rows whose ForeignObject refers to each of the instances."""

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        field = self.relation.field
        names = [near.attname for near in field.local_related_fields]
        groups: dict[Any, list[Any]] = {field.target_values_of(instance): [] for instance in instances}
        found = list(await queryset.filter(field.condition(groups, names)))
        for related in found:
            groups[field.values_of(related)].append(related)
        for instance in instances:
            for related in groups[field.target_values_of(instance)]:
                related.__dict__[field.name] = instance
        self.give_by(field.target_values_of, instances, groups, to_attr)
        return found


class ObjectRelatedManager(RelatedManager[Any]):
    """The rows whose ForeignObject refers to one instance."""

    def _key_of_instance(self, foreign_key: Any) -> Any:
        values = foreign_key.target_values_of(self.instance)
        if None in values:
            raise ValueError(
                f"{type(self.instance).__name__!r} instance needs to have a primary key value before this relationship "
                "can be used."
            )
        return values

    def _narrowed(self, rows: Any = None) -> Any:
        field = self.link.field
        names = tuple(near.attname for near in field.local_related_fields)
        key = self._key_of_instance(field)
        queryset = (self._every_row() if rows is None else rows).filter(field.condition([key], names))
        queryset._known_related = (KnownRelated(field.name, names, key, self.instance),)
        return queryset

    async def _change(self, keys: Sequence[object] | None, to: Any) -> None:
        field = self.link.field
        if to is None:
            raise FieldError(f"{field} is made of fields with meanings of their own, so it can't be emptied.")
        rows = self.model._base_manager.using(self._alias)
        rows = self._narrowed().using(self._alias) if keys is None else rows.filter(pk__in=keys)
        values = field.target_values_of(to)
        names = [near.attname for near in field.local_related_fields]
        await rows.aupdate(**dict(zip(names, values, strict=True)))
