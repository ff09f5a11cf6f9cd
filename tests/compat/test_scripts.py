"""Scripts written for Django's ORM run unchanged, and say what they say under Django itself.

``scripts/*.txt`` is what Django 5.2 printed, the same on SQLite and PostgreSQL; where Django is installed, that is
compared again. ``report.py`` is a script beside a project: settings in a module, models in an application;
``company.py`` is a single file.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from orm.db.url import DatabaseURL
from tests import servers

SCRIPTS = Path(__file__).parent / "scripts"
EXPECTED = {
    SCRIPTS / "project" / "report.py": (SCRIPTS / "report.txt").read_text(encoding="utf-8"),
    SCRIPTS / "company.py": (SCRIPTS / "company.txt").read_text(encoding="utf-8"),
}
OUTER = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")

each_script = pytest.mark.parametrize("script", EXPECTED, ids=lambda path: path.name)


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in a folder, with nothing of the test session's database configuration in its environment."""
    clean = {name: value for name, value in os.environ.items() if name not in OUTER}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def settings_of(url: str) -> Mapping[str, str]:
    """The environment that leads the project's settings to a server."""
    parsed = DatabaseURL.parse(url)
    return {
        "TEST_ENGINE": "django.db.backends.postgresql",
        "TEST_NAME": parsed.database,
        "TEST_USER": parsed.user,
        "TEST_PASSWORD": parsed.password,
        "TEST_HOST": parsed.host or "127.0.0.1",
        "TEST_PORT": str(parsed.port or ""),
    }


@each_script
def test_on_sqlite(tmp_path: Path, script: Path) -> None:
    done = run(tmp_path, "-m", "orm", "run", str(script), "a", "b")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED[script]


@each_script
def test_on_postgresql(tmp_path: Path, script: Path, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as url:  # its tables may have the names of other tests'
        done = run(tmp_path, "-m", "orm", "run", str(script), "a", "b", **settings_of(url))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED[script]


@pytest.mark.skipif(importlib.util.find_spec("django") is None, reason="Django is not installed")
@each_script
def test_django_itself_says_the_same(tmp_path: Path, script: Path) -> None:
    done = run(tmp_path, "-W", "ignore", str(script), "a", "b")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED[script]


def test_a_single_file_with_the_settings_of_the_surroundings(tmp_path: Path) -> None:
    (tmp_path / "single.py").write_text(
        """
from django.conf import settings
from django.db import connection, models

class Note(models.Model):
    text = models.TextField()
    class Meta:
        app_label = "single"

with connection.schema_editor() as editor:
    editor.create_model(Note)
Note.objects.create(text="there")
print(settings.DATABASES["default"]["ENGINE"], Note.objects.get().text)
""",
        encoding="utf-8",
    )
    done = run(tmp_path, "-m", "orm", "run", "single.py", DATABASE_URL="sqlite:///single.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "django.db.backends.sqlite3 there\n"


def test_exit_status_arguments_and_main_are_the_scripts_own(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\nprint(sys.argv, __name__, __file__, sys.path[0])\nsys.exit(7)\n", encoding="utf-8"
    )
    done = run(tmp_path, "-m", "orm", "run", "script.py", "--flag", "-h")
    assert done.returncode == 7
    assert done.stdout == f"['script.py', '--flag', '-h'] __main__ {tmp_path / 'script.py'} {tmp_path}\n"


def test_a_failing_script_shows_its_own_frames_only(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def part():\n    raise KeyError('gone')\n\npart()\n", encoding="utf-8")
    done = run(tmp_path, "-m", "orm", "run", "script.py")
    assert done.returncode == 1
    assert "KeyError: 'gone'" in done.stderr
    assert "orm/cli" not in done.stderr
    assert done.stderr.count("  File ") == 2


def test_a_module(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "job.py").write_text(
        "import django, sys\nprint(__name__, sys.argv[1:])\n", encoding="utf-8"
    )
    done = run(tmp_path, "-m", "orm", "run", "-m", "package.job", "now")
    assert (done.returncode, done.stdout, done.stderr) == (0, "__main__ ['now']\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Usage: orm run"),
        (["nowhere.py"], "there is no file 'nowhere.py'"),
        (["--fast", "x.py"], "no option --fast"),
        (["-m"], "Usage: orm run"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run(tmp_path, "-m", "orm", "run", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_run_from_elsewhere_finds_the_settings_of_its_project(tmp_path: Path) -> None:
    scripts, elsewhere = tmp_path / "project" / "scripts", tmp_path / "elsewhere"
    scripts.mkdir(parents=True)
    elsewhere.mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text(
        '[tool.orm]\ndatabases = {default = "sqlite:///of_project.db"}\n', encoding="utf-8"
    )
    (tmp_path / "project" / "beside.py").write_text("word = 'found'\n", encoding="utf-8")
    (scripts / "told.py").write_text(
        "from django.conf import settings\nfrom beside import word\n"
        "print(word, settings.DATABASES['default']['NAME'])\n",
        encoding="utf-8",
    )
    done = run(elsewhere, "-m", "orm", "run", str(scripts / "told.py"))
    assert (done.returncode, done.stdout) == (0, "found of_project.db\n"), done.stderr
