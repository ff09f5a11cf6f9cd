"""Numbers a column, or every column, is too narrow for: compared they find what arithmetic says, saved they raise."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest

import orm
from orm.models import Count, F, Q
from tests.conftest import Run
from tests.counting import Queries
from tests.query import library as L
from tests.query.answers import named, names
from tests.query.models import Author, Book, Counter, Everything

BEYOND = [2**63, -(2**63) - 1, 10**30, -(10**30)]
WIDE = [2**31, -(2**31) - 1, 2**40]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@pytest.mark.parametrize("value", BEYOND + WIDE)
@pytest.mark.parametrize("lookup", COMPARISONS)
async def test_numbers_that_no_column_holds_are_compared_as_numbers(library: Any, lookup: str, value: int) -> None:
    compare = COMPARISONS[lookup]
    matching = {a.name for a in L.authors if a.age is not None and compare(a.age, value)}
    condition = {f"age__{lookup}": value}
    for number in (36, value, 36, value):  # by turns: the shape that both begin with is shared
        found = Author.objects.filter(**{f"age__{lookup}": number})
        assert await names(found) == named(a for a in L.authors if a.age is not None and compare(a.age, number))
    assert await names(Author.objects.exclude(**condition)) == named(a for a in L.authors if a.name not in matching)
    assert await names(Author.objects.filter(Q(**condition) | Q(age=50))) == named(
        a for a in L.authors if a.name in matching or a.age == 50
    )
    assert await Author.objects.filter(**condition).filter(active=True).order_by("pk")[:3].acount() == min(
        3, sum(a.active for a in L.authors if a.name in matching)
    )


@pytest.mark.parametrize("value", BEYOND + WIDE)
async def test_every_integer_column_and_key(database: Run, value: int) -> None:
    await Everything.objects.acreate(pk=900_000, smallint=5, integer=5, bigint=5, positive=5)
    for name in ("smallint", "integer", "bigint", "positive", "pk"):
        assert await Everything.objects.filter(**{name: value}).acount() == 0
        assert await Everything.objects.filter(**{f"{name}__lt": value}).acount() == (value > 0)
        assert await Everything.objects.filter(**{f"{name}__in": [value, 5, None]}).acount() == (name != "pk")
        assert await Everything.objects.exclude(**{f"{name}__in": [value]}).acount() == 1
    assert await Book.objects.filter(author=value).acount() == 0
    assert await Book.objects.filter(author_id__in=[value]).acount() == 0
    assert await Author.objects.filter(books__published__year=value).acount() == 0
    assert await Author.objects.annotate(n=Count("books")).filter(n__lt=value).acount() == 0
    with pytest.raises(Author.DoesNotExist):
        await Author.objects.aget(Q(pk=value))


@pytest.mark.parametrize(
    "bounds", [(2**63, 2**64), (-(2**64), -(2**63) - 1), (-(2**64), 2**64), (30, 2**70), (-(2**70), 40), (2**31, 2**40)]
)
async def test_bounds_that_no_column_holds_are_compared_as_numbers(library: Any, bounds: tuple[int, int]) -> None:
    low, high = bounds
    inside = {a.name for a in L.authors if a.age is not None and low <= a.age <= high}
    for pair in (bounds, (30, 40), bounds):
        assert await names(Author.objects.filter(age__range=pair)) == named(
            a for a in L.authors if a.age is not None and pair[0] <= a.age <= pair[1]
        )
    assert await names(Author.objects.exclude(age__range=bounds)) == named(a for a in L.authors if a.name not in inside)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
@pytest.mark.parametrize("name", ["smallint", "integer", "bigint"])
async def test_saving_a_number_beyond_every_column(database: Run, queries: Queries, name: str, value: int) -> None:
    await _refused(queries, name, value)


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(("name", "value"), [("smallint", 2**15), ("integer", 2**31), ("integer", -(2**31) - 1)])
async def test_saving_a_number_beyond_the_column(database: Run, queries: Queries, name: str, value: int) -> None:
    await _refused(queries, name, value)


async def _refused(queries: Queries, name: str, value: int) -> None:
    row = await Everything.objects.acreate(**{name: 5})
    said = rf"query\.Everything\.{name} can't hold {value}"
    async with orm.atomic():
        with queries as sent:
            with pytest.raises(orm.errors.DataError, match=said):
                await Everything.objects.acreate(**{name: value})
            with pytest.raises(orm.errors.DataError, match=said):
                await Everything.objects.abulk_create([Everything(**{name: 1}), Everything(**{name: value})])
            with pytest.raises(orm.errors.DataError, match=said):
                await Everything.objects.filter(pk=row.pk).aupdate(**{name: value})
            setattr(row, name, value)
            with pytest.raises(orm.errors.DataError, match=said):
                await row.asave()
            with pytest.raises(orm.errors.DataError, match=said):
                await row.asave(update_fields=[name])
            with pytest.raises(orm.errors.DataError, match=said):
                await Everything.objects.abulk_update([row], [name])
        assert not [statement for statement in sent if "SELECT" not in statement.upper()]
        assert await Everything.objects.filter(**{name: 5}).acount() == 1  # the transaction goes on


async def test_saving_a_foreign_key_beyond_every_column(library: Any) -> None:
    with pytest.raises(orm.errors.DataError, match=r"query\.Book\.author can't hold"):
        await Book.objects.acreate(title="x", author_id=2**63)


async def test_the_widest_numbers_are_saved_and_found(database: Run) -> None:
    limits = {"smallint": (-(2**15), 2**15 - 1), "integer": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}
    for name, bounds in limits.items():
        for value in bounds:
            row = await Everything.objects.acreate(**{name: value})
            assert (await Everything.objects.aget(**{name: value})).pk == row.pk
            assert await Everything.objects.filter(pk=row.pk).aupdate(**{name: value}) == 1
    assert await Counter.objects.filter(value=F("value") + 0).acount() == 0
