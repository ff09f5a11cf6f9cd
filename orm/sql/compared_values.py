"""Values that a column is compared to, where its field says itself what a value is on one database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql import types
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.dialect import Adapter, Dialect


class Compared:
    """Makes of a canonical value the one its field compares with on one dialect, and adapts that."""

    def __init__(self, field: SQLType, dialect: Dialect, adapter: Adapter | None) -> None:
        self.field = field
        self.dialect = dialect
        self.adapter = adapter

    def __call__(self, value: object) -> object:
        value = self.field.compared(value, self.dialect)
        return value if value is None or self.adapter is None else self.adapter(value)


class WideNumber(SQLType):
    """Whole numbers of 64 bits that stand beside a narrower column, compared as its field says."""

    def __init__(self, field: SQLType) -> None:
        super().__init__("bigint")
        self.field = field

    @property
    def compares_prepared(self) -> bool:
        return self.field.compares_prepared

    def compared(self, value: object, connection: object) -> object:
        return self.field.compared(value, connection)


def wide_number(field: SQLType) -> SQLType:
    """Return the type of a number that a column narrower than 64 bits is compared to."""
    return types.BIGINT if field.compares_prepared else WideNumber(field)
