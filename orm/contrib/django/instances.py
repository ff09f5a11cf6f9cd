"""Django's own instances of what a mirror has read, for code that knows only those: serializers, forms, templates.

They are made as Django makes those it reads itself (``from_db``, with its ``pre_init`` and ``post_init``): fields that
were not loaded are deferred, and loaded relations, prefetched lists and annotations come along.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

from orm.contrib.django.mirroring import mirrors
from orm.contrib.django.real import is_model
from orm.models.fields.field_file_blocking import FieldFile

PREFETCHED = "_prefetched_objects_cache"


def django_instance(instance: object) -> Any:
    """Return Django's instance of the row that an instance of a mirror was read from.

    Raises ``TypeError`` for an instance of another class.
    """
    return Copies().copy(instance)


class Copies:
    """Copies made together: one for each instance, so that what was one object is one again."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def copy(self, instance: Any) -> Any:
        """Return Django's instance of one of a mirror's."""
        known = self._made.get(id(instance))
        if known is not None:
            return known
        model = mirrors.origin(type(instance))
        if model is None:
            said = f"django_instance() takes an instance of a mirror, and this {type(instance).__name__}"
            raise TypeError(f"{said} is Django's already." if is_model(type(instance)) else f"{said} is none.")
        held, meta = instance.__dict__, type(instance)._meta
        loaded = [field.attname for field in meta.concrete_fields if field.attname in held]
        made = model.from_db(instance._state.db, loaded, [plain(held[name]) for name in loaded])
        if instance._state.adding:
            made._state.adding = True
        self._made[id(instance)] = made
        self._relations(instance, made)
        self._more(instance, made)
        return made

    def _relations(self, instance: Any, made: Any) -> None:
        held = instance.__dict__
        for field in type(instance)._meta.get_fields():
            if not field.is_relation or field.many_to_many or field.one_to_many:
                continue
            name = field.cache_name
            if name in held and (held[name] is None or mirrors.origin(type(held[name])) is not None):
                made._state.fields_cache[name] = None if held[name] is None else self.copy(held[name])

    def _more(self, instance: Any, made: object) -> None:
        """Carry over prefetched rows, and attributes that no field stands for: annotations."""
        known = {each for field in type(instance)._meta.get_fields() for each in names_of(field)}
        for name, value in instance.__dict__.items():
            if name in known or name.startswith("_"):
                continue
            made.__dict__[name] = [self.copy(each) for each in value] if is_list_of_rows(value) else value
        prefetched = instance.__dict__.get(PREFETCHED) or {}
        for name, rows in prefetched.items():
            queryset = getattr(made, name).all()
            queryset._result_cache = [self.copy(each) for each in rows]
            queryset._prefetch_done = True
            made.__dict__.setdefault(PREFETCHED, {})[name] = queryset


def names_of(field: object) -> list[str]:
    """Return the attributes of an instance that a field keeps something in."""
    return [getattr(field, name) for name in ("attname", "name", "cache_name") if getattr(field, name, None)]


def is_list_of_rows(value: object) -> bool:
    """Whether a value is what ``Prefetch(to_attr=...)`` leaves."""
    return isinstance(value, list) and bool(value) and all(mirrors.origin(type(each)) is not None for each in value)


def plain(value: object) -> Any:
    """Return a field's value as Django's fields take it."""
    return value.name if isinstance(value, FieldFile) else value


class DjangoInstances:
    """The rows of a mirror's queryset as Django's instances: in a loop of either kind, or awaited for their list.

    Parameters: ``queryset`` is the mirror's.
    """

    def __init__(self, queryset: Any) -> None:
        self.queryset = queryset

    def __iter__(self) -> Iterator[Any]:
        return iter(self._copied(list(self.queryset)))

    async def __aiter__(self) -> AsyncIterator[Any]:
        for made in self._copied([each async for each in self.queryset]):
            yield made

    def __await__(self) -> Generator[object, None, list[Any]]:
        rows = yield from self.queryset.__await__()
        return self._copied(rows)

    @staticmethod
    def _copied(rows: Any) -> list[Any]:
        copies = Copies()
        return [copies.copy(each) for each in rows]


def django_instances(queryset: object) -> DjangoInstances:
    """Return what gives a mirror's rows as Django's instances: ``async for``, ``for``, or ``await`` for the list.

    Errors are the query's; ``TypeError`` for rows of another class.
    """
    return DjangoInstances(queryset)
