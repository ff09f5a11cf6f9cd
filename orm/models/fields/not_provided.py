"""``NOT_PROVIDED``: what a field's option is where nobody gave it. It knows no field, so that all may know it."""

from __future__ import annotations

from typing import Any


class NotProvided:
    """Marks an option that was not given, where None would be a value."""

    def __repr__(self) -> str:
        return "NOT_PROVIDED"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "NOT_PROVIDED"  # a copy is the same, since code asks for it by identity


NOT_PROVIDED: Any = NotProvided()
