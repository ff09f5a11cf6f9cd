"""What a query shows itself to be: a statement that says the same when it is pasted, and the steps of running it."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest

import orm
from orm.errors import EmptyResultSet
from orm.models import Count, F, Q, Value
from orm.models.functions import Concat, TruncMonth
from tests.query.models import Author, Book, Document, Everything, Keyed

HOSTILE = [
    "it's",
    'a "quote"',
    "back\\slash",
    "\\'; DROP TABLE query_book; --",
    "100%",
    "%s",
    "$1 ?",
    "/* */ -- x",
    "né",
]

VALUES: dict[str, Any] = {
    "boolean": True,
    "integer": -5,
    "bigint": -(2**62),
    "char": "it's",
    "date": datetime.date(2024, 2, 29),
    "time": datetime.time(1, 2, 3, 4),
    "datetime": datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.UTC),
    "duration": -datetime.timedelta(days=3, seconds=5, microseconds=7),
    "decimal": Decimal("-1.500000"),
    "float": -2.5e-7,
    "uuid": uuid.UUID(int=7),
    "binary": b"\x00'\\\xff",
}


async def pasted(queryset: Any) -> list[tuple[Any, ...]]:
    """The rows of a query's text, run as it is."""
    async with orm.databases["default"].connection() as connection:
        return [tuple(row) for row in await connection.afetch(queryset.sql())]


@pytest.mark.parametrize("text", HOSTILE)
async def test_the_text_with_placeholders_is_raw_sql(database: Any, text: str) -> None:
    await Author.objects.acreate(name="Ada")
    found = await Author.objects.acreate(name=text)
    queryset = Author.objects.filter(name__contains=text, pk__in=[1, 2, found.pk])[:5]
    assert [author async for author in Author.objects.raw(*queryset.query.sql_with_params())] == [found]
    assert queryset.query.get_compiler("default").as_sql() == queryset.query.sql_with_params()


def test_a_compiler_is_one_of_a_database(database: Any) -> None:
    with pytest.raises(ValueError, match='get_compiler\\(using="default"\\)'):
        Author.objects.all().query.get_compiler()


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_of_each_type_is_found_by_the_text(database: Any, name: str) -> None:
    found = await Everything.objects.acreate(**{name: VALUES[name]})
    await Everything.objects.acreate()
    for lookup in (name, f"{name}__in"):
        value = VALUES[name] if lookup == name else [VALUES[name]]
        assert await pasted(Everything.objects.filter(**{lookup: value}).values_list("pk")) == [(found.pk,)]
    for value in (float("inf"), float("-inf")) if name == "float" else ():
        await Everything.objects.filter(pk=found.pk).aupdate(float=value)
        assert await pasted(Everything.objects.filter(float=value).values_list("pk")) == [(found.pk,)]


@pytest.mark.parametrize("text", HOSTILE)
async def test_texts_are_quoted(database: Any, text: str) -> None:
    author = await Author.objects.acreate(name=text)
    document = await Document.objects.acreate(name="d", data={text: [text]})
    assert await pasted(Author.objects.filter(name=text).values_list("pk")) == [(author.pk,)]
    assert await pasted(Author.objects.filter(name__contains=text, name__in=[text, "x"]).values_list("pk")) == [
        (author.pk,)
    ]
    assert await pasted(Author.objects.values_list(Concat(F("name"), Value(text)))) == [(text * 2,)]
    assert await pasted(Document.objects.filter(data={text: [text]}).values_list("pk")) == [(document.pk,)]
    assert await pasted(Document.objects.filter(data__has_key=text).values_list("pk")) == [(document.pk,)]


async def test_the_text_gives_the_querys_rows(library: Any) -> None:
    day = datetime.date(1990, 1, 1)
    querysets: list[Any] = [
        Book.objects.filter(Q(pages__gt=100) | ~Q(author__name="Ada"), published__gt=day).values_list("pk", "title"),
        Author.objects.annotate(n=Count("books", filter=Q(books__pages__gt=50)))
        .filter(n__gte=1)
        .values_list("pk", "n"),
        Book.objects.filter(author__in=Author.objects.filter(age__gt=-1)).order_by("pk").values_list("pk")[1:4],
        Book.objects.values_list("pages").union(Author.objects.filter(age__lt=50).values_list("age")),
        Keyed.objects.filter(pk__in=[uuid.UUID(int=1), uuid.UUID(int=2)]).values_list("label"),
    ]
    for queryset in querysets:
        assert sorted(await pasted(queryset)) == sorted([tuple(row) async for row in queryset])
    months = Book.objects.filter(added__isnull=False).annotate(m=TruncMonth("added")).values_list("m")
    assert len(await pasted(months)) == await months.acount()


def test_pretty_text_has_lines(database: Any) -> None:
    queryset = Book.objects.filter(title="it's").order_by("pk")
    assert len(queryset.sql(pretty=True).splitlines()) > 5
    assert queryset.sql(pretty=True).split() == queryset.sql().split()
    assert queryset.sql() == str(queryset.query)


def test_a_query_that_is_not_sent_has_no_text(database: Any) -> None:
    with pytest.raises(EmptyResultSet):
        Book.objects.none().sql()


@pytest.mark.only(colour="awaitable")
async def test_where_a_loop_runs_a_query_shows_itself_and_does_not_run(database: Any, queries: Any) -> None:
    with queries as counted:
        shown = repr(Book.objects.filter(title="it's"))
        assert "no row can meet" in repr(Book.objects.none())
    assert shown.startswith("<QuerySet of Book, not fetched (await it): SELECT ")
    assert "'it''s'" in shown
    assert counted == []


async def test_steps_are_a_tree(library: Any) -> None:
    queryset = Book.objects.filter(pk__in=Author.objects.filter(age__gt=3).order_by("age").values("pk")[:2])
    lines = (await queryset.aexplain()).splitlines()
    assert not lines[0].startswith(" ")
    assert any(line.startswith("  ") for line in lines)
