"""aggregate() and annotate(): what is counted, grouped and filtered, against sums done in Python."""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from orm.errors import FieldError, NotSupportedError
from orm.models import Avg, Count, DecimalField, F, FloatField, IntegerField, Max, Min, Q, StdDev, Sum, Value, Variance
from orm.models.functions import Coalesce, Length, Upper
from tests.query import library as L
from tests.query.answers import named, titled
from tests.query.models import Author, Book, Country, Publisher, Review, Tag

AGES = [a.age for a in L.authors if a.age is not None]
PRICES = [b.price for b in L.books if b.price is not None]


# -- aggregate() -------------------------------------------------------------------------------------------------------


async def test_the_condition_of_a_count_may_come_second(library: Any) -> None:
    counted = await Book.objects.aaggregate(n=Count("pk", Q(pages__gt=200)))
    assert counted["n"] == await Book.objects.filter(pages__gt=200).acount()


async def test_count_star(library: Any) -> None:
    assert await Author.objects.aaggregate(n=Count("*")) == {"n": len(L.authors)}


async def test_count_of_a_column_leaves_nulls_out(library: Any) -> None:
    assert await Author.objects.aaggregate(Count("age")) == {"age__count": len(AGES)}


async def test_count_distinct(library: Any) -> None:
    assert await Author.objects.aaggregate(n=Count("age", distinct=True)) == {"n": len(set(AGES))}


async def test_sum(library: Any) -> None:
    assert await Author.objects.aaggregate(Sum("age")) == {"age__sum": sum(AGES)}


async def test_sum_of_decimals_is_exact(library: Any) -> None:
    found = await Book.objects.aaggregate(total=Sum("price"))
    assert found == {"total": sum(PRICES)}
    assert isinstance(found["total"], Decimal)


async def test_sum_of_integers_is_an_integer(library: Any) -> None:
    assert type((await Author.objects.aaggregate(n=Sum("age")))["n"]) is int


async def test_average_of_integers_is_a_float(library: Any) -> None:
    found = (await Author.objects.aaggregate(n=Avg("age")))["n"]
    assert type(found) is float
    assert math.isclose(found, statistics.mean(AGES))


async def test_average_of_decimals_is_a_decimal(library: Any) -> None:
    found = (await Book.objects.aaggregate(n=Avg("price")))["n"]
    assert isinstance(found, Decimal)
    assert math.isclose(found, statistics.mean(PRICES))


async def test_minimum_and_maximum(library: Any) -> None:
    found = await Author.objects.aaggregate(Min("age"), Max("age"))
    assert found == {"age__min": min(AGES), "age__max": max(AGES)}


async def test_minimum_and_maximum_of_dates(library: Any) -> None:
    dates = [a.born for a in L.authors if a.born]
    found = await Author.objects.aaggregate(first=Min("born"), last=Max("born"))
    assert found == {"first": min(dates), "last": max(dates)}


async def test_maximum_of_datetimes(library: Any) -> None:
    found = await Book.objects.aaggregate(last=Max("added"))
    assert found == {"last": max(b.added for b in L.books if b.added)}


async def test_minimum_of_text(library: Any) -> None:
    assert (await Author.objects.aaggregate(first=Min("name")))["first"] == "Ada"


async def test_standard_deviation_and_variance(library: Any) -> None:
    found = await Author.objects.aaggregate(
        dev=StdDev("age"),
        var=Variance("age"),
        sample_dev=StdDev("age", sample=True),
        sample_var=Variance("age", sample=True),
    )
    expected = (statistics.pstdev(AGES), statistics.pvariance(AGES), statistics.stdev(AGES), statistics.variance(AGES))
    for got, wanted in zip(found.values(), expected, strict=True):
        assert math.isclose(got, wanted, rel_tol=1e-9)


async def test_aggregate_of_nothing_is_none_and_count_is_zero(library: Any) -> None:
    found = await Author.objects.filter(name="Nobody").aaggregate(n=Count("pk"), total=Sum("age"), mean=Avg("age"))
    assert found == {"n": 0, "total": None, "mean": None}


async def test_aggregate_default(library: Any) -> None:
    found = await Author.objects.filter(name="Nobody").aaggregate(
        total=Sum("age", default=0), low=Min("age", default=99)
    )
    assert found == {"total": 0, "low": 99}


async def test_aggregate_over_none(library: Any) -> None:
    assert await Author.objects.none().aaggregate(n=Count("pk"), total=Sum("age")) == {"n": 0, "total": None}


async def test_aggregate_of_an_expression(library: Any) -> None:
    found = await Book.objects.aaggregate(n=Sum(F("pages") * 2 + 1))
    assert found == {"n": sum(b.pages * 2 + 1 for b in L.books)}


async def test_arithmetic_on_aggregates(library: Any) -> None:
    found = await Author.objects.aaggregate(span=Max("age") - Min("age"))
    assert found == {"span": max(AGES) - min(AGES)}


async def test_aggregate_with_a_filter_of_its_own(library: Any) -> None:
    found = await Author.objects.aaggregate(n=Count("pk"), active=Count("pk", filter=Q(active=True)))
    assert found == {"n": len(L.authors), "active": len([a for a in L.authors if a.active])}


async def test_aggregate_across_a_relation(library: Any) -> None:
    found = await Book.objects.filter(publisher__name="Penguin").aaggregate(n=Avg("author__age"))
    ages = [b.author.age for b in L.PENGUIN.books if b.author.age is not None]
    assert math.isclose(found["n"], statistics.mean(ages))


async def test_aggregate_across_many_rows(library: Any) -> None:
    found = await Author.objects.filter(active=True).aaggregate(n=Sum("books__pages"))
    assert found == {"n": sum(b.pages for b in L.books if b.author.active)}


async def test_aggregate_of_a_slice_sees_only_the_slice(library: Any) -> None:
    found = await Book.objects.order_by("-pages", "pk")[:3].aaggregate(n=Sum("pages"))
    assert found == {"n": sum(sorted((b.pages for b in L.books), reverse=True)[:3])}


async def test_aggregate_of_distinct_rows(library: Any) -> None:
    found = await Book.objects.values("pages").distinct().aaggregate(n=Sum("pages"))
    assert found == {"n": sum({b.pages for b in L.books})}


async def test_aggregate_of_an_annotation(library: Any) -> None:
    found = await Author.objects.annotate(n=Count("books")).aaggregate(most=Max("n"), mean=Avg("n"))
    counts = [len(a.books) for a in L.authors]
    assert found["most"] == max(counts)
    assert math.isclose(found["mean"], statistics.mean(counts))


async def test_aggregate_of_grouped_values(library: Any) -> None:
    found = await Book.objects.values("publisher").annotate(total=Sum("pages")).aaggregate(most=Max("total"))
    totals: Counter[Any] = Counter()
    for book in L.books:
        totals[book.publisher] += book.pages
    assert found == {"most": max(totals.values())}


async def test_aggregate_default_alias_across_a_relation(library: Any) -> None:
    assert list(await Author.objects.aaggregate(Count("books"))) == ["books__count"]


async def test_aggregate_of_an_expression_needs_a_name(library: Any) -> None:
    with pytest.raises(TypeError):
        await Author.objects.aaggregate(Sum(F("age") + 1))


async def test_aggregate_refuses_what_is_not_an_aggregate(library: Any) -> None:
    with pytest.raises((TypeError, FieldError)):
        await Author.objects.aaggregate(x=Upper("name"))


async def test_count_after_annotation_with_an_aggregate(library: Any) -> None:
    found = Author.objects.annotate(n=Count("books")).filter(n__gte=2)
    assert await found.acount() == len([a for a in L.authors if len(a.books) >= 2])


async def test_count_of_a_slice(library: Any) -> None:
    assert await Book.objects.all()[2:5].acount() == 3
    assert await Book.objects.all()[6:50].acount() == len(L.books) - 6
    assert await Book.objects.all()[50:60].acount() == 0


# -- annotate(): counting related rows ---------------------------------------------------------------------------------


async def test_annotated_count_of_a_reverse_relation(library: Any) -> None:
    found = {a.name: a.n async for a in Author.objects.annotate(n=Count("books"))}
    assert found == {a.name: len(a.books) for a in L.authors}


async def test_annotated_count_of_a_many_to_many(library: Any) -> None:
    found = {b.title: b.n async for b in Book.objects.annotate(n=Count("tags"))}
    assert found == {b.title: len(b.tags) for b in L.books}


async def test_annotation_without_a_name_takes_its_own(library: Any) -> None:
    found = {a.name: a.books__count async for a in Author.objects.annotate(Count("books"))}
    assert found["Ada"] == 2


async def test_annotated_aggregates_of_related_columns(library: Any) -> None:
    found = {
        a.name: (a.total, a.longest)
        async for a in Author.objects.annotate(total=Sum("books__price"), longest=Max("books__pages"))
    }
    expected = {}
    for author in L.authors:
        prices = [b.price for b in author.books if b.price is not None]
        expected[author.name] = (sum(prices) if prices else None, max((b.pages for b in author.books), default=None))
    assert found == expected


async def test_annotated_sum_with_default(library: Any) -> None:
    found = {a.name: a.n async for a in Author.objects.annotate(n=Sum("books__pages", default=0))}
    assert found == {a.name: sum(b.pages for b in a.books) for a in L.authors}


async def test_annotated_count_with_filter(library: Any) -> None:
    found = {a.name: a.n async for a in Author.objects.annotate(n=Count("books", filter=Q(books__pages__gte=100)))}
    assert found == {a.name: len([b for b in a.books if b.pages >= 100]) for a in L.authors}


async def test_two_annotations_over_different_relations_multiply(library: Any) -> None:
    """As Django documents: joins multiply rows, and distinct=True is the remedy for Count."""
    found = {b.title: (b.t, b.r) async for b in Book.objects.annotate(t=Count("tags"), r=Count("reviews"))}
    assert found == {
        b.title: (len(b.tags) * max(len(b.reviews), 1), len(b.reviews) * max(len(b.tags), 1)) for b in L.books
    }


async def test_two_distinct_counts_over_different_relations(library: Any) -> None:
    queryset = Book.objects.annotate(t=Count("tags", distinct=True), r=Count("reviews", distinct=True))
    found = {b.title: (b.t, b.r) async for b in queryset}
    assert found == {b.title: (len(b.tags), len(b.reviews)) for b in L.books}


async def test_annotation_two_steps_away(library: Any) -> None:
    found = {a.name: a.n async for a in Author.objects.annotate(n=Count("books__reviews"))}
    assert found == {a.name: sum(len(b.reviews) for b in a.books) for a in L.authors}


async def test_filter_before_annotate_limits_what_is_counted(library: Any) -> None:
    found = {a.name: a.n async for a in Author.objects.filter(books__pages__gte=100).annotate(n=Count("books"))}
    expected = {a.name: len([b for b in a.books if b.pages >= 100]) for a in L.authors}
    assert found == {name: n for name, n in expected.items() if n}


async def test_filter_after_annotate_joins_anew(library: Any) -> None:
    """annotate() counts all books first; the filter then multiplies by its own join, as Django documents."""
    queryset = Author.objects.annotate(n=Count("books", distinct=True)).filter(books__pages__gte=100)
    found = {a.name: a.n async for a in queryset}
    assert found == {a.name: len(a.books) for a in L.authors if any(b.pages >= 100 for b in a.books)}


async def test_filter_on_a_grouped_annotation(library: Any) -> None:
    found = [a.name async for a in Author.objects.annotate(n=Count("books")).filter(n__gt=1).order_by("name")]
    assert found == named(a for a in L.authors if len(a.books) > 1)


async def test_exclude_on_a_grouped_annotation(library: Any) -> None:
    found = [a.name async for a in Author.objects.annotate(n=Count("books")).exclude(n=0).order_by("pk")]
    assert found == [a.name for a in L.authors if a.books]


async def test_filter_on_a_condition_that_mixes_column_and_aggregate(library: Any) -> None:
    queryset = Author.objects.annotate(n=Count("books")).filter(Q(n__gte=2) | Q(age=36))
    assert sorted([a.name async for a in queryset]) == named(a for a in L.authors if len(a.books) >= 2 or a.age == 36)


@pytest.mark.parametrize("condition", [Q(pages__gt=150), Q(pages__in=[80, 120, 300]), ~Q(pages__range=(0, 100))])
async def test_groups_are_by_what_a_condition_beside_an_aggregate_compares(library: Any, condition: Q) -> None:
    """As in Django: by the pages, and not by whether there are so many."""
    grouped = Book.objects.values("author").annotate(n=Count("pk")).filter(Q(n__gt=1) | condition)
    met = {book.pages async for book in Book.objects.filter(condition)}
    groups = Counter([(book.author_id, book.pages) async for book in Book.objects.all()])
    expected = [(author, n) for (author, pages), n in groups.items() if n > 1 or pages in met]
    assert sorted([(row["author"], row["n"]) async for row in grouped]) == sorted(expected)


async def test_a_condition_that_rows_are_grouped_by_stays_whole(library: Any) -> None:
    thick = Book.objects.values(thick=Q(pages__gt=150)).annotate(n=Count("pk")).filter(Q(n__gt=1000) | Q(thick=True))
    assert await thick.values_list("thick", "n") == [(True, sum(b.pages > 150 for b in L.books))]


async def test_filter_compares_two_aggregates(library: Any) -> None:
    queryset = Author.objects.annotate(
        written=Count("books", distinct=True), checked=Count("edited", distinct=True)
    ).filter(checked__gt=F("written"))
    assert sorted([a.name async for a in queryset]) == named(a for a in L.authors if len(a.edited) > len(a.books))


async def test_filter_by_an_aggregate_without_annotating(library: Any) -> None:
    queryset = Author.objects.alias(n=Count("books")).filter(n=2).order_by("pk")
    found = await queryset
    assert [a.name for a in found] == [a.name for a in L.authors if len(a.books) == 2]
    assert not hasattr(found[0], "n")


async def test_order_by_a_grouped_annotation(library: Any) -> None:
    found = [a.name async for a in Author.objects.annotate(n=Count("books")).order_by("-n", "pk")]
    assert found == [a.name for a in sorted(L.authors, key=lambda a: (-len(a.books), a.pk))]


async def test_order_by_an_aggregate_that_is_no_annotation_is_refused(library: Any) -> None:
    with pytest.raises(FieldError, match="annotate"):
        Author.objects.order_by(Count("books").desc())


async def test_annotation_built_on_an_annotation(library: Any) -> None:
    found = {a.name: a.more async for a in Author.objects.annotate(n=Count("books")).annotate(more=F("n") * 10 + 1)}
    assert found == {a.name: len(a.books) * 10 + 1 for a in L.authors}


async def test_annotation_keeps_all_columns_of_the_object(library: Any) -> None:
    found = await Author.objects.annotate(n=Count("books")).aget(name="Camus")
    assert (found.age, found.born, found.active, found.country_id, found.n) == (
        46, datetime.date(1913, 11, 7), False, L.FRANCE.pk, 2,
    )  # fmt: skip


async def test_annotation_with_a_joined_relation_loaded(library: Any) -> None:
    queryset = Book.objects.select_related("author").annotate(n=Count("reviews")).order_by("pk")
    assert [(b.author.name, b.n) for b in await queryset] == [(b.author.name, len(b.reviews)) for b in L.books]


# -- grouping with values() --------------------------------------------------------------------------------------------


async def test_values_then_annotate_groups(library: Any) -> None:
    found = await Book.objects.values("author__name").annotate(n=Count("pk")).order_by("author__name")
    expected = Counter(b.author.name for b in L.books)
    assert {row["author__name"]: row["n"] for row in found} == expected
    assert len(found) == len(expected)


async def test_grouping_by_a_nullable_column_has_a_group_for_null(library: Any) -> None:
    found = await Author.objects.values("age").annotate(n=Count("pk"))
    assert {row["age"]: row["n"] for row in found} == Counter(a.age for a in L.authors)


async def test_grouping_by_two_columns(library: Any) -> None:
    found = await Author.objects.values("age", "active").annotate(n=Count("pk"))
    assert {(row["age"], row["active"]): row["n"] for row in found} == Counter((a.age, a.active) for a in L.authors)


async def test_grouping_by_an_expression(library: Any) -> None:
    found = await Author.objects.annotate(long=Length("name")).values("long").annotate(n=Count("pk"))
    assert {row["long"]: row["n"] for row in found} == Counter(len(a.name) for a in L.authors)


async def test_grouping_by_an_expression_in_values(library: Any) -> None:
    found = await Author.objects.values(long=Length("name")).annotate(n=Count("pk"))
    assert {row["long"]: row["n"] for row in found} == Counter(len(a.name) for a in L.authors)


async def test_grouping_by_a_part_of_a_date(library: Any) -> None:
    found = await Author.objects.exclude(born=None).values("born__month").annotate(n=Count("pk"))
    assert {row["born__month"]: row["n"] for row in found} == Counter(a.born.month for a in L.authors if a.born)


async def test_grouping_with_having(library: Any) -> None:
    found = await Book.objects.values("author__name").annotate(n=Count("pk")).filter(n__gt=1)
    assert {row["author__name"] for row in found} == {a.name for a in L.authors if len(a.books) > 1}


async def test_grouping_with_where_and_having(library: Any) -> None:
    queryset = Book.objects.filter(pages__gt=50).values("publisher").annotate(n=Count("pk")).filter(n__gte=2)
    expected = Counter(b.publisher.pk if b.publisher else None for b in L.books if b.pages > 50)
    assert {row["publisher"]: row["n"] async for row in queryset} == {k: n for k, n in expected.items() if n >= 2}


async def test_grouping_ignores_the_models_ordering(library: Any) -> None:
    """Country has Meta.ordering; grouping by something else must not group by the ordering too."""
    found = await Tag.objects.values("books__in_print").annotate(n=Count("pk")).order_by()
    expected: Counter[Any] = Counter()
    for tag in L.TAGS:
        marks = [b.in_print for b in L.books if tag in b.tags] or [None]
        expected.update(marks)
    assert {row["books__in_print"]: row["n"] for row in found} == expected


async def test_meta_ordering_does_not_split_groups(library: Any) -> None:
    found = await Tag.objects.values("books__in_print").annotate(n=Count("pk"))
    assert len(found) == len({row["books__in_print"] for row in found})


async def test_grouping_as_tuples(library: Any) -> None:
    found = await Book.objects.values_list("author__name").annotate(n=Count("pk"))
    assert sorted(found) == sorted(Counter(b.author.name for b in L.books).items())


async def test_annotate_then_values_does_not_group(library: Any) -> None:
    found = await Author.objects.annotate(n=Count("books")).values("age", "n").order_by("pk")
    assert [(row["age"], row["n"]) for row in found] == [(a.age, len(a.books)) for a in L.authors]


async def test_values_before_and_after_annotate(library: Any) -> None:
    found = await Book.objects.values("author").annotate(n=Count("pk")).values("n").order_by("n")
    assert [row["n"] for row in found] == sorted(Counter(b.author for b in L.books).values())


async def test_grouping_over_two_relations(library: Any) -> None:
    found = await Review.objects.values("book__author__country__name").annotate(n=Count("pk"), best=Max("stars"))
    groups: dict[str | None, list[int]] = {}
    for review in L.reviews:
        country = review.book.author.country
        groups.setdefault(country.name if country else None, []).append(review.stars)
    assert {row["book__author__country__name"]: (row["n"], row["best"]) for row in found} == {
        key: (len(stars), max(stars)) for key, stars in groups.items()
    }


async def test_sum_of_a_product_per_group(library: Any) -> None:
    found = await Publisher.objects.annotate(
        worth=Coalesce(Sum(F("books__pages") * F("books__price"), output_field=DecimalField()), Decimal(0))
    )
    assert {p.name: p.worth for p in found} == {
        p.name: sum((b.pages * b.price for b in p.books if b.price is not None), Decimal(0)) for p in L.publishers
    }


async def test_count_groups(library: Any) -> None:
    found = Book.objects.values("author").annotate(n=Count("pk"))
    assert await found.acount() == len({b.author for b in L.books})


async def test_first_group(library: Any) -> None:
    found = await Book.objects.values("author__name").annotate(n=Count("pk")).order_by("-n", "author__name").afirst()
    assert found == {"author__name": "Ada", "n": 2}


async def test_slice_of_groups(library: Any) -> None:
    found = await Book.objects.values("author__name").annotate(n=Count("pk")).order_by("author__name")[1:3]
    expected = sorted(Counter(b.author.name for b in L.books).items())[1:3]
    assert [(row["author__name"], row["n"]) for row in found] == expected


async def test_annotation_with_a_constant(library: Any) -> None:
    found = await Author.objects.annotate(one=Value(1, output_field=IntegerField())).values_list("one", flat=True)
    assert found == [1] * len(L.authors)


async def test_annotation_with_the_column_of_a_relation(library: Any) -> None:
    found = {b.title: b.who async for b in Book.objects.annotate(who=F("editor__name"))}
    assert found == {b.title: b.editor.name if b.editor else None for b in L.books}


async def test_annotated_floats(library: Any) -> None:
    found = {a.name: a.x async for a in Author.objects.annotate(x=F("rating") / 2)}
    assert found == {a.name: None if a.rating is None else a.rating / 2 for a in L.authors}


async def test_aggregate_with_output_field(library: Any) -> None:
    found = await Author.objects.aaggregate(x=Sum("age", output_field=FloatField()))
    assert found == {"x": float(sum(AGES))}
    assert type(found["x"]) is float


async def test_annotation_may_not_hide_a_field(library: Any) -> None:
    with pytest.raises(ValueError, match="age"):
        Author.objects.annotate(age=Count("books"))


async def test_countries_without_authors_count_zero(library: Any) -> None:
    found = {c.name: c.n async for c in Country.objects.annotate(n=Count("authors"))}
    assert found == {c.name: len([a for a in L.authors if a.country is c]) for c in L.countries}


async def test_in_over_a_grouped_subquery(library: Any) -> None:
    busy = Author.objects.annotate(n=Count("books")).filter(n__gte=2).values("pk")
    found = [b.title async for b in Book.objects.filter(author__in=busy)]
    assert sorted(found) == titled(b for b in L.books if len(b.author.books) >= 2)


def test_a_statistic_takes_one_column() -> None:
    with pytest.raises(TypeError, match=r"takes exactly 1 argument \(2 given\): sample is True or False"):
        StdDev("pages", "rating")  # type: ignore[arg-type]


@pytest.mark.only(backend="sqlite")
@pytest.mark.parametrize("field", ["published", "added"])
@pytest.mark.parametrize("aggregate", [Sum, Avg, StdDev, Variance])
async def test_moments_kept_as_text_are_not_added_up(library: Any, aggregate: Any, field: str) -> None:
    with pytest.raises(NotSupportedError, match="Sum, Avg, StdDev, and Variance aggregations on date/time fields"):
        await Book.objects.aaggregate(x=aggregate(field))
    assert await Book.objects.aaggregate(x=Count(field), y=Max(field))


async def test_whether_there_are_groups_is_asked_of_the_groups_that_are_fetched(library: Any) -> None:
    """A column across a relation with many rows is part of what rows are grouped by."""
    groups = Author.objects.annotate(pages=F("books__pages"), n=Count("books__reviews")).order_by("pk")
    for low in range(len(L.books) + len(L.authors)):
        assert await groups[low:].aexists() == bool(len(await groups[low:])), low
    for least in range(12):
        asked = groups.filter(n__gte=least)
        assert await asked.aexists() == bool(len(await asked)), least
