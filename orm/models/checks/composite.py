"""Checks of the fields that a composite primary key is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error

if TYPE_CHECKING:
    from orm.models.options import Options

Found = Iterator[CheckMessage]


def composite_key_checks(model: Any) -> Found:
    """Check the fields of a composite primary key that the model declares itself."""
    for key in (field for field in model._meta.local_fields if getattr(field, "is_composite_key", False)):
        seen: dict[Any, str] = {}
        for name in key.field_names:
            hint = _why_not(model._meta, name, seen)
            if hint is not None:
                said = f"'{name}' cannot be included in the composite primary key."
                yield Error(said, hint=hint, obj=model, id="models.E042")


def _why_not(meta: Options, name: str, seen: dict[Any, str]) -> str | None:
    """Why a name can't be part of the key; None where it can. ``seen`` are the fields named before, by their names."""
    field = meta.fields_map.get(name)
    if field is None:
        return f"{name!r} is not a valid field."
    if not field.concrete:
        return f"{name!r} field has no column."
    if field.null:
        return f"{name!r} field may not set 'null=True'."
    if field.generated:
        return f"{name!r} field is a generated field."
    if field not in meta.local_fields:
        return f"{name!r} field is not a local field."
    if field in seen:
        return f"{name!r} and {seen[field]!r} are the same fields."
    seen[field] = name
    return None
