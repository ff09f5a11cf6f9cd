"""Rows beside a row: in the order that another model keeps, and by a date."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.counting import Queries
from tests.relations.models import Answer, Question


async def answers() -> tuple[Any, list[Any]]:
    """A question with three answers, each given a day before the one before."""
    question = await Question.objects.acreate(text="q")
    made = [
        await Answer.objects.acreate(text=f"a{day}", question=question, given=datetime.date(2024, 1, 9 - day))
        for day in range(3)
    ]
    other = await Question.objects.acreate(text="other")
    await Answer.objects.acreate(text="x", question=other, given=datetime.date(2024, 1, 8))
    return question, made


async def test_rows_keep_the_order_they_were_given(database: Any) -> None:
    question, made = await answers()
    keys = [one.pk for one in made]
    assert [one._order for one in made] == [0, 1, 2]
    assert Answer._meta.ordering == ("_order",)
    assert list(await question.get_answer_order()) == keys
    assert await made[0].aget_next_in_order() == made[1]
    assert await made[2].aget_previous_in_order() == made[1]
    with pytest.raises(Answer.DoesNotExist):
        await made[2].aget_next_in_order()
    await question.aset_answer_order(list(reversed(keys)))
    assert list(await question.get_answer_order()) == list(reversed(keys))
    assert [one.text async for one in question.answer_set.all()] == ["a2", "a1", "a0"]
    assert (await Answer.objects.acreate(text="new", question=question, given=datetime.date(2024, 1, 1)))._order == 3


async def test_neighbours_by_a_date(database: Any) -> None:
    _, made = await answers()
    assert (await made[0].aget_previous_by_given()).given == datetime.date(2024, 1, 8)
    assert await made[0].aget_previous_by_given(question=made[0].question) == made[1]
    assert await made[2].aget_next_by_given() == made[1]
    with pytest.raises(Answer.DoesNotExist):
        await made[0].aget_next_by_given()
    with pytest.raises(ValueError, match="unsaved"):
        await Answer(given=datetime.date(2024, 1, 1)).aget_next_by_given()


async def test_select_on_save_looks_first(database: Any, queries: Queries) -> None:
    _, made = await answers()
    with queries as counted:
        await made[0].asave()
    assert [sql.split()[0] for sql in counted] == ["SELECT", "UPDATE"]
