"""One field-like type and telling values for each kind; the values stand in ascending order where there is one."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from orm.records import NamedTuple
from orm.sql.types import SQLType

UTC = datetime.UTC
D = decimal.Decimal


class Sample(NamedTuple):
    """A column type and values of it."""

    name: str
    type: SQLType
    values: list[Any]
    ordered: bool = True
    """Whether the database orders these as listed (text depends on collations, JSON on nothing)."""

    def __str__(self) -> str:
        return self.name


def _type(kind: str, *, max_length: int | None = None, **refinements: Any) -> SQLType:
    sql_type = SQLType(kind, **refinements)
    sql_type.max_length = max_length
    return sql_type


TEXTS = ["", "a", "Ärger", 'it\'s "q" 100% _ \\ [x] *?', "line\nbreak", "日本語 😀"]

SAMPLES = (
    Sample("smallint", _type("smallint"), [-32768, -1, 0, 32767]),
    Sample("integer", _type("integer"), [-(2**31), 0, 2**31 - 1]),
    Sample("bigint", _type("bigint"), [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1]),
    Sample("boolean", _type("boolean"), [False, True]),
    Sample("char", _type("char", max_length=80), TEXTS, ordered=False),
    Sample("text", _type("text"), [*TEXTS, "x" * 100_000], ordered=False),
    Sample(
        "date",
        _type("date"),
        [datetime.date(1, 1, 1), datetime.date(1969, 12, 31), datetime.date(2024, 2, 29), datetime.date(9999, 12, 31)],
    ),
    Sample(
        "time",
        _type("time"),
        [datetime.time(), datetime.time(12, 30, 15), datetime.time(12, 30, 15, 1), datetime.time(23, 59, 59, 999999)],
    ),
    Sample(
        "datetime",
        _type("datetime"),
        [
            datetime.datetime(1, 1, 2, tzinfo=UTC),
            datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime.datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
            datetime.datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
            datetime.datetime(2024, 2, 29, 12, 0, 0, 100000, tzinfo=UTC),
            datetime.datetime(9999, 12, 30, 1, 2, 3, tzinfo=UTC),
        ],
    ),
    Sample(
        "duration",
        _type("duration"),
        [
            datetime.timedelta(days=-10000, microseconds=7),
            datetime.timedelta(microseconds=-1),
            datetime.timedelta(),
            datetime.timedelta(days=1, seconds=5, microseconds=999999),
            datetime.timedelta(days=20000),
        ],
    ),
    Sample(
        "decimal",
        _type("decimal", max_digits=12, decimal_places=4),
        [D("-99999999.9999"), D("-0.0001"), D("0.0000"), D("9.5000"), D("10.0000"), D("12345678.9012")],
    ),
    Sample(
        "wide decimal",
        _type("decimal", max_digits=30, decimal_places=10),
        [
            D("-12345678901234567890.0123456789"),
            D("-9.5000000000"),
            D("0.0000000001"),
            D("10.0000000000"),
            D("12345678901234567890.0123456788"),
            D("12345678901234567890.0123456789"),
        ],
    ),
    Sample("float", _type("float"), [-1.5e300, -0.1, 0.0, 5e-300, 0.1, 1 / 3, 1e300]),
    Sample(
        "uuid",
        _type("uuid"),
        [uuid.UUID(int=0), uuid.UUID("9f1b0c6e-7f1e-4b7a-8f35-0d0a5a3c9e21"), uuid.UUID(int=2**128 - 1)],
    ),
    Sample(
        "json",
        _type("json"),
        [{"a": [1, 2.5, None, True, {"b": "ü 😀"}], "": {}}, [], "text", 7, False, {"quote\"'%s": "\\"}],
        ordered=False,
    ),
    Sample("binary", _type("binary"), [b"", bytes(range(256)), b"\x00\x01'\"%s", b"\xff"]),
    Sample("address", _type("address"), ["192.0.2.1", "10.0.0.200", "2001:db8::1", "::ffff:192.0.2.1"], ordered=False),
)
