"""Window functions: values computed over neighbouring rows, without grouping them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.sql.conditions import Q
from orm.sql.expressions import Expression, as_expression
from orm.sql.nodes import Node
from orm.sql.ordering import OrderBy
from orm.sql.references import F
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


def ordering_of(item: object) -> OrderBy:
    """Return what an ordering names: ``"-price"`` is ``F("price").desc()``."""
    if isinstance(item, str):
        return F(item[1:]).desc() if item.startswith("-") else F(item).asc()
    return item if isinstance(item, OrderBy) else OrderBy(as_expression(item))


def _order_term(item: object) -> Any:
    """Return one term of a window's ordering, with a direction only where the program gave one."""
    ordering = ordering_of(item)
    if isinstance(item, OrderBy):
        return item
    return ordering if ordering.descending else ordering.expression


def listed(value: object) -> list[Any]:
    """Return one item, or several, or None for none, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


class WindowFrameExclusion(enum.Enum):
    """Rows of a frame that a window function does not see after all."""

    CURRENT_ROW = "CURRENT ROW"
    GROUP = "GROUP"
    TIES = "TIES"
    NO_OTHERS = "NO OTHERS"

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self.name}"


class WindowFrame(Expression):
    """The rows around the current one a window function sees; bounds in rows or values, negative before it.

    Parameters: ``exclusion`` takes rows out of these. Raises ``TypeError`` or ``ValueError`` for bounds that are none.
    """

    frame_type = ""

    def __init__(
        self, start: int | None = None, end: int | None = None, exclusion: WindowFrameExclusion | None = None
    ) -> None:
        super().__init__()
        for name, bound, sign in (("start", start, "negative"), ("end", end, "positive")):
            if not self._may_be(bound, sign):
                sign = "an" if self.any_sign else f"a {sign}"
                raise ValueError(f"{name} argument must be {sign} integer, zero, or None, but got '{bound}'.")
        if start is not None and end is not None and start > end:
            raise ValueError("start cannot be greater than end.")
        if not isinstance(exclusion, (WindowFrameExclusion, type(None))):
            raise TypeError(f"{type(self).__qualname__}.exclusion must be a WindowFrameExclusion instance.")
        self.start = start
        self.end = end
        self.exclusion = exclusion

    any_sign = True
    """Whether a frame may begin after the current row, or end before it."""

    def _may_be(self, bound: object, sign: str) -> bool:
        if bound is None or not isinstance(bound, int):
            return bound is None
        return self.any_sign or (bound <= 0 if sign == "negative" else bound >= 0)

    @staticmethod
    def _bound(value: int | None, unbounded: str) -> str:
        if value is None:
            return f"UNBOUNDED {unbounded}"
        if value == 0:
            return "CURRENT ROW"
        return f"{abs(value)} {'PRECEDING' if value < 0 else 'FOLLOWING'}"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return str(self), []

    def __str__(self) -> str:
        start, end = self._bound(self.start, "PRECEDING"), self._bound(self.end, "FOLLOWING")
        without = f" EXCLUDE {self.exclusion.value}" if self.exclusion is not None else ""
        return f"{self.frame_type} BETWEEN {start} AND {end}{without}"

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: {self}>"


class RowRange(WindowFrame):
    """A frame counted in rows."""

    frame_type = "ROWS"


class ValueRange(WindowFrame):
    """A frame of neighbouring values of the ordering, the current one's among them."""

    frame_type = "RANGE"
    any_sign = False


class Window(Expression):
    """``Window(Rank(), partition_by="author", order_by="-price", frame=RowRange(-1, 1))``."""

    def __init__(
        self,
        expression: Any,
        partition_by: Any = None,
        order_by: object = None,
        frame: WindowFrame | None = None,
        output_field: SQLType | None = None,
    ) -> None:
        super().__init__(output_field)
        if not getattr(expression, "window_compatible", False):
            raise ValueError(f"Expression {type(expression).__name__!r} isn't compatible with OVER clauses.")
        self.expression = expression
        self.partition_by = [F(item) if isinstance(item, str) else item for item in listed(partition_by)]
        if not all(hasattr(item, "resolve_expression") for item in self.partition_by):
            raise TypeError(f"Window.partition_by takes names and expressions, or a list of them, not {partition_by!r}")
        if isinstance(order_by, Q) or not isinstance(order_by, (str, list, tuple, Node, type(None))):
            raise ValueError(
                "Window.order_by must be either a string reference to a field, an expression, or a list or tuple of "
                "them."
            )
        self.order_by = [_order_term(item) for item in listed(order_by)]
        if frame is not None and not isinstance(frame, WindowFrame):
            raise TypeError(f"frame is a RowRange or a ValueRange, not {frame!r}")
        self.frame = frame

    def __str__(self) -> str:
        partition = ", ".join(map(repr, self.partition_by))
        clauses = f"PARTITION BY {partition}" if partition else ""
        ordering = ", ".join(map(repr, self.order_by))
        return f"{self.expression!r} OVER ({clauses}{ordering}{self.frame or ''})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

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
        ordered = [item.expression if isinstance(item, OrderBy) else item for item in self.order_by]
        for item in (*self.partition_by, *ordered, *self.expression.source_expressions):
            yield from item.group_by_columns()

    def _ordering(self, item: Any) -> Any:
        """Return one of the orderings: with its direction where what it is ordered by may be written in another way."""
        if not isinstance(item, OrderBy):
            if not item.is_part_of_json and item.type_if_computed() is None:
                return item
            item = OrderBy(item)
        if isinstance(self.frame, ValueRange):  # its bounds are measured on one number
            item = item.copy()
            item.is_one_term = True
        return item

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, found = compiler.compile_value(self.expression)
        params = list(found)
        clauses: list[str] = []
        ordered = [self._ordering(item) for item in self.order_by]
        for words, items in (("PARTITION BY", self.partition_by), ("ORDER BY", ordered)):
            parts = compiler.compile_terms(items)
            if parts:
                clauses.append(f"{words} {', '.join(part for part, _ in parts)}")
                params.extend(p for _, part_params in parts for p in part_params)
        if self.frame is not None:
            clauses.append(compiler.compile(self.frame)[0])
        return f"{sql} OVER ({' '.join(clauses)})", params
