"""Transforms, functions that a lookup path may name (``year``, ``lower``…), and how they and lookups come to a type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from orm.sql.calls import Func
from orm.sql.registration import LookupOwner
from orm.sql.types import KIND_LOOKUPS

if TYPE_CHECKING:
    from typing import Protocol

    from orm.sql.expressions import Expression

    class Named(Protocol):
        """A lookup or transform: what a path may name."""

        lookup_name: str


L = TypeVar("L", bound="Named")


class Transform(LookupOwner, Func):
    """A function of one expression that a lookup path may name: ``name__lower__startswith``.

    Set ``bilateral = True`` to apply it to the other side too.
    """

    lookup_name: str = ""
    is_transform = True
    bilateral = False
    arity = 1

    @property
    def lhs(self) -> Any:
        """The expression transformed."""
        return self.source_expressions[0]

    def rejects_null(self) -> set[str]:
        found: set[str] = self.lhs.rejects_null()
        return found

    def get_lookup(self, name: str) -> type | None:
        """Return the lookup of that name for this transform's result: its own, or that of the result's field."""
        own = type(self).class_lookups.get(name)
        if own is not None and not getattr(own, "is_transform", False):
            return own
        return self.output_field.get_lookup(name)

    def get_transform(self, name: str) -> Any:
        """Return the transform of that name for this transform's result: its own, or that of the result's field."""
        own = type(self).class_lookups.get(name)
        if own is not None and getattr(own, "is_transform", False):
            return own
        return self.output_field.get_transform(name)


def bilateral_transforms(lhs: Expression) -> list[Any]:
    """Return the transforms around a left side that go for the right one as well, the innermost first."""
    found: list[Any] = []
    while isinstance(lhs, Transform):
        if lhs.bilateral:
            found.insert(0, type(lhs))
        lhs = lhs.lhs
    return found


def transformed(rhs: object, transforms: Sequence[Any]) -> Any:
    """Return a right side (or each of a list of them) with transforms around it."""
    if isinstance(rhs, list):
        return [transformed(item, transforms) for item in rhs]
    if hasattr(rhs, "as_rows"):
        raise NotImplementedError("Bilateral transformations on nested querysets are not implemented.")
    for transform in transforms:
        rhs = transform(rhs)
    return rhs


def registered(*kinds: str) -> Callable[[type[L]], type[L]]:
    """Decorate a lookup or transform that every type has, or those of some kinds."""

    def register(cls: type[L]) -> type[L]:
        for kind in kinds or (None,):
            KIND_LOOKUPS[kind][cls.lookup_name] = cls
        return cls

    return register


def named_here(cls: type[L], module: dict[str, object]) -> type[L]:
    """Make a class that no statement names an attribute of its module, so that its instances can be pickled."""
    module[cls.__name__] = cls
    return cls
