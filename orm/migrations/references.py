"""Who refers to whom: names of models resolved, and the fields of a state that point at a model or a field."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field

RECURSIVE = "self"
ModelKey = tuple[str, str]


def model_key(model: Any, app_label: str | None = None, model_name: str | None = None) -> ModelKey:
    """The (app label, name in lower case) of a model given as a class, a label, a pair or ``"self"``.

    Parameters: ``app_label`` and ``model_name`` are those of the model that speaks.

    Raises ``TypeError`` for a bare name where there is no app label to complete it.
    """
    if isinstance(model, str):
        return _key_of_label(model, app_label, model_name)
    if isinstance(model, tuple):
        return model[0], model[1].lower()
    return model._meta.app_label, model._meta.model_name


@lru_cache(4096)  # a history asks for the same few names again and again
def _key_of_label(label: str, app_label: str | None, model_name: str | None) -> ModelKey:
    if label == RECURSIVE:
        if app_label is None or model_name is None:
            raise TypeError("app_label and model_name must be provided to resolve recursive relationships.")
        return app_label, model_name.lower()
    if "." in label:
        app, name = label.split(".", 1)
        return app, name.lower()
    if app_label is None:
        raise TypeError("app_label must be provided to resolve unscoped model relationships.")
    return app_label, label.lower()


class Reference(NamedTuple):
    """How a field refers to a model: ``to`` says that it points at it, ``through`` that it joins by it."""

    to: Any
    through: Any


def refers(
    owner: ModelKey, field: Field, target: ModelKey, target_name: str | None = None, target_field: Any = None
) -> Reference | None:
    """How ``field`` of the model ``owner`` refers to ``target`` (or to one of its fields); None where it does not."""
    remote = field.remote_field
    if remote is None:
        return None
    to = None
    if model_key(remote.model, *owner) == target:
        named = target_name is None or _points_at(field, target_name, target_field)
        to = remote if named else None
    through = None
    joined = getattr(remote, "through", None)
    if joined is not None and model_key(joined, *owner) == target:
        fields = getattr(remote, "through_fields", None)
        through = remote if target_name is None or fields is None or target_name in fields else None
    return Reference(to, through) if to is not None or through is not None else None


def _points_at(field: Field, name: str, target_field: Field) -> bool:
    """Whether a foreign key points at the field of that name; with no ``to_field`` it points at the primary key."""
    to_fields = getattr(field, "to_fields", None)
    if to_fields is None:
        named = getattr(field.remote_field, "field_name", None)
        to_fields = [named] if not field.many_to_many else None
    if to_fields is None:
        return True  # of a field that does not say which one it points at, it may be any
    return name in to_fields or (None in to_fields and (target_field is None or target_field.primary_key))


def references_in(
    state: Any, target: ModelKey, target_name: str | None = None, target_field: object = None
) -> Iterator[tuple[Any, str, Any, Reference]]:
    """Yield (model state, field name, field, reference) for each field of a state that refers to a model."""
    for key, model_state in state.models.items():
        for name, field in model_state.fields.items():
            if field.remote_field is None:  # as most
                continue
            found = refers(key, field, target, target_name, target_field)
            if found is not None:
                yield model_state, name, field, found


def get_related_models_recursive(model: type[AwaitableModel]) -> set[ModelKey]:
    """The keys of all models that a class is related to, over any number of relations and children."""
    seen: set[ModelKey] = set()
    waiting = _neighbours(model)
    while waiting:
        other = waiting.pop()
        key = other._meta.app_label, other._meta.model_name
        if key not in seen:
            seen.add(key)
            waiting += _neighbours(other)
    return seen - {(model._meta.app_label, model._meta.model_name)}


def _neighbours(model: type[AwaitableModel]) -> list[Any]:
    """The models that a class is related to at once."""
    classes = [one for one in model.__subclasses__() if hasattr(one, "_meta")]
    related = [
        field.related_model
        for field in model._meta.get_fields(include_parents=True, include_hidden=True)
        if field.is_relation and hasattr(field.related_model, "_meta")
    ]
    if model._meta.proxy and model._meta.local_related:  # which are relations to the rows of the model it stands for
        related.append(model._meta.concrete_model)
    return classes + related
