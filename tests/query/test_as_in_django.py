"""What programs written for Django get from a query, where running them under both showed a difference.

The words of errors are Django's at the beginning, since programs and their tests look for them; what helps stands
after them.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import orm
from orm.errors import FieldDoesNotExist, FieldError, NotSupportedError
from orm.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    RowRange,
    StdDev,
    Sum,
    Value,
    ValueRange,
    When,
    Window,
    WindowFrameExclusion,
)
from orm.models.functions import Left, Length, Lower, LPad, Random, Repeat, Right, Sqrt, Substr, TruncDay
from tests.query import library as L
from tests.query.answers import titles
from tests.query.models import Author, Book, Counter, Review

rows: Any = RowRange  # for what a type checker would not let pass


class Rated(Review):
    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        proxy = True
        app_label = "query"
        ordering = ["reviewer"]


# -- conditions --------------------------------------------------------------------------------------------------------


async def test_a_pair_of_lookup_and_value_is_a_condition(library: Any) -> None:
    for title in (L.books[0].title, L.books[1].title):  # the second time the shape is known
        assert await titles(Book.objects.filter(("title", title))) == [title]
    assert len(await titles(Book.objects.exclude(("title", L.books[0].title), in_print=True))) < len(L.books)


async def test_in_takes_an_expression(library: Any) -> None:
    assert await Book.objects.filter(pages__in=F("pages")).acount() == len(L.books)


@pytest.mark.parametrize("pair", [None, 5, (1,), (1, 2, 3)])
async def test_a_range_is_a_pair(library: Any, pair: Any) -> None:
    await Book.objects.filter(pages__range=(1, 2)).acount()
    with pytest.raises(TypeError, match="range takes a pair"):
        Book.objects.filter(pages__range=pair)


@pytest.mark.parametrize(
    ("lookups", "message"),
    [
        (
            {"title__starts": "x"},
            "Unsupported lookup 'starts' for CharField or join on the field not permitted, perhaps",
        ),
        ({"title__starts": "x"}, "perhaps you meant startswith or istartswith?"),
        ({"published__year__x": 1}, "Unsupported lookup 'x' for IntegerField or join on the field not permitted."),
        ({"author__contains": 1}, "Unsupported lookup 'contains' for ForeignKey or join on the field not permitted."),
        ({"reviews__x": 1}, "Unsupported lookup 'x' for ManyToOneRel or join on the field not permitted."),
        ({"tags__x": 1}, "Unsupported lookup 'x' for ForeignKey or join on the field not permitted."),
    ],
)
def test_an_unknown_lookup_is_named_with_the_field_s_class(lookups: dict[str, Any], message: str) -> None:
    with pytest.raises(FieldError, match=re.escape(message)):
        Book.objects.filter(**lookups)


@pytest.mark.parametrize(
    ("lookups", "error", "message"),
    [
        ({"title__isnull": 1}, ValueError, "The QuerySet value for an isnull lookup must be True or False."),
        ({"title__isnull": None}, ValueError, "Cannot use None as a query value"),
        ({"pk": [1]}, TypeError, "Field 'id' expected a number but got [1]."),
        ({"author": [1]}, TypeError, "Field 'id' expected a number but got [1]."),
    ],
)
def test_a_value_that_a_lookup_does_not_take(lookups: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Book.objects.filter(**lookups)


def test_equality_takes_one_row_of_a_queryset() -> None:
    said = "The QuerySet value for an exact lookup must be limited to one result using slicing."
    with pytest.raises(ValueError, match=said):
        Book.objects.filter(author=Author.objects.all())


def test_what_has_no_truth_value_is_no_condition() -> None:
    with pytest.raises(TypeError, match="Cannot filter against a non-conditional expression."):
        Book.objects.filter(Lower("title"))


# -- rows and their order ----------------------------------------------------------------------------------------------


async def test_in_bulk_keeps_the_order_of_the_query(library: Any) -> None:
    found = await Book.objects.order_by("-title").ain_bulk([b.pk for b in L.books])
    assert [b.title for b in found.values()] == sorted((b.title for b in L.books), reverse=True)


async def test_in_bulk_by_a_field_that_distinct_makes_unique(library: Any, server: Any) -> None:
    queryset = Book.objects.order_by("title").distinct("title")
    if server.name == "sqlite":
        with pytest.raises(NotSupportedError, match="DISTINCT ON fields is not supported by this database backend"):
            await queryset.ain_bulk(field_name="title")
    else:
        assert list(await queryset.ain_bulk(field_name="title")) == sorted({b.title for b in L.books})


async def test_in_bulk_by_no_field(library: Any) -> None:
    with pytest.raises(FieldDoesNotExist):
        await Book.objects.ain_bulk([1], field_name="nope")


async def test_a_slice_can_be_annotated(library: Any) -> None:
    cut = Book.objects.order_by("pages", "pk")[:2].annotate(twice=F("pages") * 2)
    assert [twice async for twice in cut.values_list("twice", flat=True)] == [
        b.pages * 2 for b in sorted(L.books, key=lambda b: (b.pages, b.pk))[:2]
    ]


async def test_a_slice_has_no_different_dates(library: Any) -> None:
    with pytest.raises(TypeError, match="Cannot create distinct fields once a slice has been taken."):
        Book.objects.all()[:2].dates("published", "day")


async def test_datetimes_of_related_rows_are_those_of_rows_that_have_one(library: Any) -> None:
    """What is left out for being NULL is the row that the moment is read from, not another of the same relation."""
    moments = {b.added.replace(minute=0, second=0, microsecond=0) for b in L.books if b.added}
    assert await Author.objects.datetimes("books__added", "hour") == sorted(moments)


async def test_merging_two_extra_selects_is_refused(library: Any) -> None:
    left, right = (Book.objects.extra(select={"x": "1"}) for _ in range(2))
    with pytest.raises(ValueError, match="you cannot have extra"):
        _ = left | right


async def test_an_extra_table_that_is_there_is_not_joined_again(library: Any) -> None:
    assert await Book.objects.extra(tables=["query_book"]).acount() == len(L.books)


# -- aggregates and expressions ----------------------------------------------------------------------------------------


async def test_different_values_are_summed_whatever_the_default_order(library: Any) -> None:
    found = await Rated.objects.values("stars").distinct().aaggregate(total=Sum("stars"))
    assert found == {"total": sum({r.stars for r in L.reviews})}


async def test_named_aggregates_come_before_those_that_name_themselves(library: Any) -> None:
    assert list(await Book.objects.aaggregate(Max("pages"), least=Min("pages"))) == ["least", "pages__max"]


async def test_statistics_of_decimals_are_decimals(library: Any) -> None:
    found = await Book.objects.aaggregate(exact=StdDev("price"), binary=StdDev("pages"))
    assert [type(found[name]) for name in ("exact", "binary")] == [Decimal, float]
    roots = Book.objects.exclude(price=None).annotate(root=Sqrt("price")).values_list("root", flat=True)
    assert {type(root) async for root in roots} == {Decimal}


async def test_computed_decimals_have_the_digits_that_django_reads(library: Any, server: Any) -> None:
    """Only under the legacy answers, and only on SQLite, which has no exact numbers."""
    orm.configure(same_everywhere=False)
    try:
        prices = [b.price for b in L.books if b.price is not None]
        total = (await Book.objects.aaggregate(total=Sum("price")))["total"]
        assert total == sum(prices)
        assert str(total) == (f"{sum(prices):.15g}".ljust(16, "0") if server.name == "sqlite" else str(sum(prices)))
    finally:
        orm.configure(same_everywhere=True)


async def test_texts_are_not_added(database: Any) -> None:
    with pytest.raises(FieldError, match="involving these types: CharField, CharField. You must set output_field"):
        await Book.objects.annotate(both=F("title") + "!")


async def test_mixed_types_are_named_as_fields(database: Any) -> None:
    with pytest.raises(FieldError, match="Expression contains mixed types: CharField, IntegerField."):
        await Book.objects.annotate(kind=Case(When(pages=1, then=Value("x")), default=Value(3))).values_list("kind")


@pytest.mark.parametrize("given", [(), (F("pages"),), ("x",)])
def test_a_case_needs_conditions(given: tuple[Any, ...]) -> None:
    make: Any = When
    with pytest.raises(TypeError, match="supports a Q object, a boolean expression, or lookups as a condition."):
        make(*given, then=1)


def test_an_empty_condition_is_none() -> None:
    with pytest.raises(ValueError, match=re.escape("An empty Q() can't be used as a When() condition.")):
        When(Q(), then=1)


# -- windows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exclusion", "seen"),
    [
        (WindowFrameExclusion.CURRENT_ROW, [9, 8, 7]),
        (WindowFrameExclusion.GROUP, [9, 8, 7]),
        (WindowFrameExclusion.NO_OTHERS, [10, 10, 10]),
    ],
)
async def test_rows_are_excluded_from_a_frame(database: Any, exclusion: WindowFrameExclusion, seen: list[int]) -> None:
    await Counter.objects.abulk_create([Counter(key=str(n), value=n) for n in (1, 2, 3, 4)])
    frame = RowRange(start=None, end=None, exclusion=exclusion)
    rows = Counter.objects.annotate(others=Window(Sum("value"), order_by="value", frame=frame)).order_by("value")
    assert (await rows.values_list("others", flat=True))[:3] == seen


async def test_ties_are_excluded_from_a_frame(database: Any) -> None:
    await Counter.objects.abulk_create([Counter(key=str(n), value=value) for n, value in enumerate((1, 1, 3))])
    frame = ValueRange(start=None, end=0, exclusion=WindowFrameExclusion.TIES)
    rows = Counter.objects.annotate(seen=Window(Sum("value"), order_by="value", frame=frame)).order_by("value", "key")
    assert await rows.values_list("seen", flat=True) == [1, 1, 5]


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (
            lambda: rows(start="a"),
            ValueError,
            "start argument must be an integer, zero, or None, but got 'a'.",
        ),
        (lambda: ValueRange(start=3), ValueError, "start argument must be a negative integer, zero, or None"),
        (lambda: ValueRange(end=-3), ValueError, "end argument must be a positive integer, zero, or None"),
        (lambda: RowRange(start=2, end=1), ValueError, "start cannot be greater than end."),
        (
            lambda: rows(exclusion="TIES"),
            TypeError,
            "RowRange.exclusion must be a WindowFrameExclusion instance.",
        ),
        (lambda: Window(Lower("title")), ValueError, "Expression 'Lower' isn't compatible with OVER clauses."),
        (lambda: Window(Count("pk"), order_by=5), ValueError, "Window.order_by must be either a string reference"),
    ],
)
def test_a_window_that_is_none(frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        frame()


def test_windows_are_shown_as_what_they_are() -> None:
    assert repr(RowRange(start=-1, end=0)) == "<RowRange: ROWS BETWEEN 1 PRECEDING AND CURRENT ROW>"
    assert repr(Window(Sum("n"), partition_by="s")) == "<Window: Sum(F(n)) OVER (PARTITION BY F(s))>"


# -- writes ------------------------------------------------------------------------------------------------------------


async def test_update_takes_a_queryset_and_a_condition(library: Any) -> None:
    longest = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
    thick = Book.objects.filter(reviews__isnull=False)
    await thick.aupdate(pages=longest, in_print=Q(title__startswith="A"))
    expected = {b.title: (max(r.stars for r in b.reviews), b.title.startswith("A")) for b in L.books if b.reviews}
    assert {b.title: (b.pages, b.in_print) async for b in thick} == expected


async def test_a_condition_of_an_update_may_name_what_lies_across_a_relation(library: Any) -> None:
    older = Case(When(pages__gt=F("author__age"), then=Value(1)), default=Value(0), output_field=IntegerField())
    await Book.objects.aupdate(pages=older)
    expected = {b.title: int(b.author.age is not None and b.pages > b.author.age) for b in L.books}
    assert {b.title: b.pages async for b in Book.objects.all()} == expected


@pytest.mark.parametrize("name", ["books", "profile", "friends"])
async def test_update_sets_columns_only(library: Any, name: str) -> None:
    with pytest.raises(
        FieldError, match="Cannot update model field .* \\(only non-relations and foreign keys permitted"
    ):
        await Author.objects.aupdate(**{name: 1})


# -- SQL by hand -------------------------------------------------------------------------------------------------------


async def test_columns_of_a_raw_query_come_in_any_order(library: Any) -> None:
    """All columns of the model, none of them where the model has it: each goes to its own field."""
    columns = [field.column for field in reversed(Author._meta.concrete_fields)]
    found = await Author.objects.raw(f"SELECT {', '.join(columns)}, id FROM query_author ORDER BY id")
    assert [(a.pk, a.name, a.age, a.born) for a in found] == [(a.pk, a.name, a.age, a.born) for a in L.authors]


def test_a_raw_query_is_shown_with_its_parameters() -> None:
    query = Author.objects.raw("SELECT * FROM query_author WHERE name = %s", ["Ada"]).query
    assert (str(query), repr(query)) == (
        "SELECT * FROM query_author WHERE name = Ada",
        "<RawQuery: SELECT * FROM query_author WHERE name = Ada>",
    )


def test_a_raw_query_is_iterated(server: Any, library: Any) -> None:
    rows = Author.objects.raw("SELECT * FROM query_author WHERE name IN (%s)", {"Ada"})
    assert [a.name for a in rows.iterator()] == ["Ada"]


# -- functions ---------------------------------------------------------------------------------------------------------


async def test_a_random_number_is_from_0_up_to_1(library: Any) -> None:
    drawn = Book.objects.annotate(chance=Random())
    assert await drawn.filter(chance__gte=0, chance__lt=1).acount() == len(L.books)


async def test_functions_that_count_characters_take_sums(library: Any) -> None:
    found = Book.objects.annotate(
        less=Left("title", Length("title") - 1),
        last=Right("title", Length("title") - 1),
        rest=Substr("title", F("pages") * 0 + 2, Length("title") + 1),
        often=Repeat("title", F("pages") * 0 + 2),
        wide=LPad("title", Length("title") + 1, Value("-")),
    )
    rows = {row["title"]: row async for row in found.values("title", "less", "last", "rest", "often", "wide")}
    for title, row in rows.items():
        assert (row["less"], row["last"], row["rest"]) == (title[:-1], title[1:], title[1:])
        assert (row["often"], row["wide"]) == (title * 2, f"-{title}")


async def test_moments_cut_in_utc_say_so_as_django_says_it(library: Any) -> None:
    """Only under the legacy answers; natively the zone is that of all moments."""
    cut = Book.objects.exclude(added=None).annotate(day=TruncDay("added")).values_list("day", flat=True)
    assert {moment.tzinfo async for moment in cut} == {datetime.UTC}
    orm.configure(same_everywhere=False)
    try:
        cut = Book.objects.exclude(added=None).annotate(day=TruncDay("added")).values_list("day", flat=True)
        assert {moment.tzinfo async for moment in cut} == {ZoneInfo("UTC")}
    finally:
        orm.configure(same_everywhere=True)


@pytest.mark.only(colour="blocking")
def test_raw_deletes_are_done_at_once_in_blocking_code(counters: list[Counter]) -> None:
    mine = Counter.objects.filter(value__gt=2)
    expected = mine.count()
    assert mine._raw_delete("default") == expected > 0
    assert not mine.all().exists()
