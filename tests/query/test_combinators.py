"""union(), intersection() and difference() of querysets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from orm.errors import FieldError, NotSupportedError
from orm.models import Count, Exists, F, OuterRef, Value
from tests.counting import Queries
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Publisher


def young() -> Any:
    return Author.objects.filter(age__lt=40)


def active() -> Any:
    return Author.objects.filter(active=True)


async def test_union(library: Any) -> None:
    assert await names(young().union(active())) == named(
        a for a in L.authors if (a.age is not None and a.age < 40) or a.active
    )


async def test_union_all_keeps_duplicates(library: Any) -> None:
    found = await names(young().union(active(), all=True))
    assert found == sorted(
        named(a for a in L.authors if a.age is not None and a.age < 40) + named(a for a in L.authors if a.active)
    )


async def test_union_of_three(library: Any) -> None:
    found = young().union(Author.objects.filter(name="Bashō"), Author.objects.filter(name="Camus"))
    assert await names(found) == ["Ada", "Bashō", "Camus", "Emil", "Felix"]


async def test_union_operands_give_objects_with_all_columns(library: Any) -> None:
    found = {a.name: (a.age, a.born, a.active) async for a in young().union(active())}
    assert found["Felix"] == (24, L.FELIX.born, False)


async def test_intersection(library: Any) -> None:
    assert await names(young().intersection(active())) == named(
        a for a in L.authors if a.age is not None and a.age < 40 and a.active
    )


async def test_difference(library: Any) -> None:
    assert await names(young().difference(active())) == ["Felix"]


async def test_ordered_union(library: Any) -> None:
    found = [a.name async for a in young().union(active()).order_by("-name")]
    assert found == sorted(named(a for a in L.authors if (a.age is not None and a.age < 40) or a.active), reverse=True)


async def test_sliced_union(library: Any) -> None:
    found = [a.name async for a in young().union(active()).order_by("name")[1:3]]
    assert found == ["Bashō", "Doris"]


async def test_union_of_slices(library: Any) -> None:
    first, last = Author.objects.order_by("pk")[:1], Author.objects.order_by("-pk")[:2]
    assert await names(first.union(last)) == ["Ada", "Felix", "Gina"]


async def test_count_of_a_union(library: Any) -> None:
    assert await young().union(active()).acount() == 6
    assert await young().union(active(), all=True).acount() == 8


async def test_exists_and_first_of_a_union(library: Any) -> None:
    both = young().union(active())
    assert await both.aexists()
    assert (await both.order_by("name").afirst()).name == "Ada"


async def test_union_of_values_across_models(library: Any) -> None:
    found = await Author.objects.values_list("name", flat=True).union(Publisher.objects.values_list("name", flat=True))
    assert sorted(found) == sorted({a.name for a in L.authors} | {p.name for p in L.publishers})


async def test_values_of_a_union(library: Any) -> None:
    found = await young().union(active()).order_by("name").values("name")
    assert [row["name"] for row in found][:2] == ["Ada", "Bashō"]


async def test_union_of_annotated_querysets(library: Any) -> None:
    one = Author.objects.filter(name="Ada").annotate(n=Count("books")).values_list("name", "n")
    other = Author.objects.filter(name="Gina").annotate(n=Count("books")).values_list("name", "n")
    assert sorted(await one.union(other)) == [("Ada", 2), ("Gina", 0)]


async def test_union_with_constants(library: Any) -> None:
    one = Author.objects.filter(name="Ada").annotate(kind=Value("author")).values_list("name", "kind")
    other = Publisher.objects.filter(name="Penguin").annotate(kind=Value("publisher")).values_list("name", "kind")
    assert sorted(await one.union(other)) == [("Ada", "author"), ("Penguin", "publisher")]


async def test_ordering_a_union_by_an_annotation(library: Any) -> None:
    one = Author.objects.filter(age=36).annotate(twice=F("age") * 2)
    other = Author.objects.filter(age=50).annotate(twice=F("age") * 2)
    assert [a.twice async for a in one.union(other).order_by("-twice", "name")] == [100, 72, 72]


async def test_union_with_none(library: Any) -> None:
    assert await names(young().union(Author.objects.none())) == await names(young())
    assert await names(Author.objects.none().union(young())) == await names(young())


async def test_union_with_an_impossible_condition(library: Any) -> None:
    assert await names(young().union(Author.objects.filter(name__in=[]))) == await names(young())


async def test_intersection_with_none(library: Any) -> None:
    assert await names(young().intersection(Author.objects.none())) == []


async def test_difference_from_none(library: Any) -> None:
    assert await names(Author.objects.none().difference(young())) == []


async def test_union_of_joined_querysets(library: Any) -> None:
    one = Book.objects.filter(author__name="Ada")
    other = Book.objects.filter(publisher__name="Gallimard")
    assert await titles(one.union(other)) == titled({*L.ADA.books, *L.GALLIMARD.books})


async def test_unions_of_one_shape_keep_their_values_apart(library: Any) -> None:
    for low, high in ((30, 49), (25, 45), (0, 50)):
        found = Author.objects.filter(age__lt=low).union(Author.objects.filter(age__gt=high))
        assert await names(found) == named(a for a in L.authors if a.age is not None and (a.age < low or a.age > high))


async def test_rows_are_different_ones_where_the_other_queries_can_give_none(library: Any) -> None:
    several = Author.objects.filter(books__pages__gte=0)  # a row for each book
    assert await several.acount() > await several.distinct().acount()
    different = named({b.author for b in L.books})
    assert await names(several.union(Author.objects.none())) == different
    assert await names(several.union(Author.objects.filter(pk__in=[]), Author.objects.none())) == different
    assert await names(several.difference(Author.objects.filter(pk__in=[]))) == different
    assert await several.union(Author.objects.none()).acount() == len(different)
    assert len(await several.union(Author.objects.none(), all=True)) == await several.acount()


async def test_in_a_union(library: Any) -> None:
    keys = young().values("pk").union(Author.objects.filter(name="Camus").values("pk"))
    assert await titles(Book.objects.filter(author__in=keys)) == titled(
        b for b in L.books if b.author in (L.ADA, L.EMIL, L.FELIX, L.CAMUS)
    )


@pytest.mark.parametrize("method", [
    "filter", "exclude", "annotate", "select_related", "prefetch_related", "distinct", "update", "delete",
    "only", "defer",
])  # fmt: skip
def test_refining_a_union_is_refused(method: str) -> None:
    arguments: dict[str, Any] = {"filter": {"name": "x"}, "exclude": {"name": "x"}, "annotate": {"x": F("age")},
                                 "update": {"name": "x"}}  # fmt: skip
    positional = {"select_related": ["country"], "prefetch_related": ["books"], "only": ["name"], "defer": ["name"]}
    with pytest.raises(NotSupportedError, match="union"):
        getattr(young().union(active()), method)(*positional.get(method, []), **arguments.get(method, {}))


async def test_every_part_speaks_of_the_query_around_the_union(library: Any) -> None:
    written = Book.objects.filter(author=OuterRef("pk")).values("pk")
    edited = Book.objects.filter(editor=OuterRef("pk")).values("pk")
    expected = {b.author.pk for b in L.books} | {b.editor.pk for b in L.books if b.editor is not None}
    found = await Author.objects.filter(Exists(written.union(edited))).values_list("pk", flat=True)
    assert set(found) == expected
    both = await Author.objects.filter(Exists(written.intersection(edited))).values_list("pk", flat=True)
    assert set(both) == {b.author.pk for b in L.books if b.author is b.editor}


async def test_columns_are_chosen_once_and_their_rows_are_as_asked_last(library: Any) -> None:
    both = Author.objects.values("name").union(Publisher.objects.values("name"))
    assert all(type(row) is dict for row in await both)
    assert all(type(row) is tuple for row in await both.values_list())
    assert sorted(await both.values_list("name", flat=True)) == sorted(
        {a.name for a in L.authors} | {p.name for p in L.publishers}
    )
    with pytest.raises(NotSupportedError, match="have chosen name: their rows have no other columns"):
        both.values_list("pk")


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda both: both.alias(x=Value(1)), "alias()"),
        (lambda both: both.annotate(x=Value(1)), "annotate()"),
        (lambda both: both.get(pk=1), "get(...) with filters"),
        (lambda both: both.contains(Author(pk=1)), "contains()"),
    ],
)
def test_what_a_union_can_not_do_is_called_by_its_name(database: Any, call: Any, named: str) -> None:
    with pytest.raises(NotSupportedError, match=re.escape(f"Calling QuerySet.{named} after union() is not supported.")):
        call(young().union(active()))


def test_a_name_of_nothing_is_told_when_a_union_is_ordered(database: Any) -> None:
    with pytest.raises(FieldError, match="Cannot resolve keyword 'nothing' into field. Choices are: "):
        young().union(active()).order_by("nothing")


async def test_no_query_is_sent_for_none_of_the_combined_rows(library: Any) -> None:
    both = young().union(active())
    with Queries() as queries:
        assert await both[:0] == []
        assert await both.order_by("name")[2:2] == []
        assert await both[:0].acount() == 0
        assert not await both[:0].aexists()
    assert queries == []


@pytest.mark.parametrize("place", ["nulls_first", "nulls_last"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_a_union_puts_nulls_where_its_ordering_says(library: Any, place: str, direction: str) -> None:
    ordering = getattr(F("age"), direction)(**{place: True})
    ages = Author.objects.values_list("age", flat=True)
    found = list(await ages.union(ages, all=True).order_by(ordering))
    known = sorted((author.age for author in library.authors if author.age is not None), reverse=direction == "desc")
    nulls = [author.age for author in library.authors if author.age is None]
    known, nulls = [age for age in known for _ in range(2)], nulls * 2
    assert found == (nulls + known if place == "nulls_first" else known + nulls)


async def test_a_union_is_ordered_by_a_column_that_values_left_out(library: Any) -> None:
    people = young().union(active())
    expected = [a.name for a in sorted(L.authors, key=lambda a: a.pk, reverse=True) if a.name in await names(people)]
    assert [name async for name in people.order_by("-id").values_list("name", flat=True)] == expected
    assert [row async for row in people.values("name").order_by("-id")] == [{"name": name} for name in expected]
    assert [row async for row in people.values_list("name").order_by("-id")[:1]] == [(expected[0],)]


async def test_a_union_is_ordered_by_an_annotation_that_values_left_out(library: Any) -> None:
    one, other = (rows.annotate(x=F("id") * -1) for rows in (young(), active()))
    found = await names(young().union(active()))
    expected = [a.name for a in sorted(L.authors, key=lambda a: -a.pk) if a.name in found]
    assert [name async for name in one.union(other).order_by("x").values_list("name", flat=True)] == expected


async def test_columns_that_the_parts_of_a_union_chose_are_all_it_is_ordered_by(database: Any) -> None:
    with pytest.raises(FieldError, match="'age' is none of them"):
        young().values("name").union(active().values("name")).order_by("age")


async def test_an_ordered_union_is_a_list_of_keys(library: Any) -> None:
    people = young().union(active()).order_by("-name")
    found = await names(people.all())
    assert await names(Author.objects.filter(pk__in=people)) == sorted(found)
    assert await names(Author.objects.filter(name__in=people.values("name")[:1])) == [max(found)]
    with pytest.raises(NotSupportedError, match="ordered by 'name' and cut"):
        Author.objects.filter(pk__in=people[:1])


async def test_a_union_is_reversed(library: Any) -> None:
    people = young().union(active()).order_by("name")
    expected = [a.name async for a in people][::-1]
    assert [a.name async for a in people.reverse()] == expected
    assert (await people.alast()).name == expected[0]
    assert [name async for name in people.values_list("name", flat=True).reverse()[:1]] == expected[:1]
    assert await names(Author.objects.filter(name__in=people.values("name").reverse()[:1])) == expected[:1]


async def test_unions_of_unions_are_ordered_by_what_they_show(database: Any) -> None:
    both = young().union(young().union(active()))
    with pytest.raises(FieldError, match="'age' is none of them"):
        both.values("name").order_by("age")
