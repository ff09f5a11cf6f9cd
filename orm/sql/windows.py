"""Window functions: values computed over neighbouring rows, without grouping them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.expressions import Expression, OrderBy, as_expression
from orm.sql.references import F
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect


def ordering_of(item: Any) -> Any:
    """Return what an ordering names: ``"-price"`` is ``F("price").desc()``."""
    if isinstance(item, str):
        return F(item[1:]).desc() if item.startswith("-") else F(item).asc()
    return item if isinstance(item, OrderBy) else OrderBy(as_expression(item))


def listed(value: Any) -> list[Any]:
    """Return one item, or several, or None for none, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


class WindowFrame(Expression):
    """The rows around the current one a window function sees; bounds in rows or values, negative before it."""

    frame_type = ""

    def __init__(self, start: int | None = None, end: int | None = None) -> None:
        super().__init__()
        for bound in (start, end):
            if bound is not None and not isinstance(bound, int):
                raise TypeError(f"The bounds of a window frame are integers or None, not {bound!r}")
        self.start = start
        self.end = end

    @staticmethod
    def _bound(value: int | None, unbounded: str) -> str:
        if value is None:
            return f"UNBOUNDED {unbounded}"
        if value == 0:
            return "CURRENT ROW"
        return f"{abs(value)} {'PRECEDING' if value < 0 else 'FOLLOWING'}"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        start, end = self._bound(self.start, "PRECEDING"), self._bound(self.end, "FOLLOWING")
        return f"{self.frame_type} BETWEEN {start} AND {end}", []


class RowRange(WindowFrame):
    """A frame counted in rows."""

    frame_type = "ROWS"


class ValueRange(WindowFrame):
    """A frame of neighbouring values of the ordering."""

    frame_type = "RANGE"


class Window(Expression):
    """``Window(Rank(), partition_by="author", order_by="-price", frame=RowRange(-1, 1))``."""

    def __init__(
        self,
        expression: Any,
        partition_by: Any = None,
        order_by: Any = None,
        frame: WindowFrame | None = None,
        output_field: SQLType | None = None,
    ) -> None:
        super().__init__(output_field)
        if not getattr(expression, "window_compatible", False):
            raise ValueError(f"{type(expression).__name__} is no window function or aggregate")
        self.expression = expression
        self.partition_by = [F(item) if isinstance(item, str) else item for item in listed(partition_by)]
        self.order_by = [ordering_of(item) for item in listed(order_by)]
        if frame is not None and not isinstance(frame, WindowFrame):
            raise TypeError(f"frame is a RowRange or a ValueRange, not {frame!r}")
        self.frame = frame

    @property
    def contains_aggregate(self) -> bool:
        return False

    @property
    def contains_over_clause(self) -> bool:
        return True

    def get_source_expressions(self) -> list[Any]:
        return [self.expression]

    def group_by_columns(self) -> Iterable[Expression]:
        item: Any
        ordered = [item.expression for item in self.order_by]
        for item in (*self.partition_by, *ordered, *self.expression.source_expressions):
            yield from item.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        sql, found = compiler.compile_value(self.expression)
        params = list(found)
        clauses: list[str] = []
        for words, items in (("PARTITION BY", self.partition_by), ("ORDER BY", self.order_by)):
            parts = compiler.compile_terms(items)
            if parts:
                clauses.append(f"{words} {', '.join(part for part, _ in parts)}")
                params.extend(p for _, part_params in parts for p in part_params)
        if self.frame is not None:
            clauses.append(compiler.compile(self.frame)[0])
        return f"{sql} OVER ({' '.join(clauses)})", params
