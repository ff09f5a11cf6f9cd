"""``deconstructible``: a class decorator that lets instances tell how they were made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias, TypeVar, overload

from orm.structures.public_names import public_path

Class = TypeVar("Class", bound=type)

Deconstructed: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any]]
"""What has to be written to make an object again: the path of its class, its arguments, and those by name."""

DeconstructedOperation: TypeAlias = tuple[str, list[Any], dict[str, Any]]
"""The same of a migration's operation, whose class has a name alone."""

DeconstructedField: TypeAlias = tuple[str | None, str, list[Any], dict[str, Any]]
"""The same of a field: its name comes first."""


@overload
def deconstructible(cls: Class, /, *, path: str | None = None) -> Class: ...
@overload
def deconstructible(*, path: str | None = None) -> Callable[[Class], Class]: ...
def deconstructible(cls: object = None, /, *, path: str | None = None) -> Any:
    """Give a class ``deconstruct()``: the path to import it from, and the arguments an instance was made with.

    Parameters: ``path`` is where the class can be imported from, if not where it is defined; a subclass without the
    decorator of its own tells its own place.
    """

    def decorate(decorated: Any) -> Any:
        def __new__(kind: Any, *args: object, **kwargs: object) -> Any:
            made = super(decorated, kind).__new__(kind)
            made._constructor_args = (args, kwargs)
            return made

        def deconstruct(self: Any) -> Deconstructed:
            """Return the dotted path of the class, positional and keyword arguments."""
            args, kwargs = self._constructor_args
            return place_of(self, path if type(self) is decorated else None), args, kwargs

        decorated.__new__ = staticmethod(__new__)
        decorated.deconstruct = deconstruct
        return decorated

    return decorate if cls is None else decorate(cls)


def place_of(instance: object, path: str | None) -> str:
    """Return the dotted path of an instance's class, where a program gets it from.

    Raises ``ValueError`` for a class that can't be imported from there, as one defined inside a function.
    """
    kind = type(instance)
    module, _, name = path.rpartition(".") if path else (kind.__module__, "", kind.__name__)
    if not hasattr(import_module(module), name):
        raise ValueError(
            f"Could not find object {name} in {module}.\nPlease note that you cannot serialize "
            "things like inner classes. Please move the object into the main module body to use migrations."
        )
    return path or public_path(kind)
