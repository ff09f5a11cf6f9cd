"""``capture_queries``: what ran, in which colour, how long it took, and how long it waited for a connection."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import orm
from orm.db.database_blocking import Database
from orm.errors import DatabaseError, TransactionManagementError
from tests.conftest import Run
from tests.query.models import Author, Book, Country


async def test_every_door_is_heard(database: Run) -> None:
    async with orm.capture_queries() as queries:
        await Country.objects.acreate(name="Chile")
        await Country.objects.abulk_create([Country(name="Peru"), Country(name="Cuba")])
        await Country.objects.filter(name="Peru").aupdate(name="Perú")
        names = [country.name async for country in Country.objects.aiterator(chunk_size=2)]
        await Book.objects.filter(title="Cuba").adelete()
        found = await Country.objects.raw("SELECT id, name FROM query_country")
    assert names == ["Chile", "Cuba", "Perú"]
    assert len(found) == 3
    verbs = [query.sql.split()[0] for query in queries]
    assert verbs.count("INSERT") == 2
    assert verbs.count("UPDATE") == 1
    assert verbs[-1] == "SELECT"
    assert [name for query in queries for name in query.params if name == "Chile"] == ["Chile"]
    assert {query.colour for query in queries} == {database.colour}
    assert {query.alias for query in queries} == {"default"}
    assert all(query.seconds > 0 and query.waited >= 0 and not query.failed for query in queries)


async def test_raw_connections_and_transactions_are_heard(database: Run) -> None:
    alias = orm.databases["default"]
    async with alias.connection() as connection:
        async with orm.capture_queries() as queries:
            await connection.afetch("SELECT 1")
            await connection.aexecute("DELETE FROM query_country")
            rows = [row async for row in connection.astream("SELECT 2")]
            async with orm.atomic():
                await Country.objects.acreate(name="Chile")
                async with orm.atomic():
                    assert await Country.objects.acount() == 1
    assert [tuple(row) for row in rows] == [(2,)]
    assert [query.sql.split()[0] for query in queries] == ["SELECT", "DELETE", "SELECT", "INSERT", "SELECT"]


async def test_failed_statements_are_recorded_as_such(database: Run) -> None:
    async with orm.capture_queries() as queries:
        with pytest.raises(DatabaseError):
            await Country.objects.raw("SELECT nothing FROM nowhere")
    assert [query.failed for query in queries] == [True]


async def test_nested_captures_and_aliases(database: Run) -> None:
    with orm.capture_queries() as outer, orm.capture_queries("elsewhere") as other:
        await Country.objects.acount()
        with orm.capture_queries("default") as inner:
            await Country.objects.acount()
        await Country.objects.acount()
    await Country.objects.acount()
    assert (len(outer), len(inner), len(other)) == (3, 1, 0)


async def test_nobody_listens_afterwards(database: Run) -> None:
    watched = orm.databases["default"]
    assert type(watched) is Database
    with orm.capture_queries():
        assert type(watched) is not Database
    assert type(watched) is Database


async def test_an_open_capture_is_not_opened_again(database: Run) -> None:
    with orm.capture_queries() as queries:
        with pytest.raises(TransactionManagementError, match="open already"):
            queries.__enter__()
        await Country.objects.acount()
    assert len(queries) == 1
    with pytest.raises(TransactionManagementError, match="not open"):
        queries.__exit__(None, None, None)
    assert type(orm.databases["default"]) is Database


@pytest.mark.only(colour="awaitable")
async def test_tasks_of_others_are_not_heard_and_children_are(database: Run) -> None:
    begin, done = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        await begin.wait()
        await Country.objects.acount()
        done.set()

    stranger = asyncio.create_task(other())
    await asyncio.sleep(0)
    with orm.capture_queries() as queries:
        begin.set()
        await done.wait()
        await asyncio.gather(*(Author.objects.acount() for _ in range(3)))
        await asyncio.to_thread(Author.objects.count)
    await stranger
    assert [query.colour for query in queries] == ["awaitable"] * 3 + ["blocking"]


@pytest.mark.only(colour="awaitable")
async def test_a_child_that_outlives_the_block_is_heard_no_more(database: Run) -> None:
    """Its context still holds the capture and the wrapper, while somebody else's capture keeps statements observed."""
    ended = asyncio.Event()
    wrapped: list[str] = []

    def wrapper(execute: Any, *arguments: Any) -> Any:
        wrapped.append(arguments[0])
        return execute(*arguments)

    async def child() -> None:
        await ended.wait()
        await Country.objects.acount()

    with orm.capture_queries():
        with orm.capture_queries() as queries, orm.databases["default"].execute_wrapper(wrapper):
            task = asyncio.create_task(child())
            await Country.objects.acount()
        ended.set()
        await task
    assert (len(queries), len(wrapped)) == (1, 1)


@pytest.mark.only(colour="awaitable")
async def test_the_wait_for_the_pool_is_told_apart(database: Run) -> None:
    separator = "&" if "?" in database.url else "?"
    orm.configure({"default": f"{database.url}{separator}max_size=1"})
    alias = orm.databases["default"]
    taken, finish = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with alias.connection():
            taken.set()
            await finish.wait()

    holder = asyncio.create_task(hold())
    await taken.wait()
    asyncio.get_running_loop().call_later(0.2, finish.set)
    with orm.capture_queries() as queries:
        await Country.objects.acount()
    await holder
    assert queries[0].waited >= 0.15
    assert queries[0].seconds < 0.15

    taken.clear()
    finish.clear()
    holder = asyncio.create_task(hold())
    await taken.wait()
    asyncio.get_running_loop().call_later(0.2, finish.set)
    with orm.capture_queries() as queries:
        async with orm.atomic():
            await Country.objects.acount()
            await Country.objects.acount()
    await holder
    assert queries[0].waited >= 0.15
    assert queries[1].waited < 0.05


@pytest.mark.only(colour="blocking")
async def test_threads_of_others_are_not_heard(database: Run) -> None:
    with orm.capture_queries() as queries:
        thread = threading.Thread(target=Country.objects.count)
        thread.start()
        thread.join()
    assert queries == []
