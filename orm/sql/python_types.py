"""Which type in SQL a Python value has by itself, where no field says."""

from __future__ import annotations

import datetime
import decimal
import uuid

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
