"""Floats that are no ordinary number: what a database keeps comes back, what it can't keep is refused before SQL."""

from __future__ import annotations

import math

import pytest

import orm
from orm.models import Value
from tests.conftest import Run
from tests.counting import Queries
from tests.query.models import Everything

INFINITY = math.inf


async def test_infinity_is_kept_and_compared(database: Run) -> None:
    await Everything.objects.abulk_create([Everything(float=value) for value in (INFINITY, -INFINITY, 1.5, None)])
    row = await Everything.objects.aget(float=INFINITY)
    assert row.float == INFINITY
    assert [r.float async for r in Everything.objects.filter(float__lt=2).order_by("float")] == [-INFINITY, 1.5]
    assert await Everything.objects.filter(float__in=[INFINITY, 1.5]).acount() == 2
    assert await Everything.objects.filter(float__in=[-INFINITY]).acount() == 1
    row.float = -INFINITY
    await row.asave()
    assert await Everything.objects.filter(float=-INFINITY).aupdate(float=INFINITY) == 2


@pytest.mark.only(backend="postgresql")
async def test_nan_is_kept(database: Run) -> None:
    row = await Everything.objects.acreate(float=math.nan)
    await Everything.objects.abulk_create([Everything(float=math.nan)])
    assert math.isnan((await Everything.objects.aget(pk=row.pk)).float)
    assert await Everything.objects.filter(float=math.nan).acount() == 2


@pytest.mark.only(backend="sqlite")
async def test_nan_is_refused_where_it_would_become_null(database: Run, queries: Queries) -> None:
    row = await Everything.objects.acreate(float=1.5)
    row.float = math.nan
    refused = pytest.raises(orm.errors.DataError, match=r"query\.Everything\.float can't be NaN on SQLite")
    with queries as sent:
        with refused:
            await Everything.objects.acreate(float=math.nan)
        with refused:
            await Everything.objects.abulk_create([Everything(float=1.0), Everything(float=math.nan)])
        with refused:
            await row.asave()
        with refused:
            await Everything.objects.abulk_update([row], ["float"])
        with refused:
            await Everything.objects.aupdate(float=math.nan)
        for condition in ({"float": math.nan}, {"float__in": [1.5, math.nan]}):
            with refused:
                await Everything.objects.filter(**condition)
    assert not [statement for statement in sent if not statement.startswith("SELECT")]
    assert [r.float async for r in Everything.objects.all()] == [1.5]


@pytest.mark.only(backend="sqlite")
async def test_nan_in_an_expression_is_refused(database: Run) -> None:
    with pytest.raises(orm.errors.DataError, match="can't be NaN on SQLite"):
        await Everything.objects.annotate(x=Value(math.nan))
