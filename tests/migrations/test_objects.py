"""Views, triggers, policies and partitions as operations: made, used, taken back, and refused where there are none."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
import pytest

import orm
from orm import migrations, models
from orm.errors import NotSupportedError
from orm.migrations.state import ProjectState
from tests.conftest import Run
from tests.migrations.looking import Look
from tests.migrations.test_postgresql_operations import applied, things

SET_SIZE = {
    "postgresql": "NEW.size := 7; RETURN NEW",
    "sqlite": "UPDATE mt_thing SET size = 7 WHERE id = NEW.id",
}


async def back(state: ProjectState, operation: Any) -> None:
    async with orm.schema_editor() as editor:
        await operation.adatabase_backwards("mt", editor, state, state)


async def test_a_view_comes_and_goes_both_ways(database: Run) -> None:
    state = await things()
    await state.apps.get_model("mt", "Thing").objects.acreate(name="100%", size=1)
    query = "SELECT name FROM mt_thing WHERE name LIKE '100%';"
    state = await applied(state, migrations.CreateView("mt_names", query))
    assert Look(database).rows("SELECT name FROM mt_names") == [("100%",)]
    remove = migrations.RemoveView("mt_names", query)
    state = await applied(state, remove)
    assert "mt_names" not in {one.name for one in Look(database).tables()}
    await back(state, remove)
    assert Look(database).rows("SELECT name FROM mt_names") == [("100%",)]


@pytest.mark.only(backend="sqlite")
async def test_a_materialized_view_is_refused_where_there_are_none(database: Run) -> None:
    with pytest.raises(NotSupportedError, match="sqlite has no materialized views"):
        await applied(ProjectState(), migrations.CreateView("mt_names", "SELECT 1", materialized=True))


async def test_a_database_that_is_not_named_is_left_alone(database: Run) -> None:
    await applied(ProjectState(), migrations.CreateView("mt_names", {"other": "SELECT 1"}))
    assert "mt_names" not in {one.name for one in Look(database).tables()}


async def test_a_trigger_runs_until_it_is_taken_back(database: Run) -> None:
    state = await things()
    timing = "BEFORE" if database.backend == "postgresql" else "AFTER"
    made = migrations.CreateTrigger(
        "Thing", "mt_seven", timing=timing, events=["INSERT"], body=SET_SIZE, condition="NEW.size > 10"
    )
    state = await applied(state, made)
    thing = state.apps.get_model("mt", "Thing")
    for size in (1, 11):
        await thing.objects.acreate(name="x", size=size)
    assert sorted(Look(database).rows("SELECT size FROM mt_thing")) == [(1,), (7,)]
    await back(state, made)
    await thing.objects.acreate(name="x", size=12)
    assert sorted(Look(database).rows("SELECT size FROM mt_thing")) == [(1,), (7,), (12,)]


def test_timings_and_events_are_of_a_closed_set() -> None:
    with pytest.raises(ValueError, match="timing is one of"):
        migrations.CreateTrigger("Thing", "t", timing="BEFORE; DROP", events=["INSERT"], body="x")
    with pytest.raises(ValueError, match="events is one of"):
        migrations.CreateTrigger("Thing", "t", timing="BEFORE", events=["SELECT"], body="x")


@pytest.mark.only(backend="postgresql")
async def test_a_policy_hides_rows_of_others(database: Run) -> None:
    state = await things()
    with psycopg.connect(database.url, autocommit=True) as session:
        session.execute("DROP ROLE IF EXISTS mt_reader")
        session.execute("CREATE ROLE mt_reader")
    policy = migrations.CreatePolicy(
        "Thing", "mt_small", using=models.Q(size__lt=10), command="SELECT", roles=["mt_reader"]
    )
    state = await applied(state, migrations.EnableRowSecurity("Thing"), policy)
    for size in (1, 11):
        await state.apps.get_model("mt", "Thing").objects.acreate(name="x", size=size)
    with psycopg.connect(database.url) as session:
        session.execute("GRANT SELECT ON mt_thing TO mt_reader")
        session.execute("SET LOCAL ROLE mt_reader")
        assert session.execute("SELECT size FROM mt_thing").fetchall() == [(1,)]
        session.rollback()
    await back(state, policy)
    await back(state, migrations.EnableRowSecurity("Thing"))
    with psycopg.connect(database.url, autocommit=True) as session:
        session.execute("DROP OWNED BY mt_reader")
        session.execute("DROP ROLE mt_reader")
    assert Look(database).rows("SELECT relrowsecurity FROM pg_class WHERE relname = 'mt_thing'") == [(False,)]


@pytest.mark.only(backend="sqlite")
async def test_a_policy_is_refused_where_there_are_none(database: Run) -> None:
    state = await things()
    with pytest.raises(NotSupportedError, match="sqlite has no row-level security"):
        await applied(state, migrations.EnableRowSecurity("Thing"))


def test_a_policy_without_a_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="needs using= or check="):
        migrations.CreatePolicy("Thing", "empty")


def events(**options: Any) -> migrations.CreatePartitionedModel:
    fields = [
        ("pk", models.CompositePrimaryKey("number", "day")),
        ("number", models.IntegerField()),
        ("day", models.DateField()),
    ]
    return migrations.CreatePartitionedModel("Event", fields, partition_by=("RANGE", ["day"]), **options)


@pytest.mark.only(backend="postgresql")
async def test_rows_go_into_their_partition(database: Run) -> None:
    june = migrations.AddPartition(
        "Event", "mt_event_june", since=datetime.date(2026, 6, 1), until=datetime.date(2026, 7, 1)
    )
    rest = migrations.AddPartition("Event", "mt_event_rest", default=True)
    state = await applied(ProjectState(), events(), june, rest)
    event = state.apps.get_model("mt", "Event")
    for number, month in ((1, 6), (2, 8)):
        await event.objects.acreate(number=number, day=datetime.date(2026, month, 3))
    assert Look(database).rows("SELECT number FROM mt_event_june") == [(1,)]
    assert Look(database).rows("SELECT number FROM mt_event_rest") == [(2,)]
    await back(state, rest)
    assert await event.objects.acount() == 1


@pytest.mark.only(backend="sqlite")
async def test_partitions_are_refused_where_there_are_none(database: Run) -> None:
    with pytest.raises(NotSupportedError, match="sqlite has no partitions"):
        await applied(ProjectState(), events())


@pytest.mark.parametrize("options", [{}, {"since": 1}, {"values": [1], "default": True}])
def test_a_partition_is_of_one_kind(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs since= and until=, or values=, or default=True"):
        migrations.AddPartition("Event", "mt_part", **options)
