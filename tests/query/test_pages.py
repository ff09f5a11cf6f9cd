"""Pages by key: every row once in either direction, whatever the order, and cursors that fit nothing else."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.errors import InvalidCursor, NotSupportedError
from orm.models import CTE, Count, F, Prefetch, Value
from orm.models.functions import Lower
from orm.query import keyset
from orm.query.keyset import Page
from tests.counting import Queries
from tests.query.models import Author, Book, Category, Counter, Review

ORDERINGS: dict[str, Any] = {
    "by key": lambda: Book.objects.order_by("pk"),
    "no order": lambda: Book.objects.all(),
    "one column with equal rows": lambda: Book.objects.order_by("pages"),
    "NULLs": lambda: Book.objects.order_by("price", "-published"),
    "NULLs descending": lambda: Book.objects.order_by("-price"),
    "NULLs first": lambda: Book.objects.order_by(F("publisher").asc(nulls_first=True), "-pages"),
    "NULLs last, descending": lambda: Book.objects.order_by(F("added").desc(nulls_last=True)),
    "reversed": lambda: Book.objects.order_by("in_print", "-price").reverse(),
    "across a relation that may be NULL": lambda: Book.objects.order_by("publisher__country__name", "-author__age"),
    "Meta.ordering of a relation": lambda: Author.objects.order_by("country"),
    "an expression with a value": lambda: Book.objects.order_by(F("pages") * 2 + 1, Lower("title").desc()),
    "an aggregate": lambda: Author.objects.annotate(n=Count("books")).order_by("-n"),
    "a subquery's rows": lambda: Author.objects.filter(books__pages__gt=0).order_by("age"),
    "a relation with many rows": lambda: Author.objects.order_by("books__pages"),
    "columns": lambda: Book.objects.order_by("-price").values_list("title", "pages"),
    "one value": lambda: Book.objects.order_by("pages").values_list("title", flat=True),
    "dicts": lambda: Book.objects.order_by("pages", "title").values("title"),
    "groups": lambda: Book.objects.values("pages").annotate(n=Count("pk")).order_by("-n"),
    "distinct columns": lambda: Book.objects.order_by("pages").values_list("pages", "in_print").distinct(),
    "related objects": lambda: Book.objects.select_related("author", "publisher").order_by("author__name"),
}


async def forwards(queryset: Any, size: int) -> list[Any]:
    found, page = [], await queryset.apage(size=size)
    while True:
        found += page
        assert len(page) <= size
        if page.next is None:
            return found
        page = await queryset.apage(after=page.next, size=size)


async def backwards(queryset: Any, size: int) -> list[Any]:
    whole = await queryset.apage(size=1000)
    found, page = [whole[-1]], await queryset.apage(before=whole.cursors[-1], size=size)
    while True:
        found[:0] = page
        if page.previous is None:
            return found
        page = await queryset.apage(before=page.previous, size=size)


@pytest.mark.parametrize("name", ORDERINGS)
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_every_row_comes_once_and_in_order(library: Any, name: str, size: int) -> None:
    queryset = ORDERINGS[name]()
    whole = list(await queryset.apage(size=1000))
    assert len(whole) == len(await queryset)
    assert await forwards(queryset, size) == whole
    assert await backwards(queryset, size) == whole


async def test_rows_are_in_the_querys_order(library: Any) -> None:
    queryset = Book.objects.order_by("-pages", "pk")
    assert list(await queryset.apage(size=1000)) == await queryset.all()


async def test_a_page_says_what_is_around_it(counters: list[Counter]) -> None:
    first = await Counter.objects.order_by("value").apage(size=2)
    assert isinstance(first, Page)
    assert [one.value for one in first] == [0, 1]
    assert (first.has_previous, first.previous, first.has_next) == (False, None, True)
    second = await Counter.objects.order_by("value").apage(after=first.next, size=2)
    assert [one.value for one in second] == [2, 3]
    assert (second.has_previous, second.has_next) == (True, True)
    last = await Counter.objects.order_by("value").apage(after=second.next, size=2)
    assert [one.value for one in last] == [4]
    assert (last.has_previous, last.has_next, last.next) == (True, False, None)
    again = await Counter.objects.order_by("value").apage(before=last.previous, size=2)
    assert list(again) == list(second)
    between = await Counter.objects.order_by("value").apage(after=first.cursors[0], before=last.cursors[0], size=9)
    assert [one.value for one in between] == [1, 2, 3]


async def test_rows_that_come_and_go_elsewhere_change_nothing(counters: list[Counter]) -> None:
    first = await Counter.objects.order_by("value").apage(size=2)
    await Counter.objects.acreate(key="earlier", value=-1)
    await Counter.objects.filter(value=1).adelete()
    assert [one.value for one in await Counter.objects.order_by("value").apage(after=first.next)] == [2, 3, 4]


async def test_a_page_is_one_query_and_the_next_one_compiles_nothing(library: Any, queries: Queries) -> None:
    queryset = Book.objects.order_by("pages")
    page = await queryset.apage(size=2)
    page = await queryset.apage(after=page.next, size=2)
    assert page.next is not None
    before = orm.query.shape.size()
    with queries as counted:
        await queryset.apage(after=page.next, size=3)
    assert len(counted) == 1
    assert orm.query.shape.size() == before


async def test_prefetched_relations_come_with_a_page(library: Any) -> None:
    page = await Author.objects.prefetch_related(Prefetch("books", to_attr="all_books")).order_by("pk").apage(size=2)
    assert all(isinstance(author.all_books, list) for author in page)  # type: ignore[attr-defined]


async def test_rows_of_a_cte_have_their_place(database: Any) -> None:
    root = await Category.objects.acreate(name="root")
    for name in ("a", "b", "c"):
        await Category.objects.acreate(name=name, parent=root)
    pairs = CTE("pairs", Category.objects.values("parent_id", child=F("name")))
    queryset = Category.objects.with_cte(pairs, on={"pk": "parent_id"}).order_by("name").values_list("pairs__child")
    assert await forwards(queryset, 1) == [("a",), ("b",), ("c",)]


# -- cursors -----------------------------------------------------------------------------------------------------------


async def test_a_cursor_fits_one_model_in_one_ordering(library: Any) -> None:
    cursor = (await Book.objects.order_by("pages").apage(size=1)).next
    others: list[Any] = [
        Book.objects.order_by("-pages"),
        Book.objects.order_by("price"),
        Book.objects.order_by(F("pages") + 1),
        Book.objects.order_by("pages", "title"),
        Review.objects.order_by("stars"),
    ]
    for queryset in others:
        with pytest.raises(InvalidCursor, match="not made by a page of this model in this ordering"):
            await queryset.apage(after=cursor)
    changed = Book.objects.order_by(F("pages") + Value(1))
    cursor = (await changed.apage(size=1)).next
    with pytest.raises(InvalidCursor):
        await Book.objects.order_by(F("pages") + Value(2)).apage(after=cursor)
    assert await Book.objects.filter(in_print=True).order_by(F("pages") + Value(1)).apage(after=cursor) is not None


async def test_a_cursor_that_was_changed_is_refused(library: Any) -> None:
    orm.configure(secret_key="of the tests")
    cursor = (await Book.objects.order_by("title").apage(size=1)).next
    assert cursor is not None
    body, _, signature = cursor.rpartition(".")
    for wrong in ("", "x", ".", body, f"{body[:-2]}AA.{signature}", f"{body}.{signature[:-1]}", cursor + "x", "é.ü"):
        with pytest.raises(InvalidCursor):
            await Book.objects.order_by("title").apage(after=wrong)
    orm.configure(secret_key="another one")
    with pytest.raises(InvalidCursor):
        await Book.objects.order_by("title").apage(after=cursor)


async def test_what_can_have_no_pages_says_so(library: Any) -> None:
    books = Book.objects.order_by("pk")
    with pytest.raises(ValueError, match="1 or more, not 0"):
        await books.apage(size=0)
    with pytest.raises(TypeError, match="A cursor is a text"):
        await books.apage(after=7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"order_by\('\?'\) gives none"):
        await Book.objects.order_by("?").apage()
    with pytest.raises(TypeError, match="once a slice has been taken"):
        await books[:5].apage()
    with pytest.raises(NotSupportedError, match="union"):
        await books.union(books).apage()


@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
async def test_a_cursor_signed_with_a_text_that_no_row_has_is_refused(library: Any, text: str) -> None:
    """Without a secret_key anybody can sign one."""
    authors = Author.objects.order_by("name")
    ordered = authors._step("order uniquely", (), keyset.order_uniquely)
    forged = keyset.cursors_of(ordered._shape, ordered._values, orm.databases["default"].dialect).write([text, 1])
    if text == "a\0b" and orm.databases["default"].dialect.name == "sqlite":
        assert isinstance(await authors.apage(after=forged), Page)  # where a text may hold it
        return
    for place in ({"after": forged}, {"before": forged}):
        with pytest.raises(InvalidCursor, match="a text that its column can't have"):
            await authors.apage(**place)
