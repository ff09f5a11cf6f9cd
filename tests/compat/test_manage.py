"""``orm run manage.py``: a project with two applications, a user of its own, commands, signals and logging."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "scripts" / "managed"
OUTER = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")


class Project:
    """A copy of the project, whose commands can be run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manage(self, *arguments: str, status: int = 0, **environment: str) -> tuple[str, str]:
        """Run ``manage.py`` with arguments; return what it wrote to stdout and stderr."""
        clean = {key: value for key, value in os.environ.items() if key not in OUTER}
        done = subprocess.run(
            [sys.executable, "-m", "orm", "run", "manage.py", *arguments],
            cwd=self.folder,
            env={**clean, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stderr
        return done.stdout, done.stderr

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the project's database."""
        with sqlite3.connect(self.folder / "shelf.sqlite3") as connection:
            found: list[tuple[object, ...]] = connection.execute(sql).fetchall()
        connection.close()
        return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, migrated."""
    folder = tmp_path_factory.mktemp("managed") / "project"
    shutil.copytree(PROJECT, folder)
    project = Project(folder)
    project.manage("makemigrations", "accounts", "library")
    out, _ = project.manage("migrate")
    assert "Applying auth.0012_alter_user_first_name_max_length... OK" in out
    assert "Applying library.0001_initial... OK" in out
    return project


def test_the_tables_are_those_of_django(project: Project) -> None:
    tables = {str(name) for (name,) in project.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {
        *("accounts_member", "accounts_member_groups", "accounts_member_user_permissions", "auth_group"),
        *("auth_group_permissions", "auth_permission", "django_content_type", "django_migrations", "django_session"),
        "library_book",
    } <= tables
    assert "auth_user" not in tables
    codenames = project.rows("SELECT codename FROM auth_permission WHERE codename LIKE '%_book' ORDER BY 1")
    assert codenames == [("add_book",), ("change_book",), ("delete_book",), ("view_book",)]
    assert project.manage("makemigrations", "--check")[0] == "No changes detected\n"


def test_a_command_runs_with_its_options(project: Project) -> None:
    out, err = project.manage("import_books", "one", "two", "--dry-run", "--limit=1")
    assert out.splitlines()[0] == "one True"
    assert "done" in err
    out, err = project.manage("import_books", "one", "two")
    assert out.splitlines()[:2] == ["one False", "two False"]
    assert "saved one" in err
    assert project.rows("SELECT title, username FROM library_book JOIN accounts_member m ON m.id = owner_id") == [
        ("one", "ada"),
        ("two", "ada"),
    ]
    returned, _ = project.manage("again")
    assert returned.strip() == "('2 books', 'x True\\n2 books\\n')"


def test_what_goes_wrong_is_told_by_words_and_status(project: Project) -> None:
    assert "CommandError: the limit is negative" in project.manage("import_books", "x", "--limit=-1", status=1)[1]
    assert "the following arguments are required: titles" in project.manage("import_books", status=2)[1]
    assert "Unknown command: 'nope'" in project.manage("nope", status=1)[1]
    assert "import_books" in project.manage("help")[0]
    assert "Imports books" in project.manage("help", "import_books")[0]
    warned = project.manage("check")[1]
    assert warned.count("INSTALLED_APPS lists debug_toolbar") == 1
    assert "No module named 'debug_toolbar'" in warned


def test_a_superuser_is_made(project: Project) -> None:
    environment = {"DJANGO_SUPERUSER_PASSWORD": "x"}
    arguments = ("createsuperuser", "--noinput", "--username=root", "--email=root@example.org")
    assert project.manage(*arguments, **environment)[0] == "Superuser created successfully.\n"
    assert "already taken" in project.manage(*arguments, status=1, **environment)[1]
    assert project.rows("SELECT is_superuser, email FROM accounts_member WHERE username = 'root'") == [
        (1, "root@example.org")
    ]


def test_migrations_are_shown(project: Project) -> None:
    assert project.manage("showmigrations", "library")[0] == "library\n [X] 0001_initial\n"
    assert 'CREATE TABLE "library_book"' in project.manage("sqlmigrate", "library", "0001")[0]
    assert "library.0001_initial" in project.manage("showmigrations", "--plan")[0]
    assert project.manage("migrate", "--check")[0] == ""


def test_rows_go_out_as_a_fixture_and_come_in_again(project: Project) -> None:
    project.manage("import_books", "fixed")
    project.manage("dumpdata", "--natural-foreign", "--indent=2", "--exclude=contenttypes", "--output=all.json.gz")
    before = project.rows("SELECT * FROM library_book ORDER BY 1")
    project.manage("flush", "--noinput")
    assert project.rows("SELECT * FROM library_book") == []
    out, _ = project.manage("loaddata", "all.json.gz")
    assert out.startswith("Installed ")
    assert project.rows("SELECT * FROM library_book ORDER BY 1") == before
    _, err = project.manage("loaddata", "nothing", status=1)
    assert "CommandError: No fixture named 'nothing' found." in err


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """The project as it is before its first migration."""
    shutil.copytree(PROJECT, tmp_path / "project")
    project = Project(tmp_path / "project")
    project.manage("makemigrations", "accounts", "library")
    return project


def add_to_books(project: Project, line: str) -> None:
    """Add a line to the class of books."""
    file = project.folder / "library" / "models.py"
    if not file.exists():
        file = project.folder / "books" / "models.py"
    lines = file.read_text().splitlines(keepends=True)
    place = next(at for at, text in enumerate(lines) if text.startswith("class Book("))
    lines.insert(place + 1, f"    {line}\n")
    file.write_text("".join(lines))


def answered(project: Project, answers: str) -> subprocess.CompletedProcess[str]:
    """Make migrations, with what a person types."""
    clean = {key: value for key, value in os.environ.items() if key not in OUTER}
    command = [sys.executable, "-m", "orm", "run", "manage.py", "makemigrations", "library"]
    return subprocess.run(
        command, cwd=project.folder, env=clean, input=answers, capture_output=True, text=True, timeout=120
    )


def test_questions_are_asked_where_nobody_said_noinput(fresh: Project) -> None:
    add_to_books(fresh, "printed = models.DateTimeField(auto_now_add=True)")
    made = answered(fresh, "1\n\n")
    assert "[default: timezone.now] >>> " in made.stdout
    (written,) = fresh.folder.glob("*/migrations/0002_*.py")
    assert "import django.utils.timezone" in written.read_text()
    assert "default=django.utils.timezone.now" in written.read_text()
    unanswered = answered(fresh, "")
    assert unanswered.stdout == "No changes detected in app 'library'\n"


def test_without_an_answer_nothing_is_made(fresh: Project) -> None:
    add_to_books(fresh, "pages = models.IntegerField()")
    left = answered(fresh, "")
    assert left.returncode == 1
    assert "Nothing was answered" in left.stdout
    out, _ = fresh.manage("makemigrations", "library", "--noinput", status=3)
    assert out.startswith("Field 'pages' on model 'book' not migrated: it is impossible to add a non-nullable field")
    assert not list(fresh.folder.glob("*/migrations/0002_*.py"))


DATA = """
from django.db import migrations

def fill(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        print("FILLED", connection.vendor, connection.alias, cursor.fetchone())

class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""


def test_functions_of_data_migrations_get_the_connection_they_know(fresh: Project) -> None:
    (first,) = [one for one in fresh.folder.glob("*/migrations/0001_initial.py") if "Book" in one.read_text()]
    (first.parent / "0002_fill.py").write_text(DATA)
    assert "FILLED sqlite default (1,)" in fresh.manage("migrate")[0]


def test_a_squashed_migration_that_is_applied_in_part_leads_to_its_last(fresh: Project) -> None:
    add_to_books(fresh, "pages = models.IntegerField(default=0)")
    fresh.manage("makemigrations", "library")
    fresh.manage("migrate", "library", "0001", "-v", "0")
    fresh.manage("squashmigrations", "library", "0002", "--noinput", "-v", "0")
    out, _ = fresh.manage("migrate", "library", "0001_squashed")
    assert "Target specific migration: 0002_" in out
    assert fresh.manage("showmigrations", "library")[0].startswith("library\n [X] 0001_squashed_0002")


def test_migrate_says_what_runs_before_and_after(fresh: Project) -> None:
    lines = fresh.manage("migrate", "-v", "2")[0].splitlines()
    assert lines.index("Running pre-migrate handlers for application library") < lines.index("Running migrations:")
    assert lines[-1].startswith("Running post-migrate handlers for application ") or any(
        line == "Running post-migrate handlers for application library" for line in lines
    )


def test_where_nothing_is_left_to_run_it_is_said_before_receivers_hear_of_the_end(fresh: Project) -> None:
    fresh.manage("migrate", "-v", "0")
    lines = fresh.manage("migrate", "--run-syncdb", "-v", "2")[0].splitlines()
    nothing = lines.index("  No migrations to apply.")
    assert lines[nothing - 1] == "Running migrations:"
    assert "Running post-migrate handlers for application library" in lines[nothing:]


def test_settings_that_are_not_the_defaults_are_listed(project: Project) -> None:
    out, _ = project.manage("diffsettings")
    lines = out.splitlines()
    assert "DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'" in lines
    assert [line for line in lines if line.startswith("SETTINGS_MODULE")] == ["SETTINGS_MODULE = 'shelf.settings'  ###"]
    assert "### APPEND_SLASH = True" not in lines
    assert "### APPEND_SLASH = True" in project.manage("diffsettings", "--all")[0].splitlines()


def test_a_new_application_can_be_installed(fresh: Project) -> None:
    fresh.manage("startapp", "wood_birds")
    made = sorted(str(path.relative_to(fresh.folder)) for path in (fresh.folder / "wood_birds").rglob("*.py"))
    assert made == [
        f"wood_birds/{name}.py"
        for name in ("__init__", "admin", "apps", "migrations/__init__", "models", "tests", "views")
    ]
    assert "class WoodBirdsConfig(AppConfig):" in (fresh.folder / "wood_birds" / "apps.py").read_text(encoding="utf-8")
    _, said = fresh.manage("startapp", "wood_birds", status=1)
    assert "'wood_birds' conflicts with the name of an existing Python module" in said
    _, said = fresh.manage("startapp", "wood-birds", status=1)
    assert "'wood-birds' is not a valid app name" in said


def test_a_new_project_migrates(fresh: Project) -> None:
    fresh.manage("startproject", "aviary")
    inner = Project(fresh.folder / "aviary")
    inner.manage("migrate", DJANGO_SETTINGS_MODULE="aviary.settings")
    _, said = fresh.manage("startproject", "aviary", status=1)
    assert "already exists" in said or "conflicts" in said
