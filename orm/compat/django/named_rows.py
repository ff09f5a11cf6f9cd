"""Names of ``django.db.models.utils``."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["create_namedtuple_class", "make_model_tuple", "resolve_callables", "unpickle_named_row"]


def make_model_tuple(model: Any) -> tuple[str, str]:
    """Return the label and the lower-case name of a model, a pair, or ``"app.Model"``.

    Raises ``ValueError`` for anything else.
    """
    if isinstance(model, tuple):
        pair = model
    elif isinstance(model, str):
        label, dot, name = model.partition(".")
        pair = (label, name.lower()) if dot and "." not in name else ()
    else:
        pair = (model._meta.app_label, model._meta.model_name) if hasattr(model, "_meta") else ()
    if len(pair) != 2:
        raise ValueError(
            f"Invalid model reference '{model}'. String model references must be of the form 'app_label.ModelName'."
        )
    return pair[0], pair[1]


def resolve_callables(mapping: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    """Yield each name with its value, called where it can be."""
    for name, value in mapping.items():
        yield name, value() if callable(value) else value


def unpickle_named_row(names: Any, values: Any) -> Any:
    """Return a row of ``values_list(named=True)`` out of what was pickled."""
    return create_namedtuple_class(*names)(*values)


@functools.lru_cache
def create_namedtuple_class(*names: str) -> type:
    """Return the class of rows with these names; the same for the same names."""

    def __reduce__(self: Any) -> tuple[object, ...]:
        return unpickle_named_row, (names, tuple(self))

    return type("Row", (namedtuple("Row", names),), {"__reduce__": __reduce__, "__slots__": ()})
