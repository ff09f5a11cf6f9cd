"""``|``, ``&`` and ``^`` of querysets: rows of both, with the columns and the order that the first one asks for."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import Count, Exists, F, OuterRef, Q
from tests.query import library as L
from tests.query.answers import titles
from tests.query.models import Author, Book, Counter


async def test_computed_columns_of_the_first_stay(counters: list[Counter]) -> None:
    merged = Counter.objects.annotate(twice=F("value") * 2).filter(twice=2) | Counter.objects.filter(value=3)
    assert await merged.order_by("value").values_list("value", "twice") == [(1, 2), (3, 6)]


async def test_values_stay(counters: list[Counter]) -> None:
    left, right = (Counter.objects.values("value").filter(value=n) for n in (1, 2))
    assert await (left | right).order_by("value") == [{"value": 1}, {"value": 2}]


async def test_different_values_are_not_merged(counters: list[Counter]) -> None:
    with pytest.raises(TypeError, match="classes must involve the same values in each case"):
        _ = Counter.objects.values("value") | Counter.objects.values("key")


async def test_the_order_of_the_first_stays(counters: list[Counter]) -> None:
    merged = Counter.objects.order_by("-value").filter(value__lt=2) | Counter.objects.filter(value=4)
    assert await merged.values_list("value", flat=True) == [4, 1, 0]


@pytest.mark.parametrize("connector", ["or", "and"])
async def test_the_order_of_the_second_comes_before_that(counters: list[Counter], connector: str) -> None:
    left, right = Counter.objects.order_by("value").filter(value__lt=3), Counter.objects.order_by("-value")
    merged = left | right.filter(value__lt=3) if connector == "or" else left & right
    assert await merged.values_list("value", flat=True) == [2, 1, 0]


async def test_groups_stay_and_count_what_belongs_to_each_row(library: Any) -> None:
    """A row that the second one brings is counted like those of the first."""
    few, old = Author.objects.annotate(n=Count("books")).filter(n=1), Author.objects.filter(age__gt=50)
    expected = {
        a.name: len(a.books) for a in L.authors if len(a.books) == 1 or (a.age is not None and a.age > 50)
    }  # fmt: skip
    assert dict(await (few | old).values_list("name", "n")) == expected


@pytest.mark.parametrize("connector", ["or", "xor"])
async def test_a_row_comes_as_often_as_rows_are_joined_to_it(library: Any, connector: str) -> None:
    """What ``filter(Q(...) | Q(...))`` gives, and Django: both sides speak of the same related rows."""
    tagged, thick = Q(tags__name__isnull=False), Q(pages__gt=100)
    merged, said = {
        "or": (Book.objects.filter(tagged) | Book.objects.filter(thick), tagged | thick),
        "xor": (Book.objects.filter(tagged) ^ Book.objects.filter(thick), tagged ^ thick),
    }[connector]
    found = await titles(merged)
    assert found == await titles(Book.objects.filter(said))
    assert len(set(found)) < len(found)


async def test_both_conditions_may_be_met_by_different_related_rows(library: Any) -> None:
    """Each side of ``&`` joins rows of its own, as a chain of two filters does."""
    left, right = Book.objects.filter(tags__name__gt="a"), Book.objects.filter(tags__name__lt="z")
    assert await titles(left & right) == await titles(left.filter(tags__name__lt="z"))


async def test_all_rows_or_some_come_as_often_as_those_some_are_joined(library: Any) -> None:
    merged = Book.objects.all() | Book.objects.filter(tags__name="novel")
    assert await titles(merged) == sorted(b.title for b in L.books for _ in b.tags or ["none"])


async def test_loading_stays(library: Any) -> None:
    merged = Book.objects.only("title").filter(pages__gt=100) | Book.objects.filter(pages__lte=100)
    assert {tuple(sorted(book.__dict__.keys() - {"_state"})) async for book in merged} == {("id", "title")}


async def test_no_rows_or_some_are_these(counters: list[Counter]) -> None:
    some = Counter.objects.order_by("-value").filter(value__lt=2)
    for merged in (some | Counter.objects.none(), Counter.objects.none() | some, some ^ Counter.objects.none()):
        assert await merged.values_list("value", flat=True) == [1, 0]
    assert await (some & Counter.objects.none()) == []


async def test_unique_rows_are_not_merged_with_others(counters: list[Counter]) -> None:
    with pytest.raises(TypeError, match="Cannot combine a unique query with a non-unique query."):
        _ = Counter.objects.distinct() | Counter.objects.all()


async def test_rows_of_just_one_in_its_order(counters: list[Counter]) -> None:
    merged = Counter.objects.order_by("-value").filter(value__lt=3) ^ Counter.objects.filter(value__gt=1)
    assert await merged.values_list("value", flat=True) == [4, 3, 1, 0]


async def test_a_table_that_only_a_condition_joined_is_joined_there(library: Any) -> None:
    novels = Book.objects.annotate(n=Count("editor")).filter(tags__name="novel")
    outer = (Book.objects.filter(pages__lt=100) | novels).sql().partition(" WHERE ")[0]
    assert "JOIN" not in outer
    loaded = Book.objects.select_related("author").filter(pages__lt=100) | novels
    assert loaded.sql().partition(" WHERE ")[0].count("JOIN") == 1


@pytest.mark.parametrize("connector", ["or", "and", "xor"])
async def test_rows_that_are_referred_to_are_joined_once_for_both(library: Any, connector: str) -> None:
    left = Book.objects.filter(author__name__gt="B", editor__name__gt="A")
    right = Book.objects.filter(author__age__gt=40)
    merged = {"or": left | right, "and": left & right, "xor": left ^ right}[connector]
    statement = merged.sql()
    assert "IN (" not in statement
    assert statement.count("JOIN") == 2
    one, other = {book.pk async for book in left}, {book.pk async for book in right}
    expected = {"or": one | other, "and": one & other, "xor": one ^ other}[connector]
    assert {book.pk async for book in merged} == expected


@pytest.mark.parametrize("joined", ["nothing", "many rows"])
async def test_each_speaks_of_the_query_around_both(library: Any, joined: str) -> None:
    """A reference to the outer query means that query, and not the other half of the two."""
    written, edited = Book.objects.filter(author=OuterRef("pk")), Book.objects.filter(editor=OuterRef("pk"))
    if joined == "many rows":
        written = written.filter(tags__name__gte="")
    found = await Author.objects.filter(Exists(written | edited)).values_list("pk", flat=True)
    expected = [
        author.pk
        async for author in Author.objects.all()
        if await (written.model.objects.filter(author=author.pk) if joined == "nothing" else
                  Book.objects.filter(author=author.pk, tags__name__gte="")).aexists()
        or await Book.objects.filter(editor=author.pk).aexists()
    ]  # fmt: skip
    assert sorted(found) == sorted(expected)
    assert 0 < len(expected) < len(L.authors)


async def test_columns_of_extra_come_from_either_side(counters: list[Counter]) -> None:
    plain = Counter.objects.filter(value=1)
    more = Counter.objects.extra(select={"doubled": "value * %s"}, select_params=[2]).filter(value__gt=2)
    assert sorted([row.doubled async for row in plain | more]) == [2, 6, 8]
    assert [row.doubled async for row in more & Counter.objects.filter(value=3)] == [6]
    assert [row.doubled async for row in Counter.objects.filter(value=3) & more] == [6]


def test_conditions_on_one_table_become_one_condition() -> None:
    few, many = Book.objects.filter(pages__lt=100), Book.objects.filter(pages__gt=400)
    for merged in (few | many, few & many):
        assert "IN (" not in str(merged.query)
    assert "IN (" in str((few | Book.objects.annotate(n=Count("tags")).filter(n=1)).query)


async def test_either_of_all_rows_and_some_is_all(library: Any) -> None:
    some = Book.objects.filter(pages__gt=400)
    assert len(await (some | Book.objects.all())) == len(await Book.objects.all())
    assert await (some & Book.objects.all()).acount() == await some.acount()
