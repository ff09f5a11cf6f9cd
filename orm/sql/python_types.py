"""Which type in SQL a Python value has by itself, where no field says."""

from __future__ import annotations

import datetime
import decimal
import uuid

from orm.sql import types
from orm.sql.types import (
    BIGINT,
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLOAT,
    JSON,
    TEXT,
    TIME,
    UUID,
    SQLType,
)

_PYTHON_TYPES: dict[type, SQLType] = {
    bool: BOOLEAN,
    int: BIGINT,
    str: TEXT,
    float: FLOAT,
    decimal.Decimal: DECIMAL,
    datetime.datetime: DATETIME,
    datetime.date: DATE,
    datetime.time: TIME,
    datetime.timedelta: DURATION,
    uuid.UUID: UUID,
    bytes: BINARY,
    bytearray: BINARY,
    memoryview: BINARY,
    dict: JSON,
    list: JSON,
}


def type_of(value: object) -> SQLType | None:
    """Return the type a Python value naturally has in SQL, or None when it has none."""
    for cls in type(value).__mro__:
        if cls in _PYTHON_TYPES:
            return _PYTHON_TYPES[cls]
    return None


def beside_own_sql(value: object) -> object:
    """Return a parameter of SQL written by hand, where no field says in which zone a naive datetime is.

    It is in the zone that is set; without ``same_everywhere`` in UTC, that of Django's connections.
    """
    if types.same_everywhere or types.default_zone is None:
        return value
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=types.UTC)
    return value
