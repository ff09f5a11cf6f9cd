"""The locks that lint tells of, beside those that the server holds while the operation runs."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

import orm
from orm import migrations as m
from orm import models
from orm.migrations.lint import KINDS
from orm.migrations.lint.findings import ACCESS_EXCLUSIVE, SHARE, SHARE_ROW_EXCLUSIVE
from tests.conftest import Run
from tests.linting import corpus
from tests.linting.test_lint import before

LOCKS = [
    ("index-blocks-writes", m.AddIndex("Item", corpus.INDEX), SHARE),
    ("check-scans", m.AddConstraint("Item", corpus.CHECK), ACCESS_EXCLUSIVE),
    ("unique-blocks", m.AddConstraint("Item", corpus.UNIQUE), ACCESS_EXCLUSIVE),
    ("table-rewrite", m.AlterField("Item", "size", models.BigIntegerField()), ACCESS_EXCLUSIVE),
    ("not-null-scans", m.AlterField("Item", "free", models.TextField(default="")), ACCESS_EXCLUSIVE),
    (
        "foreign-key-scans",
        m.RunSQL("ALTER TABLE mt_item ADD FOREIGN KEY (code) REFERENCES mt_owner"),
        SHARE_ROW_EXCLUSIVE,
    ),
    ("exclusion-blocks", m.RunSQL("ALTER TABLE mt_item ADD EXCLUDE (size WITH =)"), ACCESS_EXCLUSIVE),
    ("index-drop-blocks", m.RemoveIndex("Item", "mt_item_name"), ACCESS_EXCLUSIVE),
    ("trigger-off", m.RunSQL("ALTER TABLE mt_item DISABLE TRIGGER ALL"), SHARE_ROW_EXCLUSIVE),
    ("locks-table", m.RunSQL("LOCK TABLE mt_item"), ACCESS_EXCLUSIVE),
]


@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(("code", "operation", "lock"), LOCKS, ids=[one[0] for one in LOCKS])
def test_the_lock_that_is_told_is_the_one_the_server_holds(database: Run, code: str, operation: Any, lock: str) -> None:
    state = before()
    with orm.schema_editor() as editor:
        for name in ("Owner", "Spare", "Item"):
            editor.create_model(state.apps.get_model("mt", name))
    after = state.clone()
    operation.state_forwards("mt", after)
    held = (
        "SELECT mode FROM pg_locks WHERE relation = 'mt_item'::regclass AND granted AND mode NOT LIKE 'Access Share%'"
    )
    with psycopg.connect(database.url) as session, orm.schema_editor() as editor:
        operation.database_forwards("mt", editor, state, after)
        modes = {row[0] for row in session.execute(held)}
    assert lock in modes
    assert KINDS[code].lock == lock
