"""What lint says of migrations: nothing of those that are safe, and the right thing of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from orm import migrations as m
from orm import models
from orm.migrations.lint import KINDS, Finding, lint
from orm.migrations.state import ProjectState
from orm.models import Q
from orm_postgresql.dialect import PostgreSQLDialect
from orm_sqlite.dialect import SQLiteDialect
from tests.linting import corpus, strangers


def migration(operations: list[Any], atomic: bool = True, **more: Any) -> Any:
    body = {"operations": operations, "atomic": atomic, **more}
    return type("Migration", (m.Migration,), body)("0002_change", "mt")


def before() -> ProjectState:
    """An owner, items in use, and a spare table."""
    key = ("id", models.BigAutoField(primary_key=True))
    noted = models.CheckConstraint(condition=Q(note__isnull=False), name="mt_item_noted")
    fields = [
        key,
        ("name", models.CharField(max_length=50)),
        ("size", models.IntegerField()),
        ("note", models.TextField(null=True)),
        ("free", models.TextField(null=True)),
        ("price", models.DecimalField(max_digits=9, decimal_places=2)),
        ("code", models.IntegerField(unique=True)),
        ("tag", models.TextField(db_index=True)),
        ("named", models.IntegerField(db_column="kept")),
        ("owner", models.ForeignKey("mt.Owner", models.CASCADE)),
        ("tags", models.ManyToManyField("mt.Owner", related_name="+")),
    ]
    rules = {"indexes": [models.Index(fields=["name"], name="mt_item_name")], "constraints": [noted]}
    state = ProjectState()
    for made in (
        m.CreateModel("Owner", [key]), m.CreateModel("Spare", [key]), m.CreateModel("Item", fields, rules),
    ):  # fmt: skip
        made.state_forwards("mt", state)
    return state


def found(operations: list[Any], atomic: bool = True, dialect: Any = None, **more: Any) -> list[Finding]:
    return lint([migration(operations, atomic, **more)], before(), dialect or PostgreSQLDialect())


SAFE = [*corpus.SAFE, *strangers.SAFE]
UNSAFE = [*corpus.UNSAFE, *strangers.UNSAFE]


@pytest.mark.parametrize(("operations", "atomic"), [case[1:] for case in SAFE], ids=[case[0] for case in SAFE])
def test_nothing_is_said_of_what_is_safe(operations: list[Any], atomic: bool) -> None:
    assert [str(one) for one in found(operations, atomic)] == []


@pytest.mark.parametrize(
    ("operations", "atomic", "code"), [case[1:] for case in UNSAFE], ids=[case[0] for case in UNSAFE]
)
def test_what_is_not_safe_is_found(operations: list[Any], atomic: bool, code: str) -> None:
    assert code in {one.code for one in found(operations, atomic)}


@pytest.mark.parametrize(
    ("operations", "version", "code"), [case[1:] for case in corpus.OF_VERSION], ids=[c[0] for c in corpus.OF_VERSION]
)
def test_what_is_wrong_with_one_version_is_found_there(
    operations: list[Any], version: tuple[int, int], code: str
) -> None:
    def of(number: tuple[int, ...]) -> set[str]:
        told = lint([migration(operations, atomic=False)], before(), PostgreSQLDialect(), version=number)
        return {one.code for one in told}

    assert of(version) - of((18, 0)) == {code}
    assert code not in of(())


@pytest.mark.parametrize("version", [(12, 0), (13, 9), (15, 1), (18, 0)])
def test_of_what_is_safe_nothing_is_said_on_other_versions(version: tuple[int, int]) -> None:
    newer = {"SQL: a partition taken off beside readers"}
    safe = [migration(operations, atomic) for name, operations, atomic in corpus.SAFE if name not in newer]
    assert [str(one) for case in safe for one in lint([case], before(), PostgreSQLDialect(), version=version)] == []


def test_there_are_enough_of_both() -> None:
    assert len(corpus.SAFE) >= 60
    assert len(corpus.UNSAFE) >= 60
    assert min(len(strangers.SAFE), len(strangers.UNSAFE)) >= 30
    assert {case[3] for case in (*UNSAFE, *corpus.OF_VERSION)} == set(KINDS)


def test_a_column_that_left_the_state_first_may_be_dropped() -> None:
    leave = m.SeparateDatabaseAndState(state_operations=[m.RemoveField("Item", "size")])
    drop = m.SeparateDatabaseAndState(database_operations=[m.RemoveField("Item", "size")])
    dropped = lint([migration([leave])], before(), PostgreSQLDialect())
    assert dropped == []
    assert [one.code for one in found([drop])] == ["column-in-use"]


def test_a_finding_says_what_why_and_what_instead() -> None:
    (one,) = found([m.AddIndex("Item", corpus.INDEX)])
    assert str(one) == (
        "mt.0002_change, operation 1: Create index mt_item_size on field(s) size of model Item: writes wait while the "
        "index is built over every row (ShareLock) [index-blocks-writes]\n"
        "    Instead: AddIndexConcurrently in a migration of its own with atomic = False."
    )


def test_a_migration_may_say_why_it_is_right() -> None:
    assert found([m.RemoveField("Item", "size")], lint_ignore={"column-in-use": "nobody reads it"}) == []


def test_a_database_without_these_locks_hears_of_running_code_only() -> None:
    operations = [m.AddIndex("Item", corpus.INDEX), m.RemoveField("Item", "code")]
    assert [one.code for one in found(operations, dialect=SQLiteDialect())] == ["column-in-use"]


def test_tables_of_the_same_run_are_new_in_its_later_migrations() -> None:
    index = m.AddIndex("New", models.Index(fields=["n"], name="i"))
    assert lint([migration(corpus.new()), migration([index])], before(), PostgreSQLDialect()) == []


def test_a_check_that_a_model_had_before_says_the_bounds_of_a_partition() -> None:
    state = before()
    m.AddConstraint("spare", strangers.BOUNDED).state_forwards("mt", state)
    attached = m.RunSQL(strangers.FIRST, "SELECT 1")
    assert lint([migration([attached])], state, PostgreSQLDialect()) == []
    assert [one.code for one in lint([migration([attached])], before(), PostgreSQLDialect())] == ["partition-scans"]


def test_bounds_of_other_columns_than_those_of_a_partitioned_model_say_nothing() -> None:
    def events(by: str) -> m.CreatePartitionedModel:
        fields = [("id", models.BigIntegerField()), ("day", models.DateField(db_column="on_day"))]
        key = ("pk", models.CompositePrimaryKey("id", "day"))
        return m.CreatePartitionedModel("Event", [key, *fields], partition_by=("RANGE", [by]))

    state = before()
    m.AddConstraint("spare", strangers.BOUNDED).state_forwards("mt", state)
    attached = m.RunSQL("ALTER TABLE mt_event ATTACH PARTITION mt_spare FOR VALUES FROM (1) TO (100)", "SELECT 1")
    found = {
        by: [one.code for one in lint([migration([events(by), attached])], state, PostgreSQLDialect())]
        for by in ("id", "day")
    }
    assert found == {"id": [], "day": ["partition-scans"]}
