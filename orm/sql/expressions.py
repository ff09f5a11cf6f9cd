"""Expressions: what a query computes, as immutable trees that users write and the compiler renders.

An expression has two forms. As written (``F("author__name")``, ``Value(3)``) it knows names and values; resolved
against a query it knows columns and *slots*, the numbered places of the query's values, and no value.
``structure(values)`` gives the first form's shape as a hashable key and appends its values in a fixed order;
``resolve_expression`` takes slots in that same order. So equal shapes share one compiled statement whatever their
values.

Users may write their own with Django's ``as_sql(compiler, connection)``; ``connection`` is the dialect.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from orm.errors import EmptyResultSet, FieldError, FullResultSet, advised
from orm.sql import types
from orm.sql.combinable import Combinable
from orm.sql.nodes import Adapter, Constant, Node, Param, Rendered, changed_inside, made_of_allowed, structure_of
from orm.sql.python_types import type_of
from orm.sql.ranges import is_range
from orm.sql.result_types import checked_operator, family, field_name, type_of_operation
from orm.sql.types import SQLType
from orm.structures.settable import settable_property

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver


class OutputFieldIsNoneError(FieldError):
    """The type of an expression's result can't be inferred."""


class Expression(Combinable):
    """Base of everything that has a value in SQL.

    Parameters: ``output_field`` is the type of the result (any field or ``SQLType``); inferred where possible.
    """

    is_expression = True
    conditional_kind: ClassVar[bool] = False
    window_compatible = False
    takes_keys: ClassVar[bool] = True
    """Whether a key made of several columns may stand in it."""
    is_part_of_json: bool = False
    """Whether it is what lies under a key of JSON: text for some databases, which must put it in order as a value."""
    is_given: ClassVar[bool] = False
    """Whether it is a column or a bound value, and nothing computed."""
    allowed_default: Any = False
    """Whether it may be a column's default: it is made of values alone, and looks at no column."""
    constraint_validation_compatible: ClassVar[bool] = True
    """Whether it means something when a constraint is validated; else what is inside it does."""
    set_returning: ClassVar[bool] = False
    """Whether it gives several rows for one, so that what is counted can't do without it."""
    _output_field: SQLType | None = None

    def __init__(self, output_field: SQLType | None = None) -> None:
        if output_field is not None:
            if isinstance(output_field, type) and issubclass(output_field, SQLType):
                output_field = cast("Callable[[], SQLType]", output_field)()
            if not isinstance(output_field, SQLType):
                raise TypeError(f"output_field is a field such as TextField(), not {output_field!r}")
            self._output_field = output_field

    # -- shape --------------------------------------------------------------------------------------------------------

    def structure(self, values: list[object]) -> Hashable:
        """Return the key of this expression without its values, which are appended to ``values``."""
        key: list[Any] = [type(self)]
        for name, item in self.__dict__.items():
            key.append(name)
            if isinstance(item, Node):
                key.append(item.structure(values))
            else:  # names and operators need no look at what they may be
                key.append((str, item) if type(item) is str else structure_of(item, values))
        return tuple(key)

    def children(self) -> Iterator[Expression]:
        """Yield the expressions directly inside this one."""
        return (node for node in self._nodes() if isinstance(node, Expression))

    def _nodes(self) -> Iterator[Node]:
        """Yield what is directly inside this one, names and conditions as they are written included."""
        stack: list[Any] = list(self.__dict__.values())
        for item in stack:
            if isinstance(item, Node):
                yield item
            elif isinstance(item, (list, tuple)):
                stack.extend(item)
            elif isinstance(item, dict):
                stack.extend(item.values())

    def map(self, change: Callable[[Expression], Expression]) -> Self:
        """Return a copy whose direct children went through ``change``; itself when none changed."""
        new = None
        for name, item in self.__dict__.items():
            changed = changed_inside(item, change)
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
        return list(self._nodes())

    def set_source_expressions(self, expressions: list[Any]) -> None:
        """Put others in the place of ``get_source_expressions()`` (Django's name; for overriders working on a copy).

        Raises ``ValueError`` for another number of them.
        """
        if len(expressions) != len(self.get_source_expressions()):
            count = len(self.get_source_expressions())
            raise ValueError(f"{type(self).__name__} is computed from {count} expressions, not {len(expressions)}")
        stand_ins = iter(expressions)
        self.__dict__.update(self.map(lambda child: next(stand_ins)).__dict__)

    def get_expression_for_validation(self) -> Any:
        """Return what stands for this when a constraint is validated: itself, or the one expression it is made of.

        Raises ``ValueError`` where there is none, or there are several.
        """
        if self.constraint_validation_compatible:
            return self
        sources = self.get_source_expressions()
        if len(sources) != 1:
            raise ValueError(
                "Expressions with constraint_validation_compatible set to False must have only one source expression."
            )
        return sources[0]

    def copy(self) -> Any:
        """Return a shallow copy."""
        return copy.copy(self)

    # -- meaning ------------------------------------------------------------------------------------------------------

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return this expression with names turned into columns of ``query`` and values into slots.

        Raises ``ValueError`` for a key made of several columns where only one value can stand.
        """
        return self.with_parts_resolved(query, allow_joins, reuse, summarize, for_save)

    def with_parts_resolved(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        """Return this expression with what is inside it resolved."""
        made = self.map(lambda child: child.resolve_expression(query, allow_joins, reuse, summarize, for_save))
        if not self.takes_keys and any(
            getattr(part, "is_key_of_several", False) for part in made.get_source_expressions()
        ):
            raise ValueError(f"{type(self).__name__} expression does not support composite primary keys.")
        return made.with_values_bound(query)

    def with_values_bound(self, query: Resolver) -> Self:
        """Return this, whose parts are resolved, with untyped values among them bound with the type of their place."""
        return self

    @settable_property
    def output_field(self) -> SQLType:
        """The type of the result. Raises ``FieldError`` where it can't be inferred."""
        found = self._output_field or self._infer_output_field()
        if found is None:
            raise OutputFieldIsNoneError(
                f"Cannot resolve expression type, unknown output_field. {type(self).__name__} has an unknown type: "
                "give it an output_field"
            )
        return self._field_of(found)

    def _field_of(self, found: SQLType) -> SQLType:
        """Return the field that programs see for a computed type."""
        return types.as_field(found)

    @property
    def output_field_or_none(self) -> SQLType | None:
        """The type of the result, or None where it can't be inferred."""
        if type(self).output_field is not Expression.output_field or "output_field" in self.__dict__:
            return self.output_field  # an expression of the user's says it that way
        return self._output_field or self._infer_output_field()

    def get_lookup(self, name: str) -> Any:
        """Return the lookup of that name for this value; None where neither its class nor its type has one."""
        own = getattr(type(self), "class_lookups", {}).get(name)
        if own is not None and not getattr(own, "is_transform", False):
            return own
        return types.as_field(self.output_field_or_none or types.UNKNOWN).get_lookup(name)

    def get_transform(self, name: str) -> Any:
        """Return the transform of that name for this value; None where its type has none."""
        return types.as_field(self.output_field_or_none or types.UNKNOWN).get_transform(name)

    def _infer_output_field(self) -> SQLType | None:
        kinds: dict[str, SQLType] = {}
        sources: dict[str, Any] = {}
        for source in self.get_source_expressions():
            field = getattr(source, "output_field_or_none", None)
            if field is not None:
                first = kinds.setdefault(family(field.kind), field)
                sources.setdefault(family(field.kind), source)
                if field.kind == "decimal" and field.decimal_places != first.decimal_places:
                    kinds["decimal"] = types.DECIMAL  # as many places as the value has
        if len(kinds) > 1:
            named = ", ".join(_operand_name(sources[kind], field) for kind, field in kinds.items())
            raise advised(
                FieldError,
                f"Expression contains mixed types: {named}. You must set output_field.",
                f" {type(self).__name__} can't tell which of them it gives",
            )
        return next(iter(kinds.values()), None)

    def known_type(self) -> SQLType | None:
        """Return the type of its value; None where that is unknown, or it is made of values of several types."""
        try:
            return self.output_field_or_none
        except FieldError:
            return None

    def type_if_computed(self) -> SQLType | None:
        """Return the type of its value where it is computed, and no column and no bound value."""
        return None if self.is_given else self.known_type()

    @property
    def conditional(self) -> bool:
        """Whether this can stand as a condition (it gives a boolean)."""
        if self.conditional_kind:
            return True
        field = self.output_field_or_none
        return field is not None and field.kind == "boolean"

    @settable_property
    def contains_aggregate(self) -> bool:
        """Whether an aggregate of the same query is inside."""
        return any(child.contains_aggregate for child in self.children())

    @settable_property
    def contains_over_clause(self) -> bool:
        """Whether a window function of the same query is inside."""
        return any(child.contains_over_clause for child in self.children())

    @property
    def value_over_nothing(self) -> Any:
        """The value over no rows, where it is known without asking a database; else ``NotImplemented``."""
        return NotImplemented

    # -- SQL -----------------------------------------------------------------------------------------------------------

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        """Return SQL with ``%s`` placeholders, and the parameters they stand for."""
        raise NotImplementedError(f"{type(self).__name__} must define as_sql(compiler, connection)")

    def group_by_columns(self) -> Iterable[Expression]:
        """Yield what must be grouped by for this expression to stand beside aggregates."""
        if not self.contains_aggregate and not self.contains_over_clause:
            yield self
            return
        for child in self.children():
            yield from child.group_by_columns()

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Expression:
        """Return this with every expression that is a key of ``replacements`` replaced by what stands for it there."""
        if not replacements:
            return self
        found = replacements.get(self)
        return self.map(lambda child: child.replace_expressions(replacements)) if found is None else found

    def get_group_by_cols(self) -> list[Any]:
        """Return the same as a list (Django's name, which expressions of the user's may define)."""
        return list(self.group_by_columns())

    def rejects_null(self) -> set[str]:
        """Return the table aliases that must have a row for this condition to be true."""
        return set()

    # -- conditions ----------------------------------------------------------------------------------------------------

    def __invert__(self) -> Expression:
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


def _operand_name(operand: Any, sql_type: SQLType) -> str:
    """Return the name of an operand's field; a value has that of the field it would have as ``Value()``."""
    while hasattr(operand, "then"):
        operand = operand.then
    bare = isinstance(operand, Slot) and type(sql_type) is SQLType
    return {"bigint": "IntegerField", "text": "CharField"}.get(sql_type.kind if bare else "") or field_name(sql_type)


def as_expression(value: object) -> Any:
    """Return ``value`` when it is an expression, a subquery of a queryset, a ``Value`` around anything else."""
    if isinstance(value, Combinable) or hasattr(value, "resolve_expression"):
        return value
    if hasattr(value, "embedded"):
        return Combinable.subquery_class(value)
    return Value(value)


_numbers = itertools.count(1)


class KeptValue(int):
    """The place of a value that is part of the statement, as those of ``Meta.ordering`` are: it comes with its place.

    No two are the same place, and none moves when values come before it.
    """

    value: Any

    @classmethod
    def of(cls, value: object) -> Self:
        """Return the place of a value."""
        new = cls(-next(_numbers))
        new.value = value
        return new

    def __add__(self, offset: int) -> Self:
        return self


class Slot(Expression):
    """The place of a value. ``bare`` leaves out the cast: the value stands beside a column that gives its type."""

    is_given = True

    def __init__(self, index: int, sql_type: SQLType | None, bare: bool = False) -> None:
        super().__init__(sql_type)
        self.index = index
        self.bare = bare

    def _infer_output_field(self) -> SQLType | None:
        return None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        field = self._output_field
        adapter = connection.adapter(field) if field is not None else None
        sql = connection.parameter_beside(field) if self.bare else connection.parameter(field)
        return sql, [self._param(adapter)]

    def _param(self, adapter: Adapter | None) -> Any:
        """Return the parameter: which value of the query it is, or the value that is the statement's own."""
        index = self.index
        if not isinstance(index, KeptValue):
            return Param(index, adapter)
        return index.value if adapter is None else Constant(index.value, adapter)

    def moved(self, offset: int) -> Self:
        """Return the place of the same value in a query where it comes ``offset`` places later."""
        other = copy.copy(self)
        other.index = self.index + offset
        return other

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class ComparedSlot(Slot):
    """The place of a value that is compared, which a field of the application may say itself."""

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = super().as_sql(compiler, connection)
        field = self._output_field
        if field is not None and not field.compares_prepared:
            params = [self._param(connection.comparison_adapter(field))]
        return sql, params


class RangeSlot(Slot):
    """The place of a range, of which only what it stands beside can say which kind of range it is."""

    def __init__(self, index: int) -> None:
        super().__init__(index, None)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        raise FieldError(
            "A Value() of a range stands beside nothing that says which kind of range it is: give it an output_field"
        )


class Value(Expression):
    """A Python value inside an expression; always bound, never text."""

    allowed_default: Any = True
    is_given = True

    def __init__(self, value: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.value = value

    def structure(self, values: list[object]) -> Hashable:
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

    def _field_of(self, found: SQLType) -> SQLType:
        return types.as_field(types.CHAR if found is types.TEXT else found)

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        if self.value is None:
            field = self._output_field
            return JSONNullValue(field) if field is not None and field.kind == "json" else Null(field)
        field = self.output_field_or_none
        if field is None and is_range(self.value):
            return RangeSlot(query.take_slot(self.value, None))
        if field is None:
            raise FieldError(f"Value({self.value!r}) has a type no column has: give it an output_field")
        return ComparedSlot(query.take_slot(self.value, field.get_prep_value), field)

    def group_by_columns(self) -> Iterable[Expression]:
        return ()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        """Return a parameter of the shape: what a transform brings along was part of no step's values."""
        field = self.output_field
        adapter = connection.comparison_adapter(field)
        value = None if self.value is None else field.get_prep_value(self.value)
        return connection.parameter(field), [value if adapter is None or value is None else adapter(value)]

    def __repr__(self) -> str:
        return f"Value({self.value!r})"


class Null(Expression):
    """The constant NULL."""

    def _infer_output_field(self) -> SQLType | None:
        return None

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if self._output_field is not None and connection.capabilities.typed_parameters:
            return connection.cast("NULL", self._output_field), []
        return "NULL", []

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class JSONNullValue(Expression):
    """The JSON value ``null``, which is no NULL: what ``Value(None, JSONField())`` stands for."""

    def _infer_output_field(self) -> SQLType | None:
        return types.JSON

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        adapter = connection.adapter(types.JSON)
        return connection.parameter(types.JSON), [adapter(None) if adapter is not None else "null"]

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class CombinedExpression(Expression):
    """Two expressions and an operator between them."""

    takes_keys = False
    allowed_default = property(made_of_allowed)

    def __init__(self, lhs: Any, connector: str, rhs: Any, output_field: SQLType | None = None) -> None:
        super().__init__(output_field)
        self.lhs = lhs
        self.connector = checked_operator(connector)
        self.rhs = rhs

    def _infer_output_field(self) -> SQLType | None:
        lhs: SQLType | None = self.lhs.output_field_or_none
        rhs: SQLType | None = self.rhs.output_field_or_none
        if lhs is None or rhs is None:
            return lhs or rhs
        found = type_of_operation(self.connector, lhs, rhs)
        if found is None:
            raise self._untypable(lhs, rhs)
        return found

    def _untypable(self, lhs: SQLType, rhs: SQLType) -> FieldError:
        return advised(
            FieldError,
            f"Cannot infer type of {self.connector!r} expression involving these types: "
            f"{_operand_name(self.lhs, lhs)}, {_operand_name(self.rhs, rhs)}. You must set output_field.",
            " Wrap it in ExpressionWrapper(…, output_field=…)",
        )

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
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
    allowed_default = property(made_of_allowed)

    def __init__(self, expression: Any) -> None:
        super().__init__()
        if not hasattr(expression, "resolve_expression"):
            raise TypeError(f"NegatedExpression() takes an expression, not {expression!r}")
        self.expression = expression

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.expression!r})"

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def __invert__(self) -> Any:
        return copy.copy(self.expression)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        try:
            sql, params = compiler.compile(self.expression)
        except EmptyResultSet:
            raise FullResultSet from None
        except FullResultSet:
            raise EmptyResultSet from None
        return f"NOT ({sql})", params
