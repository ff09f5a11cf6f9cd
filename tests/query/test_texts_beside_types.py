"""A text ``Value()`` of no type of its own is a value of the type that it stands beside, on every database."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

import pytest

from orm import models
from orm.models import Case, F, Max, Value, When, Window
from orm.models.functions import Coalesce, Greatest, Lag, Least, Length, NullIf
from orm.sql.one_type import OfOneType
from tests.query.models import Everything

KEY = uuid.UUID(hex="550e8400e29b41d4a716446655440000")
AT = datetime.datetime(2024, 1, 2, 3, 4, tzinfo=datetime.UTC)
TEXTS: list[tuple[str, Any, str, Any]] = [
    ("date", models.DateField(), "2024-01-02", datetime.date(2024, 1, 2)),
    ("time", models.TimeField(), "11:30", datetime.time(11, 30)),
    ("uuid", models.UUIDField(), str(KEY).upper(), KEY),
    ("decimal", models.DecimalField(max_digits=20, decimal_places=6), "9.75", decimal.Decimal("9.75")),
    ("datetime", models.DateTimeField(), "2024-01-02T03:04Z", AT),
    ("boolean", models.BooleanField(), "True", True),
]  # fmt: skip
NAMES = [text[0] for text in TEXTS]


async def one_value(expression: Any) -> Any:
    """Return what the expression gives for the one row."""
    return await Everything.objects.annotate(x=expression).values_list("x", flat=True).aget()


@pytest.fixture
async def empty_row(database: Any) -> Everything:
    """A row without any value."""
    return await Everything.objects.acreate()


@pytest.mark.parametrize(("field", "output_field", "text", "value"), TEXTS, ids=NAMES)
async def test_it_stands_in_for_a_column(empty_row: Any, field: str, output_field: Any, text: str, value: Any) -> None:
    assert await one_value(Coalesce(field, Value(text), output_field=output_field)) == value


@pytest.mark.parametrize(("field", "output_field", "text", "value"), TEXTS, ids=NAMES)
async def test_cases_give_it_beside_a_column(
    empty_row: Any, field: str, output_field: Any, text: str, value: Any
) -> None:
    case = Case(When(char=None, then=Value(text)), default=F(field), output_field=output_field)
    assert await one_value(case) == value


@pytest.mark.parametrize(("field", "output_field", "text", "value"), TEXTS, ids=NAMES)
async def test_cases_of_nothing_but_texts_are_of_the_type_that_was_said(
    empty_row: Any, field: str, output_field: Any, text: str, value: Any
) -> None:
    assert await one_value(Case(When(char=None, then=Value(text)), output_field=output_field)) == value


@pytest.mark.parametrize(
    ("choice", "day"),
    [(Greatest, datetime.date(2024, 5, 1)), (Least, datetime.date(2024, 1, 2)), (NullIf, datetime.date(2024, 5, 1))],
)
async def test_it_is_compared_to_a_column(database: Any, choice: type[OfOneType], day: datetime.date) -> None:
    await Everything.objects.acreate(date="2024-05-01")
    compared: Any = choice
    assert await one_value(compared("date", Value("2024-01-02"), output_field=models.DateField())) == day


@pytest.mark.parametrize(("field", "output_field", "text", "value"), TEXTS, ids=NAMES)
async def test_lookups_compare_it(database: Any, field: str, output_field: Any, text: str, value: Any) -> None:
    row = await Everything.objects.acreate(**{field: value})
    assert await Everything.objects.filter(**{field: Value(text)}).aget() == row
    assert await Everything.objects.filter(**{f"{field}__in": [Value(text)]}).aget() == row


@pytest.mark.parametrize(("field", "output_field", "text", "value"), TEXTS, ids=NAMES)
async def test_it_is_stored(empty_row: Any, field: str, output_field: Any, text: str, value: Any) -> None:
    await Everything.objects.aupdate(**{field: Value(text)})
    made = await Everything.objects.acreate(**{field: Value(text)})
    assert await Everything.objects.values_list(field, flat=True) == [value, value]
    assert made.pk != empty_row.pk


async def test_it_is_the_default_of_an_aggregate(database: Any) -> None:
    assert await Everything.objects.aaggregate(x=Max("date", default=Value("2024-01-02"))) == {
        "x": datetime.date(2024, 1, 2)
    }


async def test_it_is_what_stands_before_the_first_row(empty_row: Any) -> None:
    before = Window(Lag("date", default=Value("2024-01-02")), order_by="pk")
    assert await one_value(before) == datetime.date(2024, 1, 2)


async def test_the_same_text_may_stand_beside_several_types(empty_row: Any) -> None:
    rows = Everything.objects.annotate(text_itself=Value("2024-01-02"))
    rows = rows.annotate(day=Coalesce("date", "text_itself", output_field=models.DateField()))
    found = await rows.values_list("text_itself", "day").aget()
    assert found == ("2024-01-02", datetime.date(2024, 1, 2))


async def test_it_keeps_its_type_in_a_query_inside_another(empty_row: Any) -> None:
    day = Coalesce("date", Value("2024-01-02"), output_field=models.DateField())
    inside = Everything.objects.annotate(day=day).filter(day=datetime.date(2024, 1, 2))
    assert await Everything.objects.filter(integer=None, pk__in=inside.values("pk")).aget() == empty_row


async def test_each_query_of_a_shape_has_its_own_text(empty_row: Any) -> None:
    days = [await one_value(Coalesce("date", Value(f"2024-01-0{n}"), output_field=models.DateField())) for n in (1, 2)]
    assert days == [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]


async def test_a_text_that_is_no_such_value_is_refused_by_the_field(empty_row: Any) -> None:
    with pytest.raises(ValueError, match=r"Everything\.date.*someday"):
        await one_value(Coalesce("date", Value("someday"), output_field=models.DateField()))


async def test_beside_a_text_it_stays_one(empty_row: Any) -> None:
    assert await one_value(Coalesce("char", Value("2024-01-02"), output_field=models.CharField())) == "2024-01-02"


async def test_a_number_is_looked_for_as_its_text(database: Any) -> None:
    """What PostgreSQL's functions of texts take no number for."""
    await Everything.objects.acreate(integer=150, smallint=5, char="12345")
    assert await Everything.objects.filter(integer__contains=Length("char")).aexists()
    assert await Everything.objects.filter(integer__startswith=F("integer")).aexists()
    assert not await Everything.objects.filter(char__startswith=F("smallint")).aexists()
