"""``timeout()``: a limit of time for the statements of a queryset."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import QueryTimeout
from orm.models import IntegerField, Prefetch, Value
from orm.sql.handwritten import RawSQL
from tests.query.models import Author, Book, Country, Tag

LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40000000) SELECT count(*) FROM s"


async def test_a_query_is_stopped(library: Any) -> None:
    slow = Author.objects.annotate(n=RawSQL(LONG, (), output_field=IntegerField())).timeout(0.05)
    with pytest.raises(QueryTimeout, match=r"0\.05 s"):
        await slow.aget(name="Ada")
    with pytest.raises(QueryTimeout):
        async for _ in slow.aiterator():
            pass
    with pytest.raises(QueryTimeout):
        await slow.filter(n__gt=0).aupdate(age=Value(1))
    assert await Author.objects.filter(age=1).acount() == 0


async def test_what_it_prefetches_is_stopped(library: Any) -> None:
    n = RawSQL(LONG, (), output_field=IntegerField())
    slow = Book.objects.annotate(n=n)
    for lookup in (
        Prefetch("books", queryset=slow),
        Prefetch("books__tags", queryset=Tag.objects.annotate(n=n)),
        Prefetch("books", queryset=Book.objects.prefetch_related(Prefetch("tags", Tag.objects.annotate(n=n)))),
        Prefetch("country", queryset=Country.objects.annotate(n=n)),
        Prefetch("friends", queryset=Author.objects.annotate(n=n)),
    ):
        limited = Author.objects.prefetch_related(lookup).timeout(0.3)
        with pytest.raises(QueryTimeout, match=r"0\.3 s"):
            await limited
        with pytest.raises(QueryTimeout):
            async for _ in limited.aiterator(chunk_size=2):
                pass
    with pytest.raises(QueryTimeout, match=r"0\.05 s"):  # its own limit holds
        await Author.objects.prefetch_related(Prefetch("books", queryset=slow.timeout(0.05))).timeout(30)
    ada = await Author.objects.prefetch_related("books").timeout(30).aget(name="Ada")
    assert ada.books.all()._timeout is None
    assert len(ada.books.all()) == await Book.objects.filter(author=ada).acount()


async def test_a_quick_query_is_not(library: Any) -> None:
    limited = Author.objects.timeout(30)
    assert {author.pk async for author in limited} == {author.pk async for author in limited.timeout(None)}
    assert await limited.acount() == await Author.objects.acount()


def test_what_is_no_limit() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Author.objects.timeout(0)
    with pytest.raises(TypeError, match="number of seconds"):
        Author.objects.timeout("1")  # type: ignore[arg-type]
