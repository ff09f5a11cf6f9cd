"""From how a relation's target is written to the model class: a class, ``"self"``, ``"Model"`` or ``"app.Model"``.

A name whose model is not declared yet is not an error: the relation is completed when it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from orm.config import settings
from orm.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.relations.rels import ForeignObjectRel

SELF = "self"


def target_label(to: object) -> str:
    """Return how a target reads in messages and in deconstructed fields."""
    if isinstance(to, str):
        return to
    meta = getattr(to, "_meta", None)
    return str(meta.label) if meta is not None else repr(to)


class SettingsReference(str):
    """A model's label that stands in a setting, whose name is ``setting_name``: equal to the label."""

    setting_name: str

    def __new__(cls, value: str, setting_name: str) -> Self:
        self = super().__new__(cls, value)
        self.setting_name = setting_name
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.setting_name)


def told_target(to: object, setting_name: str | None) -> str:
    """Return a target as deconstructed fields tell it: in small letters, as what is written once is compared later."""
    app_label, dot, name = target_label(to).rpartition(".")
    label = f"{app_label}{dot}{name.lower()}"
    return label if setting_name is None else SettingsReference(label, setting_name)


def check_target(field_class: str, to: object) -> None:
    """Raise ``TypeError`` for what is no model and no name of one."""
    if isinstance(to, str) or (isinstance(to, type) and hasattr(to, "_meta")):
        return
    raise TypeError(
        f"{field_class}({to!r}) is invalid. First parameter to {field_class} must be either a model, a model name, or "
        f"the string {SELF!r}"
    )


def target_key(cls: type[AwaitableModel], to: Any, owner: object) -> Any:
    """Return what the registry's ``lazy`` takes for a target: a class or a pair of app label and model name.

    Raises ``ImproperlyConfigured`` for what can't name a model, and for an abstract model.
    """
    if isinstance(to, str):
        if to == SELF:
            return cls
        app_label, dot, name = to.rpartition(".")
        if not name.isidentifier() or (dot and not app_label):
            raise ImproperlyConfigured(f'{owner} refers to {to!r}; a model is named "Model", "app.Model" or "self".')
        return (app_label or cls._meta.app_label, name)
    meta = to._meta
    if meta.abstract and settings.strict_models:
        raise ImproperlyConfigured(
            f"{owner} refers to {to.__name__}, which is abstract and has no table; refer to a model that inherits it."
        )
    return to


def named_model(cls: type[AwaitableModel], to: Any, owner: object) -> Any:
    """Return the class a target names, or its app label and name while that is not declared.

    Raises ``ImproperlyConfigured`` as ``target_key`` does.
    """
    key = target_key(cls, to, owner)
    if not isinstance(key, tuple):
        return key
    return cls._meta.apps.all_models.get(key[0], {}).get(key[1].lower(), key)


def lazy_related_operation(function: Callable[..., object], model: Any, *related_models: Any, **named: object) -> None:
    """Call ``function(model, *related models, **named)`` as soon as all of these are declared.

    Parameters: ``related_models`` are classes or how relations name them: ``"self"``, ``"Model"``, ``"app.Model"``.
    """
    keys = [model, *(target_key(model, to, function) for to in related_models)]
    model._meta.apps.lazy(partial(function, **named), *keys)


def resolve_targets(field: object, cls: type[Any], targets: tuple[object, ...], ready: Callable[..., None]) -> None:
    """Call ``ready(*models)`` as soon as every target is declared."""
    cls._meta.apps.lazy(ready, *(target_key(cls, to, field) for to in targets))


def format_related_name(text: str | None, cls: type[AwaitableModel]) -> str | None:
    """Fill in ``%(class)s``, ``%(model_name)s`` and ``%(app_label)s``, as abstract models need them."""
    if text is None or "%" not in text:
        return text
    name = cls.__name__.lower()
    return text % {"class": name, "model_name": name, "app_label": cls._meta.app_label.lower()}


def check_related_name(field: Field, related_name: str | None) -> None:
    """Raise ``ImproperlyConfigured`` for a reverse name that can't be an attribute or a word in queries."""
    if related_name is None or related_name.endswith("+"):
        return
    plain = related_name.replace("%(class)s", "c").replace("%(model_name)s", "m").replace("%(app_label)s", "a")
    if not plain.isidentifier() or "__" in plain or plain.endswith("_"):
        raise ImproperlyConfigured(
            f"{field}: related_name={related_name!r} must be a Python name that has no double underscore and does not "
            f'end in one (queries split names there); end it in "+" for no reverse name at all.'
        )


def install_reverse(target: type[AwaitableModel], rel: ForeignObjectRel, descriptor: object) -> None:
    """Register ``rel`` on its target and put the reverse accessor there, unless it is hidden; for a foreign key to a
    proxy on the proxy's model, since a row is the same whichever class it was read as.

    Raises ``ImproperlyConfigured`` when the accessor's or the query's name is already taken by something else.
    """
    field = rel.field
    accessor = rel.accessor_name
    home = target if rel.many_to_many else target._meta.concrete_model or target
    if accessor is not None:
        taken = vars(home).get(accessor)
        holder = getattr(taken, "rel", None)
        free = taken is None or (holder is not None and _same_declaration(holder.field, field))
        if not free and settings.strict_models:
            other = f"the reverse of {holder.field}" if holder is not None else f"an attribute of {target.__name__}"
            raise ImproperlyConfigured(
                f"{field} would be {target.__name__}.{accessor} on the other side, which is already {other}. Give "
                f'{field.name} another related_name=, or related_name="+" for no reverse name.'
            )
    own = (*target._meta.local_fields, *target._meta.local_many_to_many)
    if settings.strict_models and rel.name in [other.name for other in own]:
        raise ImproperlyConfigured(
            f"{field} would be called {rel.name!r} in queries on {target.__name__}, which has a field of that name. "
            f"Give {field.name} another related_name= or related_query_name=."
        )
    target._meta.add_related(rel)
    if accessor is not None:
        setattr(home, accessor, descriptor)


def _same_declaration(one: Any, other: Any) -> bool:
    """Whether two fields are one declaration whose module was imported twice."""
    return bool(one.name == other.name and one.model._meta.label == other.model._meta.label)
