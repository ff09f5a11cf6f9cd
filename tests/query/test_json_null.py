"""JSON null and SQL NULL are two things: ``Value(None, JSONField())`` is the first, None as a value the second."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import Case, JSONField, Value, When
from orm.models.functions import Lower
from tests.query.models import Everything

NULL = Value(None, JSONField())


@pytest.fixture
async def rows(database: Any) -> None:
    """Four rows by their text: SQL NULL, JSON null, null under a key, a number."""
    await Everything.objects.acreate(char="sql", json=None)
    await Everything.objects.acreate(char="json", json=NULL)
    await Everything.objects.abulk_create([Everything(char="key", json={"a": None}), Everything(char="one", json=1)])


async def found(**conditions: Any) -> list[str]:
    """Return the texts of the rows that meet the conditions."""
    query = Everything.objects.filter(**conditions).order_by("char")
    return [char async for char in query.values_list("char", flat=True)]


async def test_null_and_null(rows: None) -> None:
    assert await found(json__isnull=True) == ["sql"]
    assert await found(json__isnull=False) == ["json", "key", "one"]
    assert await found(json=None) == ["json"]
    assert await found(json=NULL) == ["json"]
    assert await found(json__a=None) == ["key"]
    assert await found(json__a__isnull=True) == ["json", "one", "sql"]
    assert (await Everything.objects.aget(char="json")).json is None


async def test_an_update_and_a_save_write_either(rows: None) -> None:
    assert await Everything.objects.filter(char="one").aupdate(json=NULL) == 1
    assert await found(json=None) == ["json", "one"]
    assert await Everything.objects.filter(char="one").aupdate(json=None) == 1
    assert await found(json__isnull=True) == ["one", "sql"]
    row = await Everything.objects.aget(char="key")
    row.json = NULL
    await row.asave()
    assert await found(json=None) == ["json", "key"]


async def test_bulk_writes_and_cases_take_it(rows: None) -> None:
    await Everything.objects.abulk_create([Everything(char="new", json=NULL), Everything(char="two", json=2)])
    assert await found(json=None) == ["json", "new"]
    row = await Everything.objects.aget(char="two")
    row.json = NULL
    await Everything.objects.abulk_update([row], ["json"])
    assert await found(json=None) == ["json", "new", "two"]
    await Everything.objects.aupdate(json=Case(When(char="sql", then=NULL), default="json"))
    assert await found(json=None) == ["json", "new", "sql", "two"]


async def test_none_beside_an_expression_is_sql_null(database: Any) -> None:
    await Everything.objects.acreate(char=Lower(Value("A")), json=None)
    await Everything.objects.abulk_create([Everything(char=Lower(Value(char)), json=None) for char in "BC"])
    await Everything(char=Lower(Value("D")), json=NULL).asave()
    assert await found(json__isnull=True) == ["a", "b", "c"]
    assert await found(json=None) == ["d"]
