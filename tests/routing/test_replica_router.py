"""``ReplicaRouter``'s decisions, with a copy for a replica; real replicas are in ``test_streaming``."""

from __future__ import annotations

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

import orm
from orm.errors import ImproperlyConfigured, NotSupportedError, OperationalError
from tests.conftest import Run
from tests.replication import pause
from tests.routing.models import Artist

pytestmark = pytest.mark.only(backend="sqlite")


async def test_a_context_reads_what_it_wrote(other: None) -> None:
    router = orm.ReplicaRouter(replicas=["other"], stick_for=0.3)
    orm.configure(database_routers=[router])
    async with orm.capture_queries() as queries:
        assert await Artist.objects.acount() == 0
        await Artist.objects.acreate(name="Ada")
        assert await Artist.objects.acount() == 1
    assert [query.alias for query in queries] == ["other", "other", "default", "default"]  # the first is a look
    pause(0.35)
    assert await Artist.objects.acount() == 0
    await Artist.objects.using("default").filter(name="Ada").aupdate(name="Bob")
    assert await Artist.objects.acount() == 1
    assert router.health == {"other": "usable"}


async def test_the_time_counts_from_the_commit(other: None) -> None:
    """A write long before the end of its transaction is seen by nobody until then, and by a replica later still."""
    router = orm.ReplicaRouter(replicas=["other"], stick_for=1.5)
    orm.configure(database_routers=[router])
    async with orm.atomic():
        await Artist.objects.acreate(name="Ada")
        async with orm.atomic():
            await Artist.objects.acreate(name="Bob")
        pause(1.6)
    assert await Artist.objects.acount() == 2
    pause(1.6)
    assert await Artist.objects.acount() == 0
    with pytest.raises(ZeroDivisionError):
        async with orm.atomic():
            await Artist.objects.acreate(name="gone")
            pause(1.6)
            raise ZeroDivisionError
    assert await Artist.objects.acount() == 0, "nothing was written, so the replica will do"


async def test_for_the_rest_of_the_context(other: None) -> None:
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["other"])])
    artist = Artist(name="Ada")
    await artist.asave()
    assert await Artist.objects.acount() == 1
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["other"])])
    assert await Artist.objects.acount() == 0


async def test_a_dead_replica_is_not_asked_again_at_once(database: Run) -> None:
    missing = "sqlite:////nowhere/at/all.db"
    orm.configure({"default": database.url, "other": missing, "third": missing})
    router = orm.ReplicaRouter(replicas=["other", "third"], check_every=0.5)
    orm.configure(database_routers=[router])
    try:
        assert Artist.objects.db == "default"
        for _ in range(3):
            assert await Artist.objects.acount() == 0
        assert set(router.health) == {"other", "third"}
        assert "usable" not in router.health.values()
        assert {health.failures for health in router._health.values()} == {1}
    finally:
        orm.configure({"default": database.url}, database_routers=[])


async def test_pauses_between_looks_at_a_dead_replica_grow_up_to_a_limit(database: Run) -> None:
    orm.configure({"default": database.url, "other": "sqlite:////nowhere/at/all.db"})
    router = orm.ReplicaRouter(replicas=["other"], check_every=0.5)
    orm.configure(database_routers=[router])
    health, pauses = router._health["other"], []
    try:
        for _ in range(12):
            health.next_check = 0
            began = monotonic()
            assert await Artist.objects.acount() == 0
            pauses.append(health.next_check - began)
        assert pauses[0] >= 1
        assert pauses[3] >= 8
        assert 30 <= pauses[-1] < 40
    finally:
        orm.configure({"default": database.url}, database_routers=[])


@pytest.mark.only(colour="awaitable")
async def test_one_of_many_looks_at_a_replica_and_the_others_do_not_wait(database: Run) -> None:
    orm.configure({"default": database.url, "other": "sqlite:////nowhere/at/all.db"})
    router = orm.ReplicaRouter(replicas=["other"])
    orm.configure(database_routers=[router])
    try:
        assert await asyncio.gather(*(Artist.objects.acount() for _ in range(10))) == [0] * 10
        assert router._health["other"].failures == 1
    finally:
        orm.configure({"default": database.url}, database_routers=[])


async def test_a_lag_that_can_not_be_measured(other: None) -> None:
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["other"], max_lag=1)])
    with pytest.raises(NotSupportedError, match="leave out max_lag"):
        await Artist.objects.acount()


def test_what_it_answers_of_relations_and_tables() -> None:
    """Replicas hold the primary's rows, and get its tables by replication; of other databases it says nothing."""
    router = orm.ReplicaRouter(replicas=["other"])
    here, there, elsewhere = (SimpleNamespace(_state=SimpleNamespace(db=db)) for db in ("default", "other", "third"))
    assert router.allow_relation(here, there) is True
    assert router.allow_relation(there, there) is True
    assert router.allow_relation(here, elsewhere) is None
    assert router.allow_migrate("other", "shop") is False
    assert router.allow_migrate("default", "shop") is None
    assert router.allow_migrate("third", "shop") is None


async def test_a_write_elsewhere_says_nothing_of_the_replicas(other: None) -> None:
    orm.configure({**orm.settings.databases, "third": orm.settings.databases["default"]})
    orm.configure(database_routers=[orm.ReplicaRouter(replicas=["other"])])
    async with orm.capture_queries("other") as queries:
        await Artist.objects.acount()
        await Artist.objects.using("third").acreate(name="Ada")
        assert await Artist.objects.acount() == 0
    assert len(queries) == 3, "a look, and two reads"


@pytest.mark.only(colour="awaitable")
async def test_a_read_that_recovery_cancels_is_run_again(other: None) -> None:
    """PostgreSQL says 40001 then, while the replica is quite well."""
    router = orm.ReplicaRouter(replicas=["other"])
    error = OperationalError("canceling statement due to conflict with recovery")
    assert not await router.gave_up("other", error)
    error.retryable = True
    assert await router.gave_up("other", error)
    assert not await router.gave_up("default", error), "there is nowhere else to read"


async def test_reads_take_turns(other: None) -> None:
    orm.configure({**orm.settings.databases, "third": orm.settings.databases["default"]})
    orm.configure(database_routers=[orm.ReplicaRouter("third", replicas=["default", "other"])])
    await Artist.objects.acount()
    async with orm.capture_queries() as queries:
        for _ in range(4):
            await Artist.objects.acount()
    assert sorted(query.alias for query in queries) == ["default", "default", "other", "other"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicas": []},
        {"replicas": "other"},
        {"replicas": ["default"]},
        {"replicas": ["other", "other"]},
        {"replicas": ["other"], "max_lag": 0},
        {"replicas": ["other"], "stick_for": -1},
        {"replicas": ["other"], "check_every": 0},
    ],
)
def test_wrong_parameters(database: Run, wrong: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match="ReplicaRouter"):
        orm.ReplicaRouter(**wrong)
