"""Order: places among rows that refer to one row, orderings by a relation, dicts in the order they were asked in."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError
from orm.sql.aggregates import Count, Max
from tests.documented.models import Answer, Article, Question, Verdict, Writer


async def texts(rows: Any) -> list[str]:
    return [one.text async for one in rows]


async def test_a_row_of_a_child_takes_its_place_among_the_parents(database: Any) -> None:
    question = await Question.objects.acreate(text="why")
    await Answer.objects.acreate(text="a", question=question)
    verdict = await Verdict.objects.acreate(text="b", question=question)
    assert verdict._order == 1
    assert (await verdict.aget_previous_in_order()).text == "a"


async def test_a_copy_takes_a_place_of_its_own(database: Any) -> None:
    question = await Question.objects.acreate(text="why")
    answer = await Answer.objects.acreate(text="a", question=question)
    answer.pk = None
    await answer.asave()
    assert answer._order == 1


async def test_a_new_row_comes_last_whatever_place_it_was_given(database: Any) -> None:
    question = await Question.objects.acreate(text="why")
    assert (await Answer.objects.acreate(text="a", question=question, _order=7))._order == 0


async def written(database: Any) -> list[Any]:
    writers = [await Writer.objects.acreate(name=name) for name in ("Ada", "Bob")]
    for writer in writers:
        await Article.objects.acreate(headline="h", writer=writer)
    return [writer.pk for writer in writers]


async def test_rows_that_show_a_relations_key_are_ordered_by_it(database: Any) -> None:
    ada, bob = await written(database)
    assert await Article.objects.order_by("writer").values_list("writer__name", flat=True) == ["Bob", "Ada"]
    assert await Article.objects.order_by("writer").values_list("writer", flat=True) == [ada, bob]
    assert await Article.objects.values_list("writer", flat=True).order_by("-writer") == [bob, ada]
    assert await Article.objects.values_list("writer", flat=True) == [ada, bob]  # by Meta.ordering


async def test_groups_by_a_relation_are_ordered_by_its_key(database: Any) -> None:
    ada, bob = await written(database)
    counted = Article.objects.values("writer").annotate(n=Count("pk")).order_by("writer")
    assert await counted == [{"writer": ada, "n": 1}, {"writer": bob, "n": 1}]


def test_a_plus_before_a_name_is_no_ordering() -> None:
    with pytest.raises(FieldError, match="Cannot resolve keyword '\\+headline' into field"):
        Article.objects.order_by("+headline")


async def test_in_bulk_keeps_the_order_of_the_rows(database: Any) -> None:
    ada, bob = await written(database)
    assert list(await Writer.objects.ain_bulk([ada, bob])) == [bob, ada]


async def test_named_aggregates_come_before_those_that_name_themselves(database: Any) -> None:
    found = await Writer.objects.aaggregate(Max("pk"), n=Count("pk"))
    assert list(found) == ["n", "pk__max"]
