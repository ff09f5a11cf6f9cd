"""Whole numbers that their column can't hold are refused before they are sent, on every database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.errors import DataError

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect
    from orm.sql.types import SQLType


class Fitting:
    """Adapts a whole number. Raises ``DataError``, naming the field, for one its column can't hold."""

    def __init__(self, field: SQLType, dialect: Dialect) -> None:
        self.field = field
        self.least, self.most = dialect.integer_range(field)
        self.adapter = dialect.adapter(field)

    def __call__(self, value: object) -> object:
        if type(value) is int and not self.least <= value <= self.most:
            self.refuse(value)
        return value if self.adapter is None else self.adapter(value)

    def refuse(self, value: int) -> None:
        """Raise the error for a number out of range."""
        raise DataError(
            f"{self.field} can't hold {value}: its column takes whole numbers from {self.least} to {self.most}"
        )
