"""The forms for a table in use make the schema that the plain ones make, forwards and backwards, and hold no lock that
stops writers while rows are read.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

import orm
from orm import migrations as m
from orm import models
from orm.errors import NotSupportedError
from orm.migrations.state import ProjectState
from tests.conftest import Run
from tests.linting import corpus
from tests.linting.test_lint import before
from tests.migrations.looking import Look
from tests.migrations.test_any_change import seen

CASES = {
    "an index": m.AddIndex("Item", corpus.INDEX),
    "an index dropped": m.RemoveIndex("Item", "mt_item_name"),
    "a check": m.AddConstraint("Item", corpus.CHECK),
    "unique": m.AddConstraint("Item", corpus.UNIQUE),
    "unique together": m.AlterUniqueTogether("Item", {("name", "size")}),
    "not null": m.AlterField("Item", "free", models.TextField(default="")),
    "made unique": m.AlterField("Item", "size", models.IntegerField(unique=True)),
    "made indexed": m.AlterField("Item", "size", models.IntegerField(db_index=True)),
    "made positive": m.AlterField("Item", "size", models.PositiveIntegerField()),
    "made a key": m.AlterField(
        "Item", "size", models.ForeignKey("mt.Owner", models.CASCADE, db_column="size", related_name="+")
    ),
}
each_case = pytest.mark.parametrize("operation", CASES.values(), ids=CASES)


@pytest.fixture
def state(database: Run) -> ProjectState:
    state = before()
    with orm.schema_editor() as editor:
        for name in ("Owner", "Spare", "Item"):
            editor.create_model(state.apps.get_model("mt", name))
    return state


def forwards(operation: Any, state: ProjectState, *, atomic: bool = False) -> ProjectState:
    after = state.clone()
    operation.state_forwards("mt", after)
    with orm.schema_editor(atomic=atomic) as editor:
        operation.database_forwards("mt", editor, state, after)
    return after


@each_case
def test_it_makes_what_the_plain_form_makes_and_takes_it_back(
    database: Run, state: ProjectState, operation: Any
) -> None:
    look = Look(database)
    first = seen(look)
    after = forwards(operation, state, atomic=True)
    wanted = seen(look)
    with orm.schema_editor() as editor:
        operation.database_backwards("mt", editor, after, state)
    beside = m.BesideWriters(operation)
    forwards(beside, state)
    assert seen(look) == wanted
    with orm.schema_editor(atomic=False) as editor:
        beside.database_backwards("mt", editor, after, state)
    assert seen(look) == first


@pytest.mark.only(backend="postgresql")
@each_case
def test_begun_again_after_a_kill_it_ends_the_same(database: Run, state: ProjectState, operation: Any) -> None:
    look = Look(database)
    forwards(m.BesideWriters(operation), state)
    wanted = seen(look)
    after = state.clone()
    operation.state_forwards("mt", after)
    with orm.schema_editor(atomic=False) as editor:
        editor.resumed = True
        m.BesideWriters(operation).database_forwards("mt", editor, state, after)
    assert seen(look) == wanted


@pytest.mark.only(backend="postgresql")
def test_an_index_that_a_failed_build_left_is_dropped(database: Run, state: ProjectState) -> None:
    with psycopg.connect(database.url, autocommit=True) as session:
        session.execute("INSERT INTO mt_owner DEFAULT VALUES")
        row = (
            "INSERT INTO mt_item (name, size, price, code, tag, kept, note, owner_id) "
            "SELECT 'n', 1, 1, %s, '', 1, '', id FROM mt_owner"
        )
        for code in (1, 2):
            session.execute(row, [code])
        beside = m.BesideWriters(m.AddConstraint("Item", corpus.UNIQUE))
        with pytest.raises(orm.errors.IntegrityError):
            forwards(beside, state)
        session.execute("DELETE FROM mt_item WHERE code = 2")
    forwards(beside, state)
    assert Look(database).constraints("mt_item")[corpus.UNIQUE.name].unique


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("name", ['a"; DROP TABLE x; --', 'a" UNIQUE (b)', "a' %s $1", '"'])
def test_a_name_stays_a_name(database: Run, state: ProjectState, name: str) -> None:
    index = models.Index(fields=["size"], name=name)
    forwards(m.BesideWriters(m.AddIndex("Item", index)), state)
    unique = models.UniqueConstraint(fields=["size", "name"], name=f"{name}2")
    forwards(m.BesideWriters(m.AddConstraint("Item", unique)), state)
    check = models.CheckConstraint(condition=models.Q(size__gt=0), name=f"{name}3")
    forwards(m.BesideWriters(m.AddConstraint("Item", check)), state)
    assert {name, f"{name}2", f"{name}3"} <= set(Look(database).constraints("mt_item"))


@pytest.mark.only(backend="postgresql")
def test_it_is_refused_inside_a_transaction(database: Run, state: ProjectState) -> None:
    with pytest.raises(NotSupportedError, match="set atomic = False"):
        forwards(m.BesideWriters(CASES["not null"]), state, atomic=True)
