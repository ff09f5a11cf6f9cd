"""Window functions: the position of a row among its neighbours, and its neighbours' values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from orm.sql import types
from orm.sql.calls import Func
from orm.sql.expressions import Value
from orm.sql.one_type import bound_beside
from orm.sql.types import SQLType
from orm.structures.arguments import checked_place

if TYPE_CHECKING:
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Resolver


class _Window(Func):
    window_compatible = True
    result: SQLType | None = None

    def _infer_output_field(self) -> SQLType | None:
        return self.result or super()._infer_output_field()


class RowNumber(_Window):
    """The number of the row in its partition, from 1."""

    function = "ROW_NUMBER"
    result = types.INTEGER
    arity = 0


class Rank(_Window):
    """The rank of the row, with gaps after ties."""

    function = "RANK"
    result = types.INTEGER
    arity = 0


class DenseRank(_Window):
    """The rank of the row, without gaps."""

    function = "DENSE_RANK"
    result = types.INTEGER
    arity = 0


class PercentRank(_Window):
    """The relative rank, from 0 to 1."""

    function = "PERCENT_RANK"
    result = types.FLOAT
    arity = 0


class CumeDist(_Window):
    """The share of rows up to this one."""

    function = "CUME_DIST"
    result = types.FLOAT
    arity = 0


class Ntile(_Window):
    """The number of the row's bucket, of ``num_buckets``."""

    function = "NTILE"
    result = types.INTEGER

    def __init__(self, num_buckets: int = 1, **extra: Any) -> None:
        checked_place("Ntile's num_buckets", num_buckets, "num_buckets must be greater than 0.")
        super().__init__(Value(num_buckets, output_field=types.INTEGER), **extra)


class FirstValue(_Window):
    """The value of the first row of the frame."""

    function = "FIRST_VALUE"
    arity = 1


class LastValue(_Window):
    """The value of the last row of the frame."""

    function = "LAST_VALUE"
    arity = 1


def _check_source(function: object, expression: Expression) -> None:
    if expression is None:
        raise ValueError(f"{type(function).__name__} requires a non-null source expression.")


class NthValue(_Window):
    """The value of the nth row of the frame."""

    function = "NTH_VALUE"

    def __init__(self, expression: Any, nth: int = 1, **extra: Any) -> None:
        _check_source(self, expression)
        checked_place("NthValue's nth", nth, "NthValue requires a positive integer as for nth.")
        super().__init__(expression, Value(nth, output_field=types.INTEGER), **extra)

    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.source_expressions[0].output_field_or_none
        return source


class Lag(_Window):
    """The value of the row ``offset`` rows before, or ``default``."""

    function = "LAG"

    def __init__(self, expression: Any, offset: int = 1, default: object = None, **extra: Any) -> None:
        _check_source(self, expression)
        name = type(self).__name__
        checked_place(f"{name}'s offset", offset, f"{name} requires a positive integer for the offset.")
        rest = [] if default is None else [default]
        super().__init__(expression, Value(offset, output_field=types.INTEGER), *rest, **extra)

    def with_values_bound(self, query: Resolver) -> Self:
        """Return this with a text given as the default bound with the type of the column."""
        made = super().with_values_bound(query)
        source = made.source_expressions[0]
        made.source_expressions = bound_beside(made.source_expressions, source, source.output_field_or_none, query)
        return made

    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.source_expressions[0].output_field_or_none
        return source


class Lead(Lag):
    """The value of the row ``offset`` rows after, or ``default``."""

    function = "LEAD"
