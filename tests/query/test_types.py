"""Values of every field type: what is stored comes back equal, in every form a query can give it."""

from __future__ import annotations

import datetime
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest

from orm.models import F, Max, Value
from orm.models.functions import Concat
from tests.case_names import case_name
from tests.query.models import Everything

UTC = datetime.UTC
PLUS_TWO = datetime.timezone(datetime.timedelta(hours=2))

VALUES: list[tuple[str, Any]] = [
    ("boolean", True), ("boolean", False),
    ("smallint", -32768), ("smallint", 32767),
    ("integer", -(2**31)), ("integer", 2**31 - 1), ("integer", 0),
    ("bigint", -(2**63)), ("bigint", 2**63 - 1),
    ("positive", 0), ("positive", 2**31 - 1),
    ("char", ""), ("char", "plain"), ("char", "ünïcödé 🐍 漢字"),
    ("char", "quote ' double \" percent % back \\ under _"),
    ("char", "\t\n\r "), ("char", "null"), ("char", "{}"),
    ("text", "line one\nline two"), ("text", "x" * 100_000),
    ("slug", "a-slug_1"), ("email", "ada@example.org"), ("url", "https://example.org/?a=1&b=%20"),
    ("date", datetime.date(1, 1, 1)), ("date", datetime.date(9999, 12, 31)), ("date", datetime.date(2024, 2, 29)),
    ("time", datetime.time(0, 0)), ("time", datetime.time(23, 59, 59, 999999)), ("time", datetime.time(12, 30)),
    ("datetime", datetime.datetime(2024, 2, 29, 12, 30, 45, 123456, tzinfo=UTC)),
    ("datetime", datetime.datetime(2024, 2, 29, 0, 0, tzinfo=UTC)),
    ("datetime", datetime.datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ("datetime", datetime.datetime(2, 1, 1, 0, 0, tzinfo=UTC)),
    ("datetime", datetime.datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC)),
    ("datetime", datetime.datetime(2024, 7, 1, 1, 30, tzinfo=PLUS_TWO)),
    ("duration", datetime.timedelta(0)), ("duration", datetime.timedelta(microseconds=1)),
    ("duration", datetime.timedelta(days=400, hours=5, microseconds=7)),
    ("duration", -datetime.timedelta(days=3, seconds=4)),
    ("decimal", Decimal("0")), ("decimal", Decimal("0.000001")), ("decimal", Decimal("-12345678901234.567891")),
    ("decimal", Decimal("99999999999999.999999")), ("decimal", Decimal("1.10")),
    ("float", 0.0), ("float", -0.1), ("float", 1e308), ("float", 5e-324), ("float", 0.1 + 0.2), ("float", 1e16),
    ("float", math.inf), ("float", -math.inf),
    ("uuid", uuid.UUID(int=0)), ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("json", {}), ("json", []), ("json", {"a": [1, 2.5, None, True, {"b": "ü"}]}), ("json", "text"), ("json", 5),
    ("json", 1.5), ("json", True), ("json", False), ("json", [None]), ("json", ""), ("json", {"": {"'": '"'}}),
    ("binary", b""), ("binary", bytes(range(256))), ("binary", b"\x00"),
]  # fmt: skip


def same_type(found: Any, value: Any) -> bool:
    """A driver may give UUIDs of a quicker class of its own; everything else is of the very type."""
    return type(found) is type(value) or (isinstance(value, uuid.UUID) and isinstance(found, uuid.UUID))


def label(value: Any) -> str:
    if isinstance(value, str) and value.isidentifier():
        return value
    return case_name(repr(value))[:25].replace("\x00", "0")


@pytest.mark.parametrize(("field", "value"), VALUES, ids=label)
async def test_round_trip(database: Any, field: str, value: Any) -> None:
    stored = await Everything.objects.acreate(**{field: value})
    fresh = await Everything.objects.aget(pk=stored.pk)
    found = getattr(fresh, field)
    assert found == value
    assert same_type(found, value)
    assert await Everything.objects.values_list(field, flat=True) == [value]
    assert await Everything.objects.values(field) == [{field: value}]


@pytest.mark.parametrize(("field", "value"), [v for v in VALUES if v[0] != "json"], ids=label)
async def test_found_by_its_value(database: Any, field: str, value: Any) -> None:
    stored = await Everything.objects.acreate(**{field: value})
    await Everything.objects.acreate()
    assert [row.pk async for row in Everything.objects.filter(**{field: value})] == [stored.pk]
    assert [row.pk async for row in Everything.objects.filter(**{f"{field}__in": [value]})] == [stored.pk]


@pytest.mark.parametrize(("field", "value"), VALUES, ids=label)
async def test_written_in_bulk(database: Any, field: str, value: Any) -> None:
    rows = await Everything.objects.abulk_create([Everything(**{field: value}), Everything()])
    assert await Everything.objects.order_by("pk").values_list(field, flat=True) == [value, None]
    setattr(rows[0], field, None)
    setattr(rows[1], field, value)
    await Everything.objects.abulk_update(rows, [field])
    assert await Everything.objects.order_by("pk").values_list(field, flat=True) == [None, value]


@pytest.mark.parametrize(("field", "value"), VALUES, ids=label)
async def test_written_by_update(database: Any, field: str, value: Any) -> None:
    stored = await Everything.objects.acreate()
    await Everything.objects.aupdate(**{field: value})
    await stored.arefresh_from_db()
    assert getattr(stored, field) == value


SIMPLE = [v for v in VALUES if v[0] not in {"json", "binary", "boolean", "uuid"}]


@pytest.mark.parametrize(("field", "value"), SIMPLE, ids=label)
async def test_through_an_aggregate(database: Any, field: str, value: Any) -> None:
    await Everything.objects.acreate(**{field: value})
    found = (await Everything.objects.aaggregate(x=Max(field)))["x"]
    assert found == value
    assert same_type(found, value)


@pytest.mark.parametrize(("field", "value"), VALUES, ids=label)
async def test_through_an_annotation(database: Any, field: str, value: Any) -> None:
    await Everything.objects.acreate(**{field: value})
    found = (await Everything.objects.annotate(x=F(field)).aget()).x
    assert found == value
    assert same_type(found, value)


@pytest.mark.parametrize("field", sorted({field for field, _ in VALUES}))
async def test_null_of_each_type_comes_back_and_is_found(database: Any, field: str) -> None:
    stored = await Everything.objects.acreate(**{field: None})
    assert getattr(await Everything.objects.aget(pk=stored.pk), field) is None
    assert await Everything.objects.filter(**{f"{field}__isnull": True}).acount() == 1
    assert await Everything.objects.filter(**{field: None}).acount() == (0 if field == "json" else 1)


@pytest.mark.parametrize(("field", "given", "stored"), [
    ("integer", "42", 42), ("integer", 42.0, 42), ("integer", True, 1), ("decimal", 5, Decimal(5)),
    ("decimal", "1.5", Decimal("1.5")), ("decimal", 0.1, Decimal("0.1")), ("float", 3, 3.0), ("float", "2.5", 2.5),
    ("boolean", 1, True), ("boolean", "False", False), ("boolean", Decimal(1), True), ("char", 5, "5"),
    ("date", "2020-02-29", datetime.date(2020, 2, 29)), ("time", "12:30", datetime.time(12, 30)),
    ("datetime", "2020-02-29T12:30:00+02:00", datetime.datetime(2020, 2, 29, 10, 30, tzinfo=UTC)),
    ("datetime", datetime.datetime(2020, 2, 29, 10, 30), datetime.datetime(2020, 2, 29, 10, 30, tzinfo=UTC)),
    ("duration", "3 days, 04:05:06", datetime.timedelta(3, 14706)), ("duration", "PT90M", datetime.timedelta(0, 5400)),
    ("uuid", "12345678123456781234567812345678", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    ("binary", bytearray(b"ab"), b"ab"), ("binary", memoryview(b"ab"), b"ab"),
], ids=label)  # fmt: skip
async def test_accepted_spelling(database: Any, field: str, given: Any, stored: Any) -> None:
    row = await Everything.objects.acreate(**{field: given})
    found = getattr(await Everything.objects.aget(pk=row.pk), field)
    assert found == stored
    assert same_type(found, stored)


async def test_decimals_come_back_with_their_places(database: Any) -> None:
    await Everything.objects.acreate(decimal=Decimal("1.5"))
    assert str((await Everything.objects.aget()).decimal) == "1.500000"


async def test_datetimes_come_back_in_utc(database: Any) -> None:
    await Everything.objects.acreate(datetime=datetime.datetime(2024, 7, 1, 1, 30, tzinfo=PLUS_TWO))
    found = (await Everything.objects.aget()).datetime
    assert found.utcoffset() == datetime.timedelta(0)
    assert found.hour == 23


async def test_two_zones_are_one_moment(database: Any) -> None:
    moment = datetime.datetime(2024, 7, 1, 1, 30, tzinfo=PLUS_TWO)
    await Everything.objects.acreate(datetime=moment)
    assert await Everything.objects.filter(datetime=moment.astimezone(UTC)).aexists()
    assert await Everything.objects.filter(datetime__lte=moment, datetime__gte=moment).aexists()


async def test_ordering_by_each_type(database: Any) -> None:
    ordered: dict[str, list[Any]] = {}
    for field, value in SIMPLE:
        ordered.setdefault(field, []).append(value)
    for field in ("integer", "bigint", "decimal", "float", "date", "time", "datetime", "duration"):
        await Everything.objects.all().adelete()
        values = ordered[field]
        await Everything.objects.abulk_create([Everything(**{field: value}) for value in values])
        assert await Everything.objects.order_by(field).values_list(field, flat=True) == sorted(values)


@pytest.mark.parametrize("field", ["decimal", "datetime", "duration", "float"])
async def test_comparing_with_each_type(database: Any, field: str) -> None:
    values = [value for name, value in SIMPLE if name == field]
    await Everything.objects.abulk_create([Everything(**{field: value}) for value in values])
    for pivot in values:
        assert await Everything.objects.filter(**{f"{field}__lt": pivot}).acount() == len(
            [v for v in values if v < pivot]
        )
        assert await Everything.objects.filter(**{f"{field}__gte": pivot}).acount() == len(
            [v for v in values if v >= pivot]
        )


@pytest.mark.parametrize(("field", "value"), SIMPLE, ids=label)
async def test_as_a_constant(database: Any, field: str, value: Any) -> None:
    await Everything.objects.acreate(**{field: value})
    found = (await Everything.objects.annotate(x=Value(value)).aget()).x
    assert found == value


@pytest.mark.parametrize(
    ("lookup", "part"),
    [
        ("iexact", "550E8400-E29B-41D4-A716-446655440000"),
        ("contains", "8400-e29b"),
        ("icontains", "8400-E29B"),
        ("startswith", "550e8400-e29b-4"),
        ("endswith", "a716-446655440000"),
    ],
)
async def test_a_uuid_is_found_by_a_part_with_hyphens(database: Any, lookup: str, part: str) -> None:
    stored = await Everything.objects.acreate(uuid=uuid.UUID("550e8400-e29b-41d4-a716-446655440000"))
    await Everything.objects.acreate(uuid=uuid.UUID(int=0))
    assert await Everything.objects.filter(**{f"uuid__{lookup}": part}).values_list("pk", flat=True) == [stored.pk]
    computed = Everything.objects.annotate(part=Concat(Value(part), Value(""))).filter(**{f"uuid__{lookup}": F("part")})
    assert await computed.values_list("pk", flat=True) == [stored.pk]
