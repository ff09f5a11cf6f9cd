"""Connections cut at TCP, at each stage of a transaction, as a reset and in the orderly way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import orm
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic
from orm.errors import AmbiguousCommit
from tests.db.outages.network import Proxy
from tests.db.outages.stage import LOST, Stopwatch, play, sessions, settle
from tests.servers import PrivateServer

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=["reset", "close"])
def how(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_cut_during_a_statement(
    server: PrivateServer, network: Proxy, connect: Callable[..., Database], colour: str, how: str
) -> None:
    db = connect(network.port)

    async def scenario() -> None:
        for where in (b"BEGIN", b"things", b"SAVEPOINT", b"nested", b"RELEASE"):
            network.cut_at(where, how)
            with Stopwatch(), pytest.raises(LOST) as caught:
                async with atomic():
                    await db.execute("INSERT INTO things VALUES (1, 0)")
                    async with atomic():
                        await db.fetch("SELECT 1 AS nested")
            assert network.cut_is_over
            assert not isinstance(caught.value, AmbiguousCommit), where
            assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 0
        network.cut_at(b"alone", how, answered=True)
        with Stopwatch(), pytest.raises(LOST):
            await db.fetch("SELECT 1 AS alone")
        await db.fetch("SELECT 1")

    play(colour, scenario)
    settle(lambda: sessions(server) == sum(pool.size for pool in db.statistics.pools))


def test_cut_during_commit(
    server: PrivateServer, network: Proxy, connect: Callable[..., Database], colour: str, how: str
) -> None:
    """Whether the server has committed can't be known, and that is what is said; hooks do not run."""
    db = connect(network.port)
    ran: list[int] = []

    async def scenario() -> None:
        for number, answered in enumerate((False, True)):
            network.cut_at(b"COMMIT", how, answered=answered)
            with Stopwatch(), pytest.raises(AmbiguousCommit):
                async with atomic():
                    await db.execute(f"INSERT INTO things VALUES ({number}, 0)")
                    orm.on_commit(lambda: ran.append(1))
            found = await db.fetch("SELECT id FROM things")
            assert [row[0] for row in found] == ([1] if answered else [])

    play(colour, scenario)
    assert ran == []


def test_cut_during_a_stream(network: Proxy, connect: Callable[..., Database], colour: str, how: str) -> None:
    db = connect(network.port)
    series = "SELECT * FROM generate_series(1, 1000)"

    async def scenario() -> None:
        for inside in (False, True):
            with Stopwatch(), pytest.raises(LOST):
                if inside:
                    async with atomic():
                        await walk()
                else:
                    await walk()
            assert (await db.fetch("SELECT 1"))[0][0] == 1

    async def walk() -> None:
        chunks = db.stream(series, (), 10)
        try:
            await anext(chunks)
            network.cut(how)
            async for _ in chunks:
                pass
        finally:
            await chunks.aclose()

    play(colour, scenario)


def test_cut_while_idle(network: Proxy, connect: Callable[..., Database], colour: str, how: str) -> None:
    """The statement that finds it out may fail; the next does not."""
    db = connect(network.port)

    async def scenario() -> None:
        await db.fetch("SELECT 1")
        network.cut(how)
        try:
            await db.fetch("SELECT 1")
        except LOST:
            pass
        assert (await db.fetch("SELECT 2"))[0][0] == 2

    play(colour, scenario)


def test_refused(network: Proxy, connect: Callable[..., Database], colour: str) -> None:
    db = connect(network.port)

    async def scenario() -> None:
        await db.fetch("SELECT 1")
        network.refuse()
        network.cut("reset")
        for _ in range(3):
            with Stopwatch(), pytest.raises(LOST):
                await db.fetch("SELECT 1")
        network.listen()
        assert (await db.fetch("SELECT 2"))[0][0] == 2

    play(colour, scenario)
