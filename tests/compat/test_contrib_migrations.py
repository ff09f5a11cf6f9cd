"""Django's own migration files for auth, contenttypes and sessions make the tables that they make under Django.

They are Django's, so they are looked for where Django is installed: ``DJANGO_PYTHON`` names its interpreter. Its files
are copied for the run, beside a project that names them in MIGRATION_MODULES.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orm_postgresql import backend as postgresql
from orm_sqlite import backend as sqlite
from tests import servers
from tests.migrations.looking import driven

APPS = ("auth", "contenttypes", "sessions")

PROGRAM = """
import os
import django
from django.conf import settings
given = os.environ
settings.configure(
    INSTALLED_APPS=["django.contrib." + app for app in {apps!r}],
    DATABASES={{"default": {database!r}}}, MIGRATION_MODULES={modules!r}, USE_TZ=True,
)
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
    for app, name in cursor.fetchall():
        print(app, name)
"""

needs_django = pytest.mark.skipif(
    "DJANGO_PYTHON" not in os.environ, reason="DJANGO_PYTHON names no interpreter with Django"
)


def run(folder: Path, command: list[str], database: dict[str, Any], modules: dict[str, str]) -> list[str]:
    program = folder / "program.py"
    program.write_text(PROGRAM.format(apps=APPS, database=database, modules=modules), encoding="utf-8")
    done = subprocess.run([*command, str(program)], cwd=folder, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(done.stdout.splitlines())


def copied(folder: Path) -> dict[str, str]:
    """Django's files, each application's in a package of its own: MIGRATION_MODULES for them."""
    code = "import django.contrib; print(django.contrib.__path__[0])"
    found = subprocess.run([os.environ["DJANGO_PYTHON"], "-c", code], capture_output=True, text=True, check=True)
    for app in APPS:
        shutil.copytree(Path(found.stdout.strip()) / app / "migrations", folder / f"their_{app}")
    return {app: f"their_{app}" for app in APPS}


def both(folder: Path, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Migrate one database under this library, the other one under Django."""
    applied = run(folder, [sys.executable, "-m", "orm", "run"], ours, copied(folder))
    assert applied == run(folder, [os.environ["DJANGO_PYTHON"]], theirs, {})
    assert len(applied) > 12


def schema(reader: Any, fetch: Any) -> dict[str, Any]:
    """All that a database says of its tables."""
    found: dict[str, Any] = {}
    for table in driven(reader.tables(fetch)):
        if table.name == "django_migrations":
            continue  # the record itself, whose key is as wide as each library likes
        # Without an order of columns, and whether a table or an index beside it says that columns are unique: SQLite
        # can alter neither, so both depend on when a table was last built anew.
        columns = {one.name: one for one in driven(reader.columns(fetch, table.name))}
        rules = driven(reader.constraints(fetch, table.name)).items()
        found[table.name] = (
            columns,
            sorted(
                map(
                    str,
                    (
                        replace(one, index=False, orders=(), definition="", type="") if one.unique else one
                        for _, one in rules
                    ),
                )
            ),
        )
    return found


@needs_django
def test_on_sqlite(tmp_path: Path) -> None:
    files = [tmp_path / "ours.sqlite3", tmp_path / "theirs.sqlite3"]
    ours, theirs = ({"ENGINE": "django.db.backends.sqlite3", "NAME": str(one)} for one in files)
    both(tmp_path, ours, theirs)
    found = []
    for one in files:
        session = sqlite3.connect(one)

        async def fetch(sql: str, params: Any = (), session: Any = session) -> Any:
            return session.execute(sql, params).fetchall()

        found.append(schema(sqlite.introspection, fetch))
        session.close()
    assert found[0] == found[1]


@needs_django
def test_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    with servers.scratch_database(postgresql_url) as first, servers.scratch_database(postgresql_url) as second:
        both(tmp_path, *map(settings_of, (first, second)))
        found = []
        for url in (first, second):
            with psycopg.connect(url, cursor_factory=psycopg.RawCursor) as session:

                async def fetch(sql: str, params: Any = (), session: Any = session) -> Any:
                    return session.execute(sql, list(params)).fetchall()

                found.append(schema(postgresql.introspection, fetch))
        assert found[0] == found[1]


def settings_of(url: str) -> dict[str, Any]:
    """A PostgreSQL database as Django's settings have it."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {name: parts[key] for name, key in names.items() if key in parts}
    return {"ENGINE": "django.db.backends.postgresql", **given}
