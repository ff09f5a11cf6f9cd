"""Choosing and converting: Cast, Coalesce, Greatest, Least, NullIf, Collate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from orm.sql import types
from orm.sql.calls import Func
from orm.sql.comparing_functions import with_compared
from orm.sql.one_type import OfOneType
from orm.sql.types import SQLType
from orm.sql.zones import in_own_zone, told_in_own_zone

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered

_COLLATION = re.compile(r"[\w-]+\Z")


class Cast(Func):
    """``Cast("price", TextField())``: the value as another type."""

    function = "CAST"

    def __init__(self, expression: object, output_field: SQLType) -> None:
        if not isinstance(output_field, SQLType):
            raise TypeError(f"Cast() takes a field such as TextField() to say the type, not {output_field!r}")
        super().__init__(expression, output_field=output_field)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        source = self.source_expressions[0]
        sql, params = compiler.compile_value(source)
        given = source.output_field_or_none
        local = in_own_zone(sql, given, self.output_field.kind, connection)
        if local is not None:
            return local, params
        if self.output_field.kind == "time" and given is not None and given.kind == "datetime":
            return connection.truncate("time", sql, given, None), params
        if self.output_field.kind in types.TEXT_KINDS:
            sql = told_in_own_zone(sql, given, connection)
        return connection.convert(sql, self.output_field, None if given is None else given.kind), params


class _Choice(OfOneType, Func):
    """A function that gives one of its arguments."""

    def with_given_values(self, values: list[Any]) -> Self:
        made: Self = self.copy()
        made.source_expressions = values
        return made


class Coalesce(_Choice):
    """The first of the values that is not null."""

    function = "COALESCE"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Coalesce must take at least two expressions")
        super().__init__(*expressions, **extra)

    @property
    def value_over_nothing(self) -> Any:
        for source in self.source_expressions:
            value = getattr(source, "value_over_nothing", NotImplemented)
            if value is not None:
                return value
        return None


class _ChoiceByValue(_Choice):
    takes_extra = False

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return super(_ChoiceByValue, with_compared(self, given=True)).as_sql(compiler, connection, **context)


class Greatest(_ChoiceByValue):
    """The largest of the values; what a null among them gives differs between databases."""

    function = "GREATEST"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Greatest must take at least two expressions")
        super().__init__(*expressions, **extra)


class Least(_ChoiceByValue):
    """The smallest of the values; what a null among them gives differs between databases."""

    function = "LEAST"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if len(expressions) < 2:
            raise ValueError("Least must take at least two expressions")
        super().__init__(*expressions, **extra)


class NullIf(_ChoiceByValue):
    """The first value, or null when it equals the second."""

    function = "NULLIF"
    arity = 2


class Collate(Func):
    """A text compared and ordered by a named collation of the database."""

    function = "COLLATE"
    allowed_default: Any = False

    def __init__(self, expression: object, collation: str) -> None:
        if not (isinstance(collation, str) and _COLLATION.match(collation)):
            raise ValueError(f"Invalid collation name: {collation!r}.")
        self.collation = collation
        super().__init__(expression)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile_value(self.source_expressions[0])
        return f"{sql} COLLATE {connection.quote(self.collation)}", params


__all__ = ["Cast", "Coalesce", "Collate", "Greatest", "Least", "NullIf"]
