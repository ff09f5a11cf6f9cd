"""``deconstructible``: a class decorator that lets instances tell how they were made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar, overload

Class = TypeVar("Class", bound=type)


@overload
def deconstructible(cls: Class, /, *, path: str | None = None) -> Class: ...
@overload
def deconstructible(*, path: str | None = None) -> Callable[[Class], Class]: ...
def deconstructible(cls: Any = None, /, *, path: str | None = None) -> Any:
    """Give a class ``deconstruct()``: the path to import it from, and the arguments an instance was made with.

    Parameters: ``path`` is where the class can be imported from, if not where it is defined; a subclass without the
    decorator of its own tells its own place.
    """

    def decorate(decorated: Any) -> Any:
        def __new__(kind: Any, *args: Any, **kwargs: Any) -> Any:
            made = super(decorated, kind).__new__(kind)
            made._constructor_args = (args, kwargs)
            return made

        def deconstruct(self: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
            """Return the dotted path of the class, positional and keyword arguments."""
            args, kwargs = self._constructor_args
            return place_of(self, path if type(self) is decorated else None), args, kwargs

        decorated.__new__ = staticmethod(__new__)
        decorated.deconstruct = deconstruct
        return decorated

    return decorate if cls is None else decorate(cls)


def place_of(instance: Any, path: str | None) -> str:
    """Return the dotted path of an instance's class.

    Raises ``ValueError`` for a class that can't be imported from there, as one defined inside a function.
    """
    kind = type(instance)
    module, _, name = path.rpartition(".") if path else (kind.__module__, "", kind.__name__)
    if not hasattr(import_module(module), name):
        raise ValueError(
            f"Could not find object {name} in {module}.\nPlease note that you cannot serialize "
            "things like inner classes. Please move the object into the main module body to use migrations."
        )
    return f"{module}.{name}"
