"""filter(): every common lookup, conditions combined with Q, and conditions across relations."""

from __future__ import annotations

import datetime
import operator
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

import orm
from orm.models import F, Q
from tests.case_names import case_name
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Category, Publisher, Review, Store, Tag

DAY = datetime.date
UTC = datetime.UTC


# -- lookups on a column -----------------------------------------------------------------------------------------------

AUTHOR_LOOKUPS: list[tuple[dict[str, Any], Any]] = [
    ({"name": "Ada"}, lambda a: a.name == "Ada"),
    ({"name__exact": "Ada"}, lambda a: a.name == "Ada"),
    ({"name__iexact": "aDA"}, lambda a: a.name == "Ada"),
    ({"name__in": ["Ada", "Emil", "Nobody"]}, lambda a: a.name in {"Ada", "Emil"}),
    ({"name__in": ("Ada",)}, lambda a: a.name == "Ada"),
    ({"name__in": {"Ada", "Gina"}}, lambda a: a.name in {"Ada", "Gina"}),
    ({"name__in": []}, lambda a: False),
    ({"age": 36}, lambda a: a.age == 36),
    ({"age": "36"}, lambda a: a.age == 36),
    ({"age": None}, lambda a: a.age is None),
    ({"age__exact": None}, lambda a: a.age is None),
    ({"age__isnull": True}, lambda a: a.age is None),
    ({"age__isnull": False}, lambda a: a.age is not None),
    ({"age__gt": 36}, lambda a: a.age is not None and a.age > 36),
    ({"age__gte": 36}, lambda a: a.age is not None and a.age >= 36),
    ({"age__lt": 36}, lambda a: a.age is not None and a.age < 36),
    ({"age__lte": 36}, lambda a: a.age is not None and a.age <= 36),
    ({"age__range": (24, 46)}, lambda a: a.age is not None and 24 <= a.age <= 46),
    ({"age__in": [24, 50]}, lambda a: a.age in {24, 50}),
    ({"age__in": [24, None]}, lambda a: a.age == 24),
    ({"age__in": [None]}, lambda a: False),
    ({"age__in": range(20, 40)}, lambda a: a.age in range(20, 40)),
    ({"age__gt": 23.5}, lambda a: a.age is not None and a.age > 23.5),
    ({"rating": 4.0}, lambda a: a.rating == 4.0),
    ({"rating__gte": 4}, lambda a: a.rating is not None and a.rating >= 4),
    ({"active": False}, lambda a: not a.active),
    ({"active": True, "age": 36}, lambda a: a.active and a.age == 36),
    ({"born": DAY(1990, 2, 28)}, lambda a: a.born == DAY(1990, 2, 28)),
    ({"born": "1990-02-28"}, lambda a: a.born == DAY(1990, 2, 28)),
    ({"born__lt": DAY(1900, 1, 1)}, lambda a: a.born is not None and a.born < DAY(1900, 1, 1)),
    ({"born__year": 1990}, lambda a: a.born is not None and a.born.year == 1990),
    ({"born__year__gte": 1990}, lambda a: a.born is not None and a.born.year >= 1990),
    ({"born__year__lt": 1815}, lambda a: a.born is not None and a.born.year < 1815),
    ({"born__year__in": [1815, 2000]}, lambda a: a.born is not None and a.born.year in {1815, 2000}),
    ({"born__month": 2}, lambda a: a.born is not None and a.born.month == 2),
    ({"born__month__gt": 10}, lambda a: a.born is not None and a.born.month > 10),
    ({"born__day": 28}, lambda a: a.born is not None and a.born.day == 28),
    ({"born__quarter": 4}, lambda a: a.born is not None and (a.born.month + 2) // 3 == 4),
    ({"born__week_day": 3}, lambda a: a.born is not None and a.born.isoweekday() % 7 + 1 == 3),
    ({"born__iso_week_day": 2}, lambda a: a.born is not None and a.born.isoweekday() == 2),
    ({"born__week": 9}, lambda a: a.born is not None and a.born.isocalendar().week == 9),
    ({"born__iso_year": 1999}, lambda a: a.born is not None and a.born.isocalendar().year == 1999),
    ({"name__contains": "i"}, lambda a: "i" in a.name),
    ({"name__icontains": "A"}, lambda a: "a" in a.name.lower()),
    ({"name__startswith": "E"}, lambda a: a.name.startswith("E")),
    ({"name__istartswith": "e"}, lambda a: a.name.lower().startswith("e")),
    ({"name__endswith": "ix"}, lambda a: a.name.endswith("ix")),
    ({"name__iendswith": "IX"}, lambda a: a.name.lower().endswith("ix")),
    ({"name__regex": r"^.[aei].?[a-z]*a$"}, lambda a: a.name == "Gina"),
    ({"name__regex": r"^[AD]"}, lambda a: a.name[0] in "AD"),
    ({"name__iregex": r"^[ad]"}, lambda a: a.name[0] in "AD"),
    ({"name__gt": "D"}, lambda a: a.name > "D"),
    ({"name": "Bashō"}, lambda a: a.name == "Bashō"),
    ({"pk": L.FIRST_PK}, lambda a: a.pk == L.FIRST_PK),
    ({"pk__in": [L.FIRST_PK, L.FIRST_PK + 2]}, lambda a: a.pk in {L.FIRST_PK, L.FIRST_PK + 2}),
    ({"id__gt": L.FIRST_PK + 3}, lambda a: a.pk > L.FIRST_PK + 3),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "holds"), AUTHOR_LOOKUPS, ids=case_name)
async def test_lookup(library: Any, conditions: dict[str, Any], holds: Any) -> None:
    assert await names(Author.objects.filter(**conditions)) == named(a for a in L.authors if holds(a))


BOOK_LOOKUPS: list[tuple[dict[str, Any], Any]] = [
    ({"title__contains": "%"}, lambda b: "%" in b.title),
    ({"title__contains": "_"}, lambda b: "_" in b.title),
    ({"title__contains": "\\"}, lambda b: "\\" in b.title),
    ({"title__contains": '"'}, lambda b: '"' in b.title),
    ({"title__contains": "'"}, lambda b: "'" in b.title),
    ({"title__startswith": "100%"}, lambda b: b.title.startswith("100%")),
    ({"title__icontains": "N_W"}, lambda b: "n_w" in b.title.lower()),
    ({"title__endswith": "_wool"}, lambda b: b.title.endswith("_wool")),
    ({"title__iexact": "lETTERS"}, lambda b: b.title == "Letters"),
    ({"title__iexact": "100_COTTONS"}, lambda b: False),
    ({"price": Decimal("12.5")}, lambda b: b.price == Decimal("12.5")),
    ({"price": "12.50"}, lambda b: b.price == Decimal("12.5")),
    ({"price__lt": 9}, lambda b: b.price is not None and b.price < 9),
    ({"price__gt": 9.98}, lambda b: b.price is not None and b.price > Decimal("9.98")),
    ({"price__range": ("8.10", "12.50")},
     lambda b: b.price is not None and Decimal("8.1") <= b.price <= Decimal("12.5")),
    ({"added__year": 2020}, lambda b: b.added is not None and b.added.year == 2020),
    ({"added__date": DAY(2020, 12, 31)}, lambda b: b.added is not None and b.added.date() == DAY(2020, 12, 31)),
    ({"added__date__gt": DAY(2021, 1, 1)}, lambda b: b.added is not None and b.added.date() > DAY(2021, 1, 1)),
    ({"added__hour": 18}, lambda b: b.added is not None and b.added.hour == 18),
    ({"added__minute": 7}, lambda b: b.added is not None and b.added.minute == 7),
    ({"added__second": 8}, lambda b: b.added is not None and b.added.second == 8),
    ({"added__time": datetime.time(6, 7, 8)},
     lambda b: b.added is not None and b.added.time() == datetime.time(6, 7, 8)),
    ({"added__lt": datetime.datetime(2020, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)},
     lambda b: b.added is not None and b.added < datetime.datetime(2020, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ({"added": datetime.datetime(2022, 7, 4, 20, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))},
     lambda b: b.added == datetime.datetime(2022, 7, 4, 18, tzinfo=UTC)),
    ({"in_print": False, "published": None}, lambda b: not b.in_print and b.published is None),
    ({"pages__in": [310, 7]}, lambda b: b.pages in {310, 7}),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "holds"), BOOK_LOOKUPS, ids=case_name)
async def test_lookup_with_awkward_values(library: Any, conditions: dict[str, Any], holds: Any) -> None:
    assert await titles(Book.objects.filter(**conditions)) == titled(b for b in L.books if holds(b))


# -- combining ---------------------------------------------------------------------------------------------------------


@pytest.mark.only(backend="sqlite")  # PostgreSQL has no such texts
async def test_a_text_with_a_nul_is_found_in_a_list(database: Any) -> None:
    for name in ("a", "a\0b", "\\u0000"):
        await Tag.objects.acreate(name=name)
    assert await names(Tag.objects.filter(name__in=["a\0b"])) == ["a\0b"]
    assert await names(Tag.objects.filter(name__in=["a\0b", "\\u0000"])) == ["\\u0000", "a\0b"]
    assert await names(Tag.objects.filter(name__in=["a"])) == ["a"]


async def test_several_conditions_all_hold(library: Any) -> None:
    assert await names(Author.objects.filter(age__gt=30, active=True)) == ["Ada", "Bashō", "Emil"]


async def test_chained_filters_all_hold(library: Any) -> None:
    assert await names(Author.objects.filter(age__gt=30).filter(active=True)) == ["Ada", "Bashō", "Emil"]


async def test_filter_without_conditions_gives_everything(library: Any) -> None:
    assert await names(Author.objects.filter()) == named(L.authors)


async def test_a_refined_queryset_leaves_its_origin_alone(library: Any) -> None:
    everyone = Author.objects.all()
    everyone.filter(name="Ada")
    assert await names(everyone) == named(L.authors)


async def test_two_refinements_of_one_queryset_are_independent(library: Any) -> None:
    adults = Author.objects.filter(age__gte=36)
    first, second = adults.filter(active=True), adults.filter(active=False)
    assert (await names(first), await names(second)) == (["Ada", "Bashō", "Emil"], ["Camus"])


async def test_q_or(library: Any) -> None:
    assert await names(Author.objects.filter(Q(name="Ada") | Q(age=24))) == ["Ada", "Felix"]


async def test_q_and(library: Any) -> None:
    assert await names(Author.objects.filter(Q(age=36) & Q(name="Emil"))) == ["Emil"]


async def test_q_not(library: Any) -> None:
    assert await names(Author.objects.filter(~Q(name="Ada"))) == named(a for a in L.authors if a.name != "Ada")


async def test_q_not_keeps_rows_with_null(library: Any) -> None:
    assert await names(Author.objects.filter(~Q(age=36))) == named(a for a in L.authors if a.age != 36)


async def test_q_double_negation(library: Any) -> None:
    assert await names(Author.objects.filter(~~Q(age=36))) == named(a for a in L.authors if a.age == 36)


async def test_q_not_of_or(library: Any) -> None:
    found = Author.objects.filter(~(Q(age=36) | Q(active=False)))
    assert await names(found) == named(a for a in L.authors if not (a.age == 36 or not a.active))


async def test_q_not_of_and(library: Any) -> None:
    found = Author.objects.filter(~(Q(age=36) & Q(name="Ada")))
    assert await names(found) == named(a for a in L.authors if not (a.age == 36 and a.name == "Ada"))


async def test_q_xor(library: Any) -> None:
    found = Author.objects.filter(Q(active=True) ^ Q(name__contains="a"))
    assert await names(found) == named(a for a in L.authors if a.active != ("a" in a.name))


async def test_q_nested_three_deep(library: Any) -> None:
    found = Author.objects.filter(Q(active=True) & (Q(age=36) | (Q(age=None) & ~Q(name="Doris"))))
    assert await names(found) == ["Ada", "Emil", "Gina"]


async def test_q_beside_keywords(library: Any) -> None:
    assert await names(Author.objects.filter(Q(age=36) | Q(age=24), active=True)) == ["Ada", "Emil"]


async def test_q_of_many_or_parts(library: Any) -> None:
    parts = reduce(operator.or_, [Q(pk=author.pk) for author in L.authors[:5]])
    assert await names(Author.objects.filter(parts)) == named(L.authors[:5])


async def test_empty_q_filters_nothing(library: Any) -> None:
    assert await names(Author.objects.filter(Q() | Q())) == named(L.authors)


async def test_q_with_an_empty_in_or_something(library: Any) -> None:
    assert await names(Author.objects.filter(Q(name__in=[]) | Q(name="Ada"))) == ["Ada"]


async def test_not_in_empty_list_gives_everything(library: Any) -> None:
    assert await names(Author.objects.filter(~Q(name__in=[]))) == named(L.authors)


async def test_queryset_or(library: Any) -> None:
    assert await names(Author.objects.filter(name="Ada") | Author.objects.filter(age=24)) == ["Ada", "Felix"]


async def test_queryset_and(library: Any) -> None:
    assert await names(Author.objects.filter(age=36) & Author.objects.filter(name="Emil")) == ["Emil"]


async def test_none_gives_nothing(library: Any) -> None:
    assert await names(Author.objects.none()) == []


async def test_refining_none_gives_nothing(library: Any) -> None:
    assert await Author.objects.none().filter(name="Ada").order_by("name").acount() == 0


# -- columns against columns -------------------------------------------------------------------------------------------


async def test_f_compares_two_columns(library: Any) -> None:
    found = Book.objects.filter(author=F("editor"))
    assert await titles(found) == titled(b for b in L.books if b.editor is b.author)


async def test_f_with_arithmetic(library: Any) -> None:
    found = Book.objects.filter(pages__gt=F("price") * 20)
    assert await titles(found) == titled(b for b in L.books if b.price is not None and b.pages > b.price * 20)


async def test_f_across_relations(library: Any) -> None:
    found = Review.objects.filter(reviewer=F("book__author__name"))
    assert sorted([r.pk async for r in found]) == [r.pk for r in L.reviews if r.reviewer == r.book.author.name]


async def test_f_across_two_relations_on_both_sides(library: Any) -> None:
    found = Book.objects.filter(author__country=F("publisher__country"))
    assert await titles(found) == titled(
        b
        for b in L.books
        if b.publisher and b.publisher.country is not None and b.author.country is b.publisher.country
    )


async def test_f_in_a_pattern_lookup(library: Any) -> None:
    found = Review.objects.filter(book__author__name__istartswith=F("reviewer"))
    assert sorted([r.pk async for r in found]) == [
        r.pk for r in L.reviews if r.book.author.name.lower().startswith(r.reviewer.lower())
    ]


async def test_f_in_range(library: Any) -> None:
    found = Author.objects.filter(age__range=(F("rating"), F("rating") * 10))
    assert await names(found) == named(
        a for a in L.authors if a.age is not None and a.rating is not None and a.rating <= a.age <= a.rating * 10
    )


async def test_f_in_list(library: Any) -> None:
    found = Review.objects.filter(reviewer__in=[F("book__author__name"), "Cleo"])
    assert sorted([r.pk async for r in found]) == [
        r.pk for r in L.reviews if r.reviewer in {r.book.author.name, "Cleo"}
    ]


# -- across relations --------------------------------------------------------------------------------------------------


async def test_forward_relation_by_field(library: Any) -> None:
    assert await titles(Book.objects.filter(author__name="Ada")) == titled(L.ADA.books)


async def test_forward_relation_by_instance(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    assert await titles(Book.objects.filter(author=ada)) == titled(L.ADA.books)


async def test_forward_relation_by_key(library: Any) -> None:
    assert await titles(Book.objects.filter(author=L.ADA.pk)) == titled(L.ADA.books)


async def test_forward_relation_by_column_name(library: Any) -> None:
    assert await titles(Book.objects.filter(author_id=L.ADA.pk)) == titled(L.ADA.books)


async def test_forward_relation_by_pk_of_target(library: Any) -> None:
    assert await titles(Book.objects.filter(author__pk=L.ADA.pk, author__id__lte=L.ADA.pk)) == titled(L.ADA.books)


async def test_forward_relation_in_instances(library: Any) -> None:
    some = await Author.objects.filter(name__in=["Ada", "Emil"])
    assert await titles(Book.objects.filter(author__in=some)) == titled([*L.ADA.books, *L.EMIL.books])


async def test_forward_relation_in_keys(library: Any) -> None:
    assert await titles(Book.objects.filter(author__in=[L.ADA.pk, L.EMIL.pk])) == titled([*L.ADA.books, *L.EMIL.books])


async def test_forward_relation_is_null(library: Any) -> None:
    assert await titles(Book.objects.filter(editor=None)) == titled(b for b in L.books if b.editor is None)


async def test_two_forward_steps(library: Any) -> None:
    found = Book.objects.filter(author__country__name="France")
    assert await titles(found) == titled(b for b in L.books if b.author.country is L.FRANCE)


async def test_field_is_null_past_an_absent_relation(library: Any) -> None:
    found = Book.objects.filter(publisher__country__name__isnull=True)
    assert await titles(found) == titled(b for b in L.books if not b.publisher or not b.publisher.country)


async def test_value_none_past_an_absent_relation(library: Any) -> None:
    found = Book.objects.filter(publisher__founded=None)
    assert await titles(found) == titled(b for b in L.books if not b.publisher or b.publisher.founded is None)


async def test_or_across_an_optional_relation_keeps_rows_without_it(library: Any) -> None:
    found = Book.objects.filter(Q(publisher__name="Penguin") | Q(pages__lt=10))
    assert await titles(found) == titled(b for b in L.books if b.publisher is L.PENGUIN or b.pages < 10)


async def test_or_of_conditions_on_two_relations(library: Any) -> None:
    found = Book.objects.filter(Q(publisher__name="Gallimard") | Q(editor__name="Felix"))
    assert await titles(found) == titled(b for b in L.books if b.publisher is L.GALLIMARD or b.editor is L.FELIX)


async def test_negated_condition_on_an_optional_relation(library: Any) -> None:
    found = Book.objects.filter(~Q(publisher__name="Penguin"))
    assert await titles(found) == titled(b for b in L.books if b.publisher is not L.PENGUIN)


async def test_two_relations_to_one_model(library: Any) -> None:
    found = Book.objects.filter(author__name="Ada", editor__name="Felix")
    assert await titles(found) == ["Letters"]


async def test_reverse_relation_gives_a_row_for_each_match(library: Any) -> None:
    found = Author.objects.filter(books__pages__gt=50)
    assert await names(found) == sorted(b.author.name for b in L.books if b.pages > 50)


async def test_reverse_relation_distinct(library: Any) -> None:
    found = Author.objects.filter(books__pages__gt=50).distinct()
    assert await names(found) == sorted({b.author.name for b in L.books if b.pages > 50})


async def test_reverse_relation_is_null(library: Any) -> None:
    assert await names(Author.objects.filter(books=None)) == named(a for a in L.authors if not a.books)


async def test_reverse_relation_isnull_false(library: Any) -> None:
    found = Author.objects.filter(books__isnull=False).distinct()
    assert await names(found) == named(a for a in L.authors if a.books)


async def test_reverse_relation_by_instance(library: Any) -> None:
    road = await Book.objects.aget(title="The Narrow Road")
    assert await names(Author.objects.filter(books=road)) == ["Bashō"]


async def test_reverse_one_to_one(library: Any) -> None:
    assert await names(Author.objects.filter(profile__motto="Compute!")) == ["Ada"]


async def test_reverse_one_to_one_is_null(library: Any) -> None:
    assert await names(Author.objects.filter(profile=None)) == named(a for a in L.authors if a.motto is None)


async def test_many_to_many(library: Any) -> None:
    assert await titles(Book.objects.filter(tags__name="classic")) == titled(b for b in L.books if "classic" in b.tags)


async def test_many_to_many_from_the_other_side(library: Any) -> None:
    assert await names(Tag.objects.filter(books__author__name="Ada").distinct()) == ["classic", "science"]


async def test_many_to_many_is_null(library: Any) -> None:
    assert await titles(Book.objects.filter(tags=None)) == titled(b for b in L.books if not b.tags)


async def test_many_to_many_with_a_model_in_between(library: Any) -> None:
    found = Store.objects.filter(stock__quantity__gte=4, stock__book__title="100% Cotton_wool")
    assert await names(found) == ["Mall"]


async def test_many_to_many_to_itself(library: Any) -> None:
    assert await names(Author.objects.filter(friends__name="Ada")) == ["Bashō", "Camus"]


async def test_from_reverse_relation_through_many_to_many(library: Any) -> None:
    found = Publisher.objects.filter(books__tags__name="novel").distinct()
    assert await names(found) == named(p for p in L.publishers if any("novel" in b.tags for b in p.books))


async def test_model_related_to_itself(library: Any) -> None:
    top = await Category.objects.acreate(name="top")
    middle = await Category.objects.acreate(name="middle", parent=top)
    await Category.objects.acreate(name="bottom", parent=middle)
    assert await names(Category.objects.filter(parent__parent__name="top")) == ["bottom"]
    assert await names(Category.objects.filter(children__children__name="bottom")) == ["top"]


async def test_conditions_in_one_filter_hold_for_one_related_row(library: Any) -> None:
    found = Book.objects.filter(reviews__reviewer="Ann", reviews__stars__gte=3).distinct()
    assert await titles(found) == titled(
        b for b in L.books if any(r.reviewer == "Ann" and r.stars >= 3 for r in b.reviews)
    )


async def test_conditions_in_two_filters_may_hold_for_different_related_rows(library: Any) -> None:
    found = Book.objects.filter(reviews__reviewer="Ann").filter(reviews__stars__lte=2).distinct()
    assert await titles(found) == titled(
        b for b in L.books if any(r.reviewer == "Ann" for r in b.reviews) and any(r.stars <= 2 for r in b.reviews)
    )


async def test_two_filters_multiply_the_rows(library: Any) -> None:
    found = Book.objects.filter(reviews__stars__gte=3).filter(reviews__reviewer="Bob")
    expected = [
        b.title for b in L.books for one in b.reviews if one.stars >= 3 for two in b.reviews if two.reviewer == "Bob"
    ]
    assert await titles(found) == sorted(expected)


async def test_two_q_in_one_filter_hold_for_one_related_row(library: Any) -> None:
    found = Book.objects.filter(Q(reviews__reviewer="Emil"), Q(reviews__stars__gte=4))
    assert await titles(found) == []


async def test_two_tags_need_two_filters(library: Any) -> None:
    both = Book.objects.filter(tags__name="classic").filter(tags__name="novel")
    same_row = Book.objects.filter(Q(tags__name="classic") & Q(tags__name="novel"))
    assert (await titles(both), await titles(same_row)) == (["L'Étranger"], [])


async def test_single_valued_relation_is_shared_by_two_filters(library: Any) -> None:
    found = Book.objects.filter(author__age=36).filter(author__name="Ada")
    assert await titles(found) == titled(L.ADA.books)
    assert str(found.query).upper().count("JOIN") == 1


async def test_key_of_a_relation_needs_no_join(library: Any) -> None:
    assert "JOIN" not in str(Book.objects.filter(author__pk=1, author_id__gt=0, author__in=[1]).query).upper()


# -- one row -----------------------------------------------------------------------------------------------------------


async def test_get(library: Any) -> None:
    assert (await Author.objects.aget(name="Ada")).pk == L.ADA.pk


async def test_get_by_pk(library: Any) -> None:
    assert (await Author.objects.aget(pk=L.ADA.pk)).name == "Ada"


async def test_get_by_one_name_with_every_kind_of_value(library: Any) -> None:
    for _ in range(2):  # first of all, and again when the query is known
        assert (await Author.objects.aget(pk=L.ADA.pk)).name == "Ada"
        assert (await Author.objects.aget(pk=str(L.ADA.pk))).name == "Ada"
        assert (await Author.objects.aget(pk=F("pk"), name="Ada")).name == "Ada"
        for value in (None, 2**70, -1):
            with pytest.raises(Author.DoesNotExist):
                await Author.objects.aget(pk=value)
        with pytest.raises(Author.MultipleObjectsReturned):
            await Author.objects.aget(pk=F("pk"))


async def test_get_by_one_value_of_what_was_chained_before(library: Any) -> None:
    for _ in range(2):
        assert await Author.objects.values_list("name", flat=True).aget(pk=L.ADA.pk) == "Ada"
        with pytest.raises(Author.DoesNotExist):
            await Author.objects.exclude(name="Ada").aget(pk=L.ADA.pk)
        with pytest.raises(TypeError, match="slice"):
            await Author.objects.all()[:1].aget(pk=L.ADA.pk)


async def test_get_with_q(library: Any) -> None:
    assert (await Author.objects.aget(Q(age=36), ~Q(name="Ada"))).name == "Emil"


async def test_get_on_a_filtered_queryset(library: Any) -> None:
    assert (await Author.objects.filter(age=36).exclude(name="Ada").aget()).name == "Emil"


async def test_get_of_nothing(library: Any) -> None:
    with pytest.raises(Author.DoesNotExist):
        await Author.objects.aget(name="Nobody")


async def test_does_not_exist_is_an_object_does_not_exist(library: Any) -> None:
    with pytest.raises(orm.errors.ObjectDoesNotExist):
        await Author.objects.aget(name="Nobody")


async def test_does_not_exist_is_each_models_own(library: Any) -> None:
    assert not issubclass(Author.DoesNotExist, Book.DoesNotExist)


async def test_get_of_several(library: Any) -> None:
    with pytest.raises(Author.MultipleObjectsReturned):
        await Author.objects.aget(age=36)


async def test_get_with_a_key_of_the_wrong_type(library: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="id"):
        await Author.objects.aget(pk="not a number")


async def test_contains_object(library: Any) -> None:
    ada, felix = await Author.objects.aget(name="Ada"), await Author.objects.aget(name="Felix")
    active = Author.objects.filter(active=True)
    assert (await active.acontains(ada), await active.acontains(felix)) == (True, False)


async def test_exists(library: Any) -> None:
    assert await Author.objects.filter(age=36).aexists() is True
    assert await Author.objects.filter(age=37).aexists() is False


async def test_count(library: Any) -> None:
    assert await Author.objects.filter(age=36).acount() == 2


async def test_count_of_joined_rows_counts_each(library: Any) -> None:
    assert await Author.objects.filter(books__pages__gt=50).acount() == len([b for b in L.books if b.pages > 50])


async def test_count_of_distinct_joined_rows(library: Any) -> None:
    found = Author.objects.filter(books__pages__gt=50).distinct()
    assert await found.acount() == len({b.author for b in L.books if b.pages > 50})


async def test_in_bulk(library: Any) -> None:
    found = await Author.objects.ain_bulk([L.ADA.pk, L.EMIL.pk, 1])
    assert {key: author.name for key, author in found.items()} == {L.ADA.pk: "Ada", L.EMIL.pk: "Emil"}


async def test_in_bulk_of_everything(library: Any) -> None:
    assert set(await Author.objects.ain_bulk()) == {a.pk for a in L.authors}


async def test_in_bulk_of_no_keys(library: Any) -> None:
    assert await Author.objects.ain_bulk([]) == {}


async def test_in_bulk_by_a_unique_field(library: Any) -> None:
    found = await Tag.objects.ain_bulk(["novel", "travel", "nothing"], field_name="name")
    assert sorted(found) == ["novel", "travel"]


async def test_in_bulk_refuses_a_field_that_is_not_unique(library: Any) -> None:
    with pytest.raises(ValueError, match="title"):
        await Book.objects.ain_bulk(["Letters"], field_name="title")


async def test_in_with_a_thousand_values(library: Any) -> None:
    keys = [*range(5000), L.ADA.pk]
    assert await names(Author.objects.filter(pk__in=keys)) == ["Ada"]


async def test_the_key_of_a_relation_leads_to_its_row(library: Any) -> None:
    """As in Django, ``author_id__name`` is what ``author__name`` is."""
    assert await titles(Book.objects.filter(author_id__name="Ada")) == await titles(
        Book.objects.filter(author__name="Ada")
    )
    assert (
        await Book.objects.filter(author_id__in=[L.NOTES.author.pk]).acount()
        == await Book.objects.filter(author__in=[L.NOTES.author.pk]).acount()
    )
