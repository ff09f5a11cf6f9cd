"""Conditions that stand as values: grouped by, ordered by, annotated, counted, cast, also where they can't be met."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import BooleanField, Case, Count, Exists, F, IntegerField, OuterRef, Q, Sum, Value, When
from orm.models.functions import Cast, Coalesce
from tests.query import library as L
from tests.query.models import Author, Book

EDITED = Exists(Book.objects.filter(editor=OuterRef("pk")))

CONDITIONS: dict[str, tuple[Any, Any]] = {
    "and": (Q(name__gte="B", active=True), lambda a: a.name >= "B" and a.active),
    "or": (Q(name="Ada") | Q(name="Emil"), lambda a: a.name in ("Ada", "Emil")),
    "xor": (Q(active=True) ^ Q(name="Ada"), lambda a: a.active != (a.name == "Ada")),
    "not": (~Q(name="Ada"), lambda a: a.name != "Ada"),
    "not exists": (~EDITED, lambda a: not any(b.editor is a for b in L.books)),
    "exists and": (EDITED & Q(active=True), lambda a: a.active and any(b.editor is a for b in L.books)),
    "never": (Q(pk__in=[]), lambda a: False),
    "always": (~Q(pk__in=[]), lambda a: True),
}


@pytest.mark.parametrize("name", CONDITIONS)
async def test_grouping_by_a_condition_makes_one_group_of_each_value(library: Any, name: str) -> None:
    condition, holds = CONDITIONS[name]
    values = [bool(holds(a)) for a in L.authors]
    groups = Author.objects.values(held=condition).annotate(n=Count("id")).order_by("held")
    found = {bool(row["held"]): row["n"] async for row in groups}
    assert found == {value: values.count(value) for value in set(values)}
    assert await groups.acount() == len(set(values))


@pytest.mark.parametrize("name", CONDITIONS)
async def test_an_annotated_condition_keeps_every_row(library: Any, name: str) -> None:
    condition, holds = CONDITIONS[name]
    rows = Author.objects.annotate(held=condition, books_=Count("books")).order_by("-held", "name")
    found = {author.name: author.held async for author in rows}
    assert found == {a.name: bool(holds(a)) for a in L.authors}
    as_number = Author.objects.annotate(n=Cast(condition, IntegerField())).values_list("name", "n")
    assert {n: v async for n, v in as_number} == {a.name: int(bool(holds(a))) for a in L.authors}
    assert await Author.objects.annotate(held=condition).filter(held=False).acount() == [
        bool(holds(a)) for a in L.authors
    ].count(False)


async def test_ordering_by_what_can_not_be_met_keeps_every_row(library: Any) -> None:
    nothing = Exists(Book.objects.filter(pk__in=[], author=OuterRef("pk")))
    found = [a.name async for a in Author.objects.order_by(nothing.desc(), "name")]
    assert found == sorted(a.name for a in L.authors)


async def test_a_filter_of_an_aggregate_that_can_not_be_met_counts_nothing(library: Any) -> None:
    rows = Author.objects.annotate(n=Count("books", filter=Q(books__pk__in=[])))
    assert {a.n async for a in rows} == {0}
    assert [a.name async for a in Author.objects.filter(Q(pk__in=[]) | Q(name="Ada"))] == ["Ada"]


async def test_a_case_whose_conditions_can_not_be_met_gives_its_default(library: Any) -> None:
    chosen = Case(When(pk__in=[], then=Value(1)), default=Value(2))
    assert {a.x async for a in Author.objects.annotate(x=chosen)} == {2}
    always = Case(When(~Q(pk__in=[]), then=Value(1)), default=Value(2))
    assert {a.x async for a in Author.objects.annotate(x=always)} == {1}


async def test_strings_in_case_name_fields(library: Any) -> None:
    chosen = Case(When(age__isnull=True, then="name"), default="country__name")
    found = {a.name: a.x async for a in Author.objects.annotate(x=chosen)}
    assert found == {
        a.name: a.name if a.age is None else (a.country.name if a.country is not None else None) for a in L.authors
    }
    wrapped = Case(When(active=True, then=F("name")), default=Value("gone"))
    assert (await Author.objects.annotate(x=wrapped).filter(active=False).afirst()).x == "gone"  # type: ignore[union-attr]


@pytest.mark.parametrize("nothing", ["none", "impossible"])
async def test_aggregates_over_nothing_have_the_value_sql_gives_them(library: Any, nothing: str) -> None:
    books = Book.objects.none() if nothing == "none" else Book.objects.filter(pk__in=[])
    found = await books.aaggregate(
        n=Count("id"),
        total=Sum("pages"),
        zero=Coalesce(Sum("pages"), 0),
        seven=Sum("pages", default=7),
        computed=Coalesce(Sum("pages"), Value(1) + Value(2)),
        more=Count("id") + 1,
        whole=Case(When(Q(n=0), then=Value("empty")), default=Value("full")),
    )
    assert found == {"n": 0, "total": None, "zero": 0, "seven": 7, "computed": 3, "more": 1, "whole": "empty"}


async def test_a_condition_is_aggregated(library: Any) -> None:
    found = await Author.objects.aaggregate(n=Sum(Cast(Q(active=True), IntegerField())))
    assert found["n"] == sum(a.active for a in L.authors)
    flags = Author.objects.annotate(flag=Cast(Q(pk__in=[]), BooleanField()))
    assert await flags.filter(flag=True).acount() == 0
