"""Fields of a model that have no column of their own, and say themselves how their rows are found.

A base for references to rows of any model and their other side; whoever writes one overrides the hooks. They are found
in ``_meta.private_fields``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

F = TypeVar("F", bound="VirtualField")

_counter = itertools.count()


class VirtualField:
    """A field without a column. ``name`` and ``model`` are set when it joins a model."""

    concrete = False
    column = None
    is_relation = True
    auto_created = False
    hidden = False
    is_composite = False
    row = None  # it is compared by one column, if at all
    editable = False
    null = False
    blank = False
    unique = False
    primary_key = False
    many_to_many = False
    many_to_one = False
    one_to_many = False
    one_to_one = False

    name: str
    model: Any

    def __init__(self, verbose_name: str | None = None, help_text: str = "") -> None:
        self.creation_counter = next(_counter)
        self.verbose_name = self._verbose_name = verbose_name
        self.help_text = help_text

    def __str__(self) -> str:
        model: Any = vars(self).get("model")
        return f"{model._meta.label}.{self.name}" if model is not None else type(self).__name__

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__}: {vars(self).get('name', '(unnamed)')}>"

    def contribute_to_class(self, cls: type[Any], name: str, **options: object) -> None:
        """Join the model ``cls`` as its attribute ``name``."""
        self.name = name
        self.model = cls
        if self.verbose_name is None:
            self.verbose_name = name.replace("_", " ")
        cls._meta.add_private_field(self)

    def like(self, made: F) -> F:
        """Give a copy this field's place in the order of declaration."""
        made.creation_counter = self.creation_counter
        return made

    def clone(self) -> Any:
        """Return a field declared the same way, for a model that inherits this one from an abstract parent."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is declared again.")

    async def asettle(self, instance: AwaitableModel, using: str, action: str = "save") -> None:
        """Before an instance is written by ``action``: set the columns this field stands on. Nothing, unless
        overridden.
        """
