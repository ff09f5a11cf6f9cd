"""A stored value that can't be read: the error names the field and the row."""

from __future__ import annotations

from typing import Any

import pytest

from orm.db.registry import databases
from orm.errors import DataError
from orm.models import F, TextField, Value
from tests.query.models import Author, Book, Everything


@pytest.fixture
async def spoiled(database: Any) -> Any:
    """A book whose day of publication is none, where the database lets that be stored; gives its key."""
    if databases["default"].dialect.capabilities.typed_parameters:
        pytest.skip("a database with strict types stores nothing it can't read")
    author = await Author.objects.acreate(name="Ada")
    book = await Book.objects.acreate(title="x", author=author)
    await Book.objects.filter(pk=book.pk).aupdate(published=Value("soon", output_field=TextField()))
    return book.pk


async def test_the_error_names_the_field_and_the_row(spoiled: Any) -> None:
    with pytest.raises(DataError, match=rf"query.Book.published in the row with the key {spoiled} holds 'soon'"):
        await Book.objects.aget(pk=spoiled)
    with pytest.raises(ValueError, match=rf"query.Book.published in the row with the key {spoiled} holds 'soon'"):
        await Book.objects.select_related("author").aget(pk=spoiled)
    with pytest.raises(DataError, match=r"query.Book.published holds 'soon', which can't be read"):
        await Book.objects.values_list("published", flat=True).aget(pk=spoiled)
    with pytest.raises(DataError, match=r"query.Book.published holds 'soon', which can't be read"):
        await Book.objects.values("title", "published").aget(pk=spoiled)
    assert await Book.objects.filter(pk=spoiled).values_list("title", flat=True).aget() == "x"


@pytest.mark.only(backend="sqlite")
async def test_a_number_in_a_column_of_bytes_is_none(database: Any) -> None:
    """``bytes()`` of a number would be as many zeros, gigabytes of them for a large one."""
    await Everything.objects.acreate(bigint=2**45)
    await Everything.objects.aupdate(binary=F("bigint"))
    with pytest.raises(DataError, match=r"query.Everything.binary holds 35184372088832, which can't be read"):
        await Everything.objects.values_list("binary", flat=True).aget()
