"""``author.profile``: the one instance whose OneToOneField refers to this one, loaded on demand.

That there is none is an error (``RelatedObjectDoesNotExist``, also an AttributeError), as in Django. In async code an
unloaded one must be awaited, and the error comes from the ``await``.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from orm.db.routing import routes
from orm.models.fetching import check_fetch_allowed, fetch, siblings
from orm.models.redeclared import of_a_former_class
from orm.models.relations.forward import rows_like
from orm.models.relations.prefetched_relation import PrefetchQuerysets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.models.base import AwaitableModel
    from orm.models.relations.rels import OneToOneRel

_MISSING: Any = object()


class ReverseOneDescriptor(PrefetchQuerysets):
    """The reverse attribute of a OneToOneField. ``Author.profile.rel`` is the rel."""

    def __init__(self, rel: OneToOneRel) -> None:
        self.rel = self.relation = rel
        self.name = str(rel.accessor_name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.rel.field}>"

    @property
    def field(self) -> Any:
        """The OneToOneField on the other model."""
        return self.rel.field

    @cached_property
    def RelatedObjectDoesNotExist(self) -> type[Exception]:
        """Raised where no instance refers to this one; also an AttributeError, for ``hasattr``."""
        qualname = f"{self.rel.model.__qualname__}.{self.name}.RelatedObjectDoesNotExist"
        names = {"__module__": self.rel.model.__module__, "__qualname__": qualname}
        return type("RelatedObjectDoesNotExist", (self.rel.related_model.DoesNotExist, AttributeError), names)

    def is_cached(self, instance: AwaitableModel) -> bool:
        """Whether it is known what refers to the instance, or that nothing does."""
        return self.name in instance.__dict__

    def __get__(self, instance: AwaitableModel | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        related = instance.__dict__.get(self.name, _MISSING)
        if related is None:
            self._nothing(instance)
        if related is not _MISSING:
            return related
        if getattr(instance, self.field.target_attname) is None or not instance._is_pk_set():
            self._nothing(instance)
        what = f"{type(instance).__name__}.{self.name}"
        check_fetch_allowed(instance, what)
        return fetch(lambda: self.aload(instance), what)

    def _nothing(self, instance: AwaitableModel) -> NoReturn:
        raise self.RelatedObjectDoesNotExist(f"{type(instance).__name__} has no {self.name}.")

    @property
    def related(self) -> Any:
        """The relation, by the name that it has here in Django."""
        return self.rel

    def get_queryset(self, *, instance: object) -> Any:
        """Return the rows among which the one that refers is looked up; a subclass may choose others."""
        return rows_like(self.rel.related_model, instance)

    async def aload(self, instance: Any) -> Any:
        """Load what refers to the instance (under fetch mode *peers*, to any of its siblings), keep and return it.

        Raises ``RelatedObjectDoesNotExist`` when nothing does.
        """
        if not self.is_cached(instance):
            group = siblings(instance, lambda peer: not self.is_cached(peer))
            field = self.field
            rows = self.get_queryset(instance=instance)
            key = field.target_attname
            if len(group) == 1:
                rows = rows.filter(**{field.attname: getattr(instance, key)})
            else:
                rows = rows.filter(**{f"{field.attname}__in": [getattr(peer, key) for peer in group]})
            self.keep_many(group, await rows)
        related = instance.__dict__[self.name]
        if related is None:
            self._nothing(instance)
        return related

    def keep_many(self, instances: Iterable[object], found: Iterable[object]) -> None:
        """Give each instance the one among ``found`` that refers to it, or None."""
        field = self.field
        by_key = {related.__dict__[field.attname]: related for related in found}
        for instance in instances:
            related = by_key.get(getattr(instance, field.target_attname))
            instance.__dict__[self.name] = related
            if related is not None:
                related.__dict__[field.name] = instance

    def prefetched_relation(self) -> tuple[type[Any], str]:
        return self.rel.model, self.name

    def __set__(self, instance: Any, value: Any) -> None:
        field = self.field
        if value is None:
            former = instance.__dict__.pop(self.name, None)
            if former is not None:
                setattr(former, field.name, None)
            return
        model = self.rel.related_model
        if not isinstance(value, model):
            raise ValueError(
                f'Cannot assign "{value!r}": "{type(instance).__name__}.{self.name}" must be a "{model.__name__}" '
                f"instance, or None.{of_a_former_class(value, model)}"
            )
        if routes.apart:
            routes.relate(instance, value)
        setattr(value, field.name, instance)  # its forward side keeps both ends in step
