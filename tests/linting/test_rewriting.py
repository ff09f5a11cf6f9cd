"""What is not safe is written anew: the same models come of it, and lint has nothing to say of what it can mend."""

from __future__ import annotations

from typing import Any

import pytest

from orm import migrations as m
from orm import models
from orm.migrations.lint import lint, rewrite
from orm.migrations.lint.linter import MENDED
from orm.migrations.state import ProjectState
from orm.migrations.writer import MigrationWriter
from orm_postgresql.dialect import PostgreSQLDialect
from tests.linting import corpus
from tests.linting.test_lint import before, migration

ANEW = [case for case in corpus.UNSAFE if rewrite([migration(case[1], case[2])], before(), PostgreSQLDialect())]
KEY = models.ForeignKey("mt.Owner", models.CASCADE, null=True, related_name="+")


def anew(operations: list[Any], atomic: bool = True) -> list[Any]:
    (one,) = rewrite([migration(operations, atomic)], before(), PostgreSQLDialect())
    return one.new


def told(operations: list[Any]) -> list[tuple[bool, list[str]]]:
    return [(one.atomic, [type(operation).__name__ for operation in one.operations]) for one in anew(operations)]


@pytest.mark.parametrize(("operations", "atomic"), [case[1:3] for case in ANEW], ids=[case[0] for case in ANEW])
def test_the_same_models_come_of_it_and_nothing_is_left_to_mend(operations: list[Any], atomic: bool) -> None:
    made = anew(operations, atomic)
    wanted = migration(operations).mutate_state(before())
    state = before()
    for one in made:
        state = one.mutate_state(state)
    assert state == wanted
    assert not {one.code for one in lint(made, before(), PostgreSQLDialect())} & (MENDED | {"needs-no-transaction"})
    assert all(compile(MigrationWriter(one).as_string(), one.name, "exec") for one in made)


def test_what_can_be_mended_is() -> None:
    assert len(ANEW) >= 15


@pytest.mark.parametrize("operations", [case[1] for case in corpus.SAFE], ids=[case[0] for case in corpus.SAFE])
def test_what_is_safe_stays_as_it_is(operations: list[Any]) -> None:
    assert rewrite([migration(operations, atomic=False)], before(), PostgreSQLDialect()) == []


def test_an_index_is_built_beside_writers() -> None:
    assert told([m.AddIndex("Item", corpus.INDEX)]) == [(False, ["BesideWriters"])]


def test_a_column_without_null_is_filled_first() -> None:
    parts = [(False, ["Backfill"]), (False, ["BesideWriters"])]
    assert told([m.AlterField("Item", "free", models.TextField(default=""))]) == parts


def test_a_foreign_key_comes_without_its_constraint_first() -> None:
    assert told([m.AddField("Item", "k", KEY)]) == [(True, ["AddField"]), (False, ["BesideWriters"])]


def test_the_last_one_keeps_the_name_and_each_depends_on_the_one_before() -> None:
    plain = m.AddField("Item", "plain", models.TextField(null=True))
    made = anew([plain, m.AddField("Item", "k", KEY), plain.__class__("Item", "more", models.TextField(null=True))])
    assert [one.name for one in made] == ["0002_change_1", "0002_change_2", "0002_change_3", "0002_change"]
    assert [one.dependencies for one in made[1:]] == [[("mt", one.name)] for one in made[:-1]]


def test_what_has_no_such_form_stays_as_it_is() -> None:
    assert rewrite([migration([m.RemoveField("Item", "size")])], before(), PostgreSQLDialect()) == []


@pytest.mark.parametrize("name", ["sorted_by", "code"])
def test_columns_of_expressions_and_hidden_references_have_no_such_form(name: str) -> None:
    state = ProjectState()
    key = ("id", models.BigAutoField(primary_key=True))
    fields = [key, ("sorted_by", models.IntegerField()), ("code", models.IntegerField(unique=True))]
    index = models.Index(models.F("sorted_by").desc(), name="mt_item_sorted")
    hidden = models.ForeignKey("mt.Item", models.CASCADE, to_field="code", related_name="+")
    m.CreateModel("Item", fields, {"indexes": [index]}).state_forwards("mt", state)
    m.CreateModel("Note", [key, ("item", hidden)]).state_forwards("mt", state)
    unique = name == "code"
    for operation in (
        m.RenameField("Item", name, "other"),
        m.AlterField("Item", name, models.BigIntegerField(unique=unique)),
    ):
        assert rewrite([migration([operation])], state, PostgreSQLDialect()) == []


def test_beside_writers_takes_what_it_knows() -> None:
    with pytest.raises(TypeError, match="BesideWriters takes one of"):
        m.BesideWriters(m.DeleteModel("Item"))


def test_a_renamed_table_is_behind_a_view_until_the_next_release() -> None:
    state = ProjectState()
    key = ("id", models.BigAutoField(primary_key=True))
    m.CreateModel("Tag", [key]).state_forwards("mt", state)
    tags = ("tags", models.ManyToManyField("mt.Tag", related_name="+"))
    m.CreateModel("Item", [key, tags]).state_forwards("mt", state)
    (one,) = rewrite([migration([m.RenameModel("Item", "Thing")])], state, PostgreSQLDialect())
    first, last = one.new
    assert [type(each).__name__ for each in first.operations] == ["RenameModel", "CreateView", "CreateView"]
    assert [each.name for each in last.operations] == ["mt_item", "mt_item_tags"]
    assert {found.code for found in lint(one.new, state, PostgreSQLDialect())} == {"object-in-use"}
    released = first.mutate_state(state.clone())
    assert lint([last], released, PostgreSQLDialect()) == []
    assert rewrite([migration([m.RenameModel("Tag", "Word")])], state, PostgreSQLDialect()) == []
