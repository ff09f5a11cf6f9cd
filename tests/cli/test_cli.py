"""The ``orm`` command, each call in a process and folder of its own. (``orm run`` is in tests/compat.)"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def call(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python ARGUMENTS`` in a folder."""
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**clean, "COLUMNS": "160", **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,  # to make or drop a database, a busy server waits for its disk
    )


def test_help_names_the_commands(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "--help")
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("run", "shell", "check", "makemigrations", "migrate", "diff"))
    assert "SCRIPT [ARGUMENTS]" in call(tmp_path, "-m", "orm", "run", "--help").stdout


def test_an_unknown_command(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "chekc")
    assert done.returncode == 2
    assert "chekc" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_extra_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    # -S: without site-packages, so without click and rich.
    paths = os.pathsep.join([str(ROOT), str(ROOT / "backends")])
    done = call(tmp_path, "-S", "-m", "orm", "check", PYTHONPATH=paths)
    assert done.returncode == 2
    assert 'pip install "duotone[cli]"' in done.stderr
    (tmp_path / "script.py").write_text("import django\nprint(django.get_version())\n", encoding="utf-8")
    assert call(tmp_path, "-S", "-m", "orm", "run", "script.py", PYTHONPATH=paths).returncode == 0


def test_check_reports_both_colours(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "check", DATABASE_URL="sqlite:///here.db")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("SQLite 3.") == 2
    assert done.stdout.count(" µs") == 2


def test_check_reports_a_server(tmp_path: Path, postgresql_url: str) -> None:
    done = call(tmp_path, "-m", "orm", "check", "--database", postgresql_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PostgreSQL") >= 2


def test_check_reads_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm.databases]\ndefault = "sqlite://:memory:"\nother = "sqlite:///other.db"\n', encoding="utf-8"
    )
    done = call(tmp_path, "-m", "orm", "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("SQLite 3.") == 4


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://user:s3cret@127.0.0.1:1/none", "127.0.0.1"),
        ("nosuch://user:s3cret@host/none", "nosuch"),
        ("not a url", "URL"),
    ],
)
def test_check_says_what_is_wrong_and_no_password(tmp_path: Path, url: str, says: str) -> None:
    done = call(tmp_path, "-m", "orm", "check", DATABASE_URL=url)
    assert done.returncode == 1
    assert says in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_check_without_a_database(tmp_path: Path) -> None:
    done = call(tmp_path, "-m", "orm", "check")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr


def test_shell_blocks_and_awaits(tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    (tmp_path / "zoo" / "models.py").write_text(
        "from orm import models\n\n\nclass Animal(models.Model):\n    name = models.CharField(max_length=9)\n",
        encoding="utf-8",
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ninstalled_apps = ["zoo"]\ndatabases = {default = "sqlite:///zoo.db"}\n', encoding="utf-8"
    )
    typed = (
        "orm.create_tables()\n"
        "Animal.objects.create(name='owl')\n"
        "print('blocking', Animal.objects.count())\n"
        "print('awaited', await Animal.objects.acount())\n"
        "owl = await Animal.objects.aget()\n"
        "async with orm.atomic():\n    await owl.adelete()\n\n"
        "1 / 0\n"
        "print('left', Animal.objects.count())\n"
    )
    done = call(tmp_path, "-m", "orm", "shell", stdin=typed)
    assert done.returncode == 1, done.stderr
    owl, *printed = done.stdout.splitlines()  # values are shown as at the prompt
    assert owl == "<Animal: Animal object (1)>"
    assert printed == ["blocking 1", "awaited 1", "(1, {'zoo.Animal': 1})", "left 0"]
    assert "ZeroDivisionError" in done.stderr
    assert call(tmp_path, "-m", "orm", "shell", stdin="Animal.objects.count()\n").stdout == "0\n"
    done = call(tmp_path, "-m", "orm", "shell", "-c", "print(await Animal.objects.acount())\n1 / 0")
    assert (done.returncode, done.stdout) == (1, "0\n")
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("text", "status", "printed"),
    [("for i in range(2):\n    print(i)\n", 0, "0\n1\n"), ("print('a'\n", 1, ""), ("if True:", 1, "")],
)
@pytest.mark.parametrize("form", ["-c", "stdin"])
def test_shell_runs_code_to_its_end(tmp_path: Path, form: str, text: str, status: int, printed: str) -> None:
    given = ["-c", text] if form == "-c" else []
    done = call(tmp_path, "-m", "orm", "shell", *given, stdin="" if given else text)
    assert (done.returncode, done.stdout) == (status, printed), done.stderr
    assert ("SyntaxError" in done.stderr or "IndentationError" in done.stderr) is bool(status)
