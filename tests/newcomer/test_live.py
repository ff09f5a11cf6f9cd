"""The websockets of docs/frameworks.md, served by uvicorn: what is told at a commit reaches every browser."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import connect

import orm
from tests.newcomer.pages import blocks, write

# A session that is still busy with its LISTEN hears nothing yet.
LISTENERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"
)


@pytest.fixture
def address(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of the page's application, served from a process of its own; PostgreSQL alone has notifications."""
    if "DATABASE_URL" not in environment:
        pytest.skip("SQLite sends no notifications")
    for block in blocks("frameworks.md"):
        if block.options.get("title") == "live.py":
            write(folder, block)
    (command,) = [
        command for block in blocks("frameworks.md") if block.kind == "console" for command, _ in block.commands()
    ]
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    served = [f"{sys.prefix}/bin/{command.split()[0]}", *command.split()[1:], "--port", str(port)]
    server = subprocess.Popen(served, cwd=folder, env=environment)
    orm.configure(environment["DATABASE_URL"])
    yield f"ws://127.0.0.1:{port}/live"
    for database in orm.databases.made():
        database.terminate()
    server.terminate()
    assert server.wait(60) == 0 or server.returncode == -15  # uvicorn raises the signal again when it has shut down


@asynccontextmanager
async def browser(address: str) -> Any:
    """An open websocket; the server may be starting still."""
    async with asyncio.timeout(60):
        while True:
            try:
                opened = await connect(address)
                break
            except OSError:
                await asyncio.sleep(0.1)
    async with opened:
        yield opened


async def listeners(count: int, but: tuple[int, ...] = ()) -> list[int]:
    """The sessions that listen, once there are so many others than ``but``."""
    async with asyncio.timeout(60):
        while True:
            rows = await orm.databases["default"].fetch(LISTENERS, ())
            found = [pid for (pid,) in rows if pid not in but]
            if len(found) == count:
                return found
            await asyncio.sleep(0.1)


async def heard(browser: Any) -> Any:
    async with asyncio.timeout(60):
        return await browser.recv()


async def test_what_is_told_reaches_every_browser(address: str) -> None:
    async with browser(address) as first, browser(address) as second:
        await listeners(1)  # one for the process, however many browsers
        async with orm.atomic():
            await orm.anotify("notes", "saved 1")
        assert (await heard(first), await heard(second)) == ("saved 1", "saved 1")
        await asyncio.to_thread(orm.notify, "notes", "saved 2")
        assert (await heard(first), await heard(second)) == ("saved 2", "saved 2")


async def test_a_browser_that_leaves_leaves_the_others(address: str) -> None:
    async with browser(address) as stays:
        async with browser(address):
            await listeners(1)
        await orm.anotify("notes", "still here")
        assert await heard(stays) == "still here"


async def test_what_is_rolled_back_is_told_to_nobody(address: str) -> None:
    async with browser(address) as listens:
        await listeners(1)
        with pytest.raises(LookupError):
            async with orm.atomic():
                await orm.anotify("notes", "never")
                raise LookupError
        await orm.anotify("notes", "after")
        assert await heard(listens) == "after"


async def test_a_listener_that_is_cut_off_listens_again(address: str, environment: dict[str, str]) -> None:
    async with browser(address) as listens:
        (lost,) = await listeners(1)
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(%s)", [lost])
        await listeners(1, but=(lost,))
        await orm.anotify("notes", "again")
        assert await heard(listens) == "again"


async def test_a_browser_that_is_cut_off_leaves_the_others(address: str) -> None:
    """Its socket may still be among those that are told, or may not: either way the others go on hearing."""
    async with browser(address) as stays:
        await listeners(1)
        for turn in range(20):
            async with browser(address) as cut:
                await orm.anotify("notes", f"open {turn}")
                assert (await heard(stays), await heard(cut)) == (f"open {turn}", f"open {turn}")
                cut.transport.abort()
                await orm.anotify("notes", f"cut {turn}")
                assert await heard(stays) == f"cut {turn}"
