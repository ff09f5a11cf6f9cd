"""Decimals: compared as the number given, computed with their own digits, found again as they were stored."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from orm.models import (
    Avg,
    Case,
    DecimalField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    RowRange,
    Sum,
    Value,
    When,
    Window,
)
from orm.models.functions import Abs, Cast, Ceil, Coalesce, Floor, Greatest, Least, Mod, Power, RowNumber
from tests.query import library as L
from tests.query.models import Book, Everything


async def priced(*prices: str) -> Any:
    """Return the query of new books of these prices, in order."""
    books = [Book(title="x", author_id=L.ADA.pk, price=D(price)) for price in prices]
    keys = [book.pk for book in await Book.objects.abulk_create(books)]
    return Book.objects.filter(pk__in=keys).order_by("price")


async def prices(query: Any) -> list[str]:
    """Return the prices of a query's books as text."""
    return [str(price) async for price in query.values_list("price", flat=True)]


@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("price__gt", D("9.995"), ["10.00", "10.01"]),
        ("price__gte", D("9.991"), ["10.00", "10.01"]),
        ("price__lt", D("9.996"), ["9.99"]),
        ("price__lte", D("9.989"), []),
        ("price", D("9.994"), []),
        ("price", D("9.990000"), ["9.99"]),
        ("price__in", [D("9.994"), D("10.0")], ["10.00"]),
        ("price__range", (D("9.991"), D("10.004")), ["10.00"]),
        ("price__gt", 9.995, ["10.00", "10.01"]),
        ("price__gt", "9.995", ["10.00", "10.01"]),
        ("price__lt", D("1000000000"), ["9.99", "10.00", "10.01"]),
        ("price__gt", D("12345678901234567890.123"), []),
        ("price__lt", D("12345678901234567890.123"), ["9.99", "10.00", "10.01"]),
    ],
)
async def test_what_is_compared_is_the_number_given(library: Any, lookup: str, value: Any, found: list[str]) -> None:
    assert await prices((await priced("9.99", "10.00", "10.01")).filter(**{lookup: value})) == found


RATE = Value(D("0.0750"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("price") * D("0.075"), "0.7875"),
        (F("price") * RATE, "0.7875"),
        (RATE * F("price"), "0.7875"),
        (F("price") + RATE, "10.575"),
        (F("price") - RATE, "10.425"),
        (F("price") / 4, "2.625"),
        (F("price") + 1, "11.5"),
        (Coalesce(F("price") * RATE, D(0)), "0.7875"),
        (Least("price", RATE), "0.075"),
        (Greatest("price", D("10.505")), "10.505"),
        (Case(When(price__gt=1, then=D("1.005")), default="price"), "1.005"),
        (F("price") * F("price") * F("price"), "1157.625"),
        (F("price") * D("1.0000000001"), "10.50000000105"),
    ],
    ids=repr,
)
async def test_an_expression_has_its_own_digits(library: Any, expression: Any, expected: str) -> None:
    one = await priced("10.50")
    assert [value async for value in one.values_list(expression, flat=True)] == [D(expected)]
    same = one.annotate(x=expression)
    assert await same.filter(x=D(expected)).acount() == 1
    assert await same.filter(x__gt=D(expected)).acount() == 0
    assert await same.filter(x__gte=D(expected)).acount() == 1


async def test_nothing_times_a_negative_number_has_no_sign(library: Any) -> None:
    product = (await priced("0.00")).values_list(F("price") * -5, flat=True)
    assert [str(value)[:1] async for value in product] == ["0"]


async def test_sums_are_exact(library: Any) -> None:
    many = await priced(*["0.10"] * 3, "0.20", "1234.37")
    total = Sum("price")
    assert str((await many.aaggregate(x=total))["x"]) == "1234.87"
    assert (await many.aaggregate(x=Sum(F("price") * RATE)))["x"] == D("92.615250")
    assert (await many.filter(price__lt=1).aaggregate(x=Sum("price", distinct=True)))["x"] == D("0.30")
    grouped = Book.objects.filter(pk__in=many.values("pk")).values("title").annotate(x=total)
    assert await grouped.filter(x=D("1234.87")).acount() == 1
    assert await grouped.filter(x__gt=D("1234.87")).acount() == 0
    running = [x async for x in many.values_list(Window(total, order_by="pk"), flat=True)]
    assert running == [D("0.10"), D("0.20"), D("0.30"), D("0.50"), D("1234.87")]


async def test_what_was_computed_and_stored_is_found_again(library: Any) -> None:
    one = await priced("0.10")
    assert await one.aupdate(price=F("price") + D("0.20")) == 1
    assert await prices(one) == ["0.30"]
    assert await one.filter(price=D("0.30")).acount() == 1
    assert await one.filter(price__gt=D("0.30")).acount() == 0
    book = await one.aget()
    book.price = F("price") / 3 + D("0.005")  # 0.105: as SQL rounds, away from zero
    await book.asave()
    assert await prices(one) == ["0.11"]
    assert await one.filter(price=D("0.11")).acount() == 1
    assert await Book.objects.filter(pk=book.pk, price__lt=D("0.11")).acount() == 0


async def test_a_number_too_large_is_refused_when_it_is_stored(library: Any) -> None:
    one = await priced("1.00")
    with pytest.raises(ValueError, match="at most 8 digits"):
        await one.aupdate(price=D("1234567.00"))
    book = await one.aget()
    book.price = D("1234567")
    with pytest.raises(ValueError, match="at most 8 digits"):
        await book.asave()
    book.price = D("2.345")
    await book.asave()
    assert await prices(one) == ["2.34"]


async def test_an_output_field_with_places_rounds_nothing_that_is_compared(library: Any) -> None:
    third = F("price") * D("0.3333")
    one = (await priced("1.00")).annotate(x=Coalesce(third, D(0), output_field=DecimalField()))
    assert await one.filter(x=D("0.3333")).acount() == 1


# -- more digits than a float has --------------------------------------------------------------------------------------

LONG = F("price") * Value(D("1.00000000000000001"))
"""Of 9.99 it is 9.9900000000000000999, which no float holds."""


async def long_ones() -> Any:
    """Return the query of four books with such values, 9.99, 20, 100 and 150, of which two are as short as can be."""
    return (await priced("9.99", "10", "100", "150")).annotate(
        x=Case(When(price=10, then=Value(D("20"))), When(price=150, then=Value(D("150"))), default=LONG)
    )


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"x__gt": 15}, ["10.00", "100.00", "150.00"]),
        ({"x__lt": 15}, ["9.99"]),
        ({"x__gte": D("100.000000000000001")}, ["100.00", "150.00"]),
        ({"x__gt": D("100.000000000000001")}, ["150.00"]),
        ({"x__lte": D("9.9900000000000000999")}, ["9.99"]),
        ({"x": D("9.9900000000000000999")}, ["9.99"]),
        ({"x": D("9.99")}, []),
        ({"x": 20}, ["10.00"]),
        ({"x__range": (D("9.99"), D("20.0"))}, ["9.99", "10.00"]),
        ({"x__in": [D("20.000"), D("9.9900000000000000999"), 1]}, ["9.99", "10.00"]),
        ({"x__gt": F("price")}, ["9.99", "10.00", "100.00"]),
        ({"price__lt": F("id") * 0 + F("x") - F("x") + 100}, ["9.99", "10.00"]),
    ],
)
async def test_computed_decimals_are_compared_as_numbers(
    library: Any, condition: dict[str, Any], found: list[str]
) -> None:
    query = await long_ones()
    assert await prices(query.filter(**condition)) == found


async def test_computed_decimals_are_ordered_as_numbers(library: Any) -> None:
    query = await long_ones()
    assert await prices(query.order_by("x")) == ["9.99", "10.00", "100.00", "150.00"]
    assert await prices(query.order_by("-x")) == ["150.00", "100.00", "10.00", "9.99"]
    assert await prices(query.order_by(F("x").desc(nulls_last=True))) == ["150.00", "100.00", "10.00", "9.99"]
    close = query.annotate(y=Value(D(1)) + F("price") * Value(D("1e-20"))).order_by("-y")
    assert await prices(close) == ["150.00", "100.00", "10.00", "9.99"]
    ranked = query.annotate(r=Window(RowNumber(), order_by="x")).values_list("price", "r")
    assert [(str(price), number) async for price, number in ranked] == [
        ("9.99", 1), ("10.00", 2), ("100.00", 3), ("150.00", 4),
    ]  # fmt: skip


async def test_the_largest_and_the_smallest_of_computed_decimals(library: Any) -> None:
    query = await long_ones()
    assert await query.aaggregate(high=Max("x"), low=Min("x")) == {"high": 150, "low": D("9.9900000000000000999")}
    between = query.annotate(y=Least(Greatest("x", Value(D(15))), Value(D(120)), F("price") * 8)).order_by("price")
    assert [value async for value in between.values_list("y", flat=True)] == [15, 20, D("100.000000000000001"), 120]
    assert await prices(between.filter(y__in=[15, D("120")])) == ["9.99", "150.00"]


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (F("price") / 3, ["3.3300000000000000", "3.3333333333333333", "33.3333333333333333"]),
        (F("price") / Value(D("-0.00007")), ["-142714.285714285714", "-142857.142857142857", "-1428571.428571428571"]),
        (1 / F("price"), ["0.10010010010010010010", "0.10000000000000000000", "0.01000000000000000000"]),
        (F("price") % Value(D("0.7")), ["0.19", "0.20", "0.60"]),
        (-F("price") % 3, ["-0.99", "-1.00", "-1.00"]),
        (Mod("price", Value(D("0.1"))), ["0.09", "0.00", "0.00"]),
        (Value(D("12345678901234567890.12")) / F("price"), None),
    ],
)
async def test_quotients_and_remainders_have_the_same_digits_on_every_database(
    library: Any, expression: Any, values: list[str] | None
) -> None:
    query = (await priced("9.99", "10", "100")).annotate(x=expression)
    found = [value async for value in query.values_list("x", flat=True)]
    if values is None:
        values = ["1235803693817274063.08", "1234567890123456789.01", "123456789012345678.90"]
    assert found == [D(value) for value in values]
    assert [await query.filter(x=value).aexists() for value in found] == [True, True, True]


async def test_a_mean_has_the_same_digits_on_every_database(library: Any) -> None:
    query = await priced("9.99", "10", "10")
    assert await query.aaggregate(mean=Avg("price")) == {"mean": D("9.9966666666666667")}
    means = query.annotate(mean=Window(Avg("price"), order_by="price", frame=RowRange(-1, 0))).order_by("price")
    assert [value async for value in means.values_list("mean", flat=True)] == [D("9.99"), D("9.995"), D("10")]
    assert await (await priced()).aaggregate(mean=Avg("price")) == {"mean": None}


async def test_powers_of_decimals_of_many_digits(library: Any) -> None:
    query = (await priced("9.99", "100")).annotate(x=Power(LONG, 2))
    assert [round(value, 6) async for value in query.values_list("x", flat=True)] == [D("99.8001"), D(10000)]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Abs, "12345678901234.567891"),
        (Floor, "-12345678901235"),
        (Ceil, "-12345678901234"),
    ],
)
async def test_functions_of_one_decimal_keep_its_digits(database: Any, function: Any, expected: str) -> None:
    await Everything.objects.acreate(decimal=D("-12345678901234.567891"))
    assert (await Everything.objects.annotate(x=function("decimal")).aget()).x == D(expected)
    assert await Everything.objects.annotate(x=function("decimal")).filter(x=D(expected)).aexists()


@pytest.mark.parametrize("number", ["1.2345678901234567E+99999999", "-1.2345678901234567E+99999999"])
@pytest.mark.only(backend="sqlite")  # others have a limit, which they name
async def test_an_exponent_of_nine_digits_makes_no_text_as_long_as_it_says(database: Any, number: str) -> None:
    await Everything.objects.acreate(decimal=1, integer=1)
    larger = D(number) > 0
    assert await Everything.objects.filter(decimal__lt=D(number)).aexists() is larger
    assert not await Everything.objects.filter(decimal__in=[D(number)]).aexists()
    assert await Everything.objects.annotate(x=F("decimal") * D(number)).filter(x__gt=1).aexists() is larger
    tiny = D("1.2345678901234567E-99999999")
    assert (await Everything.objects.annotate(x=F("decimal") * tiny).aget()).x == 0


@pytest.mark.parametrize(("given", "stored"), [("2.5", 3), ("-2.5", -3), ("2.4", 2), ("3.5", 4)])
async def test_a_computed_decimal_is_rounded_to_whole_numbers(database: Any, given: str, stored: int) -> None:
    await Everything.objects.acreate(decimal=D(given), float=float(given))
    await Everything.objects.aupdate(integer=F("decimal"), bigint=F("float") * 1)
    row = await Everything.objects.annotate(cast=Cast("decimal", IntegerField())).aget()
    assert row.integer == row.cast == stored
    assert row.bigint == round(float(given))  # of two that are as near, the even one
    made = await Everything.objects.acreate(integer=Value(D(given)) * 1)
    await made.arefresh_from_db()
    assert made.integer == stored


@pytest.mark.parametrize(
    ("base", "exponent", "power"),
    [
        ("1.10", D(20), "6.7274999493256001"),
        ("2.50", D(20), "90949470.1772928237915039"),
        ("1.10", D(-2), "0.8264462809917355"),
        ("1.10", D("0.5"), "1.0488088481701515"),
        ("-1.50", D(3), "-3.375"),
        ("123456.78", D(4), "232305655057917267147.43139856"),
        ("0.00", D(2), "0"),
        ("12345.67", D("2.5"), "16935056901.911958"),
        ("7.00", D(0), "1"),
    ],
)
async def test_powers_of_decimals_have_postgresqls_digits(library: Any, base: str, exponent: D, power: str) -> None:
    for expression in (Power("price", exponent), F("price") ** exponent):
        row = await (await priced(base)).annotate(x=expression).aget()
        assert row.x == D(power)
    assert await (await priced(base)).annotate(x=Power("price", exponent)).filter(x=D(power)).acount() == 1


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F("price") * 1.5, "1.65"),
        (1.5 * F("price"), "1.65"),
        (F("price") + 0.1, "1.2"),
        ((F("price") + 0.1) * 1.1, "1.32"),
        (F("price") % 0.3, "0.2"),
        (Value(1.1) * Value(1.5), "1.65"),
    ],
)
async def test_a_float_under_a_decimal_says_what_is_written(library: Any, expression: Any, expected: str) -> None:
    rows = (await priced("1.10")).annotate(x=ExpressionWrapper(expression, output_field=DecimalField()))
    assert (await rows.aget()).x == D(expected)
    assert await rows.filter(x=D(expected)).acount() == 1


async def test_a_float_that_is_chosen_as_a_decimal_says_what_is_written(library: Any) -> None:
    row = (
        await (await priced("1.10"))
        .annotate(
            one=Coalesce("price", 1.7, output_field=DecimalField()),
            other=Case(When(price__gt=1, then=1.7), default=F("price"), output_field=DecimalField()),
            most=Greatest("price", 1.7, output_field=DecimalField()),
        )
        .aget()
    )
    assert (row.one, row.other, row.most) == (D("1.1"), D("1.7"), D("1.7"))
