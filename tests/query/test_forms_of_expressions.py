"""Expressions and conditions as Python objects: how they show themselves, compare, and are made again."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import (
    Avg,
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OrderBy,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
    Variance,
    When,
)
from orm.models.functions import Coalesce, Lower, Now, Substr
from orm.sql.expressions import CombinedExpression, Expression, NegatedExpression
from orm.sql.handwritten import RawSQL
from tests.query.models import Author, Book

SHOWN = [
    (F("a"), "F(a)"),
    (OuterRef("a")[1:5], "Sliced(OuterRef(a), slice(1, 5, None))"),
    (F("a") + F("b"), "<CombinedExpression: F(a) + F(b)>"),
    (ExpressionWrapper(F("a") + 1, IntegerField()), "ExpressionWrapper(F(a) + Value(1))"),
    (Func("a", function="TO_CHAR"), "Func(F(a), function=TO_CHAR)"),
    (Substr("a", 1, 3), "Substr(F(a), Value(1), Value(3))"),
    (OrderBy(Value(1)), "OrderBy(Value(1), descending=False)"),
    (RawSQL("a.b = %s", [1]), "RawSQL(a.b = %s, [1])"),
    (Case(When(a=1)), "<Case: CASE WHEN <Q: (AND: ('a', 1))> THEN Value(None), ELSE Value(None)>"),
    (Count("*"), "Count('*')"),
    (Count("a", distinct=True, filter=Q(b=1)), "Count(F(a), distinct=True, filter=(AND: ('b', 1)))"),
    (Variance("a", sample=True), "Variance(F(a), sample=True)"),
    (~Q(a=1) | Q(b=2), "<Q: (OR: (NOT (AND: ('a', 1))), ('b', 2))>"),
]


@pytest.mark.parametrize(("expression", "shown"), SHOWN, ids=[shown for _, shown in SHOWN])
def test_expressions_show_what_they_are_made_of(expression: Any, shown: str) -> None:
    assert repr(expression) == shown


def test_a_subquery_is_shown_without_being_run() -> None:
    assert repr(Exists(Book.objects.filter(author=OuterRef("pk")))) == "Exists(Book)"


@pytest.mark.parametrize(
    "made",
    [
        F("a"), Value("x", output_field=CharField()), Q(a=1), ~Q(a=1), Q(a=1) | Q(b=2), Q(a=1) ^ Q(b=F("c")),
        Lower("a"), Coalesce("a", Value(1)), OrderBy(F("a"), descending=True),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_taken_apart_can_be_made_again(made: Any) -> None:
    path, args, options = made.deconstruct()
    assert path.rpartition(".")[2] == type(made).__name__
    assert type(made)(*args, **options) == made


def test_arguments_that_are_as_usual_are_left_out() -> None:
    assert Value("x").deconstruct()[1:] == (("x",), {})
    assert Q(b=1, a=2).deconstruct()[1:] == ((("a", 2), ("b", 1)), {})


def test_conditions_are_equal_whatever_kind_of_list_they_name() -> None:
    assert Q(pk__in=[1, 2]) == Q(pk__in=(1, 2)) == Q(pk__in={1: "a", 2: "b"}.keys())
    assert hash(Q(pk__in=[1, 2])) == hash(Q(pk__in=(1, 2)))
    assert Q(a=1) != Q(a=2)


def test_a_condition_and_nothing_is_a_copy_of_the_condition() -> None:
    condition = Q(a=1)
    for combined in (condition & Q(), Q() | condition, condition ^ Q()):
        assert combined == condition
        assert combined is not condition


def test_nothing_and_an_expression_is_the_expression() -> None:
    assert isinstance(Q() & ~Exists(Book.objects.all()), NegatedExpression)


def test_conditions_are_made_of_a_list() -> None:
    assert Q.create([("a", 1), ("b", 2)], connector=Q.OR) == Q(a=1) | Q(b=2)
    with pytest.raises(ValueError, match="_connector must be one of 'AND', 'OR', 'XOR', or None"):
        Q(_connector="evil")


def test_two_negations_are_none() -> None:
    field = F("a")
    assert ~~field == field


def test_a_reference_has_no_items() -> None:
    with pytest.raises(TypeError, match="argument of type 'F' is not iterable"):
        assert "a" in F("a")


def test_nulls_are_first_or_last_or_where_the_database_has_them() -> None:
    with pytest.raises(ValueError, match="values must be True or None"):
        F("a").asc(nulls_first=False)
    with pytest.raises(ValueError, match="mutually exclusive"):
        F("a").asc(nulls_first=True, nulls_last=True)


@pytest.mark.parametrize("aggregate", [Avg, Count, Sum, Variance])
def test_aggregates_take_one_expression(aggregate: Any) -> None:
    with pytest.raises(TypeError):
        aggregate(Value(1), Value(2), Value(3))


def test_an_output_field_may_be_given_as_a_class() -> None:
    assert isinstance(Value(1, output_field=IntegerField).output_field, IntegerField)  # type: ignore[arg-type]


def test_a_type_said_by_a_class_is_seen_by_what_is_around_it() -> None:
    class Inner(Func):
        output_field = CharField()  # type: ignore[assignment]

    assert Func(Inner("a")).output_field is Inner.output_field


@pytest.mark.parametrize("connector", ["+", "*", "/"])
def test_two_dates_can_only_be_subtracted(connector: str) -> None:
    born = Author._meta.get_field("born")
    with pytest.raises(FieldError, match=r"Cannot infer type of '.*DateField, DateField. You must set output_field"):
        _ = CombinedExpression(Expression(born), connector, Expression(born)).output_field


def test_a_subquery_takes_a_query_as_well() -> None:
    rows = Book.objects.values("pages")
    assert Subquery(rows.query).output_field.kind == Subquery(rows).output_field.kind == "integer"


class Noon(Now):
    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        return super().as_sql(compiler, connection, template="'2024-01-01 12:00:00'", **extra_context)


async def test_a_subclass_of_now_may_say_what_it_is(library: Any) -> None:
    found = await Author.objects.annotate(noon=Noon(output_field=TextField())).values_list("noon", flat=True).afirst()
    assert found == "2024-01-01 12:00:00"
