"""Aggregates that PostgreSQL alone has: arrays, JSON, bits, truth values and statistics of two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from orm.postgresql.arrays import array_of
from orm.sql import types
from orm.sql.aggregates import Aggregate
from orm.sql.expressions import Slot, Value
from orm.structures.deprecation import RemovedInDjango61Warning, warn

if TYPE_CHECKING:
    from orm.sql.resolving import Resolver
    from orm.sql.types import SQLType

__all__ = [
    "ArrayAgg",
    "BitAnd",
    "BitOr",
    "BitXor",
    "BoolAnd",
    "BoolOr",
    "Corr",
    "CovarPop",
    "JSONBAgg",
    "RegrAvgX",
    "RegrAvgY",
    "RegrCount",
    "RegrIntercept",
    "RegrR2",
    "RegrSXX",
    "RegrSXY",
    "RegrSYY",
    "RegrSlope",
    "StatAggregate",
    "StringAgg",
]


class _Ordered(Aggregate):
    """An aggregate whose result depends on the order of its values; ``ordering`` is the older name of ``order_by``."""

    allow_order_by = True

    def __init__(self, *expressions: Any, ordering: Any = None, order_by: Any = None, **options: Any) -> None:
        if ordering and order_by:
            said = "Cannot specify both order_by and ordering."
            raise TypeError(f"{said} {type(self).__name__}: ordering is the older name of order_by.")
        if ordering:
            warn("The ordering argument is deprecated. Use order_by instead.", RemovedInDjango61Warning)
        super().__init__(*expressions, order_by=order_by or ordering, **options)


class ArrayAgg(_Ordered):
    """All values as an array, NULLs included; NULL over no rows."""

    function = "ARRAY_AGG"
    name = "ArrayAgg"

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        """Resolve names; a list as the default is an array of what is gathered."""
        made = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        given, slot = self.default, made.default
        if (
            isinstance(given, Value)
            and given._output_field is None
            and isinstance(given.value, (list, tuple))
            and isinstance(slot, Slot)
        ):
            made.default = Slot(slot.index, made.output_field)
        return made

    def _infer_output_field(self) -> SQLType | None:
        return array_of(self.source_expressions[0].output_field)


class BitAnd(Aggregate):
    """The bits that are set in all values."""

    function = "BIT_AND"
    name = "BitAnd"


class BitOr(Aggregate):
    """The bits that are set in some value."""

    function = "BIT_OR"
    name = "BitOr"


class BitXor(Aggregate):
    """The bits that are set in an odd number of values. PostgreSQL 14 and later."""

    function = "BIT_XOR"
    name = "BitXor"


class BoolAnd(Aggregate):
    """Whether all values are true."""

    function = "BOOL_AND"
    name = "BoolAnd"

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN


class BoolOr(Aggregate):
    """Whether some value is true."""

    function = "BOOL_OR"
    name = "BoolOr"

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN


class JSONBAgg(_Ordered):
    """All values as a JSON array; NULL over no rows."""

    function = "JSONB_AGG"
    name = "JSONBAgg"

    def _infer_output_field(self) -> SQLType | None:
        return types.JSON


class StringAgg(_Ordered):
    """All values as one text with ``delimiter`` (a text, or an expression) between them; NULL over no rows."""

    function = "STRING_AGG"
    name = "StringAgg"
    template = "%(function)s(%(distinct)s%(expressions)s%(ordering)s)"

    def __init__(self, expression: object, delimiter: object, **options: object) -> None:
        if not isinstance(delimiter, str) and not hasattr(delimiter, "resolve_expression"):
            raise TypeError(f"StringAgg's delimiter is a text or an expression, not {delimiter!r}")
        super().__init__(expression, Value(delimiter) if isinstance(delimiter, str) else delimiter, **options)

    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT


class StatAggregate(Aggregate):
    """A statistic of pairs: ``y`` depends on ``x``. A pair with a NULL in it is passed over."""

    allow_distinct = False

    def __init__(self, y: Any, x: Any, **options: Any) -> None:
        if not x or not y:
            raise ValueError("Both y and x must be provided.")
        super().__init__(y, x, **options)

    def _infer_output_field(self) -> SQLType | None:
        return types.FLOAT


class Corr(StatAggregate):
    """The coefficient of correlation."""

    function = "CORR"
    name = "Corr"


class CovarPop(StatAggregate):
    """The covariance; of the population, or of a sample with ``sample=True``."""

    name = "CovarPop"

    def __init__(self, y: object, x: object, sample: bool = False, **options: object) -> None:
        self.function = "COVAR_SAMP" if sample else "COVAR_POP"
        super().__init__(y, x, **options)


class RegrAvgX(StatAggregate):
    """The mean of ``x``."""

    function = "REGR_AVGX"
    name = "RegrAvgX"


class RegrAvgY(StatAggregate):
    """The mean of ``y``."""

    function = "REGR_AVGY"
    name = "RegrAvgY"


class RegrCount(StatAggregate):
    """How many pairs have no NULL."""

    function = "REGR_COUNT"
    name = "RegrCount"
    empty_result_set_value = 0

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER


class RegrIntercept(StatAggregate):
    """Where the line of least squares crosses the axis of ``y``."""

    function = "REGR_INTERCEPT"
    name = "RegrIntercept"


class RegrR2(StatAggregate):
    """The square of the coefficient of correlation."""

    function = "REGR_R2"
    name = "RegrR2"


class RegrSlope(StatAggregate):
    """The slope of the line of least squares."""

    function = "REGR_SLOPE"
    name = "RegrSlope"


class RegrSXX(StatAggregate):
    """The sum of the squares of ``x``'s distances from its mean."""

    function = "REGR_SXX"
    name = "RegrSXX"


class RegrSXY(StatAggregate):
    """The sum of the products of the distances of ``x`` and ``y`` from their means."""

    function = "REGR_SXY"
    name = "RegrSXY"


class RegrSYY(StatAggregate):
    """The sum of the squares of ``y``'s distances from its mean."""

    function = "REGR_SYY"
    name = "RegrSYY"
