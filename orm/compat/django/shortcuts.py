"""``get_object_or_404`` and its kin: they ask for data, and raise ``Http404`` where it is not there."""

from __future__ import annotations

from typing import Any

from orm.errors import ObjectDoesNotExist

__all__ = ["Http404", "aget_list_or_404", "aget_object_or_404", "get_list_or_404", "get_object_or_404"]
"""What ``django.shortcuts`` offers; ``model_to_dict`` is in ``django.forms.models``."""


class Http404(Exception):
    """What was asked for is not there."""


def _get_queryset(klass: Any) -> Any:
    """Return the QuerySet of a model or a manager; anything else is returned as it is. Packages ask for it."""
    return klass._default_manager.all() if hasattr(klass, "_default_manager") else klass


def _queryset(source: object, caller: str, method: str) -> Any:
    """Return the QuerySet of a model, a manager, or a QuerySet."""
    found = _get_queryset(source)
    if not hasattr(found, method):
        name = source.__name__ if isinstance(source, type) else type(source).__name__
        raise ValueError(f"First argument to {caller}() must be a Model, Manager, or QuerySet, not '{name}'.")
    return found


def get_object_or_404(klass: object, *args: object, **kwargs: object) -> Any:
    """Return the one object that matches; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "get_object_or_404", "get")
    try:
        return queryset.get(*args, **kwargs)
    except ObjectDoesNotExist as error:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.") from error


async def aget_object_or_404(klass: object, *args: object, **kwargs: object) -> Any:
    """Return the one object that matches; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "aget_object_or_404", "aget")
    try:
        return await queryset.aget(*args, **kwargs)
    except ObjectDoesNotExist as error:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.") from error


def get_list_or_404(klass: object, *args: object, **kwargs: object) -> list[Any]:
    """Return the objects that match; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "get_list_or_404", "filter")
    found = list(queryset.filter(*args, **kwargs))
    if not found:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.")
    return found


async def aget_list_or_404(klass: object, *args: object, **kwargs: object) -> list[Any]:
    """Return the objects that match; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "aget_list_or_404", "filter")
    found = [each async for each in queryset.filter(*args, **kwargs)]
    if not found:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.")
    return found


def model_to_dict(instance: Any, fields: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Return an instance's editable fields by name: keys for relations, lists of instances for many-to-many ones.

    Parameters: ``fields`` are the only ones wanted, ``exclude`` those that are not.
    """
    meta = instance._meta
    found: dict[str, Any] = {}
    for field in (*meta.concrete_fields, *meta.many_to_many):
        wanted = fields is None or field.name in fields
        if not wanted or not getattr(field, "editable", False) or (exclude and field.name in exclude):
            continue
        if field.many_to_many:
            found[field.name] = list(getattr(instance, field.name).all()) if instance.pk is not None else []
        else:
            found[field.name] = getattr(instance, field.attname)
    return found
