"""Functions of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from orm.sql import types
from orm.sql.calls import Func, real_type
from orm.sql.expressions import Expression, Value
from orm.sql.transforms import Transform
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered


class Random(Expression):
    """A random number, which ``order_by("?")`` orders by."""

    allowed_default: Any = True

    def _infer_output_field(self) -> SQLType | None:
        return types.FLOAT

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return connection.random(), []

    def group_by_columns(self) -> Iterable[Expression]:
        return ()


class Sign(Transform):
    """-1, 0 or 1."""

    function = "SIGN"
    lookup_name = "sign"


class _OfNumerics(Func):
    """A function that databases have in forms of their own for exact numbers and for floats, or for one of the two."""

    takes_extra: ClassVar[bool] = False

    def as_sql(self, compiler: Compiler, connection: Any, **context: object) -> Rendered:
        given, params = self.arguments_with_kinds(compiler)
        return connection.numeric_function(self.function, given), params


class Round(_OfNumerics):
    """The number rounded to ``precision`` decimal places, half away from zero; below 0 to tens, hundreds …

    The places may be an expression, or the name of a field.
    """

    function = "ROUND"
    takes_extra = False

    def __init__(self, expression: Any, precision: Any = 0, **extra: Any) -> None:
        if not isinstance(precision, (int, str)) and not hasattr(precision, "resolve_expression"):
            raise TypeError(f"Round's precision is a whole number of places, or an expression, not {precision!r}")
        number = isinstance(precision, int)
        places = Value(precision, output_field=types.INTEGER) if number else precision
        super().__init__(expression, *([] if number and not precision else [places]), **extra)
        self.to_tens = not number or precision < 0  # which not every database can

    def as_sql(self, compiler: Compiler, connection: Any, **context: object) -> Rendered:
        if not self.to_tens:
            return super().as_sql(compiler, connection, **context)
        given, params = self.arguments_with_kinds(compiler)
        return connection.round_to_tens(given), params

    def _infer_output_field(self) -> SQLType | None:
        found: SQLType | None = self.source_expressions[0].output_field_or_none
        return found


class Abs(_OfNumerics, Transform):
    """The absolute value."""

    function = "ABS"
    lookup_name = "abs"


class Ceil(_OfNumerics, Transform):
    """The next whole number up."""

    function = "CEIL"
    lookup_name = "ceil"


class Floor(_OfNumerics, Transform):
    """The next whole number down."""

    function = "FLOOR"
    lookup_name = "floor"


class _Real(Transform):
    def _infer_output_field(self) -> SQLType | None:
        return real_type(self.source_expressions)


def _real(name: str, function: str | None = None) -> type:
    attributes = {
        "function": function or name.upper(),
        "lookup_name": name.lower(),
        "__doc__": f"The function {name} of a number.",
        "__module__": __name__,
    }
    return type(name, (_Real,), attributes)


ACos, ASin, ATan = _real("ACos"), _real("ASin"), _real("ATan")
Cos, Cot, Sin, Tan = _real("Cos"), _real("Cot"), _real("Sin"), _real("Tan")
Degrees, Radians = _real("Degrees"), _real("Radians")
Exp, Ln, Sqrt = _real("Exp"), _real("Ln"), _real("Sqrt")


class _Pair(_OfNumerics):
    arity = 2

    def _infer_output_field(self) -> SQLType | None:
        return real_type(self.source_expressions)


class Power(_Pair):
    """A number to the power of another."""

    function = "POWER"


class Mod(_Pair):
    """The remainder of a division."""

    function = "MOD"


class ATan2(_Pair):
    """The angle of the point (x, y)."""

    function = "ATAN2"


class Log(_Pair):
    """``Log(base, number)``."""

    function = "LOG"


class Pi(Func):
    """The number pi."""

    function = "PI"
    arity = 0

    def _infer_output_field(self) -> SQLType | None:
        return types.FLOAT


__all__ = [
    "ACos", "ASin", "ATan", "ATan2", "Abs", "Ceil", "Cos", "Cot", "Degrees", "Exp", "Floor", "Ln", "Log", "Mod", "Pi",
    "Power", "Radians", "Random", "Round", "Sign", "Sin", "Sqrt", "Tan",
]  # fmt: skip
