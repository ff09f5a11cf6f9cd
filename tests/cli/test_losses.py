"""What `orm migrate` asks before rows are lost, and what it does with records that don't fit what is on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import call
from tests.cli.test_migrations import FIRST, orm, project

__all__ = ["project"]

NEXT = """\
from orm import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "{after}")]
    operations = [{operations}]
"""
APART = "migrations.SeparateDatabaseAndState([{database}], [{state}])"


def add(project: Path, name: str, after: str, *operations: str) -> None:
    text = NEXT.format(after=after, operations=", ".join(operations))
    (project / "shop" / "migrations" / f"{name}.py").write_text(text, encoding="utf-8")


@pytest.fixture
def filled(project: Path) -> Path:
    """A project with one row, and a rename of its model and its table to come."""
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    program = "import orm, shop.models as m; m.Item.objects.create(name='a')"
    assert call(project, "-c", program).returncode == 0
    add(project, "0002_thing", "0001_initial", "migrations.RenameModel('Item', 'Thing')")
    (project / "shop" / "models.py").write_text(FIRST.replace("Item", "Thing"), encoding="utf-8")
    return project


def test_a_column_of_a_model_that_the_same_run_renames_is_not_lost_unasked(filled: Path) -> None:
    add(filled, "0003_cents", "0002_thing", "migrations.RemoveField('Thing', 'cents')")
    assert "shop.0003_cents: Remove field cents from Thing" in orm(filled, "migrate", status=2)
    assert "[ ] 0002_thing" in orm(filled, "showmigrations")


def test_a_table_that_was_made_under_another_name_is_not_taken_back_unasked(filled: Path) -> None:
    orm(filled, "migrate")
    assert "undo Create model Item" in orm(filled, "migrate", "shop", "zero", status=2)
    orm(filled, "migrate", "shop", "zero", "--yes")


def test_what_is_done_to_the_database_apart_from_the_state_is_not_lost_unasked(filled: Path) -> None:
    delete = "migrations.DeleteModel('Thing')"
    add(filled, "0003_gone", "0002_thing", APART.format(database=delete, state=delete))
    assert "shop.0003_gone: Delete model Thing" in orm(filled, "migrate", status=2)


def test_a_table_that_another_model_takes_on_is_not_lost_unasked(filled: Path) -> None:
    model = (
        "migrations.CreateModel('Taken', [('id', models.BigAutoField(primary_key=True))], {'db_table': 'shop_item'})"
    )
    add(
        filled,
        "0002_thing",
        "0001_initial",
        APART.format(database="", state=f"migrations.DeleteModel('Item'), {model}"),
    )
    add(filled, "0003_gone", "0002_thing", "migrations.DeleteModel('Taken')")
    assert "shop.0003_gone: Delete model Taken" in orm(filled, "migrate", status=2)


def test_what_leaves_only_the_state_loses_nothing(filled: Path) -> None:
    add(filled, "0003_left", "0002_thing", APART.format(database="", state="migrations.DeleteModel('Thing')"))
    assert "Applying shop.0003_left" in orm(filled, "migrate")


def test_what_the_same_run_made_is_nothing_to_lose(filled: Path) -> None:
    made = "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True))])"
    add(filled, "0003_brief", "0002_thing", made, "migrations.DeleteModel('Item')")
    assert "Applying shop.0003_brief" in orm(filled, "migrate")


def test_a_column_that_the_same_run_adds_is_nothing_to_lose(filled: Path) -> None:
    added = "migrations.AddField('Item', 'brief', models.IntegerField(default=1))"
    renamed = "migrations.RenameModel('Item', 'Thing')"
    add(filled, "0002_thing", "0001_initial", added, renamed, "migrations.RemoveField('Thing', 'brief')")
    assert "Applying shop.0002_thing" in orm(filled, "migrate")


def test_a_missing_record_of_an_ancestor_can_be_put_back(filled: Path) -> None:
    add(filled, "0003_more", "0002_thing")
    orm(filled, "migrate")
    orm(filled, "dbshell", "--", "DELETE FROM orm_migrations WHERE name = '0002_thing'")
    assert "migrate shop 0002_thing --fake" in orm(filled, "migrate", status=2)
    orm(filled, "migrate", "shop", "0002_thing", "--fake")
    assert "No migrations to apply" in orm(filled, "migrate")


def test_records_of_migrations_that_are_gone_are_forgotten_when_that_is_said(filled: Path) -> None:
    orm(filled, "migrate")
    (filled / "shop" / "migrations" / "0002_thing.py").unlink()
    assert "name it" in orm(filled, "migrate", "--prune", status=2)
    assert "have: shop" in orm(filled, "migrate", "nowhere", "--prune", status=2)
    assert "newer than this code" in orm(filled, "migrate", "--plan", "shop") + orm(filled, "migrate", "shop")
    assert orm(filled, "migrate", "shop", "--prune") == "Forgot shop.0002_thing\n"
    assert "newer" not in orm(filled, "migrate", "shop")
    assert orm(filled, "migrate", "shop", "--prune") == "No migrations to prune.\n"


def test_a_squash_keeps_the_records_of_what_it_replaces(filled: Path) -> None:
    orm(filled, "migrate")
    orm(filled, "squashmigrations", "shop", "0002", "--name", "all")
    for gone in ("0001_initial", "0002_thing"):
        (filled / "shop" / "migrations" / f"{gone}.py").unlink()
    assert "shop.0001_all replaces" in orm(filled, "migrate", "shop", "--prune", status=2)


def test_a_migration_that_depends_on_itself_is_told(filled: Path) -> None:
    add(filled, "0003_self", "0003_self")
    assert "shop.0003_self depends on itself: take that dependency" in orm(filled, "migrate", status=2)
