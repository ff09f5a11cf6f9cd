"""Ranges as values: all that lies between two bounds, each of which may be left out or not belong to it.

The text of a range is PostgreSQL's ("8.17. Range Types"): ``[1,10)``, ``(,2024-01-01]``, ``empty``.
"""

from __future__ import annotations

import re
from typing import Any, Final, Self

from orm.late import late_pattern

BOUNDS: Final = ("[)", "(]", "()", "[]")

_WRITTEN = r'\s*("(?:[^"\\]|\\.|"")*"|[^,"()\[\]]*?)\s*'
_TEXT = late_pattern(rf"\s*([\[(]){_WRITTEN},{_WRITTEN}([\])])\s*\Z", re.DOTALL)


def is_range(value: object) -> bool:
    """Tell whether a value is a range: of this module, or of a driver's classes."""
    return hasattr(value, "isempty") and hasattr(value, "lower_inc")


def is_range_text(value: object) -> bool:
    """Tell whether a value is a text that begins as that of a range does."""
    return isinstance(value, str) and (value.strip()[:1] in ("[", "(") or value.strip().lower() == "empty")


class Range:
    """All values from ``lower`` to ``upper``.

    Parameters:
        lower, upper: the bounds; None means without a bound on that side.
        bounds: which of them belong to the range: ``"[)"`` (the default: lower does), ``"(]"``, ``"()"`` or ``"[]"``.
        empty: nothing at all; the bounds are then ignored.

    Raises ``ValueError`` for other ``bounds``.
    """

    __slots__ = ("_bounds", "_lower", "_upper")

    _bounds: str | None

    def __init__(self, lower: Any = None, upper: Any = None, bounds: str = "[)", empty: bool = False) -> None:
        if bounds not in BOUNDS:
            raise ValueError(f"The bounds of a range are one of {', '.join(BOUNDS)}, not {bounds!r}.")
        if empty:
            self._lower, self._upper, self._bounds = None, None, None
        else:
            self._lower, self._upper, self._bounds = lower, upper, bounds

    @classmethod
    def of(cls, value: Any) -> Self:
        """Return the same range as another object with ``lower``, ``upper``, ``lower_inc``, ``upper_inc``, ``isempty``.

        Drivers have classes of their own for ranges; these attributes are what they share.
        """
        if value.isempty:
            return cls(empty=True)
        bounds = ("[" if value.lower_inc else "(") + ("]" if value.upper_inc else ")")
        return cls(value.lower, value.upper, bounds)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the range that a text stands for; its bounds are texts. Raises ``ValueError``."""
        if text.strip().lower() == "empty":
            return cls(empty=True)
        found = _TEXT.match(text)
        if found is None:
            raise ValueError(f'malformed range literal: "{text}"')
        start, lower, upper, end = found.groups()
        return cls(_unquoted(lower), _unquoted(upper), start + end)

    @property
    def lower(self) -> Any:
        """The lower bound; None where there is none, and of the empty range."""
        return self._lower

    @property
    def upper(self) -> Any:
        """The upper bound; None where there is none, and of the empty range."""
        return self._upper

    @property
    def bounds(self) -> str | None:
        """Which bounds belong to the range; None for the empty one."""
        return self._bounds

    @property
    def isempty(self) -> bool:
        """Whether nothing lies in the range."""
        return self._bounds is None

    @property
    def lower_inf(self) -> bool:
        """Whether the range has no lower bound."""
        return self._bounds is not None and self._lower is None

    @property
    def upper_inf(self) -> bool:
        """Whether the range has no upper bound."""
        return self._bounds is not None and self._upper is None

    @property
    def lower_inc(self) -> bool:
        """Whether the lower bound belongs to the range; False where there is none."""
        return self._bounds is not None and self._lower is not None and self._bounds[0] == "["

    @property
    def upper_inc(self) -> bool:
        """Whether the upper bound belongs to the range; False where there is none."""
        return self._bounds is not None and self._upper is not None and self._bounds[1] == "]"

    def __contains__(self, value: object) -> bool:
        if self._bounds is None:
            return False
        if self._lower is not None and not (value >= self._lower if self._bounds[0] == "[" else value > self._lower):
            return False
        return self._upper is None or bool(value <= self._upper if self._bounds[1] == "]" else value < self._upper)

    def __bool__(self) -> bool:
        return self._bounds is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        """What makes two ranges the same; where there is no bound, it does not matter whether it would belong."""
        return self._lower, self._upper, self.lower_inc, self.upper_inc, self.isempty

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._lower, self._upper, self._bounds or "[)", self._bounds is None)

    def __repr__(self) -> str:
        if self._bounds is None:
            return f"{type(self).__name__}(empty=True)"
        return f"{type(self).__name__}({self._lower!r}, {self._upper!r}, {self._bounds!r})"

    def __str__(self) -> str:
        """The range's text, as it is sent; bounds are quoted, so that nothing in one can end it."""
        if self._bounds is None:
            return "empty"
        return f"{self._bounds[0]}{_bound(self._lower)},{_bound(self._upper)}{self._bounds[1]}"


def _bound(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(text: str) -> str | None:
    """Return a bound as it is meant: none where nothing is written, not even quotes."""
    if not text:
        return None
    inside = text[1:-1] if text[0] == '"' else text
    return re.sub(r'\\(.)|""', lambda mark: mark[1] or '"', inside, flags=re.DOTALL)


class NumericRange(Range):
    """A range of numbers."""

    __slots__ = ()


class DateRange(Range):
    """A range of dates."""

    __slots__ = ()


class DateTimeRange(Range):
    """A range of datetimes without zone."""

    __slots__ = ()


class DateTimeTZRange(Range):
    """A range of aware datetimes."""

    __slots__ = ()
