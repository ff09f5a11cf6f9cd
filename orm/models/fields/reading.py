"""How a field reads a value (by ``to_python`` alone where a class says so), and what it says of one it can't read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from orm import errors
from orm.errors import InvalidValue, ValidationError
from orm.sql.types import NUMBER_KINDS

INVALID_KINDS = frozenset({"boolean", "date", "datetime", "decimal", "duration", "time", "uuid"})
"""Kinds that are read from text in a form of their own; what is no such text is invalid."""


class OwnReading:
    """The part of a field that says whether ``to_python`` prepares its values, and words what can't be read."""

    prepares_as_it_reads: ClassVar[bool] = False
    """Whether a class made from this one whose ``to_python`` is its own prepares values by it, in queries too."""
    has_own_reading: ClassVar[bool] = False
    """Whether this is such a class."""
    exact_type: ClassVar[type | None] = None
    """Values of exactly this type are canonical as they are, so preparing them is one comparison."""

    if TYPE_CHECKING:
        name: str
        kind: str
        error_messages: Any

        def to_python(self, value: Any) -> Any: ...

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if cls.prepares_as_it_reads and not cls.to_python.__module__.startswith("orm."):
            cls.has_own_reading = True
            cls.exact_type = None  # no value is canonical before it was read

    def refusal(self, problem: Exception, value: object, field: object = None) -> Exception:
        """The error for a value of the wrong type: it names the field (another one, where given) and the value."""
        kind = type(problem) if isinstance(problem, (TypeError, ValueError)) else ValueError
        shown = repr(value)
        shown = shown if len(shown) <= 80 or not errors.advice_in_errors else shown[:77] + "..."
        text = str(problem)
        text = text if shown in text else f"{text.rstrip('.')} (got {shown})."
        if self.kind in NUMBER_KINDS and not text.startswith("expected"):
            text = f"expected a number but got {shown}."
            if not self.name:  # of a computed value
                return kind(f"{field}: {text}")
            return errors.advised(kind, f"Field '{self.name}' {text}", "", f"{field or self}: ")
        if self.kind in INVALID_KINDS and issubclass(kind, ValueError):
            key, code = self.what_is_invalid(value)
            message = self.error_messages[key]
            if not errors.advice_in_errors:
                return ValidationError(message, code=code, params={"value": value})
            message %= {"value": shown.strip("'")}
            return InvalidValue(f"{field or self}: {message} ({text.rstrip('.')})", code=code)
        return kind(f"{field or self}: {text}")

    def what_is_invalid(self, value: object) -> tuple[str, str]:
        """Which of the field's messages is for a value that can't be read, and the code of the error."""
        return "invalid", "invalid"
