"""Values as SQL text, for what can't have parameters (schemas) and for people to read and paste. Never for a query."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import TYPE_CHECKING

from orm.errors import NotSupportedError

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect


def literal(value: object, dialect: Dialect) -> str:
    """A value, already adapted for the driver, as SQL text.

    Raises ``NotSupportedError`` for a type that has no literal.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(dialect.true() if value else dialect.false())
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return str(dialect.binary_literal(bytes(value)))
    if isinstance(value, (datetime.date, datetime.time, uuid.UUID)):
        value = value.isoformat() if not isinstance(value, uuid.UUID) else str(value)
    elif isinstance(value, datetime.timedelta):
        value = f"{value.days} days {value.seconds}.{value.microseconds:06} seconds"
    elif isinstance(value, list):
        value = dialect.array_text(value)
    elif isinstance(value, dict):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise NotSupportedError(f"{value!r} has no literal: use a plain number, text, date or bool.")
    return str(dialect.string_literal(value))


def shown(value: object, dialect: Dialect) -> str:
    """A value, already adapted for the driver, as it stands in a statement that a person may paste."""
    if isinstance(value, str) and "\x00" in value:
        data = value.encode("utf-8", "surrogatepass")
        return f"CAST({dialect.binary_literal(data)} AS TEXT)"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "9e999" if value > 0 else "(-9e999)"
    text = literal(value, dialect).replace("%%", "%")
    return f"({text})" if text.startswith("-") else text  # "- -1" is right, and "--1" a comment
