"""``Author.DoesNotExist`` and its kin: exceptions that each model has of its own.

Made when they are first asked for: to make three classes takes as long as all the rest of declaring a small model, and
most models' are never caught.
"""

from __future__ import annotations

from typing import Any


class ErrorOfModel:
    """What ``Model`` holds under such a name. A model's error is a subclass of those of its parents with tables."""

    __slots__ = ("name", "roots")

    def __init__(self, *roots: type[Exception]) -> None:
        self.roots = roots

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any) -> type[Exception]:
        meta = vars(owner).get("_meta")
        if meta is None or meta.abstract:
            raise AttributeError(f"type object {owner.__name__!r} has no attribute {self.name!r}")
        found: type[Exception] | None = meta.errors.get(self.name)
        return found if found is not None else meta.errors.setdefault(self.name, self._made(owner))

    def _made(self, model: Any) -> type[Exception]:
        parents = [base for base in model.__bases__ if "_meta" in vars(base) and not base._meta.abstract]
        bases = tuple(getattr(parent, self.name) for parent in parents) or self.roots
        place = {"__module__": model.__module__, "__qualname__": f"{model.__qualname__}.{self.name}"}
        return type(self.name, bases, place)
