"""Which operations lead from one state of models to another, where that is easily got wrong."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.migrations.autodetector import MigrationAutodetector
from orm.migrations.graph import MigrationGraph
from orm.migrations.model_state import ModelState
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.state import ProjectState


def thing(options: dict[str, Any] | None = None, **fields: Any) -> ModelState:
    key = ("id", models.BigAutoField(primary_key=True))
    return ModelState("shop", "Thing", [key, *fields.items()], options or {})


def changes(before: ModelState, after: ModelState, **answers: bool) -> list[str]:
    old, new = ProjectState(), ProjectState()
    old.add_model(before)
    new.add_model(after)
    graph = MigrationGraph()
    graph.add_node(("shop", "0001_initial"), None)
    found = MigrationAutodetector(old, new, MigrationQuestioner(answers)).changes(graph)
    return [operation.describe() for migration in found.get("shop", []) for operation in migration.operations]


def test_a_table_that_others_keep_from_now_on_is_not_dropped() -> None:
    ours, theirs = thing(), thing({"managed": False})
    assert changes(ours, theirs) == ["Change Meta options on thing"]
    assert changes(theirs, ours) == ["Change Meta options on thing"]


def test_a_renamed_field_that_keeps_its_column_is_altered_once() -> None:
    before = thing(name=models.CharField(max_length=9))
    after = thing(title=models.CharField(max_length=9, db_column="name"))
    assert changes(before, after, ask_rename=True) == [
        "Alter field name on thing",
        "Rename field name on thing to title",
    ]


def test_which_pairs_of_friends_count_both_ways_changes_no_table() -> None:
    before = thing(friends=models.ManyToManyField("self"))
    assert changes(before, thing(friends=models.ManyToManyField("self", symmetrical=False))) == []


def test_a_foreign_key_that_becomes_a_plain_field_is_altered() -> None:
    key, name = models.ForeignKey("shop.thing", models.CASCADE), models.CharField(max_length=9)
    assert changes(thing(other=key), thing(other=name)) == ["Alter field other on thing"]
    assert changes(thing(other=name), thing(other=key)) == ["Alter field other on thing"]
