"""Conditions as values: chosen, grouped and ordered by, counted, cast; also those that no row or every row meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
    Window,
)
from orm.models.functions import Cast, Coalesce
from tests.counting import Queries
from tests.query import library as L
from tests.query.models import Author, Book, Review

REVIEWED = Exists(Review.objects.filter(book=OuterRef("pk")))
NEVER, ALWAYS = Q(pk__in=[]), ~Q(pk__in=[])

CONDITIONS: dict[str, tuple[Any, Callable[[L.Book], bool]]] = {
    "AND": (Q(pages__gte=100, in_print=True), lambda b: b.pages >= 100 and b.in_print),
    "OR": (Q(pages__gte=300) | Q(in_print=False), lambda b: b.pages >= 300 or not b.in_print),
    "XOR": (Q(pages__gte=100) ^ Q(in_print=True), lambda b: (b.pages >= 100) != b.in_print),
    "NOT": (~Q(pages__gte=100), lambda b: b.pages < 100),
    "exists": (REVIEWED, lambda b: bool(b.reviews)),
    "not exists": (~REVIEWED, lambda b: not b.reviews),
    "exists AND": (REVIEWED & Q(pages__gt=100), lambda b: bool(b.reviews) and b.pages > 100),
    "never": (NEVER, lambda b: False),
    "always": (ALWAYS, lambda b: True),
    "none()": (Exists(Review.objects.none()), lambda b: False),
    "never OR": (NEVER | Q(pages__gte=100), lambda b: b.pages >= 100),
    "wrapped": (ExpressionWrapper(NEVER, output_field=BooleanField()), lambda b: False),
}
each = pytest.mark.parametrize(("condition", "holds"), CONDITIONS.values(), ids=CONDITIONS)


@each
async def test_rows_are_grouped_by_a_condition(library: Any, condition: Any, holds: Callable[[L.Book], bool]) -> None:
    expected = Counter(map(holds, L.books))
    groups = Book.objects.values(flag=condition).annotate(n=Count("pk")).order_by("flag")
    assert [row async for row in groups.values_list("flag", "n")] == sorted(expected.items())
    assert await groups.acount() == len(expected)
    true = [row["n"] async for row in groups.filter(flag=True)]
    assert true == ([expected[True]] if expected[True] else [])


@each
async def test_beside_an_aggregate(library: Any, condition: Any, holds: Callable[[L.Book], bool]) -> None:
    found = Book.objects.annotate(flag=condition, n=Count("reviews"))
    assert {b.pk: (b.flag, b.n) async for b in found} == {b.pk: (holds(b), len(b.reviews)) for b in L.books}


@each
async def test_rows_are_ordered_by_a_condition(library: Any, condition: Any, holds: Callable[[L.Book], bool]) -> None:
    expected = [b.pk for b in sorted(L.books, key=lambda b: (not holds(b), -b.pk))]
    flagged = Book.objects.annotate(flag=condition)
    assert [b.pk async for b in flagged.order_by("-flag", "-pk")] == expected
    assert [b.pk async for b in flagged.order_by(F("flag").desc(), "-pk")] == expected
    assert [b.pk async for b in Book.objects.order_by(Case(When(condition, then=0), default=1), "-pk")] == expected


@each
async def test_as_a_number_and_turned_round(library: Any, condition: Any, holds: Callable[[L.Book], bool]) -> None:
    numbered = Book.objects.annotate(number=Cast(condition, IntegerField()))
    assert {b.pk: b.number async for b in numbered} == {b.pk: int(holds(b)) for b in L.books}
    turned = Book.objects.annotate(flag=condition).annotate(other=~F("flag"))
    assert {b.pk: b.other async for b in turned} == {b.pk: not holds(b) for b in L.books}
    assert {b.pk async for b in turned.filter(~F("flag"))} == {b.pk for b in L.books if not holds(b)}


@each
async def test_rows_that_meet_a_condition_are_counted(
    library: Any, condition: Any, holds: Callable[[L.Book], bool]
) -> None:
    number = sum(map(holds, L.books))
    counted = await Book.objects.annotate(flag=condition).aaggregate(
        n=Count("pk", filter=Q(flag=True)), last=Max(Cast("flag", IntegerField()))
    )
    assert counted == {"n": number, "last": int(number > 0)}
    assert await Book.objects.annotate(flag=condition).filter(flag=False).acount() == len(L.books) - number
    if not isinstance(condition, ExpressionWrapper):
        assert await Book.objects.aaggregate(n=Count("pk", filter=condition)) == {"n": number}


@each
async def test_partition(library: Any, condition: Any, holds: Callable[[L.Book], bool]) -> None:
    expected = Counter(map(holds, L.books))
    together = Book.objects.annotate(n=Window(Count("pk"), partition_by=[condition]))
    assert {b.pk: b.n async for b in together} == {b.pk: expected[holds(b)] for b in L.books}


async def test_a_condition_as_the_value_of_a_case(library: Any) -> None:
    value = Case(When(pages__gte=100, then=NEVER), default=ALWAYS)
    assert {b.pk: b.v async for b in Book.objects.annotate(v=value)} == {b.pk: b.pages < 100 for b in L.books}


async def test_strings_name_fields(library: Any) -> None:
    larger = Case(When(pages__gte=100, then="pages"), default="pk")
    found = {b.pk: b.v async for b in Book.objects.annotate(v=larger)}
    assert found == {b.pk: b.pages if b.pages >= 100 else b.pk for b in L.books}
    words = Case(When(pages__gte=100, then=Value("long")), default=Value("short"))
    assert {b.v async for b in Book.objects.annotate(v=words)} == {"long", "short"}
    await Book.objects.aupdate(title=Case(When(pages__gte=100, then="author__name"), default="title"))
    async for book in Book.objects.select_related("author"):
        row = next(b for b in L.books if b.pk == book.pk)
        assert book.title == (row.author.name if row.pages >= 100 else row.title)


NOTHING: dict[str, Callable[[], Any]] = {
    "none()": lambda: Book.objects.none(),
    "empty list": lambda: Book.objects.filter(pk__in=[]),
    "sliced": lambda: Book.objects.filter(pk__in=[]).order_by("pk")[:3],
    "distinct": lambda: Book.objects.none().distinct(),
    "grouped": lambda: Book.objects.none().annotate(n=Count("reviews")),
    "union": lambda: Book.objects.none().union(Book.objects.filter(pk__in=[])),
}


@pytest.mark.parametrize("make", NOTHING.values(), ids=NOTHING)
async def test_aggregates_over_nothing(library: Any, make: Callable[[], Any]) -> None:
    with Queries() as queries:
        assert await make().aaggregate(s=Sum("pages"), n=Count("pk"), d=Sum("pages", default=7)) == {
            "s": None, "n": 0, "d": 7,
        }  # fmt: skip
        assert await make().aaggregate(s=Coalesce(Sum("pages"), 0)) == {"s": 0}
    assert not queries
    assert await make().aaggregate(s=Coalesce(Sum("pages"), 0) + 1, n=Count("pk") * 2 + 1) == {"s": 1, "n": 1}


async def test_a_filtered_aggregate_of_nobody(library: Any) -> None:
    authors = Author.objects.annotate(none=Count("books", filter=Q(books__in=[])), n=Count("books"))
    assert {a.pk: (a.none, a.n) async for a in authors} == {a.pk: (0, len(a.books)) for a in L.authors}


async def test_one_of_two_conditions_where_the_first_holds_for_no_row(library: Any) -> None:
    """What is unknown is not true for an XOR, so its negation holds, whatever is left of it."""
    young = ~Q(age__gt=30)
    for nobody in (Q(pk__in=[]), Q(pk__in=[], name="x")):
        found = {a.name async for a in Author.objects.exclude(nobody ^ ~young)}
        assert found == {a.name for a in L.authors if a.age is None or a.age <= 30}
        found = {a.name async for a in Author.objects.exclude(nobody ^ young)}
        assert found == {a.name for a in L.authors if a.age is None or a.age > 30}


# -- asked of given values ---------------------------------------------------------------------------------------------

CHECKED: list[tuple[Q, dict[str, Any], bool]] = [
    (Q(pages__gt=1), {"pages": 5}, True),
    (Q(pages__gt=1), {"pages": 0}, False),
    (Q(pages__gt=F("least")), {"pages": Value(3), "least": 4}, False),
    (Q(title__istartswith="no"), {"title": "Notes"}, True),
    (Q(a=1) | ~Q(b=2), {"a": 5, "b": 2}, False),
    (Q(a=1), {"a": Value(None, IntegerField())}, True),  # NULL leaves it open
    (Q(a__in=[]), {"a": 1}, False),
    (~Q(a__in=[]), {"a": 1}, True),
    (Q(), {}, True),
]


@pytest.mark.parametrize(("condition", "given", "met"), CHECKED)
async def test_the_database_says_whether_given_values_meet_a_condition(
    database: Any, condition: Q, given: dict[str, Any], met: bool
) -> None:
    assert await condition.acheck(given) is met


async def test_names_that_were_not_given(database: Any) -> None:
    with pytest.raises(FieldError, match="nope"):
        await Q(nope=1).acheck({"a": 1})


@pytest.mark.only(colour="blocking")
async def test_the_blocking_form_asks_the_same(database: Any) -> None:
    assert Q(a=1).check({"a": 1})
    assert not Q(a=1).check({"a": 2})


async def test_conditions_grow(library: Any) -> None:
    """As those of Django, which are trees: programs build them in loops."""
    either = Q(_connector=Q.OR)
    for name in ("Ada", "Camus"):
        either.add(Q(name=name), Q.OR)
    assert either == Q(name="Ada") | Q(name="Camus")
    either.children.append(("age", 36))
    assert (len(either), ("age", 36) in either) == (3, True)
    wanted = Q(name__in=["Ada", "Camus"]) | Q(age=36)
    assert await Author.objects.filter(either).acount() == await Author.objects.filter(wanted).acount()
    either.negate()
    assert await Author.objects.filter(either).acount() == await Author.objects.exclude(wanted).acount()


async def test_an_empty_condition_joined_by_or_says_nothing(library: Any) -> None:
    grown = Q()
    grown.add(Q(name="Ada"), Q.OR)
    assert await Author.objects.filter(grown).acount() == 1


def test_a_condition_that_grows_leaves_those_it_came_from() -> None:
    first = Q(a=1)
    both = Q() | first
    both.children.append(("b", 2))
    assert first == Q(a=1)
