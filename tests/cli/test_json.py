"""What commands print for machines."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_migrations import HISTORY, orm, project

__all__ = ["project"]


def test_the_sql_of_a_migration(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    told = json.loads(orm(project, "sqlmigrate", "shop", "0001", "--json"))
    assert (told["app"], told["name"], told["atomic"], told["complete"]) == ("shop", "0001_initial", True, True)
    assert told["statements"][0].startswith('CREATE TABLE "shop_item"')
    text = HISTORY.replace("operations = []", "operations = [migrations.RunPython(migrations.RunPython.noop)]")
    (project / "shop" / "migrations" / "0002_work.py").write_text(text % "('shop', '0001_initial')", encoding="utf-8")
    told = json.loads(orm(project, "sqlmigrate", "shop", "0002", "--json"))
    assert (told["statements"], told["complete"]) == ([], False)


def test_a_squash(project: Path) -> None:
    orm(project, "makemigrations", "shop")
    orm(project, "makemigrations", "--empty", "shop", "--name", "second")
    told = json.loads(orm(project, "squashmigrations", "shop", "0002", "--name", "all", "--json"))
    assert (told["name"], told["replaces"]) == ("0001_all", ["0001_initial", "0002_second"])
    assert (told["operations_before"], told["operations_after"], told["needs_porting"]) == (1, 1, False)


def test_a_new_project(tmp_path: Path) -> None:
    told = json.loads(orm(tmp_path, "init", "library", "--json"))
    assert told["app"] == "library"
    assert all((tmp_path / one).exists() for one in told["files"])
    assert told["next"][0] == "cd library"
