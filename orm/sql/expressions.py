"""Expressions: what a query computes, as immutable trees that users write and the compiler renders.

An expression lives twice. As written (``F("author__name")``, ``Value(3)``) it knows names and values; resolved
against a query it knows columns and *slots*: the places of values, no part of it. ``structure(values)`` gives
the first form's shape as a hashable key and appends its values in a fixed order; ``resolve_expression`` takes slots in
that same order. So equal shapes share one compiled statement whatever their values.

Users may write their own with Django's ``as_sql(compiler, connection)``; ``connection`` is the dialect.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from orm.errors import EmptyResultSet, FieldError, FullResultSet
from orm.sql import types
from orm.sql.nodes import Node, Param, structure_of
from orm.sql.python_types import type_of
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


def _map_value(value: Any, change: Callable[[Expression], Expression]) -> Any:
    """Return ``value`` with every expression directly inside it changed; the same object when nothing changed."""
    if isinstance(value, Node):
        return change(value)  # type: ignore[arg-type]
    if isinstance(value, (list, tuple)):
        items = [_map_value(item, change) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(items)
    if isinstance(value, dict):
        changed = {name: _map_value(item, change) for name, item in value.items()}
        return value if all(changed[name] is value[name] for name in value) else changed
    return value


class Combinable(Node):
    """Arithmetic and ordering, for everything that has a value in SQL."""

    condition_class: ClassVar[Any] = None  # Q, which is made of expressions and so sets itself here
    subquery_class: ClassVar[Any] = None  # Subquery likewise

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%%"
    POW = "^"
    BITAND = "&"
    BITOR = "|"
    BITXOR = "#"
    BITLEFTSHIFT = "<<"
    BITRIGHTSHIFT = ">>"

    def _combine(self, other: Any, operator: str, reversed_: bool) -> CombinedExpression:
        other = as_expression(other)
        here: Any = self
        return CombinedExpression(other, operator, here) if reversed_ else CombinedExpression(here, operator, other)

    def __neg__(self) -> CombinedExpression:
        return self._combine(-1, self.MUL, False)

    def __add__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.ADD, False)

    def __sub__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.SUB, False)

    def __mul__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.MUL, False)

    def __truediv__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.DIV, False)

    def __mod__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.MOD, False)

    def __pow__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.POW, False)

    def __radd__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.ADD, True)

    def __rsub__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.SUB, True)

    def __rmul__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.MUL, True)

    def __rtruediv__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.DIV, True)

    def __rmod__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.MOD, True)

    def __rpow__(self, other: Any) -> CombinedExpression:
        return self._combine(other, self.POW, True)

    def __and__(self, other: Any) -> Any:
        return self._logical(other, "AND")

    def __or__(self, other: Any) -> Any:
        return self._logical(other, "OR")

    def __xor__(self, other: Any) -> Any:
        return self._logical(other, "XOR")

    def __rand__(self, other: Any) -> Any:
        return self._logical(other, "AND")

    def __ror__(self, other: Any) -> Any:
        return self._logical(other, "OR")

    def __rxor__(self, other: Any) -> Any:
        return self._logical(other, "XOR")

    def _logical(self, other: Any, connector: str) -> Any:
        if not getattr(self, "conditional", False) or not getattr(other, "conditional", False):
            raise NotImplementedError("Use .bitand(), .bitor(), and .bitxor() for bitwise logical operations.")
        return self.condition_class(self).combined(other, connector)

    def bitand(self, other: Any) -> CombinedExpression:
        """Return the bitwise AND with ``other``."""
        return self._combine(other, self.BITAND, False)

    def bitor(self, other: Any) -> CombinedExpression:
        """Return the bitwise OR with ``other``."""
        return self._combine(other, self.BITOR, False)

    def bitxor(self, other: Any) -> CombinedExpression:
        """Return the bitwise exclusive OR with ``other``."""
        return self._combine(other, self.BITXOR, False)

    def bitleftshift(self, other: Any) -> CombinedExpression:
        """Return the value shifted left by ``other`` bits."""
        return self._combine(other, self.BITLEFTSHIFT, False)

    def bitrightshift(self, other: Any) -> CombinedExpression:
        """Return the value shifted right by ``other`` bits."""
        return self._combine(other, self.BITRIGHTSHIFT, False)

    def asc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> OrderBy:
        """Return this as an ascending ordering."""
        here: Any = self
        return OrderBy(here, nulls_first=nulls_first, nulls_last=nulls_last)

    def desc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> OrderBy:
        """Return this as a descending ordering."""
        here: Any = self
        return OrderBy(here, descending=True, nulls_first=nulls_first, nulls_last=nulls_last)


class Expression(Combinable):
    """Base of everything that has a value in SQL.

    Parameters: ``output_field`` is the type of the result (any field or ``SQLType``); inferred where possible.
    """

    is_expression = True
    conditional_kind: ClassVar[bool] = False
    window_compatible = False
    _output_field: SQLType | None = None

    def __init__(self, output_field: SQLType | None = None) -> None:
        if output_field is not None:
            if isinstance(output_field, type) and issubclass(output_field, SQLType):
                output_field = cast("Callable[[], SQLType]", output_field)()
            if not isinstance(output_field, SQLType):
                raise TypeError(f"output_field is a field such as TextField(), not {output_field!r}")
            self._output_field = output_field

    # -- shape --------------------------------------------------------------------------------------------------------

    def structure(self, values: list[Any]) -> Hashable:
        """Return the key of this expression without its values, which are appended to ``values``."""
        return (type(self), *[(name, structure_of(item, values)) for name, item in self.__dict__.items()])

    def children(self) -> Iterator[Expression]:
        """Yield the expressions directly inside this one."""
        stack: list[Any] = list(self.__dict__.values())
        for item in stack:
            if isinstance(item, Expression):
                yield item
            elif isinstance(item, (list, tuple)):
                stack.extend(item)
            elif isinstance(item, dict):
                stack.extend(item.values())

    def map(self, change: Callable[[Expression], Expression]) -> Expression:
        """Return a copy whose direct children went through ``change``; itself when none changed."""
        new = None
        for name, item in self.__dict__.items():
            changed = _map_value(item, change)
            if changed is not item:
                new = new or copy.copy(self)
                new.__dict__[name] = changed
        return new or self

    def walk(self) -> Iterator[Expression]:
        """Yield this expression and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()

    def get_source_expressions(self) -> list[Any]:
        """Return the expressions this one is computed from (Django's name for its inputs)."""
        return list(self.children())

    def copy(self) -> Any:
        """Return a shallow copy."""
        return copy.copy(self)

    # -- meaning ------------------------------------------------------------------------------------------------------

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return this expression with names turned into columns of ``query`` and values into slots."""
        return self.map(lambda child: child.resolve_expression(query, allow_joins, reuse, summarize, for_save))

    @property
    def output_field(self) -> SQLType:
        """The type of the result. Raises ``FieldError`` where it can't be inferred."""
        found = self._output_field or self._infer_output_field()
        if found is None:
            raise FieldError(
                f"Cannot resolve expression type, unknown output_field. {type(self).__name__} has an unknown type: "
                "give it an output_field"
            )
        return found

    @property
    def output_field_or_none(self) -> SQLType | None:
        """The type of the result, or None where it can't be inferred."""
        if type(self).output_field is not Expression.output_field:  # an expression of the user's says it that way
            return self.output_field
        return self._output_field or self._infer_output_field()

    def _infer_output_field(self) -> SQLType | None:
        kinds: dict[str, SQLType] = {}
        for source in self.get_source_expressions():
            field = source.output_field_or_none if source is not None else None
            if field is not None:
                first = kinds.setdefault(_family(field.kind), field)
                if field.kind == "decimal" and field.decimal_places != first.decimal_places:
                    kinds["decimal"] = types.DECIMAL  # as many places as the value has
        if len(kinds) > 1:
            named = ", ".join(field_name(field) for field in kinds.values())
            raise FieldError(
                f"Expression contains mixed types: {named}. You must set output_field. {type(self).__name__} can't "
                "tell which of them it gives"
            )
        return next(iter(kinds.values()), None)

    @property
    def conditional(self) -> bool:
        """Whether this can stand as a condition (it gives a boolean)."""
        if self.conditional_kind:
            return True
        field = self.output_field_or_none
        return field is not None and field.kind == "boolean"

    @property
    def contains_aggregate(self) -> bool:
        """Whether an aggregate of the same query is inside."""
        return any(child.contains_aggregate for child in self.children())

    @property
    def contains_over_clause(self) -> bool:
        """Whether a window function of the same query is inside."""
        return any(child.contains_over_clause for child in self.children())

    @property
    def value_over_nothing(self) -> Any:
        """The value over no rows, where it is known without asking a database; else ``NotImplemented``."""
        return NotImplemented

    # -- SQL -----------------------------------------------------------------------------------------------------------

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        """Return SQL with ``%s`` placeholders, and the parameters they stand for."""
        raise NotImplementedError(f"{type(self).__name__} must define as_sql(compiler, connection)")

    def group_by_columns(self) -> Iterable[Expression]:
        """Yield what must be grouped by for this expression to stand beside aggregates."""
        if not self.contains_aggregate and not self.contains_over_clause:
            yield self
            return
        for child in self.children():
            yield from child.group_by_columns()

    def get_group_by_cols(self) -> list[Any]:
        """Return the same as a list (Django's name, which expressions of the user's may define)."""
        return list(self.group_by_columns())

    def rejects_null(self) -> set[str]:
        """Return the table aliases that must have a row for this condition to be true."""
        return set()

    # -- conditions ----------------------------------------------------------------------------------------------------

    def __invert__(self) -> Any:
        return NegatedExpression(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash(self.identity())

    def identity(self) -> Hashable:
        """Return a key of this expression with its values: equal expressions have equal ones."""
        values: list[Any] = []
        return (self.structure(values), *map(repr, values))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name.lstrip('_')}={item!r}" for name, item in self.__dict__.items())
        return f"{type(self).__name__}({inside})"


def field_name(sql_type: SQLType) -> str:
    """Return what the field of a type is called."""
    own = type(sql_type).__name__
    return own if own.endswith("Field") else types.FIELD_NAMES.get(sql_type.kind, sql_type.kind)


_FAMILIES = {"smallint": "integer", "integer": "integer", "bigint": "integer", "char": "text", "text": "text"}


def _family(kind: str) -> str:
    return _FAMILIES.get(kind, kind)


def as_expression(value: Any) -> Any:
    """Return ``value`` when it is an expression, a subquery of a queryset, a ``Value`` around anything else."""
    if isinstance(value, Combinable) or hasattr(value, "resolve_expression"):
        return value
    if hasattr(value, "embedded"):
        return Combinable.subquery_class(value)
    return Value(value)


class Slot(Expression):
    """The place of a value. ``bare`` leaves out the cast: the value stands beside a column that gives its type."""

    def __init__(self, index: int, sql_type: SQLType | None, bare: bool = False) -> None:
        super().__init__(sql_type)
        self.index = index
        self.bare = bare

    def _infer_output_field(self) -> SQLType | None:
        return None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        field = self._output_field
        adapter = connection.adapter(field) if field is not None else None
        sql = connection.parameter_beside(field) if self.bare else connection.parameter(field)
        return sql, [Param(self.index, adapter)]

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class Value(Expression):
    """A Python value inside an expression; always bound, never text."""

    def __init__(self, value: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.value = value

    def structure(self, values: list[Any]) -> Hashable:
        field = self._output_field.structure() if self._output_field is not None else None
        if self.value is None:
            return (Value, None, field)
        values.append(self.value)
        return (Value, type(self.value), field)

    @property
    def value_over_nothing(self) -> Any:
        return self.value

    def _infer_output_field(self) -> SQLType | None:
        return type_of(self.value)

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        if self.value is None:
            field = self._output_field
            return JSONNullValue(field) if field is not None and field.kind == "json" else Null(field)
        field = self.output_field_or_none
        if field is None:
            raise FieldError(f"Value({self.value!r}) has a type no column has: give it an output_field")
        return Slot(query.take_slot(self.value, field.get_prep_value), field)

    def group_by_columns(self) -> Iterable[Expression]:
        return ()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        """Return a parameter of the shape: what a transform brings along was part of no step's values."""
        field = self.output_field
        adapter = connection.adapter(field)
        value = None if self.value is None else field.get_prep_value(self.value)
        return connection.parameter(field), [value if adapter is None or value is None else adapter(value)]

    def __repr__(self) -> str:
        return f"Value({self.value!r})"


class Null(Expression):
    """The constant NULL."""

    def _infer_output_field(self) -> SQLType | None:
        return None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        if self._output_field is not None and connection.capabilities.typed_parameters:
            return connection.cast("NULL", self._output_field), []
        return "NULL", []

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class JSONNullValue(Expression):
    """The JSON value ``null``, which is no NULL: what ``Value(None, JSONField())`` stands for."""

    def _infer_output_field(self) -> SQLType | None:
        return types.JSON

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        adapter = connection.adapter(types.JSON)
        return connection.parameter(types.JSON), [adapter(None) if adapter is not None else "null"]

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class CombinedExpression(Expression):
    """Two expressions and an operator between them."""

    def __init__(self, lhs: Any, connector: str, rhs: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.lhs = lhs
        self.connector = connector
        self.rhs = rhs

    def _infer_output_field(self) -> SQLType | None:
        lhs: SQLType | None = self.lhs.output_field_or_none
        rhs: SQLType | None = self.rhs.output_field_or_none
        if lhs is None or rhs is None:
            return lhs or rhs
        kinds = {_family(lhs.kind), _family(rhs.kind)}
        if len(kinds) == 1:
            if kinds == {"decimal"}:
                return types.DECIMAL  # as many places as the result has, whatever those of the columns
            if kinds <= {"date", "datetime", "time"}:
                if self.connector != "-":
                    raise self._untypable(lhs, rhs)
                return types.DURATION
            return lhs if lhs.kind not in ("smallint", "integer") else types.BIGINT
        if kinds <= {"integer", "float", "decimal"}:
            return types.DECIMAL if "decimal" in kinds and "float" not in kinds else types.FLOAT
        if "duration" in kinds and len(kinds & {"date", "datetime", "time"}) == 1:
            return types.TIME if "time" in kinds else types.DATETIME
        if "duration" in kinds and kinds & {"integer", "float", "decimal"}:
            return types.DURATION
        raise self._untypable(lhs, rhs)

    def _untypable(self, lhs: SQLType, rhs: SQLType) -> FieldError:
        return FieldError(
            f"Cannot infer type of {self.connector!r} expression involving these types: {field_name(lhs)}, "
            f"{field_name(rhs)}. You must set output_field. Wrap it in ExpressionWrapper(…, output_field=…)"
        )

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        lhs, lhs_params = compiler.compile_value(self.lhs)
        rhs, rhs_params = compiler.compile_value(self.rhs)
        lhs_type, rhs_type = self.lhs.output_field_or_none, self.rhs.output_field_or_none
        sql = connection.combine(
            self.connector, lhs, rhs, lhs_type.kind if lhs_type else None, rhs_type.kind if rhs_type else None
        )
        return sql, [*lhs_params, *rhs_params]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"{self.lhs} {self.connector} {self.rhs}"


class NegatedExpression(Expression):
    """A truth value turned round: ``~F("published")``."""

    conditional_kind = True

    def __init__(self, expression: Any) -> None:
        super().__init__()
        if not hasattr(expression, "resolve_expression"):
            raise TypeError(f"NegatedExpression() takes an expression, not {expression!r}")
        self.expression = expression

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def __invert__(self) -> Any:
        return copy.copy(self.expression)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        try:
            sql, params = compiler.compile(self.expression)
        except EmptyResultSet:
            raise FullResultSet from None
        except FullResultSet:
            raise EmptyResultSet from None
        return f"NOT ({sql})", params


class OrderBy(Expression):
    """An expression with a direction: what ``order_by`` takes, and ``F("x").desc(nulls_last=True)`` gives."""

    def __init__(
        self,
        expression: Any,
        *,
        descending: bool = False,
        nulls_first: bool | None = None,
        nulls_last: bool | None = None,
    ) -> None:
        if nulls_first and nulls_last:
            raise ValueError("nulls_first and nulls_last are mutually exclusive")
        if nulls_first is False or nulls_last is False:
            raise ValueError("nulls_first and nulls_last values must be True or None.")
        if not hasattr(expression, "resolve_expression"):
            raise ValueError(f"expression must be an expression type, not {expression!r}")
        super().__init__()
        self.expression = expression
        self.descending = descending
        self.nulls_first = nulls_first
        self.nulls_last = nulls_last

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression!r}, descending={self.descending})"

    def reversed(self) -> OrderBy:
        """Return the opposite ordering."""
        return OrderBy(
            self.expression,
            descending=not self.descending,
            nulls_first=self.nulls_last,
            nulls_last=self.nulls_first,
        )

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        sql, params = compiler.compile(self.expression)
        if not (self.nulls_first or self.nulls_last) or connection.capabilities.nulls_ordering:
            return f"{sql} {self.direction(connection)}", params
        first = f"{sql} IS {'NOT ' if self.nulls_first else ''}NULL"
        return f"{first}, {sql} {self.direction(connection)}", [*params, *params]

    def direction(self, dialect: Dialect) -> str:
        """Return the words after the expression; those on NULLs only where the database knows them."""
        word = "DESC" if self.descending else "ASC"
        if not (self.nulls_first or self.nulls_last) or not dialect.capabilities.nulls_ordering:
            return word
        return f"{word} NULLS {'FIRST' if self.nulls_first else 'LAST'}"
