"""Expand and contract: a rename or a change of type in steps, while the code before it and the code after it write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import orm
from orm import migrations as m
from orm import models
from orm.migrations.lint import lint, rewrite
from orm.migrations.state import ProjectState
from tests.conftest import Run
from tests.migrations.looking import Look
from tests.migrations.test_any_change import seen

RELEASE = 3
"""After so many steps of a rename the new code may come; the old one is gone before the next."""


def before() -> ProjectState:
    key = ("id", models.BigAutoField(primary_key=True))
    state = ProjectState()
    m.CreateModel("Owner", [key]).state_forwards("mt", state)
    fields = [
        key,
        ("name", models.CharField(max_length=50, unique=True)),
        ("size", models.IntegerField(db_index=True)),
        ("said", models.TextField(default="")),
        ("seen", models.TextField(null=True)),
        ("owner", models.ForeignKey("mt.Owner", models.CASCADE, null=True)),
    ]
    rules: dict[str, Any] = {
        "indexes": [models.Index(fields=["said", "-size"], name="mt_thing_said")],
        "constraints": [models.UniqueConstraint(fields=["size", "name"], name="mt_thing_pair")],
        "unique_together": {("size", "said", "name")},
    }
    m.CreateModel("Thing", fields, rules).state_forwards("mt", state)
    return state


class Steps:
    """The migrations that come in the place of one operation, and two kinds of code beside them."""

    def __init__(self, database: Run, operation: Any) -> None:
        self.database = database
        dialect = orm.databases["default"].dialect
        whole = type("Migration", (m.Migration,), {"operations": [operation]})("0002_change", "mt")
        (anew,) = rewrite([whole], before(), dialect)
        self.made: list[Any] = anew.new
        self.states = [before()]
        for one in self.made:
            self.states.append(one.mutate_state(self.states[-1]))
        with orm.schema_editor() as editor:
            for name in ("Owner", "Thing"):
                editor.create_model(self.states[0].apps.get_model("mt", name))
        self.run("INSERT INTO mt_owner (id) VALUES (1), (2), (3)")
        self.number = 0

    def run(self, sql: str) -> None:
        if self.database.backend == "sqlite":
            session = sqlite3.connect(self.database.url.removeprefix("sqlite:///"))
            with session:
                session.execute(sql)
            session.close()
        else:
            with psycopg.connect(self.database.url) as server:
                server.execute(sql.encode())

    def write(self, **renamed: str) -> None:
        """Insert three rows and change one of them, by the names that some code knows."""
        names = {"name": "name", "owner_id": "owner_id", **renamed}
        for n in range(self.number + 1, self.number + 4):
            self.run(
                f"INSERT INTO mt_thing ({names['name']}, size, said, {names['owner_id']}) "
                f"VALUES ('n{n}', {n}, 's{n}', {n % 3 + 1})"
            )
        self.number = n = self.number + 3
        self.run(
            f"UPDATE mt_thing SET {names['name']} = 'changed{n}', size = {n + 1000}, said = 'changed{n}', "
            f"{names['owner_id']} = 1 WHERE id = {n}"
        )

    def rows(self, name: str = "name", owner: str = "owner_id") -> list[tuple[Any, ...]]:
        return Look(self.database).rows(f"SELECT id, {name}, size, said, {owner} FROM mt_thing ORDER BY id")

    def wanted(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for n in range(1, self.number + 1):
            changed = n % 3 == 0
            found.append(
                (n, f"changed{n}" if changed else f"n{n}", n + 1000 if changed else n,
                 f"changed{n}" if changed else f"s{n}", 1 if changed else n % 3 + 1)
            )  # fmt: skip
        return found

    def forwards(self, place: int) -> None:
        one = self.made[place]
        with orm.schema_editor(atomic=one.atomic) as editor:
            one.apply(self.states[place].clone(), editor)

    def backwards(self, place: int) -> None:
        one = self.made[place]
        with orm.schema_editor(atomic=one.atomic) as editor:
            one.unapply(self.states[place].clone(), editor)


TYPES = {
    "more bits": m.AlterField("Thing", "size", models.BigIntegerField(db_index=True)),
    "another kind": m.AlterField("Thing", "size", models.DecimalField(max_digits=12, decimal_places=2, unique=True)),
    "a shorter text, of its own default": m.AlterField(
        "Thing", "said", models.CharField(max_length=20, db_default="none", default="some")
    ),
    "a text that may be missing": m.AlterField("Thing", "name", models.CharField(max_length=30, null=True)),
}
NAMES = {
    "unique": m.RenameField("Thing", "name", "title"),
    "a key": m.RenameField("Thing", "owner", "keeper"),
}
each_type = pytest.mark.parametrize("operation", TYPES.values(), ids=TYPES)
each_name = pytest.mark.parametrize("operation", NAMES.values(), ids=NAMES)


@pytest.fixture(autouse=True)
def tables(database: Run) -> Iterator[None]:
    yield


def renamed(operation: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The names that the new code writes, and those it reads."""
    if operation.old_name == "owner":
        return {"owner_id": "keeper_id"}, {"owner": "keeper_id"}
    return {"name": "title"}, {"name": "title"}


@each_type
def test_another_type_while_code_writes(database: Run, operation: Any) -> None:
    steps = Steps(database, operation)
    first = seen(Look(database))
    steps.write()
    for place in range(len(steps.made)):
        steps.forwards(place)
        assert steps.rows() == steps.wanted()
        steps.write()
    assert steps.rows() == steps.wanted()
    for place in reversed(range(len(steps.made))):
        steps.backwards(place)
        assert steps.rows() == steps.wanted()
        steps.write()
    assert steps.rows() == steps.wanted()
    assert seen(Look(database)) == first


@each_name
def test_another_name_while_the_code_before_and_after_it_writes(database: Run, operation: Any) -> None:
    steps = Steps(database, operation)
    first = seen(Look(database))
    new, read = renamed(operation)
    steps.write()
    for place in range(len(steps.made)):
        steps.forwards(place)
        if place < RELEASE:
            steps.write()
            assert steps.rows() == steps.wanted()
        if place >= RELEASE - 1:
            steps.write(**new)
            assert steps.rows(**read) == steps.wanted()
    for place in reversed(range(len(steps.made))):
        steps.backwards(place)
        if place >= RELEASE:
            steps.write(**new)
            assert steps.rows(**read) == steps.wanted()
        if place <= RELEASE:
            steps.write()
            assert steps.rows() == steps.wanted()
    assert seen(Look(database)) == first


@pytest.mark.parametrize("operation", [*TYPES.values(), *NAMES.values()], ids=[*TYPES, *NAMES])
def test_it_makes_what_the_operation_makes_at_once(database: Run, operation: Any) -> None:
    steps = Steps(database, operation)
    for place in range(len(steps.made)):
        steps.forwards(place)
    found = seen(Look(database))
    with orm.schema_editor() as editor:
        for name in ("Thing", "Owner"):
            editor.delete_model(steps.states[-1].apps.get_model("mt", name))
        for name in ("Owner", "Thing"):
            editor.create_model(steps.states[-1].apps.get_model("mt", name))
    assert found == seen(Look(database))


def test_a_value_that_only_the_new_type_takes_stays_while_the_old_column_is_there(database: Run) -> None:
    steps = Steps(database, TYPES["more bits"])
    for place in range(4):
        steps.forwards(place)
    steps.write()
    steps.run(f"UPDATE mt_thing SET size = {2**40} WHERE id = 1")
    for place in range(4, len(steps.made)):
        steps.forwards(place)
    assert steps.rows()[0][2] == 2**40


def test_only_the_end_of_a_rename_is_for_a_later_release(database: Run) -> None:
    steps = Steps(database, NAMES["unique"])
    dialect = orm.databases["default"].dialect
    together = lint(steps.made, steps.states[0], dialect)
    assert [(one.migration, one.code) for one in together] == [("mt.0002_change", "column-in-use")]
    assert lint(steps.made[RELEASE:], steps.states[RELEASE], dialect) == []


@each_type
def test_nothing_is_said_of_another_type_in_steps(database: Run, operation: Any) -> None:
    steps = Steps(database, operation)
    dialect = orm.databases["default"].dialect
    assert lint(steps.made, steps.states[0], dialect) == []
    assert lint(steps.made[4:], steps.states[4], dialect) == []


RENAMES = [m.RenameModel("Thing", "Article"), m.AlterModelTable("Thing", "mt_article")]


@pytest.mark.parametrize("operation", RENAMES, ids=["a model", "a table"])
def test_code_before_a_rename_of_a_table_reads_and_writes_through_a_view(database: Run, operation: Any) -> None:
    if database.backend == "sqlite":  # whose views can't be written to
        whole = type("Migration", (m.Migration,), {"operations": [operation]})("0002_change", "mt")
        assert rewrite([whole], before(), orm.databases["default"].dialect) == []
        return
    steps = Steps(database, operation)
    steps.write()
    steps.forwards(0)
    steps.write()
    steps.run("DELETE FROM mt_thing WHERE id = 6; INSERT INTO mt_article (name, size, said) VALUES ('new', 7, 's')")
    assert steps.rows() == [*steps.wanted()[:5], (7, "new", 7, "s", None)]
    steps.forwards(1)
    assert Look(database).rows("SELECT relname FROM pg_class WHERE relname = 'mt_thing'") == []
    steps.backwards(1)
    steps.backwards(0)
    assert len(steps.rows()) == 6
