"""CASE: a value that depends on conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from orm.errors import EmptyResultSet, FullResultSet
from orm.sql.conditions import Q
from orm.sql.expressions import Expression
from orm.sql.nodes import made_of_allowed
from orm.sql.one_type import OfOneType
from orm.sql.references import as_reference
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.structures.deconstruct import Deconstructed


class When(Expression):
    """A condition and what a ``Case`` gives when it holds: ``When(age__lt=18, then=Value("minor"))``."""

    takes_keys = False

    @property
    def allowed_default(self) -> Any:
        """As of what it is made of, its condition included."""
        return self.then.allowed_default and getattr(self.condition, "allowed_default", False)

    condition: Any

    def __init__(self, condition: Any = None, then: object = None, **lookups: Any) -> None:
        super().__init__()
        if lookups:
            condition = Q(**lookups) if condition is None else Q(condition, **lookups)
        if condition is None or not getattr(condition, "conditional", False):
            raise TypeError("When() supports a Q object, a boolean expression, or lookups as a condition.")
        if isinstance(condition, Q) and not condition:
            raise ValueError("An empty Q() can't be used as a When() condition.")
        self.condition = condition
        self.then = as_reference(then)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"WHEN {self.condition!r} THEN {self.then!r}"

    def get_source_expressions(self) -> list[Any]:
        return [self.then]

    def group_by_columns(self) -> Iterable[Expression]:
        yield from self.condition.group_by_columns()
        yield from self.then.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        condition, params = compiler.compile(self.condition)
        then, then_params = compiler.compile_value(self.then)
        return f"WHEN {condition} THEN {then}", [*params, *then_params]


class Case(OfOneType):
    """``Case(When(…), When(…), default=…)``: the value of the first condition that holds."""

    takes_keys = False
    allowed_default = property(made_of_allowed)

    def __init__(self, *cases: When, default: object = None, output_field: SQLType | None = None) -> None:
        if not all(isinstance(case, When) for case in cases):
            raise TypeError("Positional arguments must all be When objects.")
        super().__init__(output_field)
        self.cases = list(cases)
        self.default = as_reference(default)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"CASE {', '.join(map(str, self.cases))}, ELSE {self.default!r}"

    def get_source_expressions(self) -> list[Any]:
        return [*self.cases, self.default]

    def given_values(self) -> list[Any]:
        return [*(case.then for case in self.cases), self.default]

    def with_given_values(self, values: list[Any]) -> Self:
        *thens, default = values
        made: Self = self.copy()
        made.cases = [case.copy() for case in self.cases]
        for case, then in zip(made.cases, thens, strict=True):
            case.then = then
        made.default = default
        return made

    def deconstruct(self) -> Deconstructed:
        path, _, options = super().deconstruct()
        return path, tuple(self.cases), options

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        parts: list[str] = []
        params: list[Any] = []
        for case in self.cases:
            try:
                sql, case_params = compiler.compile(case)
            except EmptyResultSet:
                continue
            except FullResultSet:
                sql, params_then = compiler.compile_value(case.then)
                if not parts:
                    return sql, params_then
                return f"CASE {' '.join(parts)} ELSE {sql} END", [*params, *params_then]
            parts.append(sql)
            params.extend(case_params)
        default, default_params = compiler.compile_value(self.default)
        if not parts:
            return default, default_params
        return f"CASE {' '.join(parts)} ELSE {default} END", [*params, *default_params]
