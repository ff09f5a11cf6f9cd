"""``database.execute_wrapper``: functions of either kind around every statement, in both colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import orm
from orm.compat.django.connection import LegacyConnection
from orm.errors import NotSupportedError
from tests.conftest import Run
from tests.query.models import Country

heard: list[str] = []


def plain(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A wrapper written for blocking code."""
    heard.append(f"before {sql.split()[0]} {many} {context['connection'].alias}")
    result = execute(sql, params, many, context)
    heard.append("after")
    return result


class Kinds:
    """A wrapper written for async code: in a class, since coroutines at the top of a test module are made blocking."""

    @staticmethod
    async def wrapper(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        heard.append(f"awaits {sql.split()[0]}")
        result = await execute(sql, params, many, context)
        heard.append("awaited")
        return result


@pytest.fixture(autouse=True)
def silence() -> None:
    heard.clear()


async def test_a_plain_function_serves_both_colours(database: Run) -> None:
    async with orm.databases["default"].execute_wrapper(plain):
        await Country.objects.acreate(name="Chile")
        assert await Country.objects.acount() == 1
        assert [country.name async for country in Country.objects.aiterator()] == ["Chile"]
    await Country.objects.acount()
    assert heard == ["before INSERT False default", "after", *["before SELECT False default", "after"] * 2]


async def test_a_coroutine_function_serves_both_colours(database: Run) -> None:
    async with orm.databases["default"].execute_wrapper(Kinds.wrapper):
        await Country.objects.acreate(name="Chile")
        async with orm.atomic():
            await Country.objects.acreate(name="Peru")
            assert await Country.objects.acount() == 2
    assert heard == ["awaits INSERT", "awaited"] * 2 + ["awaits SELECT", "awaited"]
    assert await Country.objects.acount() == 2


async def test_a_wrapper_hears_its_own_database_alone(database: Run, tmp_path: Path) -> None:
    orm.configure({"default": database.url, "other": f"sqlite:///{tmp_path / 'other.db'}"})
    try:
        async with orm.databases["other"].execute_wrapper(plain):
            await Country.objects.acount()
            assert heard == []
            async with orm.databases["other"].connection() as connection:
                await connection.afetch("SELECT 1")
        assert heard == ["before SELECT False other", "after"]
    finally:
        orm.configure({"default": database.url})


async def test_the_first_wrapper_is_outermost(database: Run) -> None:
    alias = orm.databases["default"]
    with alias.execute_wrapper(plain), alias.execute_wrapper(Kinds.wrapper):
        await Country.objects.acount()
    assert heard == ["before SELECT False default", "awaits SELECT", "awaited", "after"]


async def test_a_wrapper_may_refuse_and_may_change(database: Run) -> None:
    def refuse(*args: Any) -> Any:
        raise PermissionError("no queries here")

    def rename(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        return execute(sql, tuple("Peru" if value == "Chile" else value for value in params), many, context)

    alias = orm.databases["default"]
    with alias.execute_wrapper(refuse), pytest.raises(PermissionError):
        await Country.objects.acount()
    with alias.execute_wrapper(rename), orm.capture_queries() as queries:
        await Country.objects.acreate(name="Chile")
    assert (await Country.objects.aget()).name == "Peru"
    assert "Peru" in queries[0].params


async def test_many_rows(database: Run) -> None:
    async with orm.databases["default"].execute_wrapper(plain):
        async with orm.databases["default"].connection() as connection:
            mark = "?" if database.backend == "sqlite" else "$1"
            await connection.aexecute_many(f"INSERT INTO query_country (name) VALUES ({mark})", [("Chile",), ("Peru",)])
    assert heard == ["before INSERT True default", "after"]
    assert await Country.objects.acount() == 2


@pytest.mark.only(colour="blocking")
async def test_streams_through_async_wrappers_are_refused_in_blocking_code(database: Run) -> None:
    with orm.databases["default"].execute_wrapper(Kinds.wrapper):
        with pytest.raises(NotSupportedError, match="plain function"):
            [country async for country in Country.objects.aiterator()]


def test_no_function_is_refused(database: Run) -> None:
    not_a_function: Any = "print"
    with pytest.raises(TypeError, match="takes a function"):
        orm.databases["default"].execute_wrapper(not_a_function)


def test_legacy_scripts_have_it_on_their_connection(database: Run) -> None:
    with LegacyConnection("default").execute_wrapper(plain):
        Country.objects.count()
    assert heard == ["before SELECT False default", "after"]
