"""Lookups as expressions: ``GreaterThan(F("age"), 3)`` wherever a condition or a value may stand."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import Case, F, Q, Value, When
from orm.sql.lookups import Contains, Exact, GreaterThan, In, IsNull, LessThan
from tests.query.answers import names
from tests.query.models import Author


async def test_values_on_either_side(library: Any) -> None:
    for age in (36, 40):
        assert await names(Author.objects.filter(GreaterThan(F("age"), age))) == await names(
            Author.objects.filter(age__gt=age)
        )
        assert await names(Author.objects.filter(LessThan(age, F("age")))) == await names(
            Author.objects.filter(age__gt=age)
        )
    assert await names(Author.objects.filter(In(F("name"), ["Ada", "Emil"]))) == ["Ada", "Emil"]
    assert await names(Author.objects.filter(Contains(F("name"), "d"))) == await names(
        Author.objects.filter(name__contains="d")
    )
    assert await names(Author.objects.filter(IsNull(F("age"), True))) == await names(
        Author.objects.filter(age__isnull=True)
    )
    assert await names(Author.objects.filter(Q(name="Ada") & ~GreaterThan(F("age"), 36))) == await names(
        Author.objects.filter(name="Ada").exclude(age__gt=36)
    )


async def test_truth_and_none(library: Any) -> None:
    for active in (True, False):
        assert await names(Author.objects.filter(Exact(F("active"), active))) == await names(
            Author.objects.filter(active=active)
        )
    assert await names(Author.objects.filter(Exact(F("age"), None))) == await names(Author.objects.filter(age=None))
    assert await names(Author.objects.filter(In(F("age"), []))) == []


async def test_as_values(library: Any) -> None:
    rows = Author.objects.annotate(old=GreaterThan(F("age"), 36)).filter(age__isnull=False)
    assert {a.name: bool(a.old) async for a in rows} == {
        a.name: a.age > 36 async for a in Author.objects.filter(age__isnull=False)
    }
    rows = Author.objects.annotate(x=Case(When(GreaterThan(2, 1), then=Value(3)), default=Value(4)))
    assert {a.x async for a in rows} == {3}
    rows = Author.objects.annotate(x=Case(When(Exact(F("name"), "Ada"), then=Value(3)), default=Value(4)))
    assert {a.name async for a in rows if a.x == 3} == {"Ada"}


def test_a_condition_says_what_it_is_made_of() -> None:
    condition = Q(name="Ada") | Q(age__gt=F("books__pages")) & ~Q(Case(When(Q(active=True), then=Value(True))))
    assert condition.referenced_base_fields == {"name", "age", "books", "active"}
    inside = list(condition.flatten())
    assert inside[0] is condition
    assert "Ada" in inside
    assert F("books__pages") in inside


def test_what_is_no_condition_is_not_combined_and_slices_are_checked() -> None:
    for combine in (lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a ^ b):
        with pytest.raises(NotImplementedError, match="bitand"):
            combine(F("age"), F("age"))
        with pytest.raises(NotImplementedError, match="bitand"):
            combine(object(), F("age"))
    for part, message in ((-1, "Negative"), (slice(0, 5, 2), "Step"), (slice(4, 2), "Slice stop"), (slice(-2), "Neg")):
        with pytest.raises(ValueError, match=message):
            F("name")[part]
    with pytest.raises(TypeError, match="slice"):
        F("name")["x"]
