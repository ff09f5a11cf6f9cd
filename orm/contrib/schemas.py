"""What a schema shows of a model or takes for it, whichever library makes the schema (pydantic, msgspec).

Which columns, of which Python types, and what of an instance is loaded. Nothing here asks the database. What this
module refuses: names a model does not have, and deferred values.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orm.errors import FieldDoesNotExist
from orm.models import fields as columns
from orm.models.fields.field_file import AwaitableFieldFile
from orm.models.relations.foreign_key import ForeignKey
from orm.structures.attributes import PREFETCHED
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.models import Model
    from orm.models.fields.base import Field

TYPES: tuple[tuple[type[columns.Field[Any]], Any], ...] = (
    (columns.BooleanField, bool),
    (columns.IntegerField, int),
    (columns.FloatField, float),
    (columns.DecimalField, decimal.Decimal),
    (columns.DateTimeField, datetime.datetime),
    (columns.DateField, datetime.date),
    (columns.TimeField, datetime.time),
    (columns.DurationField, datetime.timedelta),
    (columns.UUIDField, uuid.UUID),
    (columns.BinaryField, bytes),
    (columns.CharField, str),
    (columns.TextField, str),
    (columns.FileField, str),
)
"""Python's type of a field's values, the first that fits; anything else is ``Any``, as JSON is."""


def loaded(instance: object, names: Iterable[str], relations: Mapping[str, str]) -> dict[str, Any]:
    """Return those of an instance's columns and relations that a schema has, without asking the database.

    Parameters:
        names: of the schema's fields.
        relations: the names among them that are relations, and the name under which each keeps what is loaded.

    Raises ``ValueError`` for a column that is deferred.
    """
    values = vars(instance)
    found: dict[str, Any] = {}
    for name in names:
        place = relations.get(name)
        if place is not None:
            if place in values:
                found[name] = values[place]
            elif place in values.get(PREFETCHED, {}):
                found[name] = list(values[PREFETCHED][place])
        elif name in values:
            value = values[name]
            found[name] = (value.name or "") if isinstance(value, AwaitableFieldFile) else value
        else:
            raise ValueError(
                f"{type(instance).__name__}.{name} is not loaded: leave it in the query (only(), defer()), or out of "
                f"the schema (exclude=[{name!r}])"
            )
    return found


def chosen(
    model: type[Model], fields: Collection[str] | None, exclude: Collection[str], written: bool = False
) -> Iterator[Any]:
    """Yield the columns that are asked for, by name or attname, in the model's order."""
    names = {name: field for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    for name in (*(fields or ()), *exclude):
        if name not in names:
            raise FieldDoesNotExist(f"{model.__name__} has no column {name!r}.{did_you_mean_of(name, list(names))}")
    left_out = {names[name] for name in exclude}
    wanted = None if fields is None else {names[name] for name in fields}
    for field in model._meta.concrete_fields:
        if field in left_out or (wanted is not None and field not in wanted):
            continue
        if wanted is not None or not written or not is_filled_in(field):
            yield field


def is_filled_in(field: Field) -> bool:
    """Whether the model or the database gives a new row this value, and nobody else does."""
    return bool(
        not field.editable
        or field.generated
        or isinstance(field, columns.AutoField)
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
    )


def is_required(field: Field) -> bool:
    """Whether a new row can't do without a value of the caller's."""
    return not (field.has_default() or field.null or field.blank or field.db_default is not columns.NOT_PROVIDED)


def relation_place(model: type[Model], name: str) -> tuple[str, bool]:
    """Return where an instance keeps the loaded objects of a relation, and whether there are many."""
    relations = {
        one.get_accessor_name() if one.auto_created and not one.concrete else one.name: one
        for one in model._meta.get_fields()
        if one.is_relation
    }
    found = relations.get(name)
    if found is None:
        raise FieldDoesNotExist(f"{model.__name__} has no relation {name!r}.{did_you_mean_of(name, list(relations))}")
    return name, bool(found.one_to_many or found.many_to_many)


def target_of(field: Any) -> Any:
    """Return the column whose limits count: of a foreign key, the one it refers to."""
    return target_of(field.target_field) if isinstance(field, ForeignKey) else field


def value_type(field: Field) -> Any:
    """Return the Python type of a column's values; a foreign key has that of the key."""
    if isinstance(field, ForeignKey):
        return value_type(target_of(field))
    if isinstance(field, columns.GeneratedField):
        return value_type(field.output_field)
    return next((kind for column, kind in TYPES if isinstance(field, column)), Any)
