"""raw(): a user's own SQL, its rows as objects; and the SQL the library shows and explains."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

import orm
from orm.errors import FieldDoesNotExist, NotSupportedError, ProgrammingError
from orm.models import F, IntegerField
from orm.sql.handwritten import RawSQL
from tests.query import library as L
from tests.query.answers import titled, titles
from tests.query.models import Author, Book, Counter


async def test_raw_rows_become_instances(library: Any) -> None:
    found = [a async for a in Author.objects.raw("SELECT * FROM query_author ORDER BY id")]
    assert [(a.name, a.age, a.born, a.active) for a in found] == [(a.name, a.age, a.born, a.active) for a in L.authors]


async def test_raw_can_be_awaited(library: Any) -> None:
    assert len(await Author.objects.raw("SELECT * FROM query_author")) == len(L.authors)


async def test_raw_with_parameters(library: Any) -> None:
    found = await Author.objects.raw("SELECT * FROM query_author WHERE name = %s AND age > %s", ["Ada", 30])
    assert [a.name for a in found] == ["Ada"]


async def test_raw_with_named_parameters(library: Any) -> None:
    found = await Author.objects.raw("SELECT * FROM query_author WHERE name = %(name)s", {"name": "Emil"})
    assert [a.name for a in found] == ["Emil"]


async def test_raw_parameters_are_never_text(library: Any) -> None:
    found = await Author.objects.raw("SELECT * FROM query_author WHERE name = %s", ["x' OR '1'='1"])
    assert found == []


async def test_raw_with_a_percent_sign(library: Any) -> None:
    found = await Book.objects.raw("SELECT * FROM query_book WHERE title LIKE '100%%' AND pages < %s", [50])
    assert [b.title for b in found] == ["100% Cotton_wool"]


async def test_raw_leaves_out_columns_to_load_later(library: Any) -> None:
    book = (await Book.objects.raw("SELECT id, title FROM query_book WHERE id = %s", [L.NOTES.pk]))[0]
    assert book.title == L.NOTES.title
    assert await book.pages == 66


async def test_raw_with_columns_in_another_order(library: Any) -> None:
    book = (await Book.objects.raw("SELECT pages, title, id FROM query_book WHERE id = %s", [L.NOTES.pk]))[0]
    assert (book.title, book.pages, book.pk) == (L.NOTES.title, 66, L.NOTES.pk)


async def test_raw_with_extra_columns(library: Any) -> None:
    found = await Author.objects.raw("SELECT *, age * 2 AS twice FROM query_author WHERE name = 'Ada'")
    assert found[0].twice == 72


async def test_raw_with_translations(library: Any) -> None:
    found = await Author.objects.raw(
        "SELECT id AS number, name AS called FROM query_author WHERE name = 'Ada'",
        translations={"number": "id", "called": "name"},
    )
    assert (found[0].pk, found[0].name) == (L.ADA.pk, "Ada")


async def test_raw_column_with_another_name(database: Any) -> None:
    await Counter.objects.acreate(key="a", note="x")
    assert (await Counter.objects.raw("SELECT * FROM query_counter"))[0].note == "x"


async def test_raw_converts_values(library: Any) -> None:
    book = (await Book.objects.raw("SELECT * FROM query_book WHERE id = %s", [L.NOTES.pk]))[0]
    assert (book.price, book.added, book.in_print) == (L.NOTES.price, L.NOTES.added, True)


async def test_raw_without_the_key_is_refused(library: Any) -> None:
    with pytest.raises(FieldDoesNotExist, match="primary key"):
        await Author.objects.raw("SELECT name FROM query_author")


async def test_raw_prefetches(library: Any, queries: Any) -> None:
    with queries as counted:
        found = await Author.objects.raw("SELECT * FROM query_author ORDER BY id").prefetch_related("books")
        assert [sorted([b.title async for b in a.books.all()]) for a in found] == [titled(a.books) for a in L.authors]
    assert len(counted) == 2


async def test_raw_one_by_one_keeps_nothing(library: Any, queries: Any) -> None:
    rows = Author.objects.raw("SELECT * FROM query_author ORDER BY id")
    with queries as counted:
        for _ in range(2):
            assert [author.name async for author in rows.aiterator()] == [author.name for author in L.authors]
    assert len(counted) == 2
    with queries as counted:
        found = [author async for author in rows.prefetch_related("books").aiterator()]
        assert len(await found[0].books.all()) == 2
    assert len(counted) == 2


async def test_raw_with_wrong_sql(library: Any) -> None:
    with pytest.raises((ProgrammingError, orm.errors.OperationalError)):
        await Author.objects.raw("SELECT * FROM no_such_table")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ([1], "more placeholders than its 1 parameters"),
        ("xy", r"a list, a tuple or a dict, not 'xy': did you mean \['xy'\]"),
        ({"one": 1}, r"placeholders are %\(name\)s"),
    ],
)
async def test_raw_with_parameters_that_do_not_fit(library: Any, params: Any, said: str) -> None:
    rows = Author.objects.raw("SELECT * FROM query_author WHERE id = %s OR age = %s", params)
    with pytest.raises(ProgrammingError, match=said):
        await rows


# -- parameters as they would stand in the text ------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("pages", [[66], (66, None), [66, 2**40], [66, 2**70]])
async def test_raw_list_is_an_array(library: Any, pages: Any) -> None:
    found = await Book.objects.raw("SELECT * FROM query_book WHERE pages = ANY(%s)", [pages])
    assert [b.title for b in found] == [L.NOTES.title]


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("now() > %s", "2024-01-01"),
        ("%s = ANY(ARRAY[1, 2])", "2"),
        ("'a' = ANY(%s)", ["a", 'b "quoted", {}\\']),
        ("'a' = ANY(%s)", "{a,b}"),
        ("cardinality(%s::int[]) = 0", []),
        ("date '2024-01-03' - %s = timestamp '2024-01-01'", datetime.timedelta(days=2)),
        ("date '2024-01-03' - %s::interval = timestamp '2024-01-01'", "2 days"),
        ("pg_typeof(%s)::text = 'integer'", 1),
        ("pg_typeof(%s)::text = 'bigint'", 2**31),
        ("pg_typeof(%s)::text = 'numeric'", 2**63),
        ("pg_typeof(%s)::text = 'boolean'", True),
        ("pg_typeof(%s)::text = 'double precision'", 0.5),
        ("pg_typeof(%s)::text = 'numeric'", Decimal("0.50")),
        ("pg_typeof(%s)::text = 'date'", datetime.date(2024, 1, 1)),
        ("pg_typeof(%s)::text = 'timestamp without time zone'", datetime.datetime(2024, 1, 1)),
        ("pg_typeof(%s)::text = 'timestamp with time zone'", datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)),
        ("pg_typeof(%s)::text = 'integer[]'", [[1, 2], [3, 4]]),
        ("pg_typeof(%s)::text = 'date[]'", [datetime.date(2024, 1, 1)]),
        ("%s = '\\x00ff'", b"\x00\xff"),
        ("%s IS NULL", None),
    ],
)
async def test_raw_parameter_has_the_type_of_its_value(library: Any, condition: str, value: Any) -> None:
    assert len(await Book.objects.raw(f"SELECT * FROM query_book WHERE {condition}", [value])) == len(L.books)


async def test_raw_null(library: Any) -> None:
    found = await Author.objects.raw("SELECT *, %s AS extra FROM query_author WHERE %s IS NULL", [None, None])
    assert [a.extra for a in found] == [None] * len(L.authors)


@pytest.mark.parametrize("step", [100, 7, 1])
async def test_raw_same_value_in_select_and_group_by(library: Any, step: int) -> None:
    sql = "SELECT min(id) AS id, pages / %s AS part FROM query_book GROUP BY pages / %s ORDER BY pages / %s"
    found = await Book.objects.raw(sql, [step] * 3)
    assert [b.part for b in found] == sorted({b.pages // step for b in L.books})


@pytest.mark.only(backend="postgresql")
async def test_text_that_the_server_reads_as_another_type(database: Any) -> None:
    async with orm.databases["default"].connection() as connection:
        async with orm.atomic():
            rows = await connection.afetch("SELECT $1::integer + 1, now() > $2, $3::text", ("5", "2024-01-01", "é"))
            assert [tuple(row) for row in rows] == [(6, True, "é")]
            assert await connection.aexecute("SELECT 1 WHERE $1 < now()", ("2024-01-01",)) == 1
            assert [tuple(row) for row in await connection.afetch("SELECT $1::int[]", ("{1,2}",))] == [([1, 2],)]
            sql = "SELECT * FROM generate_series(1, $1::int)"
            assert [row[0] async for row in connection.astream(sql, ("3",), chunk_size=2)] == [1, 2, 3]
        with pytest.raises(orm.errors.DataError, match="invalid input syntax"):
            await connection.afetch("SELECT $1::integer", ("five",))
        assert (await connection.afetch("SELECT 1"))[0][0] == 1


async def test_raw_sql_expression(library: Any) -> None:
    found = Book.objects.annotate(x=RawSQL("pages * %s", [2], output_field=IntegerField())).filter(x__gt=500)
    assert await titles(found) == titled(b for b in L.books if b.pages * 2 > 500)


async def test_raw_sql_expression_in_a_lookup(library: Any) -> None:
    found = Author.objects.filter(pk__in=RawSQL("SELECT author_id FROM query_book WHERE pages > %s", [300]))
    assert sorted([a.name async for a in found]) == sorted({b.author.name for b in L.books if b.pages > 300})


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_str_of_a_query_is_its_sql(database: Any) -> None:
    sql = str(Book.objects.filter(pages__gt=3).order_by("title").query)
    assert sql.startswith("SELECT ")
    assert '"query_book"' in sql
    assert "ORDER BY" in sql


def test_one_chain_always_gives_one_text(database: Any) -> None:
    texts = {str(Book.objects.filter(author__name="x", pages__gt=3).order_by("title")[:5].query) for n in range(5)}
    assert len(texts) == 1


async def test_a_query_is_explained_as_text(library: Any) -> None:
    plan = await Book.objects.filter(pages__gt=3).aexplain()
    assert isinstance(plan, str)
    assert "query_book" in plan.lower()


@pytest.mark.only(backend="postgresql")
async def test_explain_with_options(library: Any) -> None:
    assert "Buffers" not in await Book.objects.filter(pages__gt=3).aexplain(analyze=True, buffers=False)
    assert "actual" in await Book.objects.filter(pages__gt=3).aexplain(format="text", analyze=True)
    assert '"Plan"' in await Book.objects.filter(pages__gt=3).aexplain(format="json")


async def test_explain_with_an_unknown_option_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="nonsense|options"):
        await Book.objects.aexplain(nonsense=True)


async def test_explain_with_an_injected_option_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="option"):
        await Book.objects.aexplain(**{"analyze) SELECT 1; --": True})


async def test_explain_with_an_unknown_format_is_refused(library: Any) -> None:
    with pytest.raises((ValueError, NotSupportedError), match="fancy|format"):
        await Book.objects.aexplain(format="fancy")


async def test_f_is_not_text(library: Any) -> None:
    assert await titles(Book.objects.filter(title=F("title"))) == titled(L.books)


async def test_a_percent_sign_is_written_twice_unless_there_are_no_parameters_at_all(library: Any) -> None:
    doubled = "SELECT id, '5%%' AS share FROM query_author"
    for params in ((), [], {}):
        rows: Any = Author.objects.raw(doubled, params)
        assert {row.share async for row in rows} == {"5%"}
    verbatim: Any = Author.objects.raw(doubled, None).using("default")
    assert {row.share async for row in verbatim} == {"5%%"}
    alone: Any = Author.objects.raw("SELECT id, '5%' AS share FROM query_author")
    assert {row.share async for row in alone} == {"5%"}
