"""Validators for arrays, hstore and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orm.errors import ValidationError
from orm.models.fields.validators import (
    DeclaredValidator,
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
)
from orm.text.words import LazyPlural

__all__ = [
    "ArrayMaxLengthValidator",
    "ArrayMinLengthValidator",
    "KeysValidator",
    "RangeMaxValueValidator",
    "RangeMinValueValidator",
]


class ArrayMaxLengthValidator(MaxLengthValidator):
    """A list has at most so many items."""

    message: Any = LazyPlural(
        "List contains %(show_value)d item, it should contain no more than %(limit_value)d.",
        "List contains %(show_value)d items, it should contain no more than %(limit_value)d.",
        "show_value",
    )

    def __init__(self, limit_value: object, message: str | None = None) -> None:
        super().__init__(limit_value, self.message if message is None else message)


class ArrayMinLengthValidator(MinLengthValidator):
    """A list has at least so many items."""

    message: Any = LazyPlural(
        "List contains %(show_value)d item, it should contain no fewer than %(limit_value)d.",
        "List contains %(show_value)d items, it should contain no fewer than %(limit_value)d.",
        "show_value",
    )

    def __init__(self, limit_value: object, message: str | None = None) -> None:
        super().__init__(limit_value, self.message if message is None else message)


class RangeMaxValueValidator(MaxValueValidator):
    """The upper bound of a range is at most a value."""

    message = "Ensure that the upper bound of the range is not greater than %(limit_value)s."

    def compare(self, a: Any, b: Any) -> bool:
        """Whether range ``a`` reaches above ``b``."""
        return a.upper is None or bool(a.upper > b)


class RangeMinValueValidator(MinValueValidator):
    """The lower bound of a range is at least a value."""

    message = "Ensure that the lower bound of the range is not less than %(limit_value)s."

    def compare(self, a: Any, b: Any) -> bool:
        """Whether range ``a`` reaches below ``b``."""
        return a.lower is None or bool(a.lower < b)


class KeysValidator(DeclaredValidator):
    """A mapping has certain keys.

    Parameters: ``keys`` must be there; with ``strict`` no others may be; ``messages`` replaces the sentences of
    ``missing_keys`` and ``extra_keys``.
    """

    messages: Mapping[str, str] = {
        "missing_keys": "Some keys were missing: %(keys)s",
        "extra_keys": "Some unknown keys were provided: %(keys)s",
    }

    def __init__(self, keys: Iterable[str], strict: bool = False, messages: Mapping[str, str] | None = None) -> None:
        self.keys = set(keys)
        self.strict = strict
        if messages is not None:
            self.messages = {**self.messages, **messages}

    def __call__(self, value: Mapping[str, object]) -> None:
        self._refuse("missing_keys", self.keys - set(value))
        if self.strict:
            self._refuse("extra_keys", set(value) - self.keys)

    def _refuse(self, code: str, keys: set[str]) -> None:
        if keys:
            raise ValidationError(self.messages[code], code=code, params={"keys": ", ".join(sorted(keys))})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeysValidator):
            return NotImplemented
        return (self.keys, self.strict, self.messages) == (other.keys, other.strict, other.messages)

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.keys)), self.strict))
