"""A new project, its picture, its prompt and what completes its commands, each call in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.cli.test_cli import call


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project."""
    folder = tmp_path_factory.mktemp("new")
    done = call(folder, "-m", "orm", "init", "shop", "--app", "orders")
    assert done.returncode == 0, done.stderr
    return folder / "shop"


def test_a_new_project_runs(project: Path) -> None:
    done = call(project, "-m", "orm", "migrate")
    assert "Applying orders.0001_initial" in done.stdout
    assert call(project, "-m", "orm", "makemigrations", "--check").returncode == 0
    assert call(project, "-m", "orm", "diff").returncode == 0
    tested = call(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "2 passed" in tested.stdout
    shown = call(project, "-m", "orders.views")
    assert "Read the documentation" in shown.stdout, shown.stderr
    rows = call(project, "-m", "orm", "dumpdata", "orders.Note")
    assert [one["fields"]["text"] for one in json.loads(rows.stdout)] == ["Read the documentation"]


def test_a_new_project_overwrites_nothing(project: Path) -> None:
    done = call(project.parent, "-m", "orm", "init", "shop", "--app", "orders")
    assert done.returncode == 2
    assert "nothing is overwritten" in done.stderr
    for name in ("2fast", "class", "a-b", "orm", "../up"):
        done = call(project.parent, "-m", "orm", "init", "other", "--app", name)
        assert (done.returncode, (project.parent / "other").exists()) == (2, False)


def test_the_first_app_is_called_as_its_folder(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "init", "My-Shop")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "My-Shop" / "my_shop" / "models.py").exists()
    for name in ("json", "2fast"):
        done = call(tmp_path, "-m", "orm", "init", name)
        assert done.returncode == 2
        assert "--app NAME" in done.stderr
        assert not (tmp_path / name).exists()


def test_a_bare_project_waits_for_its_models(tmp_path: Path) -> None:
    assert call(tmp_path, "-m", "orm", "init", ".", "--app", "shop", "--bare").returncode == 0
    models = tmp_path / "shop" / "models.py"
    models.write_text(models.read_text(encoding="utf-8") + "\nclass Thing(models.Model):\n    pass\n", encoding="utf-8")
    assert "Create model Thing" in call(tmp_path, "-m", "orm", "makemigrations", "shop").stdout
    assert "Applying shop.0001_initial" in call(tmp_path, "-m", "orm", "migrate").stdout


def test_a_new_project_has_types(project: Path) -> None:
    done = call(project, "-m", "mypy", "--strict", "--cache-dir", os.devnull, ".")
    assert done.returncode == 0, done.stdout


MODELS = """
from orm import models

class Author(models.Model):
    name = models.CharField(max_length=30)

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, null=True)
    readers = models.ManyToManyField(Author, related_name="read")
    sequel = models.OneToOneField("self", models.CASCADE, null=True)

class Novel(Book):
    pages = models.IntegerField()
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with relations of each kind."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "books").mkdir()
    (folder / "books" / "__init__.py").touch()
    (folder / "books" / "models.py").write_text(MODELS, encoding="utf-8")
    settings = '[tool.orm]\ndatabases = "sqlite:///books.db"\ninstalled_apps = ["books", "orm.contrib.sites"]\n'
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


def test_models_are_drawn_as_mermaid(library: Path) -> None:
    done = call(library, "-m", "orm", "graph", "books")
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "erDiagram"
    assert "BigAuto author_id FK" in lines
    assert [line for line in lines if " : " in line] == [
        "books_Book }o--o| books_Author : author",
        "books_Book |o--o| books_Book : sequel",
        "books_Book }o--o{ books_Author : readers",
        "books_Novel |o..|| books_Book : book_ptr",
    ]


def test_models_are_drawn_as_a_picture(library: Path) -> None:
    done = call(library, "-m", "orm", "graph", "-o", "models.svg")
    assert done.returncode == 0, done.stderr
    tree = ElementTree.parse(library / "models.svg").getroot()
    svg = "{http://www.w3.org/2000/svg}"
    texts = [node.text for node in tree.iter(f"{svg}text")]
    assert {"books", "sites", "Author", "Book", "Novel", "Site", "author_id", "0..1", "*", "1"} <= set(texts)
    titles = [node.text for node in tree.iter(f"{svg}title")]
    assert "books.Book.author: * to 0..1 books.Author" in titles
    width, height = float(tree.attrib["width"]), float(tree.attrib["height"])
    for box in (node for node in tree.iter(f"{svg}rect") if node.attrib.get("class") == "frame"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height


def test_models_are_told_to_machines(library: Path) -> None:
    told = json.loads(call(library, "-m", "orm", "graph", "books", "--format", "json").stdout)
    assert [one["name"] for one in told["entities"]] == ["Author", "Book", "Novel"]
    assert told["entities"][0]["attributes"][0] == {"name": "id", "kind": "BigAuto", "mark": "PK"}
    assert call(library, "-m", "orm", "graph", "nowhere").returncode == 2


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="there is no sqlite3 program")
def test_the_prompt_of_a_database(library: Path) -> None:
    sqlite3.connect(library / "books.db").close()
    done = call(library, "-m", "orm", "dbshell", "--", "-batch", stdin="SELECT 6 * 7;")
    assert (done.returncode, done.stdout) == (0, "42\n")


def test_a_prompt_that_is_not_installed(library: Path) -> None:
    done = call(library, "-m", "orm", "dbshell", PATH="")
    assert done.returncode == 2
    assert "'sqlite3' program installed" in done.stderr


def test_completion_for_each_shell(library: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_ORM_COMPLETE" in call(library, "-m", "orm", "completion", shell).stdout
    done = call(library, "-m", "orm", _ORM_COMPLETE="bash_complete", COMP_WORDS="orm dumpd", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,dumpdata"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("orm migrate ord", ["orders"]),
        ("orm migrate orders 0", ["0001_initial"]),
        ("orm migrate orders z", ["zero"]),
        ("orm sqlmigrate orders z", []),
        ("orm diff --database d", ["default"]),
    ],
)
def test_apps_migrations_and_databases_are_completed(project: Path, typed: str, offered: list[str]) -> None:
    place = str(len(typed.split()) - 1)
    done = call(project, "-m", "orm", _ORM_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=place)
    assert done.stdout.split() == [f"plain,{one}" for one in offered]


def test_a_script_in_a_folder_of_the_project_finds_its_packages_and_its_database(project: Path) -> None:
    folder = project / "scripts"
    folder.mkdir()
    (folder / "added.py").write_text(
        "from orders.models import Note\nbefore = Note.objects.count()\nNote.objects.create(text='a')\n"
        "print(Note.objects.count() - before)\n"
    )
    assert call(project, "-m", "orm", "migrate").returncode == 0
    for place, name in ((project, "scripts/added.py"), (folder, "added.py")):
        done = call(place, "-m", "orm", "run", name)
        assert (done.stdout, done.stderr) == ("1\n", "")
    assert [file.name for file in folder.iterdir()] == ["added.py"]
