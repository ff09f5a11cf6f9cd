"""Where the parts of the language meet: negation, grouping, DISTINCT, aggregates over subqueries, writes over joins."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from orm.models.functions import Cast, Greatest, Length, Round, Upper
from tests.query import library as L
from tests.query.answers import named, names, titled
from tests.query.models import Author, Book, Publisher, Review

# -- negation ----------------------------------------------------------------------------------------------------------


async def test_excluding_a_negated_condition_gives_each_row_once(library: Any) -> None:
    found = Author.objects.exclude(~Q(books__in_print=True))
    assert await names(found) == named(a for a in L.authors if any(b.in_print for b in a.books))


async def test_excluding_null_two_relations_away_excludes_those_with_no_row_in_between(library: Any) -> None:
    condition = {"books__publisher__name__isnull": True}
    matching = {a.pk async for a in Author.objects.filter(**condition)}
    found = Author.objects.exclude(**condition)
    assert await names(found) == named(a for a in L.authors if a.pk not in matching)


async def test_a_negated_filter_of_an_aggregate_speaks_of_the_joined_row(library: Any) -> None:
    found = Author.objects.annotate(n=Count("books", filter=~Q(books__pages__gt=100)))
    assert {a.name: a.n async for a in found} == {a.name: sum(b.pages <= 100 for b in a.books) for a in L.authors}


async def test_a_negated_condition_of_a_case_speaks_of_the_joined_row(library: Any) -> None:
    long = Case(When(~Q(books__pages__gt=100), then=Value(0)), default=Value(1))
    found = Author.objects.filter(books__isnull=False).annotate(n=Sum(long))
    expected = {a.name: sum(b.pages > 100 for b in a.books) for a in L.authors if a.books}
    assert {a.name: a.n async for a in found} == expected


async def test_a_condition_that_all_rows_meet_leaves_the_parentheses_of_its_neighbour(library: Any) -> None:
    found = Author.objects.annotate(next=F("age") + 1).filter(next__gt=F("age") - 1).exclude(pk__in=[])
    assert await names(found) == named(a for a in L.authors if a.age is not None)
    either = Author.objects.filter(Q(age=36) ^ Q(active=False)).exclude(pk__in=[])
    assert await names(either) == named(a for a in L.authors if (a.age == 36) != (not a.active))


async def test_a_subquery_that_can_give_no_row(library: Any) -> None:
    nobody = Author.objects.filter(name__in=[]).values("pk")
    assert await names(Author.objects.filter(pk__in=nobody)) == []
    assert await names(Author.objects.exclude(pk__in=nobody)) == named(L.authors)


# -- grouping ----------------------------------------------------------------------------------------------------------


async def test_values_of_a_joined_row_are_grouped_by_value(library: Any) -> None:
    found = Book.objects.annotate(n=Count("pk")).filter(pk=L.ROAD.pk).values_list("reviews__reviewer", "n")
    assert sorted([row async for row in found]) == [("Ann", 1), ("Bob", 2)]


async def test_a_second_aggregate_after_values_groups_by_them(library: Any) -> None:
    found = Author.objects.annotate(n=Count("books")).values("country__name").annotate(oldest=Max("age"))
    expected: dict[str | None, int | None] = {}
    for author in L.authors:
        country = author.country.name if author.country else None
        expected[country] = max(filter(None, (author.age, expected.get(country))), default=None)
    rows = [row async for row in found.order_by()]
    assert len(rows) == len(expected)
    assert {row["country__name"]: row["oldest"] for row in rows} == expected


async def test_count_agrees_with_rows_that_an_annotation_multiplies(library: Any) -> None:
    found = Author.objects.annotate(title=Upper("books__title")).annotate(n=Count("age"))
    rows = sum(max(len(a.books), 1) for a in L.authors)
    assert await found.acount() == len([row async for row in found]) == rows
    assert await found.aaggregate(rows=Count("*")) == {"rows": rows}


# -- DISTINCT ----------------------------------------------------------------------------------------------------------


async def test_distinct_rows_are_distinct_by_what_they_are_ordered_by(library: Any) -> None:
    found = Author.objects.filter(pk=L.ADA.pk).distinct().order_by("books__pages")
    assert [a.name async for a in found] == ["Ada", "Ada"]
    assert [row async for row in found.values_list("name", "age")] == [("Ada", 36)] * 2
    assert [row async for row in found.values_list("name", flat=True)] == ["Ada"] * 2
    assert [row async for row in found.values("name")] == [{"name": "Ada"}] * 2
    assert [row.name async for row in found.values_list("name", named=True)] == ["Ada"] * 2


async def test_distinct_rows_in_the_order_of_a_column_they_show(library: Any) -> None:
    found = Book.objects.values_list("pages", flat=True).distinct().order_by("-pages")
    assert [n async for n in found] == sorted({b.pages for b in L.books}, reverse=True)


async def test_aggregates_over_distinct_rows_across_relations(library: Any) -> None:
    found = await Book.objects.distinct().aaggregate(stars=Min("reviews__stars"), n=Count("pk", distinct=True))
    assert found == {"stars": 1, "n": len(L.books)}
    published = Book.objects.filter(publisher__isnull=False).distinct()
    found = await published.aaggregate(youngest=Min("author__age"), n=Count("publisher__name"))
    assert found == {"youngest": 36, "n": sum(b.publisher is not None for b in L.books)}


async def test_deleting_distinct_rows(library: Any) -> None:
    deleted, _ = await Review.objects.filter(book__tags__name="classic").distinct().adelete()
    assert deleted == sum("classic" in review.book.tags for review in L.reviews)
    with pytest.raises(TypeError, match="distinct"):
        await Review.objects.distinct("stars").adelete()


# -- aggregates over subqueries ----------------------------------------------------------------------------------------


async def test_filter_of_an_aggregate_over_groups_across_relations(library: Any) -> None:
    books = Book.objects.annotate(n=Count("pk"))
    found = await books.aaggregate(pages=Sum("pages", filter=Q(author__country__name="France")))
    assert found == {"pages": sum(b.pages for b in L.books if b.author.country is L.FRANCE)}


async def test_filter_of_an_aggregate_over_groups_with_an_expression(library: Any) -> None:
    books = Book.objects.annotate(n=Count("pk"))
    found = await books.aaggregate(pages=Sum("pages", filter=Q(pages__gt=F("author__age") + 100)))
    expected = sum(b.pages for b in L.books if b.author.age is not None and b.pages > b.author.age + 100)
    assert found == {"pages": expected}


async def test_an_average_of_decimals_has_no_noise(library: Any) -> None:
    found = await Book.objects.filter(author=L.CAMUS.pk).aaggregate(mean=Avg("price"))
    assert str(found["mean"].normalize()) == "10.3"


# -- writes ------------------------------------------------------------------------------------------------------------


async def test_update_of_rows_chosen_by_a_negated_relation_and_a_join(library: Any) -> None:
    found = Publisher.objects.exclude(books__title="La Peste").filter(country__name__gt="G")
    expected = [p for p in L.publishers if L.PESTE not in p.books and p.country is not None and p.country.name > "G"]
    assert await found.aupdate(founded=1) == len(expected)
    assert await Publisher.objects.filter(founded=1).acount() == len(expected)


async def test_update_of_rows_annotated_across_a_relation(library: Any) -> None:
    found = Book.objects.annotate(size=Greatest("author__age", Value(3)), n=Length("author__name")).filter(size__gt=40)
    assert await found.exclude(reviews__stars=5).aupdate(pages=F("pages") + 1) == sum(
        b.author.age is not None and b.author.age > 40 and all(r.stars != 5 for r in b.reviews) for b in L.books
    )


async def test_update_with_an_annotation_across_a_relation_is_refused(library: Any) -> None:
    with pytest.raises(FieldError, match="across a relation"):
        await Book.objects.annotate(years=F("author__age") + 1).aupdate(pages=F("years"))


# -- reading -----------------------------------------------------------------------------------------------------------


async def test_the_text_of_a_query_leaves_marks_in_values_alone(library: Any) -> None:
    text = str(Book.objects.filter(title__iregex="^a?$", pages=71).query)
    assert "^a?$" in text
    assert "71" in text


async def test_titles_survive_all_of_it(library: Any) -> None:
    found = Book.objects.annotate(n=Count("reviews")).exclude(~Q(reviews__stars__gte=4)).distinct()
    found = found.order_by("author__name")
    assert sorted([b.title async for b in found]) == titled(b for b in L.books if any(r.stars >= 4 for r in b.reviews))


# -- nothing -----------------------------------------------------------------------------------------------------------


async def test_an_empty_condition_says_nothing_however_it_is_wrapped(library: Any) -> None:
    for found in (
        Author.objects.filter(Q()),
        Author.objects.exclude(Q()),
        Author.objects.filter(~Q(Q(), ~Q())),
        Author.objects.filter(Q(Q()) | Q()),
    ):
        assert await names(found) == named(L.authors)
    assert await names(Author.objects.exclude(Q(), name="Ada")) == named(a for a in L.authors if a is not L.ADA)


async def test_defaults_of_aggregates_over_no_rows(library: Any) -> None:
    wanted = {"total": Sum("pages", default=7), "n": Count("pk"), "mean": Avg("pages")}
    expected = {"total": 7, "n": 0, "mean": None}
    assert await Book.objects.none().aaggregate(**wanted) == expected
    assert await Book.objects.filter(pk=-1).aaggregate(**wanted) == expected
    assert await Book.objects.filter(pk__in=[]).aaggregate(**wanted) == expected


async def test_rows_of_just_one_of_two_querysets(library: Any) -> None:
    """Once for each book, as ``Q(age=36) ^ Q(books__pages__gt=100)`` is about authors and a book of theirs."""
    found = Author.objects.filter(age=36) ^ Author.objects.filter(books__pages__gt=100)
    expected = [
        a for a in L.authors for book in a.books or [None] if (a.age == 36) != (book is not None and book.pages > 100)
    ]
    assert await names(found) == named(expected)


async def test_rounding_a_decimal_gives_one(library: Any) -> None:
    found = Book.objects.filter(pk=L.LETTERS.pk).annotate(r=Round("price", 1)).values_list("r", flat=True)
    assert [str(value.normalize()) async for value in found] == ["1E+1"]


# -- subqueries beside aggregates --------------------------------------------------------------------------------------


async def test_grouping_by_the_value_of_a_subquery(library: Any) -> None:
    writes = Author.objects.annotate(writes=Exists(Book.objects.filter(author=OuterRef("pk")))).values("writes")
    rows = [row async for row in writes.annotate(n=Count("pk")).order_by("writes")]
    writers = sum(bool(a.books) for a in L.authors)
    assert rows == [{"writes": False, "n": len(L.authors) - writers}, {"writes": True, "n": writers}]
    shortest = Book.objects.filter(author=OuterRef("pk")).order_by("pages").values("pages")[:1]
    pages = Author.objects.annotate(least=Subquery(shortest)).values_list("least").annotate(n=Count("pk"))
    expected = Counter(min((b.pages for b in a.books), default=None) for a in L.authors)
    assert {least: n async for least, n in pages} == expected
    assert await pages.acount() == len(expected)
    assert await pages.filter(n__gt=1).acount() == sum(n > 1 for n in expected.values())


async def test_a_negated_filter_over_groups_counts_null(library: Any) -> None:
    authors = Author.objects.annotate(written=Count("books"))
    found = await authors.aaggregate(n=Count("pk", filter=~Q(age=36)), m=Count("pk", filter=~Q(written=0)))
    assert found == {"n": sum(a.age != 36 for a in L.authors), "m": sum(bool(a.books) for a in L.authors)}


# -- what can't be meant -----------------------------------------------------------------------------------------------


async def test_a_cast_to_something_that_is_no_type(library: Any) -> None:
    with pytest.raises(TypeError, match="takes a field"):
        Cast("age", "integer; DROP TABLE")  # type: ignore[arg-type]


async def test_a_template_with_more_marks_than_values(library: Any) -> None:
    with pytest.raises(ValueError, match="more placeholders than parameters"):
        await Author.objects.annotate(x=Func("age", template="%(name)s(%(expressions)s)", name="%s"))


WITHOUT_Q = """
import orm
from orm.models import CharField, CheckConstraint, Model
from orm.models.functions import Length
from orm.sql.lookups import GreaterThan

orm.configure("sqlite://:memory:")

class Named(Model):
    name = CharField(max_length=9)

    class Meta:
        app_label = "named"
        constraints = [CheckConstraint(condition=GreaterThan(Length("name"), 2), name="long")]

Named(name="abc").validate_constraints()
try:
    Named(name="ab").validate_constraints()
except orm.errors.ValidationError as error:
    print(error.messages)
"""


def test_the_database_judges_where_nobody_imported_q() -> None:
    told = subprocess.check_output([sys.executable, "-c", WITHOUT_Q], text=True)
    assert told == "['Constraint “long” is violated.']\n"
