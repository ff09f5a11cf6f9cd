"""Registering lookups and transforms by name: on a class of fields, on one field, or on a transform.

What it refuses: to take back what was never registered there.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast

from orm.epoch import Reason, epoch
from orm.late import inspect

P = ParamSpec("P")
R = TypeVar("R")


class OnClassOrInstance(Generic[P, R]):
    """A method whose first argument is the class it is called on, or the instance."""

    def __init__(self, function: Callable[..., R]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: object, owner: type) -> Callable[..., R]:
        return cast("Callable[..., R]", MethodType(self.function, owner if instance is None else instance))


def _own(target: LookupOwner) -> dict[str, type]:
    """Return what is registered on this very class or instance, made where nothing was yet."""
    attribute = "class_lookups" if isinstance(target, type) else "instance_lookups"
    if attribute not in vars(target):
        setattr(target, attribute, {})
    found: dict[str, type] = vars(target)[attribute]
    return found


def _register(target: LookupOwner, lookup: Any, lookup_name: str | None = None) -> object:
    """Make ``lookup`` (a Lookup or Transform class) available on this class, or on this one field.

    Usable as a decorator of the class.
    """
    _own(target)[lookup_name or lookup.lookup_name] = lookup
    epoch.advance(Reason.LOOKUPS)
    return lookup


def _unregister(target: LookupOwner, lookup: Any, lookup_name: str | None = None) -> None:
    """Take a lookup back that was registered here. Raises ``KeyError`` where none of that name was."""
    del _own(target)[lookup_name or lookup.lookup_name]
    epoch.advance(Reason.LOOKUPS)


def _registered(target: LookupOwner) -> dict[str, type]:
    """Return what is registered here, by name: on the class and its bases, and on the instance if it is one."""
    found: dict[str, type] = target.registered_lookups() if not inspect.isclass(target) else target.get_class_lookups()
    return found


class LookupOwner:
    """What lookups and transforms are registered on, by Django's names."""

    class_lookups: ClassVar[dict[str, type]] = {}

    register_lookup = OnClassOrInstance[Any, Any](_register)
    _unregister_lookup = OnClassOrInstance[Any, None](_unregister)
    get_lookups = OnClassOrInstance[Any, Any](_registered)

    @classmethod
    def get_class_lookups(cls) -> dict[str, type]:
        """Return what is registered on this class and its bases, by name; the nearest wins."""
        found: dict[str, type] = {}
        for base in reversed(cls.__mro__):
            found.update(vars(base).get("class_lookups", {}))
        return found

    def registered_lookups(self) -> dict[str, type]:
        """Return what is registered on the class and on this instance, by name."""
        return {**self.get_class_lookups(), **vars(self).get("instance_lookups", {})}
