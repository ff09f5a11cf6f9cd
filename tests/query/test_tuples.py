"""Several expressions compared at once: by the first parts that differ, with bound values."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.errors import FieldError
from orm.models import Count, F, Q
from orm.models.tuple_lookups import (
    TupleExact,
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleIn,
    TupleIsNull,
    TupleLessThan,
    TupleLessThanOrEqual,
)
from tests.query import library as L
from tests.query.models import Author, Book

BOTH = ("pages", "title")
ORDERS: dict[Any, Any] = {
    TupleExact: lambda row, other: row == other,
    TupleGreaterThan: lambda row, other: row > other,
    TupleGreaterThanOrEqual: lambda row, other: row >= other,
    TupleLessThan: lambda row, other: row < other,
    TupleLessThanOrEqual: lambda row, other: row <= other,
}


def rows() -> list[tuple[int, str]]:
    return [(book.pages, book.title) for book in L.books]


async def found(*conditions: Any) -> list[tuple[int, str]]:
    return sorted([tuple(row) async for row in Book.objects.filter(*conditions).values_list(*BOTH)])


@pytest.mark.parametrize("lookup", ORDERS, ids=lambda lookup: lookup.__name__)
async def test_rows_are_compared_by_the_first_parts_that_differ(library: Any, lookup: Any) -> None:
    numbers = [(book.pages, book.pk) for book in L.books]
    for other in numbers:
        chosen = Book.objects.filter(lookup(("pages", "pk"), other)).values_list("pages", "pk")
        assert sorted([row async for row in chosen]) == sorted(row for row in numbers if ORDERS[lookup](row, other))


async def test_a_tuple_is_found_in_a_list_of_tuples(library: Any) -> None:
    some = sorted(rows())[:2]
    for given in (some, [list(row) for row in some], set(some), tuple(some)):
        assert await found(TupleIn(BOTH, given)) == some
    assert await found(TupleIn(BOTH, [])) == []
    assert await found(~Q(TupleIn(BOTH, []))) == sorted(rows())
    assert await found(~Q(TupleIn(BOTH, some))) == sorted(rows())[2:]


async def test_rows_of_a_queryset(library: Any) -> None:
    thick = Book.objects.filter(pages__gt=200)
    expected = sorted(row for row in rows() if row[0] > 200)
    assert await found(TupleIn(BOTH, thick.values_list(*BOTH))) == expected
    assert await found(TupleIn(BOTH, thick.values_list(*BOTH).query)) == expected
    one = thick.order_by("pk").values_list(*BOTH)[:1]
    assert await found(TupleExact(BOTH, one)) == [
        (await thick.order_by("pk").afirst()).pages and tuple(await one.aget())
    ]


async def test_expressions_and_relations_on_either_side(library: Any) -> None:
    assert await found(TupleExact((F("pages") + 1, "title"), (F("pages") + 1, F("title")))) == sorted(rows())
    expected = sorted((b.pages, b.title) for b in L.books if (b.author.name, b.pages) == ("Ada", b.pages))
    assert await found(TupleExact(("author__name", "pages"), ("Ada", F("pages")))) == expected
    many = Author.objects.annotate(n=Count("books")).filter(TupleGreaterThanOrEqual(("n", "pk"), (1, 0)))
    assert await many.acount() == await Author.objects.filter(books__isnull=False).distinct().acount()


async def test_a_tuple_is_null_where_any_part_is(library: Any) -> None:
    expected = sorted((b.pages, b.title) for b in L.books if b.price is None or b.publisher is None)
    assert await found(TupleIsNull(("price", "publisher"), True)) == expected
    assert await found(TupleIsNull(("price", "publisher"), False)) == sorted(set(rows()) - set(expected))


async def test_other_values_compile_nothing(library: Any) -> None:
    await found(TupleIn(BOTH, [(1, "a"), (2, "b")]), TupleGreaterThan(BOTH, (1, "x")))
    before = orm.query.shape.size()
    await found(TupleIn(BOTH, [(3, "c"), (4, "d")]), TupleGreaterThan(BOTH, (2, "y")))
    assert orm.query.shape.size() == before


async def test_values_are_prepared_and_bound(library: Any) -> None:
    hostile = "'); DROP TABLE query_book; --"
    assert await found(TupleExact(BOTH, ("1", hostile))) == []
    with pytest.raises(ValueError, match="pages"):
        Book.objects.filter(TupleExact(BOTH, ("many", "x")))


@pytest.mark.parametrize(
    ("lookup", "right", "message"),
    [
        (TupleExact, 1, r"'exact' lookup of \('pages', 'title'\) must be a tuple or a list"),
        (TupleLessThan, (1,), r"'lt' lookup of \('pages', 'title'\) must have 2 elements"),
        (TupleIn, 1, r"'in' lookup of .* must be a collection of tuples or lists"),
        (TupleIn, [1, 2], r"'in' lookup of .* must be a collection of tuples or lists"),
        (TupleIn, [(1,)], r"'in' lookup of .* must have 2 elements each"),
        (TupleIn, F("pages"), r"'in' subquery lookup of .* must be a Query object \(received 'F'\)"),
        (TupleIsNull, 1, "must be True or False"),
    ],
)
async def test_right_sides_that_do_not_fit(database: Any, lookup: Any, right: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lookup(BOTH, right)


async def test_what_else_does_not_fit(database: Any) -> None:
    with pytest.raises(ValueError, match="doesn't support multi-column subqueries"):
        TupleLessThan(BOTH, Book.objects.values_list(*BOTH))
    with pytest.raises(ValueError, match=r"must have 2 selected fields \(received 1\)"):
        Book.objects.filter(TupleIn(BOTH, Book.objects.values_list("pages")))
    with pytest.raises(TypeError, match="two or more"):
        TupleExact("pages", (1, 2))
    with pytest.raises(FieldError, match="nothing"):
        Book.objects.filter(TupleExact(("nothing", "title"), (1, 2)))


async def test_rows_of_any_types_are_in_a_list(library: Any) -> None:
    """A list of rows stands beside no column, which would say what its values are."""
    for paths in (("author", "published"), ("id", "title"), ("published", "price"), ("editor", "in_print")):
        rows = [row async for row in Book.objects.order_by("pk").values_list(*paths)]
        wanted = [row for row in rows[:3] if None not in row]
        found = [row async for row in Book.objects.filter(TupleIn(paths, wanted)).values_list(*paths)]
        assert sorted(found) == sorted(row for row in rows if row in wanted)


async def test_a_comparison_of_rows_stands_beside_groups(library: Any) -> None:
    many = Author.objects.annotate(n=Count("books")).filter(
        Q(TupleIn(("age", "name"), [(36, "Ada"), (1, "x")])) | Q(TupleGreaterThan(("age", "name"), (60, "A"))) | Q(n=0)
    )
    found = {author.name async for author in many}
    assert found == {
        a.name for a in L.authors
        if (a.age, a.name) == (36, "Ada") or (a.age is not None and (a.age, a.name) > (60, "A")) or not a.books
    }  # fmt: skip
