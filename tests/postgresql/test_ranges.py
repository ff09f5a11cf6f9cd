"""Range fields: values there and back, lookups between ranges, and plain columns inside ranges."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from orm.errors import InvalidValue
from orm.postgresql import DateRange, DateTimeTZRange, IntegerRangeField, NumericRange, Range
from tests.postgresql.models import Booking

pytestmark = pytest.mark.only(backend="postgresql")

DAY = datetime.date(2024, 5, 1)
NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)
LATER = NOON + datetime.timedelta(hours=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seats", NumericRange(1, 10)),
        ("seats", NumericRange(None, 10)),
        ("seats", NumericRange(empty=True)),
        ("price", NumericRange(Decimal("1.50"), Decimal("2"), "(]")),
        ("days", DateRange(DAY, None)),
        ("during", DateTimeTZRange(NOON, LATER, "()")),
    ],
)
async def test_a_range_comes_back_as_it_was_saved(database: Any, name: str, value: Range) -> None:
    made = await Booking.objects.acreate(**{name: value})
    found = getattr(await Booking.objects.aget(pk=made.pk), name)
    assert found == value
    assert type(found) is type(value)


async def test_two_values_are_taken_as_bounds(database: Any) -> None:
    made = await Booking.objects.acreate(seats=(1, 3), during=[NOON, LATER])
    found = await Booking.objects.aget(pk=made.pk)
    assert found.seats == NumericRange(1, 3)
    assert found.during == DateTimeTZRange(NOON, LATER, "[]")


async def rooms(queryset: Any) -> list[int]:
    return [room async for room in queryset.order_by("room").values_list("room", flat=True)]


async def test_lookups_of_ranges(database: Any) -> None:
    for room, seats in ((1, (0, 10)), (2, (5, 15)), (3, (10, None)), (4, NumericRange(empty=True)), (5, None)):
        await Booking.objects.acreate(room=room, seats=seats)
    bookings = Booking.objects
    assert await rooms(bookings.filter(seats=NumericRange(0, 10))) == [1]
    assert await rooms(bookings.filter(seats=None)) == [5]
    assert await rooms(bookings.filter(seats__contains=5)) == [1, 2]
    assert await rooms(bookings.filter(seats__contains=NumericRange(5, 6))) == [1, 2]
    assert await rooms(bookings.filter(seats__contained_by=NumericRange(0, 20))) == [1, 2, 4]
    assert await rooms(bookings.filter(seats__overlap=NumericRange(12, 13))) == [2, 3]
    assert await rooms(bookings.filter(seats__fully_lt=NumericRange(10, 20))) == [1]
    assert await rooms(bookings.filter(seats__fully_gt=(0, 5))) == [2, 3]
    assert await rooms(bookings.filter(seats__not_lt=(5, 10))) == [2, 3]
    assert await rooms(bookings.filter(seats__not_gt=(0, 10))) == [1]
    assert await rooms(bookings.filter(seats__adjacent_to=(10, 11))) == [1]
    assert await rooms(bookings.filter(seats__startswith=5)) == [2]
    assert await rooms(bookings.filter(seats__endswith__lt=12)) == [1]
    assert await rooms(bookings.filter(seats__isempty=True)) == [4]
    assert await rooms(bookings.filter(seats__upper_inf=True)) == [3]
    assert await rooms(bookings.filter(seats__lower_inc=True)) == [1, 2, 3]


async def test_a_moment_and_a_range_take_turns_in_one_shape(database: Any) -> None:
    await Booking.objects.acreate(room=1, during=(NOON, LATER))
    for wanted in (NOON, DateTimeTZRange(NOON, LATER), LATER, (NOON, NOON)):
        assert await rooms(Booking.objects.filter(during__contains=wanted)) == [1]
    assert await rooms(Booking.objects.filter(during__contains=LATER + datetime.timedelta(seconds=1))) == []


async def test_plain_columns_inside_ranges(database: Any) -> None:
    await Booking.objects.acreate(room=1, day=DAY, amount=1.5)
    week = DateRange(DAY, DAY + datetime.timedelta(days=7))
    assert await rooms(Booking.objects.filter(day__contained_by=week)) == [1]
    assert await rooms(Booking.objects.filter(amount__contained_by=NumericRange(1, 2))) == [1]
    assert await rooms(Booking.objects.filter(room__contained_by=NumericRange(2, 3))) == []


async def test_what_is_no_range_is_refused_before_any_sql(database: Any) -> None:
    with pytest.raises(TypeError, match="Booking.seats"):
        Booking.objects.filter(seats=12)
    with pytest.raises(ValueError, match="bounds"):
        NumericRange(1, 2, "]]")
    with pytest.raises(TypeError, match="default_bounds"):
        IntegerRangeField(default_bounds="[]")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("seats", "[1,10)", NumericRange(1, 10)),
        ("seats", " (1, 10] ", NumericRange(2, 11)),
        ("seats", "[,10)", NumericRange(None, 10, "()")),
        ("seats", "Empty", NumericRange(empty=True)),
        ("price", '["1.50","2"]', NumericRange(Decimal("1.50"), Decimal("2"), "[]")),
        ("days", "[2024-05-01,)", DateRange(DAY, None)),
        ("during", '["2024-05-01 12:00+00", "2024-05-01 14:00+00")', DateTimeTZRange(NOON, LATER)),
    ],
)
async def test_a_range_may_be_given_as_its_text(database: Any, name: str, text: str, value: Range) -> None:
    made = await Booking.objects.acreate(**{name: text})
    assert getattr(await Booking.objects.aget(pk=made.pk), name) == value
    assert await Booking.objects.filter(**{name: text}).acount() == 1
    await Booking.objects.aupdate(**{name: None})
    await Booking.objects.aupdate(**{name: text})
    assert await Booking.objects.filter(**{f"{name}__in": [text]}).acount() == 1
    assert await Booking.objects.filter(**{f"{name}__contained_by": "(,)"}).acount() == 1


async def test_contains_takes_the_text_of_a_range_and_that_of_a_value(database: Any) -> None:
    await Booking.objects.acreate(days=(DAY, datetime.date(2024, 5, 9)))
    for held in ("2024-05-02", "[2024-05-02,2024-05-04]", "empty"):
        assert await Booking.objects.filter(days__contains=held).acount() == 1
    for outside in ("2024-05-09", "[2024-05-02,2024-05-14]"):
        assert await Booking.objects.filter(days__contains=outside).acount() == 0


@pytest.mark.parametrize("text", ["nonsense", "[1", "1,2", "[1,2,3)", "[1;2)", '["1,2)', ""])
async def test_a_text_that_is_no_range_is_refused(database: Any, text: str) -> None:
    with pytest.raises(InvalidValue, match="malformed range literal"):
        await Booking.objects.acreate(seats=text)


async def test_a_bound_that_is_no_value_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        Booking.objects.filter(seats="[a,b)")
