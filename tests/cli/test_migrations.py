"""The commands around migrations, on a project in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import call

FIRST = """\
from orm import models


class Item(models.Model):
    name = models.CharField(max_length=50)
    cents = models.IntegerField(default=0)
"""
SECOND = FIRST.replace("name =", "title =") + "    note = models.TextField(null=True)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ndatabases = {default = "sqlite:///shop.db"}\ninstalled_apps = ["shop"]\n', encoding="utf-8"
    )
    (tmp_path / "shop" / "deep").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(FIRST, encoding="utf-8")
    return tmp_path


def orm(folder: Path, *arguments: str, status: int = 0) -> str:
    done = call(folder, "-m", "orm", *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_a_history_from_below_the_projects_root(project: Path) -> None:
    below = project / "shop" / "deep"
    assert "Create model Item" in orm(below, "makemigrations", "shop")
    assert orm(below, "makemigrations").startswith("No changes detected")
    assert "Applying shop.0001_initial" in orm(below, "migrate")
    assert (project / "shop.db").exists()
    assert "agree" in orm(below, "diff")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    assert "shop_item.title: missing column" in orm(below, "diff", status=1)
    orm(below, "makemigrations", "--check", status=1)
    made = json.loads(orm(below, "makemigrations", "--rename", "Item.name:title", "--json"))
    assert made[0]["operations"] == ["Rename field name on item to title", "Add field note to item"]
    assert json.loads(orm(below, "migrate", "--plan", "--json"))[0]["backwards"] is False
    orm(below, "migrate", "--check", status=1)
    orm(below, "migrate")
    assert "[X] 0002" in orm(below, "showmigrations")
    assert "agree" in orm(below, "diff")
    assert "DROP TABLE" in orm(below, "sqlmigrate", "shop", "0001", "--backwards")


def test_a_migration_without_a_default_needs_an_answer(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(FIRST + "    more = models.IntegerField()\n", encoding="utf-8")
    assert "not migrated" in orm(project, "makemigrations", status=3)


def test_rows_are_not_lost_unasked(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    orm(project, "migrate", "shop", "zero")  # no rows, nothing to lose
    orm(project, "migrate")
    program = "import orm, shop.models as m; m.Item.objects.create(name='a')"
    assert call(project, "-c", program).returncode == 0
    assert "--yes" in orm(project, "migrate", "shop", "zero", status=2)
    orm(project, "migrate", "shop", "zero", "--yes")


def test_a_squash_takes_the_place_of_what_it_replaces(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    orm(project, "makemigrations", "--rename", "Item.name:title", "--name", "more")
    orm(project, "migrate", "shop", "0001")
    assert "from 3 operations to 1" in orm(project, "squashmigrations", "shop", "0002", "--name", "all")
    orm(project, "migrate")  # the old ones, since one of them is applied
    assert json.loads(orm(project, "showmigrations", "--json")) == [
        {"app": "shop", "name": "0001_all", "applied": True}
    ]
    assert "agree" in orm(project, "diff")


def test_what_is_wrong_is_a_sentence(project: Path) -> None:
    assert "does not have migrations" in orm(project, "migrate", "shop", "0001", status=2)
    assert "No installed app with label 'nothing'" in orm(project, "makemigrations", "nothing", status=2)
    assert "OLD:NEW" in orm(project, "makemigrations", "--rename", "a", status=2)


def test_lint_tells_what_breaks_running_code_and_safe_refuses_it(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    assert orm(project, "lint") == "Nothing to object to.\n"
    orm(project, "migrate", "--safe")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    orm(project, "makemigrations", "--rename", "Item.name:title", "shop")
    told = json.loads(orm(project, "lint", "--json", status=1))
    assert [(one["code"], one["operation"]) for one in told] == [("renamed-in-use", 1)]
    assert "Nothing was run" in orm(project, "migrate", "--safe", status=2)
    assert "[ ] 0002" in orm(project, "showmigrations")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write("production = true\n")
    assert "renamed-in-use" in orm(project, "migrate", status=2)
    orm(project, "migrate", "--no-safe")


def test_a_database_without_a_history_is_adopted(project: Path) -> None:
    made = call(project, "-c", "import shop.models, orm; orm.create_tables()")
    assert made.returncode == 0, made.stderr
    orm(project, "makemigrations", "shop")
    (project / "shop" / "models.py").write_text(SECOND, encoding="utf-8")
    said = orm(project, "migrate", "--adopt", status=2)
    assert "can't be adopted" in said and "shop_item.title: missing column" in said
    (project / "shop" / "models.py").write_text(FIRST, encoding="utf-8")
    assert "leave the name of the app away" in orm(project, "migrate", "shop", "--adopt", status=2)
    assert "FAKED" in orm(project, "migrate", "--adopt")
    assert "No migrations to apply" in orm(project, "migrate")
    assert "[X] 0001_initial" in orm(project, "showmigrations")


def test_check_says_where_the_database_differs_from_the_models(project: Path) -> None:
    said = orm(project, "check", status=1)
    assert "default: shop_item: missing table" in said and "is not what the models say" in said
    orm(project, "makemigrations", "shop")
    orm(project, "migrate")
    assert "missing" not in orm(project, "check")
    told = json.loads(orm(project, "check", "--json"))
    assert told["differences"] == {"default": []}
    assert {one["colour"] for one in told["databases"]} == {"awaitable", "blocking"}
