"""``GenericRelation``: the rows of another model whose generic key refers to this one's rows.

It can be queried like any relation to many rows: each join also compares the content type, which the database looks up
by name, so that no key of it need be known beforehand. Deleting a row deletes those that refer to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm.contrib.contenttypes.foreign_key import GenericForeignKey
from orm.contrib.contenttypes.late import generic_checks
from orm.contrib.contenttypes.models import ContentType
from orm.contrib.contenttypes.prefetch import GenericRelationLoader
from orm.contrib.contenttypes.related_blocking import GenericRelatedManager
from orm.models.neighbour_methods import add_order_of
from orm.models.relations.manager_class import Link, manager_class
from orm.models.relations.rels import ForeignObjectRel
from orm.models.relations.resolve import format_related_name, resolve_targets
from orm.models.relations.virtual import VirtualField
from orm.sql import types
from orm.sql.columns import Col
from orm.sql.expressions import Expression
from orm.sql.hop import Hop

if TYPE_CHECKING:
    from orm.checks.messages import CheckMessage
    from orm.models.base import AwaitableModel
    from orm.sql.compiler import Compiler
    from orm.sql.nodes import Rendered


class OfType(Expression):
    """The condition that a column holds the key of a model's content type."""

    conditional_kind = True

    def __init__(self, column: Col, app_label: str, model_name: str) -> None:
        super().__init__(types.BOOLEAN)
        self.column = column
        self.app_label = app_label
        self.model_name = model_name

    def as_sql(self, compiler: Compiler, connection: Any) -> Rendered:
        meta = ContentType._meta
        quote = connection.quote
        label, name, key = (quote(meta.get_field(field).column) for field in ("app_label", "model", "id"))
        sql, params = compiler.compile(self.column)
        rows = f"SELECT {key} FROM {quote(meta.db_table)} WHERE {label} = %s AND {name} = %s"
        return f"{sql} = ({rows})", [*params, self.app_label, self.model_name]


class TypeRestriction:
    """What joins along a generic relation ask: the referring row's content type is that of a model."""

    def __init__(self, field: Any, model: type[AwaitableModel], at_far_end: bool) -> None:
        self.field = field
        self.model = model
        self.at_far_end = at_far_end

    def condition(self, near: str, far: str) -> Expression:
        """Return the condition on a join of the table aliased ``far`` to the one aliased ``near``."""
        meta = self.model._meta
        return OfType(Col(far if self.at_far_end else near, self.field), meta.app_label, meta.model_name)


class GenericRel(ForeignObjectRel):
    """The far side of a generic relation: from a row that refers to the one it refers to."""

    many_to_one = True
    multiple = False

    @property
    def hidden(self) -> bool:
        return True

    @cached_property
    def name(self) -> str:
        return self.related_query_name or f"_{self.field.model._meta.model_name}_{self.field.name}_+"

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with."""
        return self.field.model._meta.pk

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        field = self.field
        key = field.model._meta.pk
        restriction = TypeRestriction(field.type_field, field.typed_model, at_far_end=False)
        way = field.related_model._meta.way_to(field.object_field)
        return (*way, Hop(field.model, field.object_field, key, False, True, restriction=restriction))


class GenericRelation(VirtualField):
    """The rows of ``to`` that refer to rows of this model.

    Parameters: ``object_id_field`` and ``content_type_field`` name the two fields of ``to``; ``related_query_name`` is
    the word for this model in queries on ``to``; ``for_concrete_model`` False keeps proxies apart.
    """

    one_to_many = True
    null = True

    def __init__(
        self,
        to: Any,
        object_id_field: str = "object_id",
        content_type_field: str = "content_type",
        for_concrete_model: bool = True,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        *,
        verbose_name: str | None = None,
        help_text: str = "",
    ) -> None:
        super().__init__(verbose_name, help_text)
        self.to = to
        self.object_id_field_name = object_id_field
        self.content_type_field_name = content_type_field
        self.for_concrete_model = for_concrete_model
        self.inherited = False
        """Whether a parent with a table declares it, whose rows the word in queries stands for."""
        self.remote_field = GenericRel(
            self, to, related_query_name=related_query_name, limit_choices_to=limit_choices_to
        )

    def clone(self) -> GenericRelation:
        """Return a field declared the same way."""
        rel = self.remote_field
        made = copy(self)  # of a subclass, too, whatever that is made with
        vars(made).pop("hops", None)
        GenericRelation.__init__(
            made,
            self.to,
            self.object_id_field_name,
            self.content_type_field_name,
            self.for_concrete_model,
            rel.related_query_name,
            rel.limit_choices_to,
            verbose_name=self._verbose_name,
            help_text=self.help_text,
        )
        return self.like(made)

    def value_to_string(self, instance: Any) -> str:
        """Return the keys of the rows that refer to an instance, as a text. Blocking code only."""
        return str([related.pk for related in getattr(instance, self.name).all()])

    # -- wiring --------------------------------------------------------------------------------------------------------

    def contribute_to_class(self, cls: type[Any], name: str, **options: object) -> None:
        """Join the model ``cls`` as its attribute ``name``, and the other model as a word in its queries."""
        super().contribute_to_class(cls, name)
        setattr(cls, name, GenericRelationDescriptor(self))
        if not cls._meta.abstract:
            resolve_targets(self, cls, (self.to,), self._target_ready)

    def _target_ready(self, target: type[Any]) -> None:
        rel = self.remote_field
        rel.model = target
        rel.related_query_name = format_related_name(rel.related_query_name, self.model)
        key = self.generic_key
        if key is not None and target._meta.order_with_respect_to is key:
            add_order_of(target, self.model)
        if self.remote_field.related_query_name and not self.inherited:
            target._meta.add_related(self.remote_field)

    @property
    def related_model(self) -> Any:
        """The model whose rows refer to this one's."""
        return self.remote_field.model

    @property
    def typed_model(self) -> Any:
        """The model whose content type the referring rows have."""
        return self.model._meta.concrete_model if self.for_concrete_model else self.model

    @property
    def type_field(self) -> Any:
        """The foreign key to ContentType of the referring rows."""
        return self.related_model._meta.get_field(self.content_type_field_name)

    @property
    def object_field(self) -> Any:
        """The field of the referring rows that holds the key."""
        return self.related_model._meta.get_field(self.object_id_field_name)

    @property
    def generic_key(self) -> GenericForeignKey | None:
        """The other model's generic key on the same two fields, if it declares one."""
        names = (self.content_type_field_name, self.object_id_field_name)
        for field in self.related_model._meta.private_fields:
            if isinstance(field, GenericForeignKey) and (field.ct_field, field.fk_field) == names:
                return field
        return None

    def check(self, **options: object) -> list[CheckMessage]:
        """What is wrong with the declaration: its name, the model it leads to, or that model's generic key."""
        return list(generic_checks.generic_relation_checks(self))

    # -- queries -------------------------------------------------------------------------------------------------------

    @property
    def target_field(self) -> Any:
        """The field a bare value in a condition on this relation is compared with: the referring row's key."""
        return self.related_model._meta.pk

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The joins from this model to the referring rows; a parent's table comes first where it holds their key."""
        field, related = self.object_field, self.related_model
        restriction = TypeRestriction(self.type_field, self.typed_model, at_far_end=True)
        way = related._meta.way_to(field)
        owner = way[-1].model if way else related
        first = Hop(owner, self.model._meta.pk, field, True, True, restriction=restriction)
        sources = [related, *(hop.model for hop in way)]
        back = [Hop(source, hop.rhs, hop.lhs, False, True) for source, hop in zip(sources, way, strict=False)]
        return (first, *reversed(back))

    def type_condition(self, model: Any, using: str | None) -> dict[str, Any]:
        """Return the condition on referring rows that they refer to a row of ``model``."""
        meta = (model._meta.concrete_model if self.for_concrete_model else model)._meta
        name = self.content_type_field_name
        known = ContentType.objects.known(model, self.for_concrete_model, using)
        if known is not None:
            return {self.type_field.attname: known.pk}
        return {f"{name}__app_label": meta.app_label, f"{name}__model": meta.model_name}

    def bulk_related_objects(self, objs: Iterable[AwaitableModel], using: str = "default") -> Any:
        """Return a queryset of the rows that refer to some instances, which are deleted together with these."""
        rows = self.related_model._base_manager.using(using).filter(**self.type_condition(self.model, using))
        prepare = self.object_field.to_python
        return rows.filter(**{f"{self.object_field.attname}__in": [prepare(obj.pk) for obj in objs]})


class GenericRelationDescriptor:
    """The attribute of a generic relation: gives the manager of an instance's related rows."""

    def __init__(self, field: GenericRelation) -> None:
        self.field = self.relation = field
        self.rel = field.remote_field

    def prefetch_loader(self, name: str) -> GenericRelationLoader:
        """Return what loads this attribute for many instances."""
        return GenericRelationLoader(self.field, name)

    @cached_property
    def related_manager_cls(self) -> Any:
        """The class of the managers this descriptor gives; made once, on top of the related model's own manager."""
        link = Link(self.field.name, self.rel, self.field)
        return manager_class(GenericRelatedManager, self.field.related_model._default_manager, link)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        manager = object.__new__(self.related_manager_cls)
        manager.instance = instance
        return manager

    def __set__(self, instance: AwaitableModel, value: Any) -> None:
        name = self.field.name
        raise TypeError(
            f"{type(instance).__name__}.{name} can't be assigned to; use {name}.set(...), or await {name}.aset(...)."
        )
