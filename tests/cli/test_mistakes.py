"""What goes wrong in a newcomer's first hour, and the sentences that say how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import call

MODELS = "from orm import models\n\n\nclass Animal(models.Model):\n    name = models.CharField(max_length=50)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ndatabases = "sqlite:///zoo.db"\ninstalled_apps = ["zoo"]\n', encoding="utf-8"
    )
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    (tmp_path / "zoo" / "models.py").write_text(MODELS, encoding="utf-8")
    return tmp_path


def test_a_file_in_the_way_of_migrations_is_named(project: Path) -> None:
    (project / "zoo" / "migrations").touch()
    done = call(project, "-m", "orm", "makemigrations", "zoo")
    assert done.returncode == 2
    assert "migrations can't be written: File exists." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["graph", "dumpdata"])
def test_an_output_in_no_folder_is_named(project: Path, command: str) -> None:
    call(project, "-m", "orm", "makemigrations", "zoo")
    call(project, "-m", "orm", "migrate")
    done = call(project, "-m", "orm", command, "-o", "nowhere/file.svg" if command == "graph" else "nowhere/file.json")
    assert done.returncode == 2
    assert "can't be written: No such file or directory." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_project_below_a_file_is_refused_by_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    done = call(tmp_path, "-m", "orm", "init", "shop/first", "--app", "first")
    assert done.returncode == 2
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_of_an_unknown_kind_is_refused(project: Path) -> None:
    done = call(project, "-m", "orm", "graph", "-o", "zoo.pdf")
    assert done.returncode == 2
    assert ".svg or .mmd" in done.stderr
    assert not (project / "zoo.pdf").exists()


def test_a_picture_without_models_names_the_apps(project: Path) -> None:
    (project / "zoo" / "models.py").write_text("", encoding="utf-8")
    assert "There are no models in zoo." in call(project, "-m", "orm", "graph", "zoo").stderr


def test_a_relation_to_no_model_does_not_say_that_its_app_is_missing(project: Path) -> None:
    line = '    keeper = models.ForeignKey("Keeper", on_delete=models.CASCADE)\n'
    (project / "zoo" / "models.py").write_text(MODELS + line, encoding="utf-8")
    done = call(project, "-m", "orm", "makemigrations", "zoo")
    assert "app 'zoo' doesn't provide model 'keeper'" in done.stderr


def test_the_usage_of_squashmigrations_names_each_argument_once(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "squashmigrations", "--help")
    assert "APP [FIRST] LAST\n" in done.stdout


@pytest.mark.parametrize("given", ["code", "standard input"])
def test_a_shell_ends_where_awaiting_code_exits(project: Path, given: str) -> None:
    code = "import sys\nasync with orm.atomic():\n    sys.exit(3)\n"
    if given == "code":
        done = call(project, "-m", "orm", "shell", "-c", code)
    else:
        done = call(project, "-m", "orm", "shell", stdin=code + "\n")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
