"""Classes of fields that read a value in a way of their own, and prepare it as they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar


class OwnReading:
    """The part of a field that says whether a value is prepared for the database by ``to_python``."""

    prepares_as_it_reads: ClassVar[bool] = False
    """Whether a class made from this one whose ``to_python`` is its own prepares values by it, in queries too."""
    has_own_reading: ClassVar[bool] = False
    """Whether this is such a class."""
    exact_type: ClassVar[type | None] = None
    """Values of exactly this type are canonical as they are, so preparing them is one comparison."""

    if TYPE_CHECKING:

        def to_python(self, value: Any) -> Any: ...

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.prepares_as_it_reads and not cls.to_python.__module__.startswith("orm."):
            cls.has_own_reading = True
            cls.exact_type = None  # no value is canonical before it was read
