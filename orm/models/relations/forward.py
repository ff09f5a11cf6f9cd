"""``book.author``: the instance a foreign key refers to, loaded on demand.

The descriptor keeps instance and raw key in step: assigning an instance sets the key, and an instance whose key no
longer equals the raw value (``book.author_id = 7``) is forgotten. It refuses instances of other models.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

from orm import errors
from orm.db.routing import routes
from orm.errors import advised
from orm.models.fetching import FETCH_ONE, aload_field, check_fetch_allowed, fetch, part_of, rows_of, siblings
from orm.models.redeclared import of_a_former_class
from orm.models.relations.prefetched_relation import PrefetchQuerysets
from orm.models.state import NO_KEY, PENDING
from orm.structures.attributes import UNFOUND

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

_MISSING: Any = object()


def rows_like(model: type[AwaitableModel], like: Any) -> Any:
    """Return the QuerySet of all rows of ``model``, on the database and with the fetch mode of an instance."""
    state = like._state
    queryset = rows_of(model, like)
    return queryset if state.fetch_mode == FETCH_ONE else queryset.fetch_mode(state.fetch_mode)


class ForwardOneDescriptor(PrefetchQuerysets):
    """The attribute of a ForeignKey or OneToOneField. ``Book.author.field`` is the field."""

    def __new__(cls, field: Any) -> Self:
        return cast("Self", object.__new__(field.accessor_class(cls)))

    def __init__(self, field: Any) -> None:
        self.field: Any = field
        self.relation: Any = field
        self.name = field.name
        self.attname = field.attname

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.field}>"

    @cached_property
    def _target_attname(self) -> str:
        return str(self.field.target_attname)

    @cached_property
    def _keys_of_parents(self) -> tuple[str, ...]:
        """The attributes for keys of parents' tables that the instance shares with one assigned to its parent link."""
        if not (self.field.remote_field.parent_link and self.field.primary_key):
            return ()
        target = self.field.related_model
        keys = [model._meta.pk.attname for model in (target, *target._meta.all_parents)]
        return tuple(key for key in dict.fromkeys(keys) if key != self.attname)

    @cached_property
    def RelatedObjectDoesNotExist(self) -> type[Exception]:
        """Raised where a foreign key that may not be null holds nothing; also an AttributeError, for ``hasattr``."""
        bases = (self.field.related_model.DoesNotExist, AttributeError)
        qualname = f"{self.field.model.__qualname__}.{self.name}.RelatedObjectDoesNotExist"
        names = {"__module__": self.field.model.__module__, "__qualname__": qualname}
        return type("RelatedObjectDoesNotExist", bases, names)

    def is_cached(self, instance: AwaitableModel) -> bool:
        """Whether the related instance is loaded and still the right one."""
        related = instance.__dict__.get(self.name)
        if related is None:
            return False
        key = instance.__dict__.get(self.attname)
        same = related.__dict__.get(self._target_attname, key) == key
        return same or (key in NO_KEY and self.name in instance.__dict__.get(PENDING, ()))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__
        related = held.get(self.name)
        if related is not None:
            key = held.get(self.attname, _MISSING)  # defer() may have left it out
            if related.__dict__.get(self._target_attname, key) == key or key is _MISSING or self.is_cached(instance):
                return related
            del held[self.name]
        if held.get(self.attname, _MISSING) is None:
            return self._nothing(instance)
        if self.field.remote_field.parent_link and self._is_whole(instance):
            self.keep(instance, part_of(instance, self.field.related_model))
            return held[self.name]
        what = f"{type(instance).__name__}.{self.name}"
        if instance._meta.parents and (related := self._held_by_ancestor(instance)) is not None:
            self.keep(instance, related)
            return related
        in_vain = held.get(UNFOUND, ())
        if self.name in in_vain and in_vain[self.name] == held.get(self.attname):
            return self._nothing(instance, f"the queryset it was prefetched from has no {held[self.attname]!r}")
        check_fetch_allowed(instance, what)
        return fetch(lambda: self.aload(instance), what)

    def _held_by_ancestor(self, instance: Any) -> Any:
        """What a parent's part of the row, which the instance was reached from, has loaded for the same key."""
        part, key = instance, instance.__dict__.get(self.attname, _MISSING)
        while (link := part._meta.get_ancestor_link(self.field.model)) is not None:
            part = part.__dict__.get(link.name)
            if part is None:
                break
            if self.is_cached(part) and part.__dict__.get(self.attname) == key:
                return part.__dict__[self.name]
        return None

    def _is_whole(self, instance: AwaitableModel) -> bool:
        """Whether the instance has loaded all that its parent's row holds."""
        held, target = instance.__dict__, self.field.related_model
        return isinstance(instance, target) and all(f.attname in held for f in target._meta.concrete_fields)

    def _nothing(self, instance: AwaitableModel, because: str = "") -> None:
        if not self.field.null:
            because = because or f"{self.attname} is None"
            said = f"{type(instance).__name__} has no {self.name}"
            raise self.RelatedObjectDoesNotExist(f"{said}: {because}." if errors.advice_in_errors else f"{said}.")

    def get_queryset(self, *, instance: object) -> Any:
        """Return the rows among which the related one is looked up; a subclass may choose others."""
        return rows_like(self.field.related_model, instance)

    async def aload(self, instance: Any) -> Any:
        """Load the related instance (under fetch mode *peers* those of all siblings), keep it and return it.

        Raises the target's DoesNotExist when no row has that key.
        """
        if self.is_cached(instance):  # awaited twice, or a peer's load was quicker
            return instance.__dict__[self.name]
        if self.attname not in instance.__dict__:
            await aload_field(instance, self.field)
        if instance.__dict__[self.attname] is None:
            return self._nothing(instance)
        group = siblings(instance, self._lacks)
        target = self.field.target_field
        rows = self.get_queryset(instance=instance)
        if len(group) == 1:
            self.keep(instance, await rows.aget(**{target.attname: instance.__dict__[self.attname]}))
            return instance.__dict__[self.name]
        found = await rows.filter(**{f"{target.attname}__in": {peer.__dict__[self.attname] for peer in group}})
        self.keep_many(group, found)
        if self.name not in instance.__dict__:
            model = self.field.related_model
            raise model.DoesNotExist(
                f"{instance!r} refers to {target.name} {instance.__dict__[self.attname]!r}; no {model.__name__} has it."
            )
        return instance.__dict__[self.name]

    def _lacks(self, peer: Any) -> bool:
        return peer.__dict__.get(self.attname) is not None and not self.is_cached(peer)

    def keep_many(self, instances: Iterable[AwaitableModel], found: Iterable[object]) -> None:
        """Give each instance the one among ``found`` it refers to."""
        by_key = {related.__dict__[self._target_attname]: related for related in found}
        for instance in instances:
            related = by_key.get(instance.__dict__[self.attname])
            if related is not None:
                self.keep(instance, related)

    def keep(self, instance: object, related: object) -> None:
        """Make ``related`` the loaded instance, and where the relation is one to one, the other way round too."""
        held = instance.__dict__
        held[self.name] = related
        held[self.attname] = related.__dict__[self._target_attname]
        rel = self.field.remote_field
        if not rel.multiple and rel.accessor_name is not None:
            related.__dict__[rel.accessor_name] = instance

    def prefetched_relation(self) -> tuple[type[Any], str]:
        return self.field.model, self.name

    def __set__(self, instance: Any, value: Any) -> None:
        held = instance.__dict__
        rel = self.field.remote_field
        if value is not None:
            target = self.field.related_model
            if not isinstance(value, target._meta.concrete_model):
                raise advised(
                    ValueError,
                    f'Cannot assign "{value!r}": "{type(instance).__name__}.{self.name}" must be a '
                    f'"{target.__name__}" instance.',
                    f"{of_a_former_class(value, target)} Raw keys go into {self.attname}.",
                )
        if routes.apart and value is not None:
            routes.relate(instance, value)
        if not rel.multiple and rel.accessor_name is not None:
            former = held.get(self.name)
            if former is not None and former is not value:
                former.__dict__.pop(rel.accessor_name, None)
            if value is not None:
                value.__dict__[rel.accessor_name] = instance
        if value is None:
            held.pop(self.name, None)
            held[self.attname] = None
            return
        key = getattr(value, self._target_attname)
        held[self.name] = value
        held[self.attname] = key
        for attname in self._keys_of_parents:
            held[attname] = getattr(value, attname)
        if key in NO_KEY or (value.pk is None and not self.field.target_field.primary_key):
            held.setdefault(PENDING, set()).add(self.name)
        elif PENDING in held:
            held[PENDING].discard(self.name)


class ForwardOneToOneDescriptor(ForwardOneDescriptor):
    """The attribute of a OneToOneField."""
