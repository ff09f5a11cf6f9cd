"""order_by(), reverse(), slices, distinct(), and the one row at either end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from orm import models
from orm.errors import FieldError, NotSupportedError
from orm.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from orm.models.functions import Lower
from tests.query import library as L
from tests.query.models import Author, Book, Country, Publisher, Review, Tag


async def ordered_titles(books: Any) -> list[str]:
    return [book.title async for book in books]


async def test_order_by_a_column(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("pages", "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (b.pages, b.pk))]


async def test_order_by_descending(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("-pages", "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (-b.pages, b.pk))]


async def test_order_by_two_columns_with_directions(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("in_print", "-pages", "-pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (b.in_print, -b.pages, -b.pk))]


async def test_order_by_a_column_of_a_relation(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("author__name", "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (b.author.name, b.pk))]


async def test_order_by_an_optional_relation_keeps_rows_without_it(library: Any) -> None:
    assert len(await Book.objects.order_by("editor__name")) == len(L.books)


async def test_order_by_a_relation_uses_its_models_ordering(library: Any) -> None:
    found = [p.name async for p in Publisher.objects.exclude(country=None).order_by("country")]
    expected = sorted((p for p in L.publishers if p.country), key=lambda p: p.country.name)
    assert found == [p.name for p in expected]


async def test_order_by_the_key_of_a_relation(library: Any) -> None:
    found = [p.name async for p in Publisher.objects.exclude(country=None).order_by("-country_id")]
    expected = sorted((p for p in L.publishers if p.country), key=lambda p: -p.country.pk)
    assert found == [p.name for p in expected]


async def test_order_by_a_relation_without_ordering_uses_its_key(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("-author", "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (-b.author.pk, b.pk))]


async def test_order_by_pk(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("-pk")) == L.TITLES[::-1]


async def test_order_by_an_expression(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by((F("pages") % 10).asc(), "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (b.pages % 10, b.pk))]


async def test_order_by_a_function(library: Any) -> None:
    found = [a.name async for a in Author.objects.order_by(Lower("name").desc())]
    assert found == sorted((a.name for a in L.authors), key=str.lower, reverse=True)


async def test_order_by_an_annotation(library: Any) -> None:
    found = await ordered_titles(Book.objects.annotate(x=F("pages") * -1).order_by("x", "pk"))
    assert found == [b.title for b in sorted(L.books, key=lambda b: (-b.pages, b.pk))]


@pytest.mark.parametrize(("descending", "first"), [(False, True), (False, False), (True, True), (True, False)])
async def test_order_by_with_nulls_placed(library: Any, descending: bool, first: bool) -> None:
    places = {"nulls_first": True} if first else {"nulls_last": True}
    ordering = F("age").desc(**places) if descending else F("age").asc(**places)
    found = [a.age async for a in Author.objects.order_by(ordering)]
    ages = sorted((a.age for a in L.authors if a.age is not None), reverse=descending)
    nulls = [None] * (len(L.authors) - len(ages))
    assert found == (nulls + ages if first else ages + nulls)


async def test_order_by_random_gives_every_row_once(library: Any) -> None:
    assert sorted(await ordered_titles(Book.objects.order_by("?"))) == sorted(L.TITLES)


async def test_later_order_by_replaces_the_earlier(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("pages").order_by("pk")) == L.TITLES


async def test_an_order_by_tags_gives_a_row_for_each(library: Any) -> None:
    rows = sum(max(len(book.tags), 1) for book in L.books)
    assert len(await Book.objects.order_by("tags__name")) == rows > len(L.books)


async def test_a_count_has_no_order(library: Any) -> None:
    ordered = Book.objects.order_by("tags__name")
    assert await ordered.acount() == len(L.books)
    assert await ordered.aaggregate(pages=Sum("pages")) == {"pages": sum(book.pages for book in L.books)}


async def test_one_row_is_found_once_whatever_the_order_joins(library: Any) -> None:
    first = max(L.books, key=lambda book: len(book.tags))
    assert (await Book.objects.order_by("tags__name").aget(pk=first.pk)).title == first.title


async def test_an_order_that_is_replaced_takes_its_tables_along(library: Any) -> None:
    ordered = Book.objects.order_by("tags__name")
    assert await ordered_titles(ordered.order_by("pk")) == L.TITLES
    assert await ordered.order_by().acount() == len(await ordered.order_by()) == len(L.books)
    assert "JOIN" not in str(Book.objects.order_by("author__name").order_by("pk").query)


async def test_a_filter_by_the_order_of_a_relation_keeps_its_join(library: Any) -> None:
    found = Book.objects.order_by("author__name").filter(author__name__gt="C").order_by("pk")
    assert await ordered_titles(found) == [book.title for book in L.books if book.author.name > "C"]


async def test_rows_are_ordered_by_the_related_rows_that_a_later_filter_leaves(library: Any) -> None:
    after = await ordered_titles(Book.objects.order_by("tags__name", "pk").filter(tags__name__gt="novel"))
    assert after == await ordered_titles(Book.objects.filter(tags__name__gt="novel").order_by("tags__name", "pk"))


async def test_a_subquery_has_no_order_that_joins(library: Any) -> None:
    assert "JOIN" not in str(Review.objects.filter(book__in=Book.objects.order_by("author__name")).query)


async def test_changing_rows_joins_nothing_for_their_order(library: Any) -> None:
    assert await Book.objects.order_by("tags__name").aupdate(pages=F("pages")) == len(L.books)


async def test_empty_order_by_removes_the_models_ordering(library: Any) -> None:
    assert "ORDER BY" not in str(Country.objects.order_by().query).upper()
    assert not Country.objects.order_by().ordered


async def test_the_models_ordering_applies(library: Any) -> None:
    assert [c.name async for c in Country.objects.all()] == sorted(c.name for c in L.countries)
    assert Country.objects.all().ordered


async def test_reverse(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("pages", "pk").reverse())
    assert found == [b.title for b in sorted(L.books, key=lambda b: (b.pages, b.pk), reverse=True)]


async def test_reverse_of_the_models_ordering(library: Any) -> None:
    assert [c.name async for c in Country.objects.reverse()] == sorted((c.name for c in L.countries), reverse=True)


async def test_reverse_twice(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("pk").reverse().reverse()) == L.TITLES


async def test_reverse_before_the_ordering_it_turns_round(library: Any) -> None:
    assert await ordered_titles(Book.objects.reverse().order_by("pk")) == L.TITLES[::-1]


# -- slices ------------------------------------------------------------------------------------------------------------

SLICES = [slice(0, 3), slice(3), slice(2, 5), slice(5, None), slice(6, 100), slice(50, 60), slice(0, 0), slice(3, 3)]


@pytest.mark.parametrize("part", SLICES, ids=str)
async def test_slice(library: Any, part: slice) -> None:
    assert await ordered_titles(Book.objects.order_by("pk")[part]) == L.TITLES[part]


async def test_slice_of_a_slice(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("pk")[2:7][1:3]) == L.TITLES[2:7][1:3]


async def test_open_slice_of_a_slice(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("pk")[2:5][1:]) == L.TITLES[2:5][1:]


async def test_slice_beyond_the_end_of_a_slice(library: Any) -> None:
    assert await ordered_titles(Book.objects.order_by("pk")[2:4][1:50]) == L.TITLES[2:4][1:50]


def test_negative_slices_are_refused() -> None:
    with pytest.raises(ValueError, match="[Nn]egative"):
        Book.objects.all()[-1:]
    with pytest.raises(ValueError, match="[Nn]egative"):
        Book.objects.all()[:-1]


def test_filtering_a_slice_is_refused() -> None:
    with pytest.raises(TypeError, match="slice"):
        Book.objects.all()[:5].filter(pages=1)


def test_ordering_a_slice_is_refused() -> None:
    with pytest.raises(TypeError, match="slice"):
        Book.objects.all()[:5].order_by("pk")


@pytest.mark.only(colour="blocking")
async def test_index(library: Any) -> None:
    assert Book.objects.order_by("pk")[3].title == L.TITLES[3]


@pytest.mark.only(colour="blocking")
async def test_index_beyond_the_end(library: Any) -> None:
    with pytest.raises(IndexError):
        Book.objects.order_by("pk")[99]


@pytest.mark.only(colour="blocking")
async def test_step_gives_a_list(library: Any) -> None:
    assert [b.title for b in Book.objects.order_by("pk")[1:7:2]] == L.TITLES[1:7:2]


async def test_slice_of_an_evaluated_queryset_takes_its_rows(library: Any, queries: Any) -> None:
    books = Book.objects.order_by("pk")
    assert len(await books) == len(L.books)
    with queries as counted:
        assert [b.title for b in books[1:3]] == L.TITLES[1:3]
    assert len(counted) == 0


async def test_slices_share_one_shape_and_differ_in_rows(library: Any) -> None:
    for start, stop in [(0, 1), (1, 3), (4, 8), (0, 1)]:
        assert await ordered_titles(Book.objects.order_by("pk")[start:stop]) == L.TITLES[start:stop]


# -- distinct ----------------------------------------------------------------------------------------------------------


async def test_distinct_values(library: Any) -> None:
    found = await Book.objects.order_by().values_list("pages", flat=True).distinct()
    assert sorted(found) == sorted({b.pages for b in L.books})


async def test_distinct_objects(library: Any) -> None:
    found = [a.name async for a in Author.objects.filter(books__tags__name="classic").distinct()]
    assert sorted(found) == sorted({b.author.name for b in L.books if "classic" in b.tags})


async def test_count_distinct_values(library: Any) -> None:
    assert await Book.objects.values("pages").distinct().acount() == len({b.pages for b in L.books})


@pytest.mark.only(backend="postgresql")
async def test_distinct_on_columns(library: Any) -> None:
    found = await ordered_titles(Book.objects.order_by("author", "-pages", "pk").distinct("author"))
    assert found == [sorted(a.books, key=lambda b: (-b.pages, b.pk))[0].title for a in L.authors if a.books]


@pytest.mark.only(backend="sqlite")
async def test_distinct_on_columns_is_refused_where_the_database_has_none(library: Any) -> None:
    with pytest.raises(NotSupportedError):
        await Book.objects.distinct("author")


# -- one row -----------------------------------------------------------------------------------------------------------


async def test_first_and_last(library: Any) -> None:
    books = Book.objects.order_by("pages", "pk")
    ranked = sorted(L.books, key=lambda b: (b.pages, b.pk))
    assert ((await books.afirst()).title, (await books.alast()).title) == (ranked[0].title, ranked[-1].title)


async def test_first_and_last_without_ordering_go_by_key(library: Any) -> None:
    assert ((await Book.objects.afirst()).title, (await Book.objects.alast()).title) == (L.TITLES[0], L.TITLES[-1])


async def test_first_and_last_of_nothing(library: Any) -> None:
    nothing = Book.objects.filter(title="Nothing")
    assert (await nothing.afirst(), await nothing.alast()) == (None, None)


async def test_last_by_the_models_ordering(library: Any) -> None:
    assert (await Tag.objects.alast()).name == max(L.TAGS)


async def test_last_of_a_slice_is_refused(library: Any) -> None:
    with pytest.raises(TypeError, match="slice"):
        await Book.objects.order_by("pk")[:3].alast()


async def test_latest_and_earliest(library: Any) -> None:
    dated = [b for b in L.books if b.published]
    earliest = await Book.objects.exclude(published=None).aearliest("published")
    latest = await Book.objects.exclude(published=None).alatest("published", "pk")
    assert earliest.title == min(dated, key=lambda b: b.published).title
    assert latest.title == max(dated, key=lambda b: (b.published, b.pk)).title


async def test_latest_by_the_models_own_field(library: Any) -> None:
    found = await Book.objects.filter(published__year__lt=1950).alatest()
    assert found.title == "La Peste"


async def test_latest_of_nothing(library: Any) -> None:
    with pytest.raises(Book.DoesNotExist):
        await Book.objects.filter(title="Nothing").alatest("published")


async def test_latest_without_a_field_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="get_latest_by"):
        await Author.objects.alatest()


def test_order_by_an_unknown_name_is_refused() -> None:
    with pytest.raises(FieldError, match="pagse.*pages"):
        Book.objects.order_by("pagse")


async def test_orderings_of_many_kinds_agree_with_python(library: Any) -> None:
    keys: dict[str, Any] = {
        "pages": lambda b: b.pages,
        "in_print": lambda b: b.in_print,
        "author": lambda b: b.author.pk,
    }
    chance = random.Random(7)
    for _ in range(6):
        chosen = [(chance.choice(["", "-"]), chance.choice(list(keys))) for _ in range(2)]
        expected = sorted(L.books, key=lambda b: b.pk)
        for sign, name in reversed(chosen):
            expected.sort(key=keys[name], reverse=sign == "-")
        found = await ordered_titles(Book.objects.order_by(*(sign + name for sign, name in chosen), "pk"))
        assert found == [b.title for b in expected]


@pytest.mark.only(backend="postgresql")
async def test_different_by_an_annotation(library: Any) -> None:
    found = Book.objects.annotate(long=F("pages")).order_by("-long", "pk").distinct("long")
    assert [book.long async for book in found] == sorted({b.pages for b in L.books}, reverse=True)


def test_a_query_shows_the_names_it_is_ordered_by() -> None:
    ordered = Book.objects.order_by("author__name", "-pages")
    assert ordered.query.order_by == ordered.filter(pages__gt=3).query.order_by == ("author__name", "-pages")
    assert ordered.order_by().query.order_by == Country.objects.all().query.order_by == ()


def test_a_query_shows_the_expressions_it_is_ordered_by() -> None:
    first, second = (Book.objects.order_by(F("pages") + number) for number in (1, 2))
    assert len(first.query.order_by) == len(second.query.order_by) == 1
    assert not isinstance(first.query.order_by[0], str)


def test_a_query_knows_whether_its_order_is_the_models_and_whether_it_is_reversed() -> None:
    assert Country.objects.all().query.default_ordering
    assert not Country.objects.order_by("name").query.default_ordering
    assert Country.objects.all().query.standard_ordering
    assert not Country.objects.reverse().query.standard_ordering


async def test_the_latest_of_no_rows_is_missed_by_its_own_name(library: Any) -> None:
    with pytest.raises(Book.DoesNotExist, match=r"asked for with latest\('pages'\)"):
        await Book.objects.none().alatest("pages")
    with pytest.raises(Book.DoesNotExist, match=r"asked for with earliest\('pages', '-title'\)"):
        await Book.objects.filter(pages=-1).aearliest("pages", "-title")


async def test_rows_that_an_order_joins_are_there_after_the_first(library: Any) -> None:
    author = max(L.authors, key=lambda one: len(one.books))
    ordered = Author.objects.filter(pk=author.pk).order_by("books__title")
    for start in range(1, len(author.books) + 1):
        left = ordered[start:]
        assert (await left.aexists(), await left.acount()) == (start < len(author.books), len(author.books) - start)


class Shelved(models.Model):
    """The authors, in an order that holds expressions and values."""

    name = models.CharField(max_length=100)
    age = models.IntegerField(null=True)

    class Meta:
        app_label = "query"
        managed = False
        db_table = "query_author"
        ordering = [Case(When(Q(age__gt=30) & Q(age__lt=60), then=Value(1)), default=Value(2)), Lower("name").desc()]


class ShelvedBook(models.Model):
    author = models.ForeignKey(Shelved, models.CASCADE)
    title = models.CharField(max_length=100)

    class Meta:
        app_label = "query"
        managed = False
        db_table = "query_book"
        ordering = ["author", "title"]


def shelved(author: Any) -> tuple[int, list[int]]:
    between = author.age is not None and 30 < author.age < 60
    return (1 if between else 2), [-ord(letter) for letter in author.name.lower()]


async def test_an_ordering_that_a_model_declares_holds_values(library: Any) -> None:
    expected = [author.name for author in sorted(L.authors, key=shelved)]
    assert [row.name async for row in Shelved.objects.all()] == expected
    assert [row.name async for row in Shelved.objects.reverse()] == expected[::-1]
    assert [row.name async for row in Shelved.objects.filter(name__gt="")[1:3]] == expected[1:3]


async def test_a_relation_is_ordered_by_the_expressions_that_its_model_is_ordered_by(library: Any) -> None:
    expected = [book.title for book in sorted(L.books, key=lambda book: (*shelved(book.author), book.title))]
    assert [book.title async for book in ShelvedBook.objects.all()] == expected
    found = ShelvedBook.objects.filter(title__gt="").order_by("author", "title")
    assert [book.title async for book in found] == expected
    assert await found.acount() == len(expected)
    backwards = ShelvedBook.objects.order_by("-author", "title")
    groups = sorted(L.books, key=lambda book: book.title)
    groups.sort(key=lambda book: shelved(book.author), reverse=True)
    assert [book.title async for book in backwards] == [book.title for book in groups]


class ByBooks(models.Model):
    """The authors, in an order that asks for their books."""

    class Meta:
        app_label = "query"
        managed = False
        db_table = "query_author"
        ordering = [Subquery(Book.objects.filter(author=OuterRef("pk")).values("title")[:1])]


class BookByBooks(models.Model):
    author = models.ForeignKey(ByBooks, models.CASCADE)

    class Meta:
        app_label = "query"
        managed = False
        db_table = "query_book"
        ordering = ["author"]


async def test_an_ordering_that_a_model_declares_holds_no_values_of_querysets(database: Any) -> None:
    with pytest.raises(NotImplementedError, match="querysets with values or slices"):
        await ByBooks.objects.all()


async def test_a_relation_is_not_ordered_by_a_subquery_of_its_model(database: Any) -> None:
    with pytest.raises(NotImplementedError, match="through 'author__'"):
        await BookByBooks.objects.all()
