"""``ReplicaRouter`` with a real primary and its streaming replica: lagging, killed, back again, promoted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.contrib.dashboard import Dashboard
from orm.errors import InterfaceError, OperationalError
from tests.conftest import Run
from tests.replication import Pair, pause
from tests.routing.models import Album, Artist, Label
from tests.servers import NoServer

pytestmark = [pytest.mark.only(backend="postgresql"), pytest.mark.slow]


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    """The pair, once for this file."""
    try:
        made = Pair()
    except NoServer as reason:
        pytest.skip(f"no pair of servers can be made here: {reason}")
    try:
        made.start()
        orm.configure({"default": made.primary.url})
        orm.create_tables(Label, Artist, Album)
        yield made
    finally:
        made.stop()


@pytest.fixture
def pair(servers: Pair, database: Run) -> Iterator[Pair]:
    """The pair, streaming, with empty tables and a router."""
    if not servers.replica.data.exists() or not _follows(servers):
        servers.follow()
    servers.primary.ask("TRUNCATE routing_artist CASCADE")
    servers.wait_for_replay()
    orm.configure({"default": servers.primary.url, "replica": servers.replica.url})
    another_context()
    yield servers
    orm.configure({"default": database.url}, database_routers=[])


def _follows(servers: Pair) -> bool:
    try:
        return bool(servers.replica.ask("SELECT pg_is_in_recovery()"))
    except Exception:  # dead, as some tests leave it
        return False


def another_context() -> orm.ReplicaRouter:
    """What a context that wrote nothing has: a router of its own does it in both colours."""
    router = orm.ReplicaRouter(replicas=["replica"], max_lag=0.5, check_every=0.05)
    orm.configure(database_routers=[router])
    return router


async def where() -> str:
    """Where a read went."""
    async with orm.capture_queries() as queries:
        await Artist.objects.acount()
    return queries[-1].alias


async def test_writes_here_reads_there(pair: Pair) -> None:
    await Artist.objects.acreate(name="Ada")
    assert await where() == "default"
    assert await Artist.objects.acount() == 1
    pair.wait_for_replay()
    another_context()
    assert await where() == "replica"
    found = await Artist.objects.aget(name="Ada")
    assert found._state.db == "replica"
    found.name = "Ada Lovelace"
    await found.asave()
    assert pair.primary.ask("SELECT name FROM routing_artist") == "Ada Lovelace"
    assert (await Artist.objects.aget()).name == "Ada Lovelace"


async def test_a_transaction_stays_on_the_primary(pair: Pair) -> None:
    assert await where() == "replica"
    async with orm.atomic():
        assert await where() == "default"
        assert not await Artist.objects.aexists()
    assert await where() == "replica"
    try:
        async with orm.atomic():
            await Artist.objects.acreate(name="gone")
            assert await Artist.objects.acount() == 1
            raise ZeroDivisionError
    except ZeroDivisionError:
        assert not await Artist.objects.aexists()


async def shown_of_the_replica() -> list[Any]:
    """What the dashboard says of ``replica``: whether it is one, and how many seconds it is behind."""
    said: list[Any]
    (said,) = (await Dashboard().state())["databases"]["replica"]["replica"]
    return said


@pytest.mark.only(colour="awaitable")
async def test_the_dashboard_shows_how_far_a_replica_is_behind(pair: Pair) -> None:
    assert await shown_of_the_replica() == [True, 0]
    pair.replica.ask("SELECT pg_wal_replay_pause()")
    try:
        await Artist.objects.acreate(name="Ada")
        pair.wait_until(
            lambda: pair.replica.ask("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"), "the row arrived"
        )
        pause(0.3)
        is_replica, earlier = await shown_of_the_replica()
        pause(0.3)
        _, later = await shown_of_the_replica()
        assert is_replica
        assert later - earlier >= 0.3 <= earlier
        assert (await Dashboard().state())["databases"]["default"]["replica"] == [[False, None]]
    finally:
        pair.replica.ask("SELECT pg_wal_replay_resume()")
    pair.wait_for_replay()
    assert await shown_of_the_replica() == [True, 0]


@pytest.mark.only(colour="awaitable")
async def test_the_dashboard_says_that_a_replica_does_not_answer(pair: Pair) -> None:
    pair.replica.kill9()
    try:
        shown = (await Dashboard().state())["databases"]
        assert "can't connect to PostgreSQL" in shown["replica"]["replica"]
        assert shown["default"]["replica"] == [[False, None]]
    finally:
        pair.follow()


async def test_a_replica_too_far_behind_is_not_read(pair: Pair) -> None:
    router = another_context()
    assert await where() == "replica"
    pair.replica.ask("SELECT pg_wal_replay_pause()")
    try:
        await Artist.objects.acreate(name="Ada")
        pause(0.7)
        router = another_context()
        assert await Artist.objects.acount() == 1
        assert await where() == "default"
        assert "behind by" in router.health["replica"]
    finally:
        pair.replica.ask("SELECT pg_wal_replay_resume()")
    pair.wait_for_replay()
    pause(0.06)
    assert await where() == "replica"
    assert await Artist.objects.acount() == 1


async def test_an_idle_primary_is_no_lag(pair: Pair) -> None:
    pause(0.7)
    assert await where() == "replica"


async def test_a_killed_replica_is_left_without_an_error_and_comes_back(pair: Pair) -> None:
    await Artist.objects.acreate(name="Ada")
    pair.wait_for_replay()
    router = another_context()
    assert await where() == "replica"
    pair.replica.stop()
    assert await Artist.objects.acount() == 1  # within check_every: this read finds out
    assert await where() == "default"
    assert router.health["replica"] != "usable"
    pair.replica.start()
    pair.wait_until(lambda: _follows(pair), "the replica is back")
    for _ in range(100):
        if await where() == "replica":
            break
        pause(0.05)
    assert await where() == "replica"


async def test_a_stream_whose_replica_is_dead(pair: Pair) -> None:
    """Before its first rows it is read elsewhere; after them it can only fail."""
    await Artist.objects.abulk_create([Artist(name=name) for name in ("Ada", "Bob", "Cid")])
    pair.wait_for_replay()
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["replica"], check_every=600)])  # the stream finds out
    names = Artist.objects.order_by("name").values_list("name", flat=True)
    assert [name async for name in names.aiterator(chunk_size=1)] == ["Ada", "Bob", "Cid"]
    assert await where() == "replica"
    pair.replica.stop()
    async with orm.capture_queries() as queries:
        assert [name async for name in names.aiterator(chunk_size=1)] == ["Ada", "Bob", "Cid"]
    assert queries[0].failed and queries[0].alias == "replica"
    assert [query.alias for query in queries if not query.failed] == ["default"]
    pair.replica.start()
    pair.wait_until(lambda: _follows(pair), "the replica is back")
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["replica"], check_every=600)])
    assert await where() == "replica"
    seen = []
    with pytest.raises((OperationalError, InterfaceError)):
        async for name in names.aiterator(chunk_size=1):
            seen.append(name)
            if len(seen) == 1:
                pair.replica.stop()
    assert seen == ["Ada"]


async def test_a_replica_that_lost_its_primary(pair: Pair) -> None:
    assert await where() == "replica"
    pair.primary.stop()
    try:
        with pytest.raises(OperationalError):
            await Artist.objects.acreate(name="nowhere to go")
        pause(0.7)
        another_context()
        with pytest.raises(OperationalError):  # max_lag is a promise, and nobody can keep it
            await Artist.objects.acount()
        orm.configure(database_routers=[orm.ReplicaRouter(replicas=["replica"])])
        assert await where() == "replica"
    finally:
        pair.primary.start()
        pair.wait_until(
            lambda: pair.replica.ask("SELECT count(*) FROM pg_stat_wal_receiver"), "the replica streams again"
        )


async def test_a_promoted_replica_is_read_no_more(pair: Pair) -> None:
    await Artist.objects.acreate(name="Ada")
    pair.wait_for_replay()
    router = another_context()
    assert await where() == "replica"
    pair.replica.promote()
    pause(0.06)
    assert await where() == "default"
    assert "promoted" in router.health["replica"]
    await Artist.objects.acreate(name="still on the old primary")
    assert pair.primary.ask("SELECT count(*) FROM routing_artist") == 2
    # Whoever promoted it says so, by the settings; the former primary is not read, since it follows nobody.
    orm.configure(
        {"default": pair.replica.url, "old": pair.primary.url},
        database_routers=[orm.ReplicaRouter(replicas=["old"], max_lag=0.5)],
    )
    await Artist.objects.acreate(name="on the new primary")
    assert await where() == "default"
    assert pair.replica.ask("SELECT count(*) FROM routing_artist") == 2
    assert pair.primary.ask("SELECT count(*) FROM routing_artist") == 2
