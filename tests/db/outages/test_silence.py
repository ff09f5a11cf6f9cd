"""Half-open connections: the server, or the network, says nothing any more, and nobody was told.

The system finds what it can (``test_found_by_tcp``); in all other tests it is told not to, so that what has a limit
keeps it by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import uvloop

import orm
from orm.bridge import drive
from orm.bridge.waiting import pause
from orm.db.database_blocking import Database
from orm.db.limited_database import LimitedDatabase
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import AmbiguousCommit, OperationalError, QueryTimeout
from tests.db.outages.network import Proxy, can_drop
from tests.db.outages.stage import LOST, Meeting, Scenario, Stopwatch, play, settle
from tests.db.sessions import Program
from tests.servers import PrivateServer

pytestmark = pytest.mark.filterwarnings("error")

Connect = Callable[..., Database]

NO_HELP = {"tcp_user_timeout": 3600, "keepalives": 0}
"""TCP takes no part."""
SERIES = "SELECT * FROM generate_series(1, 1000)"


def limited(db: Database, meeting: Meeting) -> list[Scenario]:
    """What is under way when the network falls silent, at the point where all meet; each ends in time."""

    async def a_query() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()
            with Stopwatch(), pytest.raises(QueryTimeout):
                await LimitedDatabase(db, 0.2).fetch("SELECT 2")

    async def a_statement_in_a_block() -> None:
        with pytest.raises(QueryTimeout):
            async with atomic(statement_timeout=0.2):
                await meeting.all_there()
                with Stopwatch():
                    await db.fetch("SELECT 2")

    async def begin() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()
            with Stopwatch(), pytest.raises(QueryTimeout):
                async with atomic(statement_timeout=0.2):
                    raise AssertionError

    async def a_savepoint() -> None:
        with Stopwatch(), pytest.raises(QueryTimeout):
            async with atomic(statement_timeout=0.2):
                await meeting.all_there()
                async with atomic():
                    raise AssertionError

    async def a_rollback() -> None:
        with Stopwatch(), pytest.raises(ZeroDivisionError):
            async with atomic():
                await db.execute("INSERT INTO things VALUES (1, 0)")
                await meeting.all_there()
                raise ZeroDivisionError

    async def a_rollback_to_a_savepoint() -> None:
        with Stopwatch(), pytest.raises(ZeroDivisionError):
            async with atomic(), atomic():
                await meeting.all_there()
                raise ZeroDivisionError

    async def a_commit() -> None:
        with Stopwatch(), pytest.raises(AmbiguousCommit):
            async with atomic(statement_timeout=0.2):
                await db.execute("INSERT INTO things VALUES (2, 0)")
                await meeting.all_there()

    async def a_stream() -> None:
        chunks = db.stream(SERIES, (), 10)
        await anext(chunks)
        await meeting.all_there()
        with Stopwatch():
            await chunks.aclose()

    return [
        a_query, a_statement_in_a_block, begin, a_savepoint, a_rollback, a_rollback_to_a_savepoint, a_commit, a_stream
    ]  # fmt: skip


def test_what_has_a_limit_keeps_it(network: Proxy, connect: Connect, colour: str, silence: Callable[[], None]) -> None:
    db = connect(network.port, max_size=8, acquire_timeout=1, health_check_timeout=0.5, **NO_HELP)
    play(colour, *limited(db, Meeting(8, silence)))
    network.heal()

    async def afterwards() -> None:
        assert await db.fetch("SELECT id FROM things") == []

    play(colour, afterwards)


def test_what_is_cancelled_ends(network: Proxy, connect: Connect, silence: Callable[[], None]) -> None:
    """Also COMMIT, whose outcome is waited for, but not for ever."""
    db = connect(network.port, max_size=4, acquire_timeout=1, health_check_timeout=0.5, **NO_HELP)
    meeting = Meeting(5, silence)

    async def a_statement() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()
            await connection.afetch("SELECT 2")

    async def begin() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()
            async with atomic():
                raise AssertionError

    async def a_stream() -> None:
        chunks = db.stream(SERIES, (), 10)
        try:
            await anext(chunks)
            await meeting.all_there()
            await anext(chunks)
        finally:
            await chunks.aclose()

    async def commit() -> None:
        try:
            async with atomic():
                await db.execute("INSERT INTO things VALUES (2, 0)")
                await meeting.all_there()
        except asyncio.CancelledError as error:
            assert isinstance(error.__cause__, AmbiguousCommit)
            raise

    async def scenario() -> None:
        tasks = [asyncio.create_task(fn()) for fn in (a_statement, begin, a_stream, commit)]
        await meeting.all_there()
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        with Stopwatch():
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [asyncio.CancelledError] * 4
        network.heal()
        await db.fetch("SELECT 1")

    play("awaitable", scenario)


drops = pytest.mark.skipif(not can_drop, reason="dropping packets needs Linux's socket filters and the right to them")


@drops
def test_found_by_tcp(network: Proxy, connect: Connect, server: PrivateServer, colour: str) -> None:
    """What has no limit ends as well, whether the system waits for an acknowledgement or asks for a sign of life."""
    db = connect(network.port, tcp_user_timeout=2, keepalives_idle=1, keepalives_interval=1)
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'"

    def drop_soon() -> None:
        settle(lambda: server.ask(sleeping) == 1)
        network.drop()

    meeting = Meeting(2, drop_soon)

    async def sent_before() -> None:
        with Stopwatch(), pytest.raises(LOST):
            await db.fetch("SELECT pg_sleep(60)")

    async def sent_after() -> None:
        with pytest.raises(LOST):
            async with atomic():
                await meeting.all_there()
                with Stopwatch():
                    await db.fetch("SELECT 1")

    async def commit() -> None:
        with Stopwatch(), pytest.raises(AmbiguousCommit):
            async with atomic():
                await db.execute("INSERT INTO things VALUES (1, 0)")
                await meeting.all_there()

    play(colour, sent_before, sent_after, commit)


@drops
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_the_system_is_told(server: PrivateServer, connect: Connect, loop: Any) -> None:
    """On the sockets of both drivers, and of both kinds of loop."""
    db = connect(server.port, tcp_user_timeout=7, keepalives_idle=3, keepalives_interval=2, keepalives_count=5)
    drive(db.fetch("SELECT 1"))
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(db.fetch("SELECT 1"))
        assert [told(number) for number in sockets_to(server.port)] == [(1, 3, 2, 5, 7000)] * 2


def sockets_to(port: int) -> list[int]:
    """This process's sockets whose other end is that port."""
    found = []
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as own:
            if own.getpeername()[1:] == (port,):
                found.append(number)
    return found


def told(number: int) -> tuple[int, ...]:
    """What a socket's system knows of how long to wait for the other end."""
    names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
    with socket.socket(fileno=os.dup(number)) as own:
        of_tcp = (own.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names)
        return (own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *of_tcp)


def test_a_unix_socket_has_nothing_to_set(server: PrivateServer) -> None:
    folder = quote(str(server.installation.folder), safe="")
    orm.configure(f"postgresql://postgres@{folder}:{server.port}/postgres?tcp_user_timeout=7")
    db = databases["default"]
    assert asyncio.run(db.fetch("SELECT 1"))[0][0] == drive(db.fetch("SELECT 1"))[0][0] == 1
    db.terminate()


def test_a_health_check_has_a_limit(network: Proxy, connect: Connect, colour: str, silence: Callable[[], None]) -> None:
    """The connections that fell silent while idle are given up together, and then there is room for others."""
    limits = {"health_check_after": 0.01, "health_check_timeout": 0.5}
    db = connect(network.port, max_size=20, acquire_timeout=1, **limits, **NO_HELP)
    meeting = Meeting(20, lambda: None)

    async def fill() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()

    async def afterwards() -> None:
        await pause(0.02)
        silence()
        try:
            with Stopwatch():  # one check, and not twenty; a connection attempt where new ones fell silent as well
                await db.fetch("SELECT 2")
        except OperationalError as error:
            assert "can't connect" in str(error)
        network.heal()
        assert (await db.fetch("SELECT 3"))[0][0] == 3
        (pool,) = db.statistics.pools
        assert (pool.closed, pool.size, pool.busy) == (20, 1, 0)

    in_turn(colour, [fill] * 20, [afterwards])


def in_turn(colour: str, *parts: list[Scenario]) -> None:
    """Play one part after the other, all on the same loop."""
    if colour == "blocking":
        for part in parts:
            play(colour, *part)
        return

    async def all_parts() -> None:
        for part in parts:
            await asyncio.gather(*(scenario() for scenario in part))

    play(colour, all_parts)


def test_closing_waits_for_nobody(network: Proxy, connect: Connect, colour: str) -> None:
    """Neither does a loop that ends without it."""
    db = connect(network.port, max_size=25, **NO_HELP)
    meeting = Meeting(25, lambda: None)

    async def fill() -> None:
        async with db.connection() as connection:
            await connection.afetch("SELECT 1")
            await meeting.all_there()

    async def close() -> None:
        network.mute()
        with Stopwatch():
            await db.aclose()
        network.heal()
        assert (await db.fetch("SELECT 1"))[0][0] == 1
        network.mute()

    in_turn(colour, [fill] * 25, [close])


def test_connecting_has_a_limit(network: Proxy, connect: Connect, colour: str) -> None:
    """Fractions of a second, too: psycopg, which counts whole ones, takes them for at least two."""
    db = connect(network.port, connect_timeout=0.4)
    silences = [network.mute, network.drop] if can_drop else [network.mute]

    async def scenario() -> None:
        for silence in silences:
            silence()
            with Stopwatch(), pytest.raises(OperationalError, match="can't connect to PostgreSQL at"):
                await db.fetch("SELECT 1")
            network.heal()
        await db.fetch("SELECT 1")

    play(colour, scenario)


PROGRAM_SOURCE = """
    import asyncio, sys, time
    import orm
    from orm.bridge import run
    from orm.db import atomic, databases

    orm.configure(sys.argv[1])
    db = databases["default"]

    def blocking():
        with atomic():
            run(db.fetch("SELECT 1"))
            print("ready", time.monotonic(), flush=True)
            run(db.fetch("SELECT pg_sleep(60)"))

    async def main():
        async with atomic():
            await db.fetch("SELECT 1")
            print("ready", time.monotonic(), flush=True)
            await db.fetch("SELECT pg_sleep(60)")

    def awaitable():
        asyncio.run(main())

    globals()[sys.argv[2]]()
"""


def test_ctrl_c(network: Proxy, connect: Connect, server: PrivateServer) -> None:
    """Programs that wait for what never comes end; psycopg tries for ten seconds to cancel."""
    url = str(connect(network.port, **NO_HELP).url)
    programs = [Program(PROGRAM_SOURCE, url, colour) for colour in ("awaitable", "blocking")]
    settle(lambda: server.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 2)
    network.mute()
    for program in programs:
        program.send(signal.SIGINT)
    for program in programs:
        with Stopwatch():
            _, complaints = program.end()
        assert complaints.rstrip().endswith("KeyboardInterrupt")
