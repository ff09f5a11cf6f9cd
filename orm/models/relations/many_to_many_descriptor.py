"""``book.authors`` and ``author.book_set`` of a ManyToManyField: one descriptor for both sides."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from orm.errors import advised
from orm.late import late_module

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.relations import joined_objects, manager_class
    from orm.models.relations import many_blocking as many
    from orm.models.relations.many_blocking import ManyRelatedManager
    from orm.models.relations.rels import ManyToManyRel
else:
    joined_objects = late_module("orm.models.relations.joined_objects")
    manager_class = late_module("orm.models.relations.manager_class")
    many = late_module("orm.models.relations.many_blocking")


class ManyToManyDescriptor:
    """The attribute of a ManyToManyField (``reverse`` False) or its far side (True). ``.through`` is the join model."""

    def __init__(self, rel: ManyToManyRel, *, reverse: bool) -> None:
        self.rel = rel
        self.reverse = reverse

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.rel.field}{', reverse' if self.reverse else ''}>"

    @property
    def field(self) -> Any:
        """The ManyToManyField."""
        return self.rel.field

    @property
    def relation(self) -> ManyToManyRel:
        """The relation as seen from this side: the field, or its rel."""
        return self.rel if self.reverse else self.rel.field

    @property
    def through(self) -> Any:
        """The join model."""
        return self.field.through

    @cached_property
    def name(self) -> str:
        """The attribute's name."""
        return str(self.rel.accessor_name if self.reverse else self.field.name)

    @cached_property
    def related_manager_cls(self) -> type[ManyRelatedManager[Any]]:
        """The class of the managers this descriptor gives; made once, on top of the related model's own manager."""
        field, rel = self.field, self.rel
        near, far = field.source_foreign_key, field.target_foreign_key
        if self.reverse:
            near, far = far, near
        link = manager_class.JoinedLink(self.name, rel, field, field.through, near, far, self.reverse, rel.symmetrical)
        model = rel.related_model if self.reverse else field.related_model
        operations = many.ManyRelatedManager
        if not (near.concrete and far.concrete):
            operations = joined_objects.JoinedObjectsManager
        return manager_class.manager_class(operations, model._default_manager, link)

    def __get__(self, instance: AwaitableModel | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        cls = self.related_manager_cls
        if instance.__dict__.get(cls.link.near.target_attname) is None:
            self._refuse_without_key(instance, cls.link.near)
        manager = object.__new__(cls)
        manager.instance = instance
        return manager

    def _refuse_without_key(self, instance: object, near: Any) -> None:
        """Raise for an instance that no join row can refer to yet; a key that was deferred is not missing."""
        for target in near.foreign_related_fields:
            if getattr(instance, target.attname) is None:
                raise advised(
                    ValueError,
                    f'"{instance!r}" needs to have a value for field "{target.name}" before this many-to-many '
                    "relationship can be used.",
                    f" It has no {target.attname} yet, so it has no {self.name}; save it first.",
                )

    def __set__(self, instance: AwaitableModel, value: Any) -> NoReturn:
        raise advised(
            TypeError,
            f"Direct assignment to the {'reverse' if self.reverse else 'forward'} side of a many-to-many set is "
            f"prohibited. Use {self.name}.set() instead.",
            f" (In async code: await {self.name}.aset().)",
        )
