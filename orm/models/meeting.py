"""Whether an instance meets a condition: what its values say where Python can tell, and else what the database says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.late import late_module
from orm.models.conditions import CannotTell, column_named, holds
from orm.sql.conditions import Q
from orm.sql.expressions import Expression, Value
from orm.sql.handwritten import RawSQL
from orm.sql.references import F, names_in
from orm.sql.resolving import Resolvable

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

judging: Any = late_module("orm.models.judging")


async def meets(condition: Any, instance: Any, using: str, *, if_open: bool) -> bool:
    """Return whether the values of an instance meet a condition.

    Parameters: ``if_open`` is the answer where NULL leaves it open, where it names what the instance holds no value of,
    where the database raises an error, and for SQL by hand, which only a table's rows can be asked.
    """
    if isinstance(condition, RawSQL):  # what columns it speaks of is not known, and no query without a table has them
        return if_open
    try:
        met = holds(condition, instance)
    except CannotTell:
        asked = Q(condition)
    else:
        return if_open if met is None else met
    given = values_named(asked.referenced_base_fields, instance)
    try:
        met = await judging.ajudge(asked if if_open else ~asked, given, using)
    except FieldError:
        return if_open
    return met if if_open else not met


def with_sources(names: Iterable[str], model: type[AwaitableModel]) -> set[str]:
    """Return names of columns, and those of the columns that the generated ones among them are made of."""
    found = set(names)
    for name in tuple(found):
        field = column_named(model, name)
        if field is not None and field.generated:
            found |= field.referenced_fields
    return found


def values_named(names: Iterable[str], instance: Any) -> dict[str, Expression]:
    """Return the values of an instance's columns, by name; none of a name that is no column with a value."""
    given: dict[str, Expression] = {}
    for name in names:
        field = column_named(instance, name)
        if field is None:
            continue
        try:
            given[name] = with_values(F(name), instance)
        except CannotTell:
            continue
    return given


def with_values(expression: Resolvable, instance: Any) -> Expression:
    """Return an expression with the instance's values in place of the names of its columns; of a generated column, what
    that is generated from.

    Raises ``CannotTell`` for a name that is none of a column with a value, or that stands inside a condition.
    """
    if isinstance(expression, F):
        field = column_named(instance, expression.name)
        if field is not None and field.generated:
            return with_values(field.expression, instance)
        if field is None or field.attname not in instance.__dict__:
            raise CannotTell
        value = instance.__dict__[field.attname]
        return value if hasattr(value, "resolve_expression") else Value(value, output_field=field)
    if not isinstance(expression, Expression):
        raise CannotTell
    own = expression.map(lambda child: with_values(child, instance))
    if any(names_in(own)):
        raise CannotTell
    return own
