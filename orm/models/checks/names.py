"""Names of fields in an option of Meta."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

Found = Iterator[CheckMessage]


def local_fields(model: type[AwaitableModel], names: Iterable[str], option: str) -> Found:
    """Check that an option of Meta names fields with a column in the model's own table."""
    meta = model._meta
    forward: dict[str, Any] = {}
    for field in (*meta.fields, *meta.many_to_many, *meta.private_fields):
        forward[field.name] = field
        forward[getattr(field, "attname", None) or field.name] = field
    for name in names:
        field = forward.get(name)
        if field is None:
            said = f"'{option}' refers to the nonexistent field '{name}'."
            yield Error(said, obj=model, id="models.E012")
        elif field.many_to_many:
            yield Error(
                f"'{option}' refers to a ManyToManyField '{name}', but ManyToManyFields are not permitted in "
                f"'{option}'.",
                obj=model,
                id="models.E013",
            )
        elif getattr(field, "is_composite_key", False):
            yield Error(
                f"'{option}' refers to a CompositePrimaryKey '{name}', but CompositePrimaryKeys are not permitted in "
                f"'{option}'.",
                obj=model,
                id="models.E048",
            )
        elif field not in meta.local_fields:
            yield Error(
                f"'{option}' refers to field '{name}' which is not local to model '{meta.object_name}'.",
                hint="This issue may be caused by multi-table inheritance.",
                obj=model,
                id="models.E016",
            )
