"""From any schema to any other: the detected migration makes what a fresh creation makes, and taken back, what was.

Compared is what the database says of its tables, columns, constraints and indexes; the rows stay.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import orm
from orm import models
from orm.migrations.autodetector import MigrationAutodetector
from orm.migrations.migration_blocking import Migration
from orm.migrations.model_state import ModelState
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.state import ProjectState
from orm.models.schema_declared import NamesByRule
from tests.conftest import Run
from tests.migrations.looking import Look

NAMES = ("a", "b", "c")
FLAGS = st.sampled_from([{}, {"db_index": True}, {"unique": True}, {"null": True}, {"null": True, "unique": True}])
COLUMNS = st.sampled_from(
    [
        (models.CharField, {"max_length": 9, "default": "1"}),
        (models.CharField, {"max_length": 20, "default": "1"}),
        (models.TextField, {"default": "1"}),
        (models.TextField, {"default": "1", "db_default": "2"}),
        (models.IntegerField, {"default": 1}),
        (models.BigIntegerField, {"default": 1, "db_default": 3}),
        (models.PositiveIntegerField, {"default": 1}),
        (models.DecimalField, {"max_digits": 9, "decimal_places": 2, "default": 1}),
    ]
)
KEYS = st.sampled_from(
    [
        (models.BigAutoField, {}),
        (models.AutoField, {}),
        (models.IntegerField, {"default": 1}),
        (models.CharField, {"max_length": 12, "default": "1"}),
    ]
)


@st.composite
def tables(draw: Any, name: str) -> ModelState:
    """The state of one model with up to three columns, the rules on them, and perhaps a reference to the author."""
    kind, options = draw(KEYS)
    fields = [("id", kind(primary_key=True, **options))]
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    for one in names:
        kind, options = draw(COLUMNS)
        fields.append((one, kind(**{**options, **draw(FLAGS)})))
    rules: dict[str, Any] = {"indexes": [], "constraints": []}
    if names and draw(st.booleans()):
        rules["indexes"].append(models.Index(fields=[names[0], "-id"], name=f"mt_{name}_index"))
    if len(names) > 1 and draw(st.booleans()):
        rules["constraints"].append(models.UniqueConstraint(fields=names[:2], name=f"mt_{name}_pair"))
    if len(names) > 1 and draw(st.booleans()):
        rules["unique_together"] = {tuple(names[-2:])}
    if name == "Book" and draw(st.booleans()):
        to = draw(st.sampled_from([{}, {"db_index": False}, {"unique": True}]))
        fields.append(("author", models.ForeignKey("mt.Author", models.CASCADE, null=True, **to)))
    if name == "Book" and draw(st.booleans()):
        fields.append(("authors", models.ManyToManyField("mt.Author", related_name="+")))
    return ModelState("mt", name, fields, rules)


@st.composite
def states(draw: Any) -> ProjectState:
    """An author, and perhaps a book."""
    state = ProjectState()
    state.add_model(draw(tables("Author")))
    if draw(st.booleans()):
        state.add_model(draw(tables("Book")))
    return state


class Default(MigrationQuestioner):
    """Every question has the answer that keeps going."""

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        return 1


def steps(before: ProjectState, after: ProjectState) -> list[Migration]:
    """The migrations that are detected, in the order they run in."""
    found = MigrationAutodetector(before, after, Default())._detect_changes()
    return [migration for several in found.values() for migration in several]


def run(before: ProjectState, migrations: list[Migration]) -> list[ProjectState]:
    """Apply them; the states before each, and the last one."""
    passed = [before]
    for migration in migrations:
        with orm.schema_editor() as editor:
            passed.append(migration.apply(passed[-1].clone(), editor))
    return passed


def collected(before: ProjectState, migrations: list[Migration]) -> list[str]:
    """The statements that applying them would run; the database is not asked what anything is called."""
    found: list[str] = []
    state = before
    for migration in migrations:
        with orm.schema_editor(collect_sql=True) as editor:
            editor.names = NamesByRule()
            state = migration.apply(state.clone(), editor)
        found += editor.collected_sql
    return found


def drop(look: Look) -> None:
    with orm.databases["default"].connection() as connection:
        if look.database.backend == "sqlite":
            connection.execute("PRAGMA foreign_keys = OFF")
        for table in look.tables():
            if table.name.startswith("mt_"):
                cascade = "" if look.database.backend == "sqlite" else " CASCADE"
                connection.execute(f'DROP TABLE "{table.name}"{cascade}')
        if look.database.backend == "sqlite":
            connection.execute("PRAGMA foreign_keys = ON")


def seen(look: Look) -> list[str]:
    """What the database says of our tables, line by line; constraints by what they do, whatever they are called."""
    lines = []
    for table in look.tables():
        if not table.name.startswith("mt_"):
            continue
        for one in look.columns(table.name):
            default = None if one.identity else one.default
            kind = look.reader.normal_type(one.type)
            lines.append(f"{table.name}.{one.name} {kind} {one.null=} {default=} {one.primary_key=} {one.identity=}")
        for info in look.constraints(table.name).values():
            kind = f"{info.primary_key=} {info.unique=} {info.foreign_key=} {info.check=} {info.index=} {info.orders=}"
            lines.append(f"{table.name} {info.columns} {kind}")
    return sorted(lines)


def same(found: list[str], wanted: list[str]) -> None:
    too_much, missing = sorted(set(found) - set(wanted)), sorted(set(wanted) - set(found))
    assert found == wanted, "\n".join(["not the same:", *(f"+ {x}" for x in too_much), *(f"- {x}" for x in missing)])


def fill(state: ProjectState) -> None:
    """One row in each table, of the defaults."""
    for name in ("Author", "Book"):
        if ("mt", name.lower()) in state.models:
            state.apps.get_model("mt", name).objects.create()


def counts(look: Look) -> dict[str, int]:
    names = [one.name for one in look.tables() if one.name.startswith("mt_")]
    return {name: look.rows(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in names}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(before=states(), after=states())
def test_the_detected_migration_makes_what_a_fresh_creation_makes(
    database: Run, before: ProjectState, after: ProjectState
) -> None:
    look = Look(database)
    drop(look)
    run(ProjectState(), steps(ProjectState(), after))
    wanted = seen(look)
    drop(look)
    run(ProjectState(), steps(ProjectState(), before))
    first = seen(look)
    fill(before)
    had = counts(look)
    migrations = steps(before, after)
    passed = run(before, migrations)
    same(seen(look), wanted)
    kept = counts(look)
    assert {name: kept[name] for name in had if name in kept} == {name: had[name] for name in had if name in kept}
    for migration, state in zip(reversed(migrations), reversed(passed[:-1]), strict=True):
        with orm.schema_editor() as editor:
            migration.unapply(state.clone(), editor)
    same(seen(look), first)
    drop(look)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(before=states(), after=states())
def test_the_statements_that_are_collected_make_the_same(
    database: Run, before: ProjectState, after: ProjectState
) -> None:
    """Also where the database has been changed already."""
    look = Look(database)
    drop(look)
    run(ProjectState(), steps(ProjectState(), before))
    migrations = steps(before, after)
    statements = collected(before, migrations)
    run(before, migrations)
    assert collected(before, migrations) == statements
    drop(look)
    run(ProjectState(), steps(ProjectState(), before))
    fill(before)
    had = counts(look)
    with orm.databases["default"].connection() as connection:
        for statement in statements:
            connection.execute(statement)
    found, kept = seen(look), counts(look)
    drop(look)
    run(ProjectState(), steps(ProjectState(), after))
    same(found, seen(look))
    assert {name: kept[name] for name in had if name in kept} == {name: had[name] for name in had if name in kept}
    drop(look)
