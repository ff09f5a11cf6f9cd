"""values(), values_list(), only() and defer(): which columns come, in what form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orm.errors import FieldError
from orm.models import Count, F
from orm.models.functions import Upper
from tests.query import library as L
from tests.query.models import Author, Book, Review


async def test_values(library: Any) -> None:
    assert await Book.objects.order_by("pk").values("title", "pages") == [
        {"title": b.title, "pages": b.pages} for b in L.books
    ]


async def test_values_of_all_columns(library: Any) -> None:
    found = await Author.objects.filter(name="Ada").values()
    assert found == [{
        "id": L.ADA.pk, "name": "Ada", "age": 36, "born": L.ADA.born, "rating": 4.5, "active": True,
        "country_id": L.UK.pk,
    }]  # fmt: skip


async def test_values_of_a_relation_is_its_key(library: Any) -> None:
    found = await Book.objects.filter(pk=L.NOTES.pk).values("author", "author_id", "editor")
    assert found == [{"author": L.ADA.pk, "author_id": L.ADA.pk, "editor": L.CAMUS.pk}]


async def test_values_across_relations(library: Any) -> None:
    found = await Book.objects.order_by("pk").values("title", "author__name", "publisher__country__name")
    assert found == [
        {
            "title": b.title,
            "author__name": b.author.name,
            "publisher__country__name": b.publisher.country.name if b.publisher and b.publisher.country else None,
        }
        for b in L.books
    ]


async def test_values_across_many_rows(library: Any) -> None:
    found = await Author.objects.values("name", "books__title")
    expected = [(a.name, b.title) for a in L.authors for b in a.books]
    expected += [(a.name, None) for a in L.authors if not a.books]
    key = lambda pair: (pair[0], pair[1] or "")  # noqa: E731
    assert sorted(((row["name"], row["books__title"]) for row in found), key=key) == sorted(expected, key=key)


async def test_values_of_many_to_many(library: Any) -> None:
    found = await Book.objects.filter(title="Letters").values("tags__name")
    assert found == [{"tags__name": "classic"}]


async def test_values_with_pk(library: Any) -> None:
    assert await Author.objects.filter(name="Ada").values("pk", "name") == [{"pk": L.ADA.pk, "name": "Ada"}]


async def test_values_with_an_expression(library: Any) -> None:
    found = await Author.objects.filter(name="Ada").values("name", loud=Upper("name"), twice=F("age") * 2)
    assert found == [{"name": "Ada", "loud": "ADA", "twice": 72}]


async def test_values_with_an_annotation(library: Any) -> None:
    found = await Author.objects.annotate(n=Count("books")).filter(name="Ada").values("name", "n")
    assert found == [{"name": "Ada", "n": 2}]


async def test_values_before_filter(library: Any) -> None:
    assert await Author.objects.values("name").filter(age=24) == [{"name": "Felix"}]


async def test_values_converts_like_objects_do(library: Any) -> None:
    found = await Book.objects.filter(title="Letters").values("price", "added", "in_print", "published")
    assert found == [
        {"price": Decimal("9.99"), "added": L.LETTERS.added, "in_print": True, "published": L.LETTERS.published}
    ]


async def test_values_list(library: Any) -> None:
    found = await Book.objects.order_by("pk").values_list("title", "pages")
    assert found == [(b.title, b.pages) for b in L.books]


async def test_values_list_of_all_columns(library: Any) -> None:
    found = await Author.objects.filter(name="Ada").values_list()
    assert found == [(L.ADA.pk, "Ada", 36, L.ADA.born, 4.5, True, L.UK.pk)]


async def test_values_list_flat(library: Any) -> None:
    assert await Book.objects.order_by("pk").values_list("title", flat=True) == L.TITLES


async def test_values_list_flat_of_a_relation(library: Any) -> None:
    found = await Book.objects.order_by("pk").values_list("editor__name", flat=True)
    assert found == [b.editor.name if b.editor else None for b in L.books]


async def test_values_list_named(library: Any) -> None:
    row = await Book.objects.order_by("pk").values_list("title", "author__name", named=True).afirst()
    assert (row.title, row.author__name) == (L.NOTES.title, "Ada")
    assert tuple(row) == (L.NOTES.title, "Ada")
    assert row._fields == ("title", "author__name")


async def test_values_list_named_with_an_annotation(library: Any) -> None:
    row = await Author.objects.annotate(n=Count("books")).order_by("pk").values_list("name", "n", named=True).afirst()
    assert (row.name, row.n) == ("Ada", 2)


async def test_values_list_keeps_the_order_asked_for(library: Any) -> None:
    found = await Author.objects.annotate(n=Count("books")).filter(name="Ada").values_list("n", "name", "pk")
    assert found == [(2, "Ada", L.ADA.pk)]


async def test_values_list_with_an_expression(library: Any) -> None:
    assert await Author.objects.filter(name="Ada").values_list(Upper("name"), flat=True) == ["ADA"]


def test_values_list_flat_and_named_is_refused() -> None:
    with pytest.raises(TypeError, match="flat"):
        Book.objects.values_list("title", flat=True, named=True)


def test_values_list_flat_of_two_columns_is_refused() -> None:
    with pytest.raises(TypeError, match="flat"):
        Book.objects.values_list("title", "pages", flat=True)


def test_values_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(FieldError, match="titel.*title"):
        Book.objects.values("titel")


async def test_get_on_values(library: Any) -> None:
    assert await Author.objects.values("name").aget(age=24) == {"name": "Felix"}


async def test_first_on_flat_values(library: Any) -> None:
    assert await Author.objects.order_by("-pk").values_list("name", flat=True).afirst() == "Gina"


async def test_iterating_values(library: Any) -> None:
    assert [row["title"] async for row in Book.objects.order_by("pk").values("title")] == L.TITLES


# -- only() and defer() ------------------------------------------------------------------------------------------------


async def test_only_leaves_other_columns_out_of_the_query(library: Any) -> None:
    sql = str(Book.objects.only("title").query)
    assert "title" in sql
    assert "pages" not in sql


async def test_only_always_has_the_key(library: Any) -> None:
    assert {b.pk async for b in Book.objects.only("title")} == {b.pk for b in L.books}


async def test_only_loads_the_rest_when_asked(library: Any, queries: Any) -> None:
    book = await Book.objects.only("title").aget(pk=L.NOTES.pk)
    with queries as counted:
        assert book.title == L.NOTES.title
        assert len(counted) == 0
        assert await book.pages == 66
        assert book.pages == 66
    assert len(counted) == 1


async def test_defer_loads_the_column_when_asked(library: Any, queries: Any) -> None:
    book = await Book.objects.defer("pages", "price").aget(pk=L.NOTES.pk)
    assert book.get_deferred_fields() == {"pages", "price"}
    with queries as counted:
        assert book.title == L.NOTES.title
        assert len(counted) == 0
        assert await book.price == Decimal("12.50")
    assert len(counted) == 1
    assert book.get_deferred_fields() == {"pages"}


async def test_defer_adds_up(library: Any) -> None:
    book = await Book.objects.defer("pages").defer("price").afirst()
    assert book.get_deferred_fields() == {"pages", "price"}


async def test_defer_none_takes_it_back(library: Any) -> None:
    book = await Book.objects.defer("pages").defer(None).afirst()
    assert book.get_deferred_fields() == set()


async def test_only_replaces_only(library: Any) -> None:
    book = await Book.objects.only("pages").only("title").afirst()
    assert "title" not in book.get_deferred_fields()
    assert "pages" in book.get_deferred_fields()


async def test_defer_after_only(library: Any) -> None:
    book = await Book.objects.only("title", "pages").defer("pages").afirst()
    assert "pages" in book.get_deferred_fields()
    assert "title" not in book.get_deferred_fields()


async def test_deferring_the_key_has_no_effect(library: Any) -> None:
    assert (await Book.objects.defer("id", "pages").order_by("pk").afirst()).pk == L.NOTES.pk


async def test_only_of_a_joined_relation(library: Any) -> None:
    book = await Book.objects.select_related("author").only("title", "author__name").aget(pk=L.NOTES.pk)
    author = await book.author
    assert author.name == "Ada"
    assert "age" in author.get_deferred_fields()
    assert "pages" in book.get_deferred_fields()


async def test_defer_of_a_joined_relation(library: Any) -> None:
    book = await Book.objects.select_related("author").defer("author__age").aget(pk=L.NOTES.pk)
    assert (await book.author).get_deferred_fields() == {"age"}


async def test_deferred_object_saves_only_what_it_has(library: Any) -> None:
    book = await Book.objects.only("title").aget(pk=L.NOTES.pk)
    await Book.objects.filter(pk=L.NOTES.pk).aupdate(pages=1234)
    book.title = "Changed"
    await book.asave()
    fresh = await Book.objects.aget(pk=L.NOTES.pk)
    assert (fresh.title, fresh.pages) == ("Changed", 1234)


async def test_annotations_come_with_only(library: Any) -> None:
    book = await Book.objects.annotate(n=Count("reviews")).only("title").aget(pk=L.NOTES.pk)
    assert book.n == 3


def test_only_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(FieldError, match="titel"):
        Book.objects.only("titel")


def test_only_after_values_is_refused() -> None:
    with pytest.raises(TypeError, match="values"):
        Book.objects.values("title").only("pages")


async def test_values_of_reviews_across_three_tables(library: Any) -> None:
    found = await Review.objects.order_by("pk").values_list("book__author__country__name", flat=True)
    assert found == [r.book.author.country.name if r.book.author.country else None for r in L.reviews]
