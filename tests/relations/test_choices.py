"""The rows that a relation may refer to, as a menu shows them: ``get_choices``."""

from __future__ import annotations

from typing import Any

from orm import models
from tests.relations.models import Author, Book, Country

AUTHOR: Any = Book._meta.get_field("author")


async def authors() -> tuple[Any, Any]:
    return await Author.objects.acreate(name="Ada"), await Author.objects.acreate(name="Bob")


async def test_choices_are_pairs_of_key_and_text(database: Any) -> None:
    ada, bob = await authors()
    assert await AUTHOR.aget_choices(ordering=("-name",)) == [("", "---------"), (bob.pk, "Bob"), (ada.pk, "Ada")]


async def test_a_condition_leaves_rows_out(database: Any) -> None:
    ada, _ = await authors()
    found = await AUTHOR.aget_choices(include_blank=False, limit_choices_to={"name": "Ada"})
    assert found == [(ada.pk, "Ada")]
    assert await AUTHOR.aget_choices(include_blank=False, limit_choices_to=models.Q(name="Cem")) == []


async def test_the_key_is_what_the_relation_holds(database: Any) -> None:
    country = await Country.objects.acreate(name="Norway", code="NO")
    field = Author._meta.get_field("country")
    assert await field.aget_choices(include_blank=False) == [("NO", str(country))]


async def test_the_far_side_offers_the_rows_that_refer(database: Any) -> None:
    ada, _ = await authors()
    book = await Book.objects.acreate(title="Notes", author=ada)
    assert await AUTHOR.remote_field.aget_choices(include_blank=False) == [(book.pk, str(book))]
    assert await AUTHOR.remote_field.aget_choices(limit_choices_to={"title": "x"}) == [("", "---------")]


async def test_the_field_of_a_program_may_limit_them(database: Any) -> None:
    ada, _ = await authors()
    limited = models.ForeignKey(Author, models.CASCADE, limit_choices_to=lambda: {"name": "Ada"})
    limited.model = Book
    limited.set_attributes_from_name("author")
    assert await limited.aget_choices(include_blank=False) == [(ada.pk, "Ada")]


async def test_the_order_of_a_model_may_change_while_the_program_runs(database: Any) -> None:
    ada, bob = await authors()
    assert [one async for one in Author.objects.all()] == [ada, bob]
    before, Author._meta.ordering = Author._meta.ordering, ("-name",)
    try:
        assert [one async for one in Author.objects.all()] == [bob, ada]
    finally:
        Author._meta.ordering = before
