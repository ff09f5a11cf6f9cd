"""Bound values of no type of their own, ``Value("2024-01-02")`` or ``Value([])``, take that of what they stand beside.

Where an ``output_field`` is said, dates under a moment's are moments, and bound floats under a decimal's are decimals:
what a float says, 0.1, and not the binary fraction that is near it.

Databases take a literal for what stands beside it, and some refuse a parameter that was said to be a text. So a text,
a list, a dict or a range whose ``Value()`` has no ``output_field`` becomes a value of its neighbours' type, by that
type's field, which says whether it is one (``SQLType.takes_bare``) and refuses what is none of its values. A list or a
dict with no such neighbour is JSON; a range with none is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from orm.sql import types
from orm.sql.expressions import CombinedExpression, ComparedSlot, Expression, RangeSlot, Slot
from orm.sql.nodes import Adapter, Param, Rendered
from orm.sql.result_types import family
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.lookups import Lookup
    from orm.sql.resolving import Resolver

L = TypeVar("L", bound="Lookup")


class _Converted:
    """Adapts a value that stands for one of another type. Raises what the type's field does for a wrong one."""

    def __init__(self, prepare: Callable[[Any], Any], adapter: Adapter | None) -> None:
        self.prepare = prepare
        self.adapter = adapter

    def __call__(self, value: object) -> object:
        made = self.prepare(value)
        return made if self.adapter is None else self.adapter(made)


class ConvertedSlot(Slot):
    """The place of a value that stands for one of ``sql_type``, which ``prepare`` makes of it when it is sent."""

    def __init__(self, index: int, sql_type: SQLType, prepare: Callable[[Any], Any]) -> None:
        super().__init__(index, sql_type)
        self.prepare = prepare

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        field = self.output_field
        adapter = connection.comparison_adapter(field)
        return connection.parameter(field), [Param(self.index, _Converted(self.prepare, adapter))]


class OfOneType(Expression):
    """What gives one of several values: lists, dicts and ranges among them are of the others' type.

    So are texts, where its ``output_field`` is said: otherwise it is for the programmer to say which of the types is
    meant.
    """

    def given_values(self) -> list[Any]:
        """Return the values that it chooses among."""
        return self.get_source_expressions()

    def with_given_values(self, values: list[Any]) -> Self:
        """Return this with other values in their places."""
        raise NotImplementedError(f"{type(self).__name__} must define with_given_values(values)")

    def with_values_bound(self, query: Resolver) -> Self:
        """Return this with untyped values bound with the type of their neighbours."""
        made = super().with_values_bound(query)
        said = made._output_field
        made = made.with_bare_bound(said, query)
        if said is None:
            return made
        if said.kind not in ("datetime", "decimal"):
            return made
        return made.with_given_values([as_said(value, said) for value in made.given_values()])

    def with_bare_bound(self, said: SQLType | None, query: Resolver) -> Self:
        """Return this with its untyped values bound: as ``said`` where that is a kind of their neighbours' type."""
        values = self.given_values()
        if not any(map(may_be_bare, values)):
            return self
        typed = [value for value in values if not may_be_bare(value)]
        found, beside = next(((t, v) for v in typed if (t := v.known_type()) is not None), (said, self))
        field = said if said is not None and found is not None and family(found.kind) == family(said.kind) else found
        return self.with_given_values(bound_beside(values, beside, field, query, texts=said is not None))


class AsMoment(Expression):
    """A date as the moment its day begins."""

    def __init__(self, expression: Expression) -> None:
        super().__init__(types.DATETIME)
        self.expression = expression

    def group_by_columns(self) -> Iterable[Expression]:
        return self.expression.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile_value(self.expression)
        return connection.convert(sql, self.output_field, "date"), params


def as_said(value: Any, said: SQLType) -> Any:
    """Return a resolved value whose type is said to be another: a date as a moment, bound floats as decimals."""
    if not isinstance(value, Expression):
        return value
    if said.kind == "datetime":
        given = value.known_type()
        return AsMoment(value) if given is not None and given.kind == "date" else value
    return _with_decimals(value) if said.kind == "decimal" else value


def _with_decimals(value: Any) -> Any:
    if type(value) in (Slot, ComparedSlot) and value._output_field is types.FLOAT:
        return ConvertedSlot(value.index, types.DECIMAL, types.DECIMAL.get_prep_value)
    if type(value) is not CombinedExpression or value._output_field is not None:
        return value
    made = value.copy()
    made.lhs, made.rhs = _with_decimals(made.lhs), _with_decimals(made.rhs)
    return made


def guessed_type(value: object) -> SQLType | None:
    """Return the type that was guessed for a bound value whose type nobody gave; None for any other value."""
    if isinstance(value, RangeSlot):
        return types.RANGE
    if type(value) not in (Slot, ComparedSlot):
        return None
    slot = cast("Slot", value)
    field = slot._output_field
    return field if type(field) is SQLType and not slot.bare else None


def may_be_bare(value: object) -> bool:
    """Tell whether a resolved value, or one that it chooses among, may have no type but that of what is beside it."""
    if isinstance(value, OfOneType):
        return value._output_field is None and any(map(may_be_bare, value.given_values()))
    return guessed_type(value) in (types.TEXT, types.JSON, types.RANGE)


def bound_beside(
    values: Sequence[Any], lhs: Expression, field: SQLType | None, query: Resolver, *, texts: bool = True
) -> list[Any]:
    """Return resolved values, those of no type bound as ``field``, the type of ``lhs`` beside which they stand.

    ``texts`` says whether texts are, too.
    """
    return [bound_as(value, lhs, field, query, texts=texts) for value in values]


def bound_as(value: Any, lhs: Expression, field: SQLType | None, query: Resolver, *, texts: bool = True) -> Any:
    """Return a resolved value, bound as ``field`` where nobody gave it, or what it chooses among, a type."""
    if field is None:
        return value
    if isinstance(value, OfOneType):
        return value.with_bare_bound(field, query) if value._output_field is None else value
    guessed = guessed_type(value)
    if guessed is None or (guessed is types.TEXT and not texts) or not field.takes_bare(guessed):
        return value
    return ConvertedSlot(value.index, field, query.preparer_for(lhs, field))


def right_bound(lookup: L, query: Resolver) -> L:
    """Return a resolved lookup whose untyped values on the right are bound with the type of its left side."""
    several = isinstance(lookup.rhs, list)
    right = lookup.rhs if several else [lookup.rhs]
    if any(map(may_be_bare, right)):
        lookup = lookup.copy()
        bound = bound_beside(right, lookup.lhs, lookup.value_type(lookup.lhs), query)
        lookup.rhs = bound if several else bound[0]
    return lookup
