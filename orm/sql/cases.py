"""CASE: a value that depends on conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import EmptyResultSet, FullResultSet
from orm.sql.conditions import Q
from orm.sql.expressions import Expression
from orm.sql.references import as_reference
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


class When(Expression):
    """A condition and what a ``Case`` gives when it holds: ``When(age__lt=18, then=Value("minor"))``."""

    def __init__(self, condition: Any = None, then: Any = None, **lookups: Any) -> None:
        super().__init__()
        if lookups:
            condition = Q(**lookups) if condition is None else Q(condition, **lookups)
        if condition is None or not getattr(condition, "conditional", False):
            raise TypeError("When() takes a Q object, a boolean expression or lookups")
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

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        condition, params = compiler.compile(self.condition)
        then, then_params = compiler.compile_value(self.then)
        return f"WHEN {condition} THEN {then}", [*params, *then_params]


class Case(Expression):
    """``Case(When(…), When(…), default=…)``: the value of the first condition that holds."""

    def __init__(self, *cases: When, default: Any = None, output_field: SQLType | None = None) -> None:
        if not all(isinstance(case, When) for case in cases):
            raise TypeError("Case() takes When objects")
        super().__init__(output_field)
        self.cases = list(cases)
        self.default = as_reference(default)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"CASE {', '.join(map(str, self.cases))}, ELSE {self.default!r}"

    def get_source_expressions(self) -> list[Any]:
        return [*self.cases, self.default]

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
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
