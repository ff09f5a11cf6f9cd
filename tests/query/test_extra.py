"""extra(): SQL written by hand in a query, with its values bound and its names checked."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError, ProgrammingError
from orm.models import Count, Exists, RawSQL
from tests.query.answers import names
from tests.query.hostile import TEXTS
from tests.query.models import Author, Book


async def test_columns_and_their_values(library: Any) -> None:
    chosen = Author.objects.extra(select={"older": "age + %s", "twice": "age * %s"}, select_params=[1, 2])
    for years in (1, 5):
        rows = Author.objects.extra(select={"older": "age + %s"}, select_params=[years])
        assert [a.older - a.age async for a in rows.filter(age__isnull=False)] == [years] * await rows.filter(
            age__isnull=False
        ).acount()
    ada = await chosen.aget(name="Ada")
    assert (ada.older, ada.twice) == (ada.age + 1, ada.age * 2)
    assert await chosen.filter(name="Ada").values_list("twice", "name").aget() == (ada.age * 2, "Ada")


async def test_columns_of_a_later_extra_are_not_part_of_chosen_values(library: Any) -> None:
    row = await Author.objects.values("name").extra(select={"one": "1"}).afirst()
    assert set(row) == {"name"}
    row = await Author.objects.extra(select={"one": "1"}).values("name", "one").afirst()
    assert set(row) == {"name", "one"}


async def test_extra_conditions_narrow_with_the_others(library: Any) -> None:
    assert await names(Author.objects.extra(where=["age > %s", "age < %s OR 1 = 0"], params=[36, 60])) == await names(
        Author.objects.filter(age__gt=36, age__lt=60)
    )
    assert await Author.objects.extra(where=["age > %s"], params=[36]).exclude(name="Camus").acount() == (
        await Author.objects.filter(age__gt=36).exclude(name="Camus").acount()
    )
    assert await Author.objects.extra(where=["1 = 0"]).aexists() is False


async def test_texts_may_come_from_a_generator(library: Any) -> None:
    listed = Book.objects.extra(where=["pages > %s"], params=[300], order_by=["-pages"])
    given = Book.objects.extra(where=(text for text in ["pages > %s"]), params=[300], order_by=iter(["-pages"]))
    assert [book.pk async for book in given] == [book.pk async for book in listed] != []


async def test_extra_tables_are_joined(library: Any) -> None:
    joined = Author.objects.extra(tables=["query_book"], where=["query_book.author_id = query_author.id"])
    expected = await Author.objects.filter(books__isnull=False).acount()
    assert await joined.acount() == expected
    assert len([a async for a in joined]) == expected
    ordered = joined.extra(order_by=["-query_book.title"])
    assert await ordered.acount() == expected
    found = [a.name async for a in ordered]
    assert found == [a.name async for a in Author.objects.filter(books__isnull=False).order_by("-books__title")]


async def test_extra_columns_give_the_order(library: Any) -> None:
    rows = Author.objects.extra(select={"negative": "-age"}, order_by=["negative", "name"]).filter(age__isnull=False)
    assert [a.name async for a in rows] == [
        a.name async for a in Author.objects.filter(age__isnull=False).order_by("-age", "name")
    ]
    assert [a.name async for a in rows.order_by("name")] == [a.name async for a in rows.order_by().order_by("name")]


async def test_beside_aggregates(library: Any) -> None:
    rows = Author.objects.extra(select={"older": "query_author.age + 1"}).annotate(n=Count("books"))
    assert {a.name: (a.n, a.older) async for a in rows} == {
        a.name: (a.n, None if a.age is None else a.age + 1) async for a in Author.objects.annotate(n=Count("books"))
    }


async def test_what_is_wrong_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="1 placeholders and 2 parameters"):
        Author.objects.extra(where=["age > %s"], params=[1, 2])
    with pytest.raises(ValueError, match="more parameters"):
        Author.objects.extra(select={"x": "1"}, select_params=[1])
    with pytest.raises(TypeError, match="list of texts"):
        Author.objects.extra(where="age > 1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="would hide"):
        Author.objects.extra(select={"_state": "1"})
    with pytest.raises(FieldError, match="no table"):
        Author.objects.extra(order_by=["query_boook.title"])
    with pytest.raises(TypeError, match="slice"):
        Author.objects.all()[:3].extra(where=["1 = 1"])


async def test_names_are_checked_or_quoted(library: Any) -> None:
    for text in TEXTS:
        if not text.isidentifier():
            with pytest.raises(ValueError, match="can't name a column|aliases cannot"):
                Author.objects.extra(select={text: "1"})
        with pytest.raises((FieldError, ValueError)):
            Author.objects.extra(order_by=[f"{text}.x", f"{text}x"])
        if "\x00" not in text and "\ud800" not in text:
            assert not await Author.objects.extra(where=["name = %s"], params=[text]).aexists()
    with pytest.raises(ProgrammingError):
        await Author.objects.extra(tables=['query_book"; DROP TABLE query_book; --'])
    assert await Author.objects.acount()


async def test_a_column_stands_before_a_field_of_its_name(library: Any) -> None:
    """As in Django: in results and orderings; conditions still speak of the field."""
    rows = Author.objects.extra(select={"age": "1"})
    assert {author.age async for author in rows} == {1}
    assert {row["age"] async for row in rows.values("name", "age")} == {1}
    assert await rows.filter(age__gt=36).acount() == await Author.objects.filter(age__gt=36).acount()
    negative = Author.objects.extra(select={"age": "-age"}).filter(age__isnull=False).order_by("age", "name")
    assert [a.name async for a in negative] == [
        a.name async for a in Author.objects.filter(age__isnull=False).order_by("-age", "name")
    ]


async def test_values_of_all_columns_have_those_of_a_later_extra(library: Any) -> None:
    row = await Author.objects.values().extra(select={"one": "1"}).afirst()
    assert row["one"] == 1
    assert (await Author.objects.values_list().extra(select={"one": "1"}).afirst())[0] == 1


async def test_a_value_alone_has_its_own_type(library: Any) -> None:
    """Nothing beside it tells PostgreSQL what it is."""
    for value in (5, "five", 2.5):
        rows = Author.objects.extra(select={"given": "%s"}, select_params=[value])
        assert (await rows.values_list("given", flat=True).afirst()) == value


def test_the_query_tells_of_its_columns() -> None:
    rows = Author.objects.extra(select={"older": "age + %s"}, select_params=[5])
    assert rows.query.extra == {"older": ("age + %s", [5])}


async def test_the_text_of_a_query_inside_another_finds_its_tables(library: Any) -> None:
    expected = sorted(book.title for book in library.books if book.author.name == "Ada")
    adas = Author.objects.extra(where=["query_author.name = %s"], params=["Ada"])
    for inside in (
        Book.objects.filter(author__in=adas),
        Book.objects.filter(author__in=adas.values("pk")),
        Book.objects.filter(author__in=adas.filter(pk__gt=0)),
        Book.objects.filter(author__books__in=Book.objects.filter(author__in=adas)).distinct(),
        Book.objects.filter(pk__in=Book.objects.filter(author__pk__gt=0, author__age__isnull=False).extra(
            where=["query_author.name = 'Ada'"]
        )),
        Book.objects.filter(author__in=Author.objects.annotate(called=RawSQL("query_author.name", [])).filter(
            called="Ada"
        ).values("pk")),
    ):  # fmt: skip
        assert sorted(await inside.values_list("title", flat=True)) == expected


async def test_a_table_of_both_queries_is_that_of_the_one_with_the_text(library: Any) -> None:
    ada = Author.objects.extra(where=["query_author.name = 'Ada'"])
    assert await names(Author.objects.filter(pk__in=ada)) == ["Ada"]
    assert await names(Author.objects.filter(name__gt="A", pk__in=ada)) == ["Ada"]
    assert not await Author.objects.exclude(pk__in=ada).filter(name="Ada").aexists()


async def test_a_text_may_say_the_name_that_a_table_is_given_inside(library: Any) -> None:
    books = Book.objects.filter(pages__gt=0).extra(where=["U0.author_id = query_author.id"])
    expected = {book.author.name for book in library.books if book.pages > 0}
    assert set(await names(Author.objects.filter(Exists(books)))) == expected
