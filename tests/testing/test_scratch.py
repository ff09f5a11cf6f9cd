"""``orm_database``: tests run on databases of their own, one for each worker, and never on the configured one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orm.db.url import DatabaseURL

PYPROJECT = """
[project]
name = "shelf"
version = "0"

[tool.orm]
databases = {{ default = "{url}" }}
installed_apps = ["shelf"]

[tool.pytest.ini_options]
pythonpath = ["."]
asyncio_mode = "auto"
"""

FILES = {
    "shelf/__init__.py": "",
    "shelf/models.py": """
from orm import models


class Book(models.Model):
    title = models.CharField(max_length=50)
""",
    "tests/conftest.py": """
import os

import orm
import pytest
from shelf.models import Book


@pytest.fixture(scope="session", autouse=True)
def database(orm_database):
    assert Book.objects.count() == 0
    Book.objects.create(title=os.environ.get("PYTEST_XDIST_WORKER", "alone"))
    with open(os.environ["NAMES"], "a") as names:
        print(orm.databases["default"].url, Book.objects.get().title, file=names)
    return orm_database
""",
    "tests/test_books.py": """
import asyncio
import os

import orm
import pytest
from shelf.models import Book


@pytest.mark.parametrize("number", range(6))
async def test_a_worker_sees_its_own_rows(number, orm_rollback):
    await Book.objects.acreate(title="new")
    titles = {book.title async for book in Book.objects.all()}
    assert titles == {os.environ.get("PYTEST_XDIST_WORKER", "alone"), "new"}


def test_its_loop_sees_them_too():
    assert asyncio.run(Book.objects.acount()) == Book.objects.count() == 1
""",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A configured database, with rows that no test may see."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'real.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def project(tmp_path: Path, url: str) -> Iterator[Path]:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(url=url), encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    yield tmp_path
    assert not (tmp_path / "real.db").exists()  # nobody has opened it


def command(folder: Path, *words: str, status: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DATABASE_"))}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**environment, "NAMES": str(folder / "names.txt"), "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def databases_of(url: str) -> set[str]:
    """The test databases that a server has beside the configured one; none of those of a file's folder."""
    if url.startswith("sqlite"):
        return set()
    prefix = f"test_{DatabaseURL.parse(url).database}"
    with psycopg.connect(url) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    return {name for name in names if name.startswith(prefix)}


def test_a_run_has_a_database_of_its_own_and_drops_it(project: Path, url: str) -> None:
    name = DatabaseURL.parse(url).database
    command(project, "orm", "makemigrations", "shelf")
    if "postgres" in url:  # what an earlier run has left is dropped
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE test_{name}")
    assert "7 passed" in command(project, "pytest", "-q", "-p", "no:cacheprovider")
    (line,) = (project / "names.txt").read_text(encoding="utf-8").splitlines()
    assert line.endswith("alone")
    assert (f"/test_{name}" in line) if "postgres" in url else line.startswith("sqlite://:memory:?name=test_real")
    assert databases_of(url) == set()


def test_each_worker_of_xdist_has_its_own(project: Path, url: str) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    said = command(project, "pytest", "-q", "-n", "2", "--dist", "each", "-p", "no:cacheprovider")
    assert "14 passed" in said
    lines = (project / "names.txt").read_text(encoding="utf-8").splitlines()
    assert {line.split()[-1] for line in lines} == {"gw0", "gw1"}
    assert len({line.split()[0] for line in lines}) == 2
    assert databases_of(url) == set()


@pytest.mark.parametrize("url", ["sqlite:///real.db"])
def test_a_test_that_leads_away_from_it_stops_the_run(project: Path) -> None:
    astray = "import orm\n\n\ndef test_one():\n    orm.configure('sqlite:///real.db')\n\n\ndef test_two():\n    pass\n"
    (project / "tests" / "test_astray.py").write_text(astray, encoding="utf-8")
    said = command(project, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_astray.py", status=1)
    assert "1 failed, 1 passed" in said
    assert "The database 'default' is no longer the one that was made for the tests" in said


@pytest.mark.parametrize("url", ["sqlite:///real.db"])
def test_without_a_configured_database_it_says_how_to_configure_one(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n", encoding="utf-8")
    said = command(project, "pytest", "-q", "-p", "no:cacheprovider", status=1)
    assert "no database is configured. Call orm.configure('sqlite:///file.db')" in said
