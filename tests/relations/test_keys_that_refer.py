"""A model whose key is a foreign key: what it is compared to, and what it can't be compared to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.relations.models import Author, Licence, Stamp


async def some() -> tuple[Author, Licence, Stamp]:
    author = await Author.objects.acreate(name="Ada")
    licence = await Licence.objects.acreate(author=author)
    return author, licence, await Stamp.objects.acreate(licence=licence)


async def test_it_is_found_from_the_other_side_by_a_row_a_key_and_a_query(database: Any) -> None:
    author, licence, _ = await some()
    await Author.objects.acreate(name="Ben")
    for wanted in (
        {"licence": licence},
        {"licence": author.pk},
        {"licence__in": [licence]},
        {"licence__in": Licence.objects.all()},
        {"licence__author": author},
    ):
        assert await Author.objects.filter(**wanted) == [author]


async def test_its_own_row_stands_for_its_key(database: Any) -> None:
    _, licence, _ = await some()
    assert await Licence.objects.aget(author=licence) == licence


async def test_what_refers_to_it_is_compared_to_its_rows(database: Any) -> None:
    author, licence, stamp = await some()
    assert await Stamp.objects.aget(licence=licence) == stamp
    assert await Stamp.objects.aget(licence__author=author) == stamp
    assert await Licence.objects.aget(stamps=stamp) == licence
    with pytest.raises(ValueError, match='Must be "Licence" instance'):
        Stamp.objects.filter(licence=author)
    with pytest.raises(ValueError, match='Must be "Licence" instance'):
        Author.objects.filter(licence=stamp)
