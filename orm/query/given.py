"""What callers of get(), get_or_create() and update_or_create() gave: as values of a new row, and in what is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, advised
from orm.structures.arguments import check_names, check_number

if TYPE_CHECKING:
    from orm.sql.described import ModelClass


def not_one(
    model: Any, count: int, args: Sequence[object], kwargs: dict[str, object], method: str = "get"
) -> Exception:
    """Return the error of a method for one row that found ``count`` rows, naming what it asked for."""
    asked = ", ".join([*map(repr, args), *(f"{name}={_shown(value)}" for name, value in kwargs.items())])
    if not count:
        missing: Exception = advised(
            model.DoesNotExist,
            f"{model.__name__} matching query does not exist.",
            f" It was asked for with {method}({asked})",
        )
        return missing
    number = f"more than {count - 1}" if count > 20 else str(count)
    several: Exception = advised(
        model.MultipleObjectsReturned,
        f"get() returned more than one {model.__name__} -- it returned {number}!",
        f" It was asked for with {method}({asked})",
    )
    return several


def creation_values(model: Any, kwargs: dict[str, object], defaults: Mapping[str, object] | None) -> dict[str, Any]:
    """Return the values of a row made of the conditions that found none, and of ``defaults``."""
    params = called({name: value for name, value in kwargs.items() if "__" not in name})
    params.update(called(defaults or {}))
    unknown = [name for name in params if not is_settable(model, name)]
    if unknown:
        raise FieldError(f"Invalid field name(s) for model {model.__name__}: {', '.join(map(repr, sorted(unknown)))}.")
    return params


def is_settable(model: ModelClass, name: str) -> bool:
    """Whether a new instance takes a value of that name: a field, or a property with a setter."""
    if name == "pk" or name in model._meta.names:
        return True
    attribute = getattr(model, name, None)
    return isinstance(attribute, property) and attribute.fset is not None


def called(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by name, those that are functions called."""
    if not isinstance(values, Mapping):
        raise TypeError(f"defaults is a dict of names and values, not {values!r}")
    return {name: value() if callable(value) else value for name, value in values.items()}


def _shown(value: Any) -> str:
    """Return a value for a message; of an instance its key, since its own text may ask the database."""
    meta = getattr(value, "_meta", None)
    return repr(value) if meta is None else f"<{type(value).__name__} pk={value.pk!r}>"


def unique_attribute(queryset: Any, name: str) -> str:
    """Return the attribute of the field by which ``in_bulk()`` tells rows apart: a unique one, or that of DISTINCT ON.

    Raises ``FieldDoesNotExist``, or ``ValueError`` for a field whose values may occur twice.
    """
    (name,) = check_names("in_bulk(field_name=…)", [name])
    opts = queryset.model._meta
    field = opts.pk if name == "pk" else opts.get_field(name)
    alone = {(name,), (field.name,)}
    unique = field.primary_key or field.unique or not alone.isdisjoint(opts.unique_together)
    whole = [getattr(constraint, "fields", ()) for constraint in opts.constraints if constraint.condition is None]
    unique = unique or not alone.isdisjoint(whole)
    if not unique and [getattr(part, "target", None) for part in queryset._shape.select.distinct_on] != [field]:
        raise ValueError(f"in_bulk()'s field_name must be a unique field but {name!r} isn't.")
    return str(field.attname)


def check_chunk_size(size: int | None, *, required: bool = False) -> None:
    """Refuse a number of rows that is none, or none at all where it is required.

    Raises ``TypeError`` and ``ValueError``.
    """
    if size is None and required:
        raise ValueError("chunk_size must be provided when using QuerySet.iterator() after prefetch_related().")
    check_number("chunk_size", size, "Chunk size must be strictly positive.")


def refuse_groups_without_key(queryset: Any, what: str) -> None:
    """Raise ``TypeError`` for groups that can't be put in the order of the key, which is none of their terms."""
    grouped, meta = queryset._shape.select.group_by, queryset.model._meta
    if not isinstance(grouped, tuple):
        return
    fields = {term.output_field for term in grouped}
    if meta.pk not in fields and not fields.issuperset(meta.pk_fields):
        raise TypeError(
            f"Cannot use QuerySet.{what}() on an unordered queryset performing aggregation. Add an ordering with "
            "order_by()."
        )
