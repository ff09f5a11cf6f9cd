"""``orm.listen`` and ``notify``: what is sent to a channel is heard, in both colours."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import orm
from orm.db.contract import Notification
from orm.errors import NotSupportedError, OperationalError, SynchronousOnlyOperation, TransactionManagementError

postgresql = pytest.mark.only(backend="postgresql")


def heard(notes: list[Notification]) -> list[tuple[str, str]]:
    return [(note.channel, note.payload) for note in notes]


@postgresql
async def test_what_is_sent_is_heard_in_order(database: Any) -> None:
    async with orm.listen("orders", "bills", timeout=1) as notes:
        await orm.anotify("orders", "1")
        await orm.anotify("bills", "two")
        await orm.anotify("others", "3")
        await orm.anotify("orders")
        assert heard([note async for note in notes]) == [("orders", "1"), ("bills", "two"), ("orders", "")]


@postgresql
async def test_a_loop_of_its_own_needs_no_block(database: Any) -> None:
    sender = threading.Timer(0.3, lambda: orm.notify("orders", "late"))
    sender.start()
    async for note in orm.listen("orders"):
        assert note.payload == "late"
        break
    sender.join()


@postgresql
async def test_a_name_is_quoted(database: Any) -> None:
    name = 'Orders"; DROP TABLE x; --'
    async with orm.listen(name, timeout=0.5) as notes:
        await orm.anotify(name, "x")
        assert heard([note async for note in notes]) == [(name, "x")]


@postgresql
async def test_a_notification_is_sent_when_its_transaction_commits(database: Any) -> None:
    async with orm.listen("orders", timeout=0.3) as notes:
        async with orm.atomic():
            await orm.anotify("orders", "committed")
            assert heard([note async for note in notes]) == []
        with pytest.raises(ZeroDivisionError):
            async with orm.atomic():
                await orm.anotify("orders", "rolled back")
                raise ZeroDivisionError
        assert heard([note async for note in notes]) == [("orders", "committed")]


@postgresql
async def test_its_session_ends_with_it(database: Any) -> None:
    listening = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    async with orm.databases["default"].connection() as connection:
        async with orm.listen("orders"):
            assert len(await connection.afetch(listening)) == 1
        while await connection.afetch(listening):  # the server is told, and takes its time
            await connection.afetch("SELECT pg_sleep(0.01)")


@postgresql
async def test_a_lost_session_is_an_error(database: Any) -> None:
    async with orm.listen("orders") as notes:
        async with orm.databases["default"].connection() as connection:
            await connection.afetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(OperationalError):
            async for _ in notes:
                pass


@postgresql
@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64])
async def test_names_that_no_channel_has_are_refused(database: Any, name: str) -> None:
    with pytest.raises(ValueError, match="1 to 63 bytes"):
        orm.listen(name)
    with pytest.raises(ValueError, match="1 to 63 bytes"):
        await orm.anotify(name)


@postgresql
async def test_a_payload_that_is_no_text_is_refused(database: Any) -> None:
    with pytest.raises(TypeError, match=r"a text, not \{'order': 1\}: write json.dumps"):
        await orm.anotify("orders", {"order": 1})  # type: ignore[arg-type]


@pytest.mark.only(backend="sqlite")
async def test_a_database_without_notifications_says_so(database: Any) -> None:
    with pytest.raises(NotSupportedError, match="sends no notifications"):
        orm.listen("orders")
    with pytest.raises(NotSupportedError, match="sends no notifications"):
        await orm.anotify("orders")


@postgresql
async def test_it_is_used_inside_its_block(database: Any) -> None:
    listener = orm.listen("orders", timeout=5)
    async with listener:
        with pytest.raises(TransactionManagementError, match="open already"):
            async with listener:
                pass


@postgresql
@pytest.mark.only(colour="awaitable")
async def test_a_task_that_is_cancelled_stops_listening(database: Any) -> None:
    async def listen() -> None:
        async for _ in orm.listen("orders"):
            pass

    budget = orm.databases["default"].budget
    before = budget.taken  # what earlier tests have left idle, in the pool of blocking code
    task = asyncio.create_task(listen())
    await asyncio.sleep(0.3)
    assert budget.taken > before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert budget.taken == before


@postgresql
@pytest.mark.only(colour="awaitable")
async def test_blocking_code_may_not_listen_on_a_loops_thread(database: Any) -> None:
    with pytest.raises(SynchronousOnlyOperation):
        for _ in orm.listen("orders"):
            pass
