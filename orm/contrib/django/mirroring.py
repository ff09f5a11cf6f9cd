"""``mirror()``: classes of this library for the models of a Django project, in a registry of their own.

A mirror has the model's table, columns, relations and rules; it has its name, and none of its methods and managers,
which are written for Django. Relations lead to mirrors, in both directions, so that what a model is related to is
mirrored with it. Generic keys and relations are not: their columns are.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from orm.contrib.django.databases import configure_from_django
from orm.contrib.django.real import is_model, is_ready, registry
from orm.contrib.django.translating import mirrored_field, translated
from orm.db.registry import databases
from orm.models.apps import Apps
from orm.models.base_blocking import Model

OPTIONS = ("db_table", "db_tablespace", "ordering", "get_latest_by", "managed", "unique_together", "verbose_name")
"""Options of Meta that a mirror has as they are; besides these its constraints, indexes and order."""


class Mirrors:
    """The mirrors made so far, by Django's model, and back."""

    def __init__(self) -> None:
        self.registry = Apps()
        self._made: dict[Any, Any] = {}
        self._origins: dict[Any, Any] = {}
        self._lock = threading.RLock()

    def of(self, model: object) -> Any:
        """Return the mirror of one of Django's models, made now with those it is related to if it is not there."""
        found = self._made.get(model)
        if found is not None:
            return found
        with self._lock:
            for each in related(model):
                self._make(each)
        return self._made[model]

    def origin(self, mirrored: object) -> Any:
        """Return the Django model of a mirror; None for any other class."""
        return self._origins.get(mirrored)

    def _make(self, model: Any) -> Any:
        if model in self._made:
            return self._made[model]
        meta = model._meta
        if meta.proxy:
            parents = [meta.concrete_model]
        else:
            parents = [parent for parent in meta.parents if parent in model.__bases__ or is_nearest(parent, meta)]
        bases = tuple(self._make(parent) for parent in parents) or (Model,)
        body = {} if meta.proxy else dict(fields_of(model))
        declare: Any = type(Model)
        made = declare(
            model.__name__,
            bases,
            {**body, "Meta": self._meta(model), "__module__": model.__module__, "__doc__": model.__doc__},
        )
        self._made[model], self._origins[made] = made, model
        return made

    def _meta(self, model: Any) -> type:
        meta, where = model._meta, model._meta.label
        options: dict[str, Any] = {name: translated(getattr(meta, name), where) for name in OPTIONS}
        if meta.proxy:
            options = {"proxy": True, "ordering": options["ordering"]}
        else:
            options["constraints"] = [translated(each, where) for each in meta.constraints]
            options["indexes"] = [translated(each, where) for each in meta.indexes]
        return type("Meta", (), {"app_label": meta.app_label, "apps": self.registry, **options})


def is_nearest(parent: Any, meta: Any) -> bool:
    """Whether a model inherits a parent's table directly, by way of abstract classes at most."""
    return not any(parent in other._meta.parents for other in meta.parents if other is not parent)


def fields_of(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and fields of a mirror: what the model's own table has, and its relations to many."""
    meta = model._meta
    if type(meta.pk).__name__ == "CompositePrimaryKey" and meta.pk.model is model:
        yield meta.pk.name, mirrored_field(meta.pk, f"{meta.label}.{meta.pk.name}")
    for field in (*meta.local_fields, *meta.local_many_to_many):
        yield field.name, mirrored_field(field, f"{meta.label}.{field.name}")


def related(model: Any) -> list[Any]:
    """Return a model and all that its relations lead to, those that lead to it included."""
    found: dict[Any, None] = {}
    waiting = [model]
    while waiting:
        each = waiting.pop()
        if each in found or each._meta.abstract or each._meta.swapped:
            continue
        found[each] = None
        meta = each._meta
        waiting += meta.parents
        if meta.proxy:
            waiting.append(meta.concrete_model)
        for field in meta.get_fields(include_hidden=True):
            if field.is_relation and is_model(field.related_model):
                waiting.append(field.related_model)
            through = getattr(field.remote_field, "through", None) if field.is_relation else None
            if is_model(through):
                waiting.append(through)
    return list(found)


mirrors = Mirrors()


def take_over() -> None:
    """Configure Django's databases for who names one before the first mirror is made: ``orm.atomic()`` does."""
    if is_ready():
        configure_from_django(mirrors.origin)


databases.elsewhere.append(take_over)


def mirror(model: Any) -> type[Model]:
    """Return the class of this library that has the table, columns and relations of one of Django's models.

    The same class each time; ``mirror(Author).objects`` is its manager, in both colours. The first call takes over
    Django's DATABASES, DATABASE_ROUTERS, USE_TZ and TIME_ZONE.

    Parameters: ``model`` is the model's class, or its label (``"library.Author"``).

    Raises ``ImproperlyConfigured`` without Django, before ``django.setup()``, or where a database of the same alias is
    configured otherwise; ``TypeError`` for what is no model; ``LookupError`` for a label nobody knows;
    ``NotImplementedError`` for a model declared with what there is nothing like here.
    """
    apps = registry()
    found = apps.get_model(model) if isinstance(model, str) else model
    if not is_model(found) or found._meta.abstract:
        said = f"mirror() takes a model of Django's that has a table, or its label, not {model!r}"
        known = isinstance(found, type) and mirrors.origin(found) is not None
        raise TypeError(f"{said}, which is a mirror already." if known else f"{said}.")
    configure_from_django(mirrors.origin)
    made: type[Model] = mirrors.of(found)
    return made


def mirror_all() -> dict[str, type[Model]]:
    """Return the mirrors of all models of the project, by label. Raises as ``mirror``."""
    return {model._meta.label: mirror(model) for model in registry().get_models()}
