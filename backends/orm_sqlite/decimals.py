"""Decimals on SQLite, which knows none: how they are stored, compared, and computed with exactly.

One that 15 digits hold is a number, any other a text. The functions are SQL's, registered by ``functions``.
"""

from __future__ import annotations

import decimal
import functools
import math
from typing import Any

from orm_sqlite.strict import strict


def compare_decimals(one: str, other: str) -> int:
    """Order two decimal numbers kept as text."""
    if one == other:
        return 0
    left, right = _number(one), _number(other)
    if left == right:
        return 0
    return -1 if left < right else 1


@functools.lru_cache(maxsize=4096)
def _number(text: str) -> decimal.Decimal:
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation:  # somebody else's text in the column: a collation must not fail, it sorts first
        return decimal.Decimal("-Infinity")


MOST_PLACES = 1000
"""How many digits before or after the point a decimal may have that is text: as many as its functions count with."""
_EXACT = decimal.Context(prec=MOST_PLACES)
_ROUGH = decimal.Context(prec=20, traps=[])  # what is too large is infinite


def exact(value: Any) -> decimal.Decimal:
    """Return a stored number as the decimal it stands for: a float has at most 15 digits that count."""
    return decimal.Decimal(f"{value:.15g}" if type(value) is float else value)


def stored_decimal(value: decimal.Decimal) -> float | str:
    """Return a decimal as it is stored: a number where 15 digits hold it, else text; 0 has no sign, as in SQL.

    A number with more than ``MOST_PLACES`` before or after its point is infinite, or 0: one with an exponent of nine
    digits, which anybody can write, would become a text as long as it says.
    """
    digits = value.normalize(_EXACT)
    if len(digits.as_tuple().digits) <= 15 or abs(digits.adjusted()) > MOST_PLACES:
        return float(value) + 0.0
    return f"{digits:f}"


@strict
def decimal_add(one: object, other: object) -> float | str:
    """Return the exact sum of two decimals."""
    return stored_decimal(_EXACT.add(exact(one), exact(other)))


@strict
def decimal_subtract(one: object, other: object) -> float | str:
    """Return the exact difference of two decimals."""
    return stored_decimal(_EXACT.subtract(exact(one), exact(other)))


@strict
def decimal_multiply(one: object, other: object) -> float | str:
    """Return the exact product of two decimals."""
    return stored_decimal(_EXACT.multiply(exact(one), exact(other)))


def _base(number: decimal.Decimal) -> tuple[int, int]:
    """Return the place and the value of a number's first digit to the base of 10,000; places before the point are 0 up.

    Two zeros for 0.
    """
    if not number:
        return 0, 0
    place = number.adjusted() // 4
    return place, int(abs(number).scaleb(-4 * place, _EXACT))


def decimal_quotient(one: decimal.Decimal, other: decimal.Decimal) -> float | str | None:
    """Return a quotient with the digits PostgreSQL gives it: 16 that count at least, to the base of 10,000.

    NULL where the divisor is 0, as SQLite has it.
    """
    if not other:
        return None
    (place, first), (other_place, other_first) = _base(one), _base(other)
    weight = place - other_place - (first <= other_first)
    scales = [-int(number.as_tuple().exponent) for number in (one, other)]
    unit = decimal.Decimal(1).scaleb(-min(max(16 - 4 * weight, *scales, 0), 1000))
    quotient = _EXACT.divide(one, other).quantize(unit, decimal.ROUND_HALF_UP, _EXACT)
    return stored_decimal(quotient)


@strict
def decimal_divide(one: object, other: object) -> float | str | None:
    """Return the quotient of two decimals."""
    return decimal_quotient(exact(one), exact(other))


@strict
def decimal_remainder(one: object, other: object) -> float | str | None:
    """Return what division by the other leaves, with the sign of the first; NULL where the divisor is 0."""
    divisor = exact(other)
    return stored_decimal(_EXACT.remainder(exact(one), divisor)) if divisor else None


@strict
def decimal_power(one: object, other: object) -> float | str | None:
    """Return a decimal to the power of another, with the digits PostgreSQL gives it.

    At least 16 count; a whole exponent gives as many places after the point, too. NULL outside the real numbers, and
    for what has too many digits.
    """
    base, exponent = exact(one), exact(other)
    if not base or not (base.is_finite() and exponent.is_finite()):
        return _rough_power(base, exponent)
    is_whole = exponent == exponent.to_integral_value()
    if base < 0 and not is_whole:
        return None
    digits = _ROUGH.multiply(exponent, base.copy_abs().log10(_ROUGH))
    if digits.copy_abs() > MOST_PLACES:
        return _rough_power(base, exponent)
    size = int(digits)
    places = min(max(16 - size, _places(base), _places(exponent), 16 if is_whole else 0), MOST_PLACES)
    counted = decimal.Context(prec=max(size, 0) + places + 10)  # more than are kept, to round them once
    unit = decimal.Decimal(1).scaleb(-places)
    return stored_decimal(counted.power(base, exponent).quantize(unit, decimal.ROUND_HALF_UP, counted))


def _rough_power(base: decimal.Decimal, exponent: decimal.Decimal) -> float | None:
    found: float | None = power(float(base), float(exponent))
    return found


def _places(number: decimal.Decimal) -> int:
    return -int(number.as_tuple().exponent)


@strict
def decimal_round(value: object, places: int) -> float | str:
    """Return a decimal rounded to ``places`` after the point, half away from zero as in SQL."""
    unit = decimal.Decimal(1).scaleb(-places)
    number = exact(value)
    if number.adjusted() >= MOST_PLACES or not number.is_finite():  # whose places after the point don't count
        return stored_decimal(number)
    return stored_decimal(number.quantize(unit, decimal.ROUND_HALF_UP, _EXACT))


@strict
def decimal_floor(value: object) -> float | str:
    """Return the next whole number down."""
    return stored_decimal(exact(value).to_integral_value(decimal.ROUND_FLOOR, _EXACT))


@strict
def decimal_ceiling(value: object) -> float | str:
    """Return the next whole number up."""
    return stored_decimal(exact(value).to_integral_value(decimal.ROUND_CEILING, _EXACT))


@strict
def decimal_absolute(value: object) -> float | str:
    """Return a decimal without its sign."""
    return stored_decimal(exact(value).copy_abs())


class DecimalSum:
    """SUM of decimals, exact; also over the rows of a window."""

    def __init__(self) -> None:
        self.count = 0
        self.total = decimal.Decimal(0)

    def step(self, value: object) -> None:
        """Take one row's value."""
        if value is not None:
            self.count += 1
            self.total = _EXACT.add(self.total, exact(value))

    def inverse(self, value: object) -> None:
        """Give back the value of a row that leaves the window."""
        if value is not None:
            self.count -= 1
            self.total = _EXACT.subtract(self.total, exact(value))

    def value(self) -> float | str | None:
        """Return the sum so far."""
        return stored_decimal(self.total) if self.count else None

    def finalize(self) -> float | str | None:
        """Return the sum of all rows."""
        return self.value()


class DecimalMean(DecimalSum):
    """AVG of decimals, with the digits of a quotient; also over the rows of a window."""

    def value(self) -> float | str | None:
        """Return the mean so far."""
        return decimal_quotient(self.total, decimal.Decimal(self.count)) if self.count else None


@strict
def power(base: float | str, exponent: float | str) -> float | None:
    """Return ``base`` to the power of ``exponent`` (decimals may be text); NULL outside the real numbers."""
    try:
        return math.pow(float(base), float(exponent))
    except (ValueError, OverflowError):
        return None
