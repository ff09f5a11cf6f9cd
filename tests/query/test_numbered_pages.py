"""Numbered pages: what is on them, what they say of themselves, and what can be counted."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest

import orm
from orm.errors import EmptyPage, InvalidPage, PageNotAnInteger
from orm.query.paging import AsyncPaginator, Page, UnorderedObjectListWarning
from tests.counting import Queries
from tests.query.models import Counter


def by_value() -> Any:
    return Counter.objects.order_by("value")


async def test_every_object_is_on_one_page(counters: list[Counter]) -> None:
    paginator = orm.Paginator(by_value(), 2)
    pages = [await paginator.apage(number) for number in (1, 2, 3)]
    assert [[one.value for one in await page] for page in pages] == [[0, 1], [2, 3], [4]]
    assert [str(page) for page in pages] == ["<Page 1 of 3>", "<Page 2 of 3>", "<Page 3 of 3>"]


async def test_pages_can_be_walked(counters: list[Counter]) -> None:
    found = [[one.value async for one in page] async for page in orm.Paginator(by_value(), 2)]
    assert found == [[0, 1], [2, 3], [4]]


async def test_a_page_is_one_count_and_one_query(counters: list[Counter]) -> None:
    paginator = orm.Paginator(by_value(), 2)
    with Queries() as queries:
        page = await paginator.apage(2)
        assert [one.value for one in await page] == [2, 3]
        assert page[0].value == 2
        assert (page.has_next(), page.next_page_number(), page.previous_page_number()) == (True, 3, 1)
        assert (page.start_index(), page.end_index(), paginator.page_range) == (3, 4, range(1, 4))
    assert len(queries) == 2


async def test_orphans_go_to_the_page_before(counters: list[Counter]) -> None:
    paginator = orm.Paginator(by_value(), 2, orphans=1)
    page = await paginator.apage(2)
    assert [one.value for one in await page] == [2, 3, 4]
    assert (page.has_next(), page.end_index(), paginator.num_pages) == (False, 5, 2)


@pytest.mark.parametrize("number", ["x", "2.0", 2.5, None, "", float("inf"), float("nan")])
async def test_a_page_has_a_whole_number(counters: list[Counter], number: Any) -> None:
    paginator = orm.Paginator(by_value(), 2)
    with pytest.raises(PageNotAnInteger, match="That page number is not an integer"):
        await paginator.apage(number)
    assert (await paginator.aget_page(number)).number == 1


@pytest.mark.parametrize("number", [0, -1, 4, "4"])
async def test_a_page_that_is_not_there_is_refused_and_get_page_gives_the_last(
    counters: list[Counter], number: Any
) -> None:
    paginator = orm.Paginator(by_value(), 2)
    with pytest.raises(EmptyPage, match="less than 1|no results"):
        await paginator.apage(number)
    assert (await paginator.aget_page(number)).number == 3


async def test_errors_have_one_class_in_common_and_texts_of_the_programs_own(database: Any) -> None:
    paginator = orm.Paginator([1], 1, error_messages={"no_results": "Nothing there"})
    with pytest.raises(InvalidPage, match="Nothing there"):
        await paginator.apage(2)


async def test_no_objects_have_one_empty_page_unless_it_is_not_allowed(database: Any) -> None:
    page = await orm.Paginator(by_value(), 2).apage(1)
    assert (await page, page.start_index(), page.end_index()) == ([], 0, 0)
    strict = orm.Paginator(by_value(), 2, allow_empty_first_page=False)
    with pytest.raises(EmptyPage, match="no results"):
        await strict.apage(1)
    assert strict.num_pages == 0


async def test_few_numbers_are_given_around_a_page_and_at_the_ends(database: Any) -> None:
    paginator = orm.Paginator(range(1000), 10)
    assert [one async for one in paginator.aget_elided_page_range(50, on_each_side=1)] == [
        *(1, 2, "…", 49, 50, 51, "…", 99, 100)
    ]


def test_an_ellipsis_stands_for_two_pages_or_more() -> None:
    paginator = orm.Paginator(range(1000), 10)
    assert list(paginator.get_elided_page_range(7))[:5] == [1, 2, 3, 4, 5]
    assert list(paginator.get_elided_page_range(8))[:4] == [1, 2, "…", 5]
    assert list(paginator.get_elided_page_range(94))[-5:] == [96, 97, 98, 99, 100]
    assert list(paginator.get_elided_page_range(93))[-4:] == [96, "…", 99, 100]
    assert list(orm.Paginator(range(100), 10).get_elided_page_range(5)) == list(range(1, 11))


def test_pages_of_less_than_one_object_are_refused() -> None:
    with pytest.raises(ValueError, match="per_page is the number of objects on a page, 1 or more, not 0"):
        orm.Paginator([1, 2], 0)


async def test_a_query_without_an_order_is_warned_of_where_it_is_paged(database: Any) -> None:
    with pytest.warns(UnorderedObjectListWarning, match=r"unordered object_list: .*Counter'> QuerySet") as caught:
        orm.Paginator(Counter.objects.all(), 2)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        orm.Paginator(by_value(), 2)
        orm.Paginator([3, 1, 2], 2)


@pytest.mark.only(colour="awaitable")
async def test_a_page_that_was_counted_answers_on_the_loops_thread(counters: list[Counter]) -> None:
    page = await orm.Paginator(by_value(), 2).apage(1)
    assert (page.has_next(), page.has_previous(), page.has_other_pages()) == (True, False, True)
    assert (await page.ahas_next(), await page.ahas_previous(), await page.ahas_other_pages()) == (True, False, True)
    assert (await page.anext_page_number(), await page.astart_index(), await page.aend_index()) == (2, 1, 2)
    with pytest.raises(EmptyPage):
        await page.aprevious_page_number()


@pytest.mark.only(colour="awaitable")
async def test_what_was_not_counted_says_what_to_await(counters: list[Counter]) -> None:
    paginator = orm.Paginator(by_value(), 2)
    with pytest.raises(orm.errors.SynchronousOnlyOperation, match="acount"):
        paginator.count
    assert await paginator.acount() == 5
    assert await paginator.anum_pages() == 3
    assert await paginator.apage_range() == range(1, 4)


async def test_a_subclass_may_know_the_number_of_objects(counters: list[Counter]) -> None:
    class Known(orm.Paginator[Counter]):
        count = 4

    with Queries() as queries:
        page = await Known(by_value(), 2).apage(2)
        assert page.has_next() is False
    assert len(queries) == 0


async def test_a_subclass_may_count_in_its_own_way(counters: list[Counter]) -> None:
    class Asked(orm.Paginator[Counter]):
        async def acount(self) -> int:
            return 4

    assert str(await Asked(by_value(), 2).apage(2)) == "<Page 2 of 2>"


async def test_a_subclass_may_have_pages_of_its_own(counters: list[Counter]) -> None:
    class Sheet(Page[Counter]):
        pass

    class Sheets(orm.Paginator[Counter]):
        def _get_page(self, *args: Any, **kwargs: Any) -> Page[Counter]:
            return Sheet(*args, **kwargs)

    assert isinstance(await Sheets(by_value(), 2).apage(1), Sheet)


async def test_what_has_a_count_of_its_own_is_asked_for_it(database: Any) -> None:
    class Numbers:
        def count(self) -> int:
            return 7

        def __getitem__(self, item: Any) -> Any:
            return list(range(7))[item]

        def __iter__(self) -> Any:
            return iter(range(7))

    page = await orm.Paginator(Numbers(), 3).apage(3)
    assert await page == [6]


def test_async_paginator_is_the_same_class() -> None:
    async def last() -> list[str]:
        return await (await AsyncPaginator(["a", "b", "c"], 2).apage(2))

    assert asyncio.run(last()) == ["c"]
