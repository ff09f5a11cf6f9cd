"""Cursors of Django's kind on PostgreSQL: parameters stand where a literal of their value could."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import orm
from orm.compat.django.connections import connection
from orm.compat.django.cursor import LegacyCursor
from orm.db.url import DatabaseURL
from orm.errors import ProgrammingError

SCRIPT = """
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": %(name)r, "USER": %(user)r,
    "PASSWORD": %(password)r, "HOST": %(host)r, "PORT": "%(port)s"}}, DEBUG=True)
import django
django.setup()
from datetime import date, timedelta
from django.db import ProgrammingError, connection, transaction

def ask(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()

assert ask("SELECT %%s, %%s, %%s", [1, "it's \\\\ %%s", None]) == [(1, "it's \\\\ %%s", None)]
assert ask("SELECT %%(a)s, %%(a)s || 'x'", {"a": "b"}) == [("b", "bx")]
assert ask("SELECT interval %%s = %%s", ["2 days", timedelta(days=2)]) == [(True,)]
assert ask("SELECT date %%s = %%s", ["2024-01-01", date(2024, 1, 1)]) == [(True,)]
assert ask("SELECT 2 = ANY(%%s), 'b' = ANY(%%s)", [[1, 2], ["a", "b"]]) == [(True, True)]
grouped = "SELECT n %%%% %%s, count(*) FROM generate_series(1, 3) n GROUP BY n %%%% %%s ORDER BY 1"
assert ask(grouped, [2, 2]) == [(0, 1), (1, 2)]
assert ask("SELECT %%s IS NULL", [None]) == [(True,)]
assert ask("SELECT '5%%'") == [("5%%",)]
assert "interval '2 days'" in [q["sql"] for q in connection.queries][2], connection.queries
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("CREATE TABLE cursors (n integer DEFAULT %%s, at timestamptz)", [7])
    cursor.execute("INSERT INTO cursors (at) VALUES (%%s), (%%s)", ["2024-01-01", None])
    assert cursor.rowcount == 2 and cursor.description is None
    cursor.executemany("INSERT INTO cursors (n, at) VALUES (%%s, %%s)", [(1, None), (None, "2024-01-01")])
    cursor.execute("SELECT n FROM cursors ORDER BY n")
    assert [column[0] for column in cursor.description] == ["n"] and cursor.rowcount == 4
    assert cursor.fetchall() == [(1,), (7,), (7,), (None,)]
    cursor.execute("SET LOCAL statement_timeout = %%s", [5000])
    cursor.execute("DROP TABLE cursors")
try:
    ask("SELECT %%s", [1, 2])
except ProgrammingError:
    print("done")
"""


def test_parameters_stand_where_literals_could(postgresql_url: str, tmp_path: Path) -> None:
    url = DatabaseURL.parse(postgresql_url)
    names = {
        "name": url.database,
        "user": url.user,
        "password": url.password,
        "host": url.host,
        "port": url.port or 5432,
    }
    script = tmp_path / "script.py"
    script.write_text(SCRIPT % names, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "orm", "run", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (ended.stdout, ended.returncode) == ("done\n", 0), ended.stderr


def test_in_the_transaction_of_async_code(postgresql_url: str) -> None:
    """There the connection is the other driver's, and parameters are bound, with the types of their values."""
    orm.configure(postgresql_url)

    def ask() -> list[object]:
        cursor = LegacyCursor(orm.databases["default"], connection)
        cursor.execute(
            "SELECT txid_current(), %s, 2 = ANY(%s), %s IS NULL, now() > %s", [1, [1, 2], None, "2024-01-01"]
        )
        return list(cursor.fetchall()[0])

    async def main() -> None:
        async with orm.atomic():
            transaction = (await orm.databases["default"].fetch("SELECT txid_current()"))[0][0]
            assert await asyncio.to_thread(ask) == [transaction, 1, True, True, True]

    asyncio.run(main())


def test_rows_of_what_has_none(tmp_path: Path, postgresql_url: str) -> None:
    """Each database answers as its driver does: SQLite's has no row to give, PostgreSQL's says that there are none."""

    def fetched(url: str) -> object:
        orm.configure(url)
        cursor = LegacyCursor(orm.databases["default"], connection)
        cursor.execute("CREATE TEMPORARY TABLE no_rows (n integer)")
        try:
            return cursor.fetchall(), cursor.fetchone()
        except ProgrammingError as error:
            return "didn't produce records" in str(error)

    assert fetched(f"sqlite:///{tmp_path / 'rows.sqlite3'}") == ([], None)
    assert fetched(postgresql_url) is True
