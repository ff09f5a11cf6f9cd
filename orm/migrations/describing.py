"""What is compared to tell whether something changed: any value, opened up until only plain data is left."""

from __future__ import annotations

import functools
import re
import types
from typing import TYPE_CHECKING, Any

from orm.late import inspect
from orm.models.fields.validators import DeclaredValidator
from orm.models.on_delete import OnDelete
from orm.models.relations.resolve import SettingsReference
from orm.structures.lazy import LazyObject, Promise, stands_for
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel


PLAIN = (str, int, bool, type(None), float)
"""Types whose values are plain data, and the most usual ones."""


def opened(value: object) -> Any:
    """A value as plain data that compares: what can be declared again, by how it is."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, list):
        return [opened(one) for one in value]
    if isinstance(value, tuple):
        return tuple(opened(one) for one in value)
    if isinstance(value, dict):
        return {key: opened(one) for key, one in value.items()}
    if isinstance(value, (Promise, SettingsReference)):
        return str(value)
    if isinstance(value, LazyObject):
        return opened(stands_for(value))
    if isinstance(value, functools.partial):
        return value.func, opened(value.args), opened(value.keywords)
    if isinstance(value, re.Pattern):
        return "regex", value.pattern, value.flags
    if isinstance(value, types.FunctionType) and value.__module__.startswith("orm."):
        return public_path(value)  # the settings may give two of the library's one name
    if isinstance(value, type):
        return value  # its deconstruct belongs to its instances
    deconstruct: Any = getattr(value, "deconstruct", None)
    if isinstance(value, DeclaredValidator) and type(value).__module__.startswith("orm."):
        return type(value), {name: opened(held) for name, held in _checked(value).items()}
    if deconstruct is not None:
        parts = deconstruct()
        if value_is_field(value):
            parts = parts[1:]  # the name is told apart
        path, args, options = parts
        if getattr(value, "many_to_many", False):
            options.pop("symmetrical", None)  # which pairs are saved, not where: files of Django's leave it out
        if options.get("primary_key"):
            options.pop("serialize", None)  # a key's is False once it belongs to a model, whatever was declared
        return path, [opened(one) for one in args], {key: opened(one) for key, one in options.items()}
    if isinstance(value, OnDelete):
        return value
    found = declared(value)
    if found is not None:
        cls, args, options = found
        return cls, [opened(one) for one in args], {key: opened(one) for key, one in options.items()}
    return value


def value_is_field(value: object) -> bool:
    """Whether a value is a field, whose description begins with its name."""
    return hasattr(value, "contribute_to_class") and hasattr(value, "creation_counter") and hasattr(value, "attname")


def without_targets(fields: Any) -> list[Any]:
    """The fields of a model, opened up, without the models they refer to: what is alike in a renamed one."""
    found = []
    for _, field in sorted(fields.items()):
        path, args, options = opened(field)
        if field.remote_field is not None and field.remote_field.model:
            options.pop("to", None)
        found.append((path, args, options))
    return found


def _checked(validator: DeclaredValidator) -> dict[str, object]:
    """What a validator checks, however it was told: a pattern is the same as its text."""
    held = {name: one for name, one in vars(validator).items() if name != "_declared"}
    pattern = held.get("regex")
    if isinstance(pattern, re.Pattern):
        told = pattern.flags & ~re.UNICODE
        held |= {"regex": pattern.pattern, "flags": told}
    return held


def declared(value: Any) -> tuple[type[Any], list[Any], dict[str, Any]] | None:
    """The class and arguments that make one of the library's own validators again.

    None for anything else. Arguments that are as the class has them by itself are left out.
    """
    cls = type(value)
    if not cls.__module__.startswith("orm.") or not hasattr(value, "__dict__"):
        return None
    return cls, [], _arguments(value, cls)


def _arguments(value: object, cls: type[AwaitableModel]) -> dict[str, object]:
    """The arguments of a class that keeps each under its own name."""
    found = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        held = vars(value).get(name, vars(value).get(f"_{name}", parameter.default))
        usual = getattr(cls, name, parameter.default) if parameter.default is None else parameter.default
        if held is not parameter.default and held != usual:
            found[name] = held
    return found
