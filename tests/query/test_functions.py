"""Database functions that differ between databases where they are made, and give the same here."""

from __future__ import annotations

import hashlib
import math
from functools import partial
from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import BigIntegerField, CharField, F, Func, IntegerField, Value
from orm.models.functions import (
    SHA224,
    SHA256,
    SHA384,
    SHA512,
    Chr,
    Concat,
    Cot,
    JSONArray,
    JSONObject,
    Length,
    Log,
    Lower,
    Mod,
    Round,
    StrIndex,
    Upper,
)
from orm.sql.lookups import Lookup
from orm.sql.transforms import Transform
from tests.query.models import Everything


@pytest.fixture
def row(database: Any) -> Any:
    return Everything.objects.create(text="Zoë", integer=7, float=2.567, boolean=True, json={"a": [1, None]})


async def test_digests_are_those_of_the_utf8_text(row: Any) -> None:
    for function in (SHA224, SHA256, SHA384, SHA512):
        expected = hashlib.new(function.__name__.lower(), "Zoë".encode()).hexdigest()
        assert await Everything.objects.annotate(x=function("text")).values_list("x", flat=True).aget() == expected
        assert await Everything.objects.annotate(x=function("char")).values_list("x", flat=True).aget() is None


async def test_numeric_functions_of_floats(row: Any) -> None:
    rows = Everything.objects.annotate(
        rounded=Round("float", 1), whole=Round("float"), log=Log(Value(10.0), "float"), rest=Mod("float", Value(1.0)),
        cot=Cot("float"),
    )  # fmt: skip
    found = await rows.aget()
    assert found.rounded == 2.6
    assert found.whole == 3
    assert found.log == pytest.approx(math.log10(2.567))
    assert found.rest == pytest.approx(0.567)
    assert found.cot == pytest.approx(1 / math.tan(2.567))
    assert type(found.rounded) is float


@pytest.mark.parametrize(
    ("value", "precision", "expected"),
    [(2.5, 0, 3), (-2.5, 0, -3), (3.5, 0, 4), (0.25, 1, 0.3), (1449.5, -1, 1450), (-4.9, -1, 0), (1450.5, -2, 1500)],
)
async def test_floats_are_rounded_half_away_from_zero(
    database: Any, value: float, precision: int, expected: float
) -> None:
    await Everything.objects.acreate(float=value)
    found = await Everything.objects.annotate(x=Round("float", precision)).values_list("x", flat=True).aget()
    assert (found, math.copysign(1, found)) == (expected, math.copysign(1, expected))


@pytest.mark.parametrize(("value", "expected"), [(15, 20), (-25, -30), (1449, 1450), (4, 0)])
async def test_whole_numbers_are_rounded_to_tens(database: Any, value: int, expected: int) -> None:
    await Everything.objects.acreate(integer=value)
    rows = Everything.objects.annotate(x=Round("integer", -1), same=Round("integer", 1))
    assert await rows.values_list("x", "same").aget() == (expected, value)


async def test_the_places_of_a_rounded_number_may_be_an_expression(database: Any) -> None:
    await Everything.objects.acreate(float=1449.26, integer=1)
    one = F("integer")
    for places, expected in ((one, 1449.3), ("integer", 1449.3), (Value(1), 1449.3), (one * -2, 1400)):
        found = await Everything.objects.annotate(x=Round("float", places)).values_list("x", flat=True).aget()
        assert found == pytest.approx(expected)


async def test_json_made_of_values(row: Any) -> None:
    made = JSONObject(**{'it\'s "a" key': "text", "n": F("integer") * 2, "on": "boolean", "in": "json", "none": "char"})
    expected = {'it\'s "a" key': "Zoë", "n": 14, "on": True, "in": {"a": [1, None]}, "none": None}
    assert await Everything.objects.annotate(x=made).values_list("x", flat=True).aget() == expected
    listed = JSONArray("text", Value(1), JSONObject(a="integer"), "boolean", Lower("text"))
    assert await Everything.objects.annotate(x=listed).values_list("x", flat=True).aget() == [
        "Zoë", 1, {"a": 7}, True, "zoë",
    ]  # fmt: skip
    assert await Everything.objects.annotate(x=JSONObject(a="integer")).filter(x__a=7).acount() == 1
    assert await Everything.objects.annotate(x=JSONArray()).values_list("x", flat=True).aget() == []


class Longer(Lookup):
    lookup_name = "longer"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"LENGTH({lhs}) > LENGTH({rhs})", [*params, *rhs_params]


class Tripled(Transform):
    lookup_name = "tripled"
    output_field = IntegerField()

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self.lhs)
        return f"({sql} * 3)", params


async def test_lookups_come_and_go(row: Any) -> None:
    """What was compiled before is forgotten both times."""
    for _ in range(2):
        with pytest.raises(FieldError):
            Everything.objects.filter(text__longer="ab")
        CharField.register_lookup(Longer)
        try:
            assert await Everything.objects.filter(slug__longer="ab").acount() == 0
        finally:
            CharField._unregister_lookup(Longer)
        with pytest.raises(FieldError):
            Everything.objects.filter(slug__longer="ab")


async def test_a_lookup_of_one_field(row: Any) -> None:
    field = Everything._meta.get_field("integer")
    field.register_lookup(Tripled)
    try:
        assert await Everything.objects.filter(integer__tripled=21).acount() == 1
        assert await Everything.objects.filter(integer__tripled__gt=21).acount() == 0
        with pytest.raises(FieldError):
            Everything.objects.filter(bigint__tripled=21)
        assert field.get_lookups()["tripled"] is Tripled
        assert "tripled" not in IntegerField.get_class_lookups()
    finally:
        field._unregister_lookup(Tripled)
    with pytest.raises(FieldError):
        Everything.objects.filter(integer__tripled=21)


async def test_a_lookup_of_a_transforms_result(row: Any) -> None:
    CharField.register_lookup(Length)
    Length.register_lookup(Tripled)
    try:
        assert await Everything.objects.filter(slug__length__tripled=3).acount() == 0
    finally:
        Length._unregister_lookup(Tripled)
        CharField._unregister_lookup(Length)
    with pytest.raises(KeyError):
        CharField._unregister_lookup(Length)


@pytest.mark.only(backend="postgresql")
async def test_a_function_of_integers_is_found_for_plain_numbers_and_values(database: Any) -> None:
    """PostgreSQL has no ``left(text, bigint)``: a number is the smallest that it takes for one written in SQL."""
    await Everything.objects.acreate(char="abc")
    for two in (2, Value(2)):
        cut = Func("char", two, function="LEFT", output_field=CharField())
        assert await Everything.objects.values_list(cut, flat=True).aget() == "ab"
    assert await Everything.objects.values_list(Chr(Value(65)), flat=True).aget() == "A"
    assert await Everything.objects.values_list(Chr(Length("char") + 62), flat=True).aget() == "A"
    wide = Func(Value(2**40), function="ABS", output_field=BigIntegerField())
    assert await Everything.objects.values_list(wide, flat=True).aget() == 2**40


@pytest.mark.parametrize("call", [Upper, Length, partial(Concat, "text"), partial(StrIndex, "text")])
@pytest.mark.parametrize("given", [["a"], {"a": 1}, Value(["a"])])
def test_a_list_is_no_text(call: Any, given: Any) -> None:
    with pytest.raises(FieldError, match="takes texts, not"):
        call(given)
