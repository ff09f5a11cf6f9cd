"""Texts of no type of their own, ``Value("2024-01-02")``, beside values that have one: they are bound as that type.

Where an ``output_field`` is said, dates under a moment's are moments, and bound floats under a decimal's are decimals:
what a float says, 0.1, and not the binary fraction that is near it.

Databases take a literal for what stands beside it, and some refuse a parameter that was said to be a text. So a text
whose ``Value()`` has no ``output_field`` becomes a value of its neighbours' type, by that type's field, which refuses
what is none of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from orm.sql import types
from orm.sql.expressions import CombinedExpression, ComparedSlot, Expression, Slot
from orm.sql.nodes import Adapter, Param, Rendered
from orm.sql.result_types import family
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.lookups import Lookup
    from orm.sql.resolving import Resolver

L = TypeVar("L", bound="Lookup")

WRITTEN_AS_TEXT = (
    types.NUMBER_KINDS | types.MOMENT_KINDS | {"address", "boolean", "decimal", "duration", "uuid"}
)  # the kinds of which a text can be a value; a text beside JSON or bytes is no more than a text


class _Converted:
    """Adapts a text that stands for a value of another type. Raises what the type's field does for a wrong text."""

    def __init__(self, prepare: Callable[[Any], Any], adapter: Adapter | None) -> None:
        self.prepare = prepare
        self.adapter = adapter

    def __call__(self, value: object) -> object:
        made = self.prepare(value)
        return made if self.adapter is None else self.adapter(made)


class ConvertedSlot(Slot):
    """The place of a text that stands for a value of ``sql_type``, which ``prepare`` makes of it when it is sent."""

    def __init__(self, index: int, sql_type: SQLType, prepare: Callable[[Any], Any]) -> None:
        super().__init__(index, sql_type)
        self.prepare = prepare

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        field = self.output_field
        return connection.parameter(field), [Param(self.index, _Converted(self.prepare, connection.adapter(field)))]


class OfOneType(Expression):
    """What gives one of several values: where its ``output_field`` is said, its texts are of its values' type."""

    def given_values(self) -> list[Any]:
        """Return the values that it chooses among."""
        return self.get_source_expressions()

    def with_given_values(self, values: list[Any]) -> Self:
        """Return this with other values in their places."""
        raise NotImplementedError(f"{type(self).__name__} must define with_given_values(values)")

    def with_parts_resolved(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        """Return this with what is inside it resolved, and texts bound as what they stand beside."""
        made = super().with_parts_resolved(query, allow_joins, reuse, summarize, for_save)
        said = made._output_field
        if said is None:
            return made
        made = made.with_texts_bound(said, query)
        if said.kind not in ("datetime", "decimal"):
            return made
        return made.with_given_values([as_said(value, said) for value in made.given_values()])

    def with_texts_bound(self, said: SQLType, query: Resolver) -> Self:
        """Return this with its texts bound: as ``said`` where that is a kind of their neighbours' type."""
        values = self.given_values()
        if not any(map(is_text, values)):
            return self
        beside, field = self, said
        for value in values:
            found = None if is_text(value) else value.output_field_or_none
            if found is not None:
                beside, field = value, said if family(found.kind) == family(said.kind) else found
                break
        return self.with_given_values(bound_beside(values, beside, field, query))


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


def is_text(value: object) -> bool:
    """Tell whether a resolved value is a bound text whose type nobody said."""
    if not isinstance(value, Slot) or type(value) not in (Slot, ComparedSlot):
        return False
    return value._output_field is types.TEXT and not value.bare


def bound_beside(values: Sequence[Any], lhs: Expression, field: SQLType | None, query: Resolver) -> list[Any]:
    """Return resolved values, the texts among them bound as ``field``, the type of ``lhs`` beside which they stand."""
    if field is None or field.kind not in WRITTEN_AS_TEXT or not any(map(is_text, values)):
        return list(values)
    prepare = query.preparer_for(lhs, field)
    return [ConvertedSlot(value.index, field, prepare) if is_text(value) else value for value in values]


def bound_as(value: object, lhs: Expression, field: SQLType | None, query: Resolver) -> Any:
    """Return a resolved value, bound as ``field`` where it, or what it chooses among, is a text nobody gave a type."""
    if isinstance(value, OfOneType) and value._output_field is None and field is not None:
        return value.with_texts_bound(field, query)
    return bound_beside([value], lhs, field, query)[0]


def right_bound(lookup: L, query: Resolver) -> L:
    """Return a resolved lookup with the texts on its right that nobody gave a type bound as the type it compares to."""
    several = isinstance(lookup.rhs, list)
    right = lookup.rhs if several else [lookup.rhs]
    if any(map(is_text, right)):
        lookup = lookup.copy()
        bound = bound_beside(right, lookup.lhs, lookup.value_type(lookup.lhs), query)
        lookup.rhs = bound if several else bound[0]
    return lookup
