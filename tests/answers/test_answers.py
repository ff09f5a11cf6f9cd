"""Random questions: the database's answer is the one that plain Python gives, in both colours.

``questions.py`` makes them, ``evaluation.py`` answers them. ``ANSWERS_EXAMPLES=5000`` asks that many on each database.
"""

from __future__ import annotations

import asyncio
import os
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orm import models as words
from orm.models import functions, tuple_lookups
from tests.answers import models
from tests.answers.data import Data
from tests.answers.evaluation import Evaluation
from tests.answers.questions import ROWS, Builder, Maker, Question
from tests.conftest import Run

EXAMPLES = int(os.environ.get("ANSWERS_EXAMPLES", "150"))
NAMES = "Avg CTE Case Count Exists F IntegerField Max Min OuterRef Q Rows Subquery Sum Value When Window"
WORDS = SimpleNamespace(
    **{name: getattr(words, name) for name in NAMES.split()},
    **{name: getattr(functions, name) for name in ["Coalesce", "DenseRank", "FirstValue", "Lag", "Rank", "RowNumber"]},
    **{name: getattr(tuple_lookups, name) for name in [*ROWS.values(), "TupleIn"]},
)

asking = settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def same(found: Any, expected: Any) -> bool:
    """Whether two answers are equal, but for the last digits of a float."""
    if isinstance(found, (list, tuple)):
        return len(found) == len(expected) and all(map(same, found, expected))
    return bool(found == (pytest.approx(expected) if isinstance(expected, float) else expected))


def in_any_order(rows: Any) -> Any:
    return sorted(rows, key=lambda row: [(item is not None, item or 0) for item in row])


def checked(data: Data, nulls_largest: bool, question: Question, found: Any) -> None:
    """Compare an answer with Python's."""
    expected = Evaluation(data, nulls_largest).answer(question)
    if isinstance(expected, list) and any(step[0] == "values" for step in question[0]):
        found, expected = in_any_order(found), in_any_order(expected)
    assert same(found, expected), f"{question}\nthe database says {found}\nPython says {expected}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_answers_are_those_of_plain_python(database: Run, seed: int) -> None:
    data = Data(seed)
    data.store(models)
    builder = Builder(WORDS, models)
    nulls_largest = database.backend == "postgresql"

    @asking
    @given(rnd=st.randoms(use_true_random=False))
    def ask(rnd: random.Random) -> None:
        question = Maker(rnd).question()
        checked(data, nulls_largest, question, builder.answer(question))

    ask()


def test_answers_are_the_same_in_async_code(database: Run) -> None:
    data = Data(4)
    data.store(models)
    builder = Builder(WORDS, models)

    async def ask(question: Question) -> Any:
        steps, asked = question
        queryset = builder.rows(steps)
        if asked[0] in ("count", "exists"):
            return await getattr(queryset, f"a{asked[0]}")()
        if asked[0] == "aggregate":
            return (await queryset.aaggregate(a=getattr(WORDS, asked[1])(asked[2])))["a"]
        return builder.seen(question, await queryset)

    with asyncio.Runner() as runner:
        for seed in range(EXAMPLES):
            question = Maker(random.Random(seed)).question()
            if question[1] == ("update",):
                rows = builder.rows(question[0])
                found = builder.updated(lambda rows=rows, **values: runner.run(rows.aupdate(**values)))
            else:
                found = runner.run(ask(question))
            checked(data, database.backend == "postgresql", question, found)
