"""Querysets whose rows come from a source instead of a model's table: rows that a caller gives, or a function's.

Each is a last step of nothing: the first step of a query, whose values are the source's. ``orm.models.sources`` makes
the querysets.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.query.builder import Builder
from orm.query.shape import Shape, root
from orm.sql.columns import Col, Column
from orm.sql.expressions import Expression, Slot
from orm.sql.nodes import Uncacheable, structure_of
from orm.sql.sources import FunctionRows, GivenRows, Source

if TYPE_CHECKING:
    from orm.sql.described import ModelField


class EachPrepared:
    """Prepares the values of one column; None stays what it is."""

    def __init__(self, field: ModelField) -> None:
        self.field = field

    def __call__(self, items: Sequence[object]) -> list[Any]:
        prepare = self.field.get_prep_value
        return [None if item is None else prepare(item) for item in items]


def given_rows(model: object, columns: Sequence[list[object]]) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape of rows that a caller gives, column by column, and its values."""
    return root(model).advance(("given rows",), columns, _take_rows, columns)


def _take_rows(builder: Builder, columns: Sequence[list[object]]) -> None:
    slots: list[Slot] = []
    for field, values in zip(builder.model._meta.concrete_fields, columns, strict=True):
        slot = builder.take_slot(values, EachPrepared(field))
        builder.mark_list(slot)
        slots.append(Slot(slot, field, bare=True))
    _select_from(builder, GivenRows(columns=tuple(slots)))


def function_rows(model: object, function: str, arguments: Sequence[object]) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape of the rows of a function, and its values."""
    values: list[Any] = []
    key: Hashable | None
    try:
        key = ("function rows", function, structure_of(list(arguments), values))
    except Uncacheable:
        key = None
    return root(model).advance(key, values, _call, function, arguments)


def _call(builder: Builder, function: str, arguments: Sequence[Any]) -> None:
    resolved: list[Expression] = [argument.resolve_expression(builder, False, None) for argument in arguments]
    for argument in resolved:
        if any(isinstance(node, (Col, Column)) for node in argument.walk()):
            raise FieldError(
                f"{function}() can't be given its own columns: OuterRef('name') is a field of the query it is part of"
            )
        if argument.contains_aggregate or argument.contains_over_clause:
            raise FieldError(f"{function}() can't be given an aggregate: there are no rows yet to compute it over")
    fields = builder.model._meta.concrete_fields
    _select_from(builder, FunctionRows(function=function, arguments=tuple(resolved), types=tuple(fields)))


def _select_from(builder: Builder, source: Source) -> None:
    select = builder.select
    names = tuple(field.column for field in builder.model._meta.concrete_fields)
    alias = select.base_alias
    select.joins[alias] = select.joins[alias]._replace(source=source, columns=names)
