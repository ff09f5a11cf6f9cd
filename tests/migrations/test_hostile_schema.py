"""Nothing that a schema is declared with becomes SQL text but as a quoted name or literal (see ``hostile_schema``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
import pytest

import orm
from orm import models
from orm.bridge.drive import run
from orm.db.registry import databases
from orm.migrations.operation import AwaitableOperation
from orm.migrations.state import ProjectState
from orm.models.constraints import BaseConstraint
from orm.models.fields.base import Field
from orm.models.indexes import Index
from tests.conftest import Run, configured
from tests.migrations import hostile_schema
from tests.migrations.hostile_schema import (
    SOME,
    TEXTS,
    Try,
    apply,
    base_operations,
    base_state,
    faults,
    judged,
    parts,
    skeletons,
    tries_of,
    tries_of_columns,
    tries_of_options,
    whole,
)
from tests.query.hostile import Outcome, outcome

KINDS = [Field, Index, BaseConstraint, AwaitableOperation]


@pytest.fixture
def tables(database: Run) -> Iterator[Run]:
    """Tables to try things on, one of which must never go."""
    if database.backend == "postgresql":
        with psycopg.connect(database.url, autocommit=True) as session:
            session.execute("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS btree_gist")
            session.execute("CREATE EXTENSION IF NOT EXISTS citext")
    apply(base_operations(), ProjectState())
    yield database
    with databases["default"].connection() as session:
        assert [tuple(row) for row in session.fetch("SELECT COUNT(*) FROM mt_canary")] == [(0,)]


def judge(tries: Iterable[Try], everything: bool) -> None:
    """Try each with texts; forms other than a plain text with a few, unless there is time for ``everything``."""
    wrong = [
        fault for tried in tries for fault in judged(tried, TEXTS if everything or tried.form == "a text" else SOME)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_parts_of_a_schema(tables: Run, kind: type) -> None:
    found = parts(kind, tables.backend)
    assert found
    judge((tried for cls in found for tried in tries_of(cls)), everything=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_parts_of_a_schema_with_every_text_in_every_form(tables: Run, kind: type) -> None:
    judge((tried for cls in parts(kind, tables.backend) for tried in tries_of(cls)), everything=True)


def test_every_part_can_be_made_as_the_test_knows_it(tables: Run) -> None:
    """What can't be made would pass the others without being tried."""
    wrong = {}
    for kind in KINDS:
        for cls in parts(kind, tables.backend):
            made = outcome("", lambda cls=cls: apply(whole(cls), base_state()))  # type: ignore[misc]
            if made.error is not None:
                wrong[cls.__name__] = made.error
    assert not wrong, "teach hostile_schema.taught() or SPECIAL what it needs"


def test_options_of_a_model(tables: Run) -> None:
    judge(tries_of_options(), everything=False)


def test_columns_in_everything_that_speaks_of_them(tables: Run) -> None:
    judge(tries_of_columns(), everything=True)


def test_parts_of_a_model_that_only_system_checks_judge(tables: Run) -> None:
    """Where wrong declarations are let through, as Django does, they become no SQL either."""
    orm.configure(strict_models=False)
    try:
        found = [models.CharField, models.DecimalField, models.ForeignKey, models.GeneratedField]
        judge((one for cls in found for one in tries_of(cls) if one.form == "a text"), everything=False)
        judge((one for one in tries_of_options() if one.form == "a text"), everything=False)
    finally:
        orm.configure(strict_models=True)
        configured(tables.url)


def test_a_name_is_in_the_database_as_it_was_given(tables: Run) -> None:
    for text in ("it's", 'a "name"', "100%", "%%s", "%(class)", "a\nb", "é;--"):
        column = ("made", models.IntegerField(db_column=text, db_default=1, db_comment=text))
        rule = models.CheckConstraint(condition=models.Q(made__gt=0), name=f"rule {text}")
        index = models.Index(fields=["made"], name=f"index {text}")
        key = ("id", models.BigAutoField(primary_key=True))
        options = {"db_table": f"mt_{text}", "indexes": [index], "constraints": [rule]}
        state = base_state()
        made = hostile_schema.operations.CreateModel("Made", [key, column], options)
        apply([made], state)
        made.state_forwards("mt", state)
        model = state.apps.get_model("mt", "Made")
        model.objects.create()
        assert model.objects.get().made == 1
        with orm.schema_editor() as editor:
            names = set(_constraints(editor, f"mt_{text}"))
            assert {rule.name, index.name} <= names
            editor.remove_constraint(model, rule)  # which may make the table anew, with the model's indexes
            editor.remove_index(model, index)
            assert not {rule.name, index.name} & set(_constraints(editor, f"mt_{text}"))
            editor.delete_model(model)


def _constraints(editor: Any, table: str) -> Any:
    return run(editor.constraints_of(table))


def test_names_in_what_runs_outside_of_transactions(tables: Run) -> None:
    """Indexes built concurrently, and constraints that come in several steps beside writers."""
    for text in TEXTS:
        if (not text.isprintable() and text != "a\nb") or not 0 < len(text) < 40:
            continue  # what no name can be is refused where it is declared, and names may be 63 bytes
        unique = models.UniqueConstraint(fields=["name", "number"], name=f"u {text}")
        rule = models.CheckConstraint(condition=models.Q(number__gt=-1), name=f"c {text}")
        index = models.Index(fields=["number"], name=f"i {text}")
        made: list[Any] = [
            hostile_schema.operations.BesideWriters(hostile_schema.operations.AddConstraint("thing", unique)),
            hostile_schema.operations.BesideWriters(hostile_schema.operations.AddConstraint("thing", rule)),
            hostile_schema.operations.BesideWriters(hostile_schema.operations.AddIndex("thing", index)),
        ]
        undone: list[Any] = [
            hostile_schema.operations.BesideWriters(hostile_schema.operations.RemoveIndex("thing", index.name)),
            hostile_schema.operations.RemoveConstraint("thing", unique.name),
            hostile_schema.operations.RemoveConstraint("thing", rule.name),
        ]
        state, names = base_state(), {unique.name, rule.name, index.name}
        for operations, expected in ((made, names), (undone, set())):
            for operation in operations:
                after = state.clone()
                operation.state_forwards("mt", after)
                with orm.schema_editor(atomic=False) as editor:
                    operation.database_forwards("mt", editor, state, after)
                state = after
            with orm.schema_editor() as editor:
                assert names & set(_constraints(editor, "mt_thing")) == expected


def test_a_statement_that_holds_its_text_unquoted_is_found(tables: Run) -> None:
    """The test of the test."""
    pasted = [Outcome(text, [f"CREATE TABLE x ({text})"]) for text in ("a", "b")]
    assert "depend on the text" in faults(pasted)[0]
    quoted = [Outcome(text, [f"CREATE TABLE \"{text}\" (x varchar DEFAULT '{text}')"]) for text in ("a", "b")]
    assert not faults(quoted)
    if tables.backend == "postgresql":
        escaping = ["CREATE TABLE x (y varchar DEFAULT '\\''; DROP TABLE mt_canary; --')"]
        assert skeletons(escaping)[0] != skeletons(escaping)[1]


def test_the_holes_there_were(tables: Run) -> None:
    """Sizes, and a constraint's moment, stood in the statement as they were given."""
    with pytest.raises(TypeError, match="whole number"):
        models.CharField(max_length="20); DROP TABLE mt_canary; --").db_type(databases["default"].dialect)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a Deferrable"):
        models.UniqueConstraint(fields=["name"], name="x", deferrable="DEFERRED; DROP")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="whole number"):
        hostile_schema.ArrayField(models.TextField(), size="1]; DROP TABLE mt_canary; --")  # type: ignore[arg-type]
