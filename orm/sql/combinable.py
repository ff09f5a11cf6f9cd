"""What everything with a value in SQL can do in Python: arithmetic, bits, AND and OR, and being ordered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from orm.late import late_module
from orm.sql.nodes import Node

if TYPE_CHECKING:
    from orm.sql import expressions, ordering
    from orm.sql.expressions import CombinedExpression
    from orm.sql.ordering import OrderBy
else:
    # whose classes are made of this one
    expressions, ordering = late_module("orm.sql.expressions"), late_module("orm.sql.ordering")


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

    def _combine(self, other: object, operator: str, reversed_: bool) -> CombinedExpression:
        other = expressions.as_expression(other)
        here: Any = self
        lhs, rhs = (other, here) if reversed_ else (here, other)
        return expressions.CombinedExpression(lhs, operator, rhs)

    def __neg__(self) -> CombinedExpression:
        return self._combine(-1, self.MUL, False)

    def __add__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.ADD, False)

    def __sub__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.SUB, False)

    def __mul__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.MUL, False)

    def __truediv__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.DIV, False)

    def __mod__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.MOD, False)

    def __pow__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.POW, False)

    def __radd__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.ADD, True)

    def __rsub__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.SUB, True)

    def __rmul__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.MUL, True)

    def __rtruediv__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.DIV, True)

    def __rmod__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.MOD, True)

    def __rpow__(self, other: object) -> CombinedExpression:
        return self._combine(other, self.POW, True)

    def __and__(self, other: object) -> Any:
        return self._logical(other, "AND")

    def __or__(self, other: object) -> Any:
        return self._logical(other, "OR")

    def __xor__(self, other: object) -> Any:
        return self._logical(other, "XOR")

    def __rand__(self, other: object) -> Any:
        return self._logical(other, "AND")

    def __ror__(self, other: object) -> Any:
        return self._logical(other, "OR")

    def __rxor__(self, other: object) -> Any:
        return self._logical(other, "XOR")

    def _logical(self, other: object, connector: str) -> object:
        if not getattr(self, "conditional", False) or not getattr(other, "conditional", False):
            raise NotImplementedError("Use .bitand(), .bitor(), and .bitxor() for bitwise logical operations.")
        return self.condition_class(self).combined(other, connector)

    def bitand(self, other: object) -> CombinedExpression:
        """Return the bitwise AND with ``other``."""
        return self._combine(other, self.BITAND, False)

    def bitor(self, other: object) -> CombinedExpression:
        """Return the bitwise OR with ``other``."""
        return self._combine(other, self.BITOR, False)

    def bitxor(self, other: object) -> CombinedExpression:
        """Return the bitwise exclusive OR with ``other``."""
        return self._combine(other, self.BITXOR, False)

    def bitleftshift(self, other: object) -> CombinedExpression:
        """Return the value shifted left by ``other`` bits."""
        return self._combine(other, self.BITLEFTSHIFT, False)

    def bitrightshift(self, other: object) -> CombinedExpression:
        """Return the value shifted right by ``other`` bits."""
        return self._combine(other, self.BITRIGHTSHIFT, False)

    def asc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> OrderBy:
        """Return this as an ascending ordering."""
        here: Any = self
        return ordering.OrderBy(here, nulls_first=nulls_first, nulls_last=nulls_last)

    def desc(self, *, nulls_first: bool | None = None, nulls_last: bool | None = None) -> OrderBy:
        """Return this as a descending ordering."""
        here: Any = self
        return ordering.OrderBy(here, descending=True, nulls_first=nulls_first, nulls_last=nulls_last)
