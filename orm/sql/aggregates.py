"""Aggregates: functions of many rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from orm.errors import FieldError, advised
from orm.sql import types
from orm.sql.calls import Func, real_type
from orm.sql.columns import Star
from orm.sql.comparing_functions import with_compared
from orm.sql.expressions import Expression, as_expression
from orm.sql.one_type import bound_as
from orm.sql.types import SQLType
from orm.sql.windows import listed, ordering_of

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver


class Aggregate(Func):
    """Base of aggregates.

    Parameters: ``distinct`` looks at different values only; ``filter`` is a condition rows must meet; ``default`` is
    the result over no rows, where the aggregate would be NULL; ``order_by`` (a name, an expression or a list of them)
    is the order in which values go in, for aggregates whose result depends on it.
    """

    name = ""
    takes_extra = False
    allow_distinct = True
    allow_order_by = False
    empty_result_set_value: Any = None
    window_compatible = True
    computes = False
    """Whether it computes with the values, and does not only compare or collect them."""

    def __init__(
        self,
        *expressions: Any,
        distinct: bool = False,
        filter: Any = None,
        default: object = None,
        order_by: object = None,
        **extra: Any,
    ) -> None:
        if distinct and not self.allow_distinct:
            raise TypeError(f"{type(self).__name__} does not allow distinct.")
        if order_by and not self.allow_order_by:
            raise TypeError(f"{type(self).__name__} is the same in any order: it takes no order_by")
        if default is not None and self.empty_result_set_value is not None:
            value = self.empty_result_set_value
            raise advised(TypeError, f"{type(self).__name__} does not allow default.", f" It is {value} over no rows")
        if filter is not None and not getattr(filter, "conditional", False):
            raise TypeError(f"filter takes a condition such as Q(...), not {filter!r}")
        super().__init__(*expressions, **extra)
        self.distinct = distinct
        self.filter = filter
        self.default = default if default is None else as_expression(default)
        self.order_by = tuple(map(ordering_of, listed(order_by)))

    @property
    def contains_aggregate(self) -> bool:
        return True

    @property
    def value_over_nothing(self) -> Any:
        """The result over no rows, known without asking a database."""
        return self.empty_result_set_value if self.default is None else self.default.value_over_nothing

    @property
    def default_alias(self) -> str:
        """The name of the result when the call gave none: ``author__age__avg``."""
        sources = self.source_expressions
        if len(sources) == 1 and hasattr(sources[0], "name"):
            return f"{sources[0].name}__{self.name.lower()}"
        raise TypeError(
            f"{type(self).__name__} of an expression needs a name: aggregate(total={type(self).__name__}(…))"
        )

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        for source in self.source_expressions:
            if getattr(source, "contains_aggregate", False):
                raise self._nested(source)
        new = self.with_parts_resolved(query, allow_joins, reuse, summarize, for_save)
        for written, source in zip(self.source_expressions, new.source_expressions, strict=True):
            if source.contains_aggregate:
                raise self._nested(written)
        if new.default is not None and new.source_expressions:
            new.default = bound_as(new.default, new, new.output_field_or_none, query)
        return new

    def _nested(self, source: Expression) -> FieldError:
        name = getattr(source, "name", None) or repr(source)
        own = self.name or type(self).__name__
        return advised(FieldError, f"Cannot compute {own}({name!r}): {name!r} is an aggregate", " itself")

    def get_source_expressions(self) -> list[Any]:
        return self.source_expressions

    def set_source_expressions(self, expressions: list[object]) -> None:
        """Replace the arguments; a None among them is what code for Django puts in the place of the filter."""
        self.source_expressions = [one for one in expressions if one is not None]

    def _repr_options(self) -> dict[str, object]:
        options: dict[str, Any] = {"distinct": True} if self.distinct else {}
        return options if self.filter is None else {**options, "filter": self.filter}

    def group_by_columns(self) -> Iterable[Expression]:
        return ()

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        if self.filter is not None and not connection.capabilities.aggregate_filter:
            raise NotImplementedError(f"{connection.name} has no FILTER clause for aggregates: use Case/When inside")
        if self.computes and (source := self.source_expressions[0].output_field_or_none) is not None:
            connection.check_computing(source)
        template = context.pop("template", None) or self.extra.get("template", self.template)
        context.setdefault("distinct", "DISTINCT " if self.distinct else "")
        if template == Func.template:
            template = "%(function)s(%(distinct)s%(expressions)s%(ordering)s)"
        ordered = compiler.compile_terms(self.order_by)
        context["ordering"] = f" ORDER BY {', '.join(sql for sql, _ in ordered)}" if ordered else ""
        sql, params = super().as_sql(compiler, connection, template=template, **context)
        params = [*params, *(param for _, ordering_params in ordered for param in ordering_params)]
        if self.filter is not None:
            condition, condition_params = compiler.compile_condition(self.filter)
            sql = f"{sql} FILTER (WHERE {condition})"
            params.extend(condition_params)
        if self.default is not None:
            default, default_params = compiler.compile_value(self.default)
            sql = f"COALESCE({sql}, {default})"
            params.extend(default_params)
        return sql, params


class Count(Aggregate):
    """How many rows, or how many non-null values: ``Count("*")``, ``Count("books", distinct=True)``."""

    function = "COUNT"
    name = "Count"
    arity: int | None = 1
    takes_keys = True
    empty_result_set_value = 0

    def __init__(self, expression: Any, filter: Any = None, **extra: Any) -> None:
        super().__init__(Star() if expression == "*" else expression, filter=filter, **extra)
        if expression == "*" and self.filter is not None:
            raise ValueError("Star cannot be used with filter. Please specify a field.")

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        """Resolve names. A key of several columns is counted by its first, which is never null in a row that is there.

        Raises ``ValueError`` for distinct keys of several columns, which databases can't count.
        """
        if self.distinct and isinstance(self.source_expressions[0], Star):
            raise ValueError("Count('*') counts rows: it can't be distinct")
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        counted = resolved.source_expressions[0]
        parts = getattr(counted, "parts", (counted,))
        if len(parts) > 1:
            if self.distinct:
                raise ValueError("COUNT(DISTINCT) doesn't support composite primary keys")
            resolved = resolved.copy()
            resolved.source_expressions = [parts[0], *resolved.source_expressions[1:]]
        return resolved

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER


class _Widening(Aggregate):
    """An aggregate of numbers, whose result may be larger than its input's type."""

    arity: int | None = 1
    computes = True

    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.source_expressions[0].output_field_or_none
        if getattr(source, "from_db_value", None) is not None:
            return source  # sums of what a field of one's own gives are read as that
        if source is not None and source.kind in types.INTEGER_KINDS:
            return types.BIGINT
        if source is not None and source.kind == "decimal":
            places = source.decimal_places if self.default is None else None  # a default may have more
            return SQLType("decimal", decimal_places=places)
        return source


class Sum(_Widening):
    """The sum of the values."""

    takes_extra = False
    function = "SUM"
    name = "Sum"

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return super().as_sql(compiler, connection, **_spelt(self, "SUM", connection, context))


def _spelt(aggregate: Aggregate, name: str, dialect: Dialect, context: dict[str, object]) -> dict[str, object]:
    """Return what SUM or AVG is rendered with: the name that the dialect has for values of that type."""
    source = aggregate.source_expressions[0].output_field_or_none
    if source is not None and "function" not in aggregate.extra:
        context.setdefault("function", dialect.computing_aggregate(name, source))
    return context


class Avg(Aggregate):
    """The mean of the values: a float, or a Decimal for decimals."""

    takes_extra = False
    function = "AVG"
    arity: int | None = 1
    computes = True
    name = "Avg"

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return super().as_sql(compiler, connection, **_spelt(self, "AVG", connection, context))

    def _infer_output_field(self) -> SQLType | None:
        source = self.source_expressions[0].output_field_or_none
        return types.FLOAT if source is None or source.kind in (*types.INTEGER_KINDS, "float") else _widened(source)


def _widened(source: SQLType) -> SQLType:
    return types.DECIMAL if source.kind == "decimal" else source


class _Extreme(Aggregate):
    takes_extra = False

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return super(_Extreme, with_compared(self, given=False)).as_sql(compiler, connection, **context)


class Min(_Extreme):
    """The smallest value."""

    function = "MIN"
    arity: int | None = 1
    name = "Min"
    allow_distinct = False


class Max(_Extreme):
    """The largest value."""

    function = "MAX"
    arity: int | None = 1
    name = "Max"
    allow_distinct = False


class _Statistic(Aggregate):
    arity: int | None = 1
    computes = True

    def __init__(self, expression: Any, sample: bool = False, **extra: Any) -> None:
        if not isinstance(sample, bool):
            raise TypeError(
                f"{self.name!r} takes exactly 1 argument (2 given): sample is True or False, not {sample!r}."
            )
        self.function = f"{self.base}_{'SAMP' if sample else 'POP'}"
        super().__init__(expression, **extra)

    def _repr_options(self) -> dict[str, object]:
        return {**super()._repr_options(), "sample": str(self.function).endswith("SAMP")}

    base = ""
    allow_distinct = False

    def _infer_output_field(self) -> SQLType | None:
        return real_type(self.source_expressions)


class StdDev(_Statistic):
    """The standard deviation; of the population, or of a sample with ``sample=True``."""

    name = "StdDev"
    base = "STDDEV"


class Variance(_Statistic):
    """The variance; of the population, or of a sample with ``sample=True``."""

    name = "Variance"
    base = "VAR"


def count_rows() -> Count:
    """Return ``COUNT(*)``."""
    return Count("*")
