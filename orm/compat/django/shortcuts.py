"""``get_object_or_404`` and its kin: they ask for data, and raise ``Http404`` where it is not there."""

from __future__ import annotations

from typing import Any

from orm.errors import ObjectDoesNotExist

__all__ = ["Http404", "aget_list_or_404", "aget_object_or_404", "get_list_or_404", "get_object_or_404"]


class Http404(Exception):
    """What was asked for is not there."""


def _queryset(source: Any, caller: str, method: str) -> Any:
    """Return the QuerySet of a model, a manager, or a QuerySet."""
    found = source._default_manager.all() if hasattr(source, "_default_manager") else source
    if not hasattr(found, method):
        name = source.__name__ if isinstance(source, type) else type(source).__name__
        raise ValueError(f"First argument to {caller}() must be a Model, Manager, or QuerySet, not '{name}'.")
    return found


def get_object_or_404(klass: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the one object that matches; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "get_object_or_404", "get")
    try:
        return queryset.get(*args, **kwargs)
    except ObjectDoesNotExist as error:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.") from error


async def aget_object_or_404(klass: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the one object that matches; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "aget_object_or_404", "aget")
    try:
        return await queryset.aget(*args, **kwargs)
    except ObjectDoesNotExist as error:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.") from error


def get_list_or_404(klass: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """Return the objects that match; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "get_list_or_404", "filter")
    found = list(queryset.filter(*args, **kwargs))
    if not found:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.")
    return found


async def aget_list_or_404(klass: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """Return the objects that match; raise ``Http404`` where none does."""
    queryset = _queryset(klass, "aget_list_or_404", "filter")
    found = [each async for each in queryset.filter(*args, **kwargs)]
    if not found:
        raise Http404(f"No {queryset.model._meta.object_name} matches the given query.")
    return found
