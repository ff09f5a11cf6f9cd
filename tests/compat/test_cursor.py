"""Cursors of Django's kind on PostgreSQL: parameters stand where a literal of their value could."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.compat.django.connections import connection
from orm.compat.django.cursor_blocking import LegacyCursor
from orm.compat.django.introspection import LegacyIntrospection
from orm.db.url import DatabaseURL
from orm.errors import InterfaceError, NotSupportedError, ProgrammingError, SynchronousOnlyOperation

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


def test_a_closed_cursor_raises_what_its_driver_does(tmp_path: Path, postgresql_url: str) -> None:
    """Handlers of programs written for one database catch the class that its driver has."""

    def refused(url: str) -> set[type[Exception]]:
        orm.configure(url)
        cursor = LegacyCursor(orm.databases["default"], connection)
        cursor.close()
        tried: list[Callable[[], object]] = [
            lambda: cursor.execute("SELECT 1"),
            lambda: cursor.executemany("SELECT %s", [(1,)]),
            cursor.fetchone,
            cursor.fetchall,
            lambda: list(cursor),
        ]
        found: set[type[Exception]] = set()
        for each in tried:
            with pytest.raises((InterfaceError, ProgrammingError), match="the cursor is closed") as caught:
                each()
            found.add(caught.type)
        assert found == {connection.features.closed_cursor_error_class}, "and the features name that class"
        return found

    assert refused(f"sqlite:///{tmp_path / 'closed.sqlite3'}") == {ProgrammingError}
    assert refused(postgresql_url) == {InterfaceError}


def test_what_is_no_series_of_parameters(tmp_path: Path) -> None:
    orm.configure(f"sqlite:///{tmp_path / 'parameters.sqlite3'}")
    cursor = LegacyCursor(orm.databases["default"], connection)
    no_series: list[Any] = [5, {5}, (number for number in [5]), "x"]
    for params in no_series:
        with pytest.raises(ProgrammingError, match="Parameters are a list, a tuple or a dict"):
            cursor.execute("SELECT %s", params)
        with pytest.raises(ProgrammingError, match="Parameters are a list, a tuple or a dict"):
            cursor.executemany("SELECT %s", [params])


def test_calling_a_function(postgresql_url: str) -> None:
    """The parameters come back, as the DB-API has it; those by name are refused, and be they none."""
    orm.configure(postgresql_url)
    cursor = LegacyCursor(orm.databases["default"], connection)
    assert cursor.callproc("abs", [-1]) == [-1]
    assert cursor.fetchall() == [(1,)]
    with pytest.raises(NotSupportedError):
        cursor.callproc("abs", [-1], {})


def test_constraints_have_the_keys_of_their_kind(tmp_path: Path, postgresql_url: str) -> None:
    """A primary key is unique on PostgreSQL and not on SQLite; only indexes have orders and a type."""

    def read(url: str) -> dict[str, tuple[bool, bool]]:
        orm.configure(url)
        cursor = LegacyCursor(orm.databases["default"], connection)
        cursor.execute("CREATE TABLE constrained (a integer PRIMARY KEY, b integer UNIQUE, c integer CHECK (c > 0))")
        try:
            cursor.execute("CREATE INDEX constrained_index ON constrained (c DESC)")
            found = LegacyIntrospection(orm.databases["default"]).get_constraints(cursor, "constrained")
        finally:
            cursor.execute("DROP TABLE constrained")
        assert found["constrained_index"]["orders"] == ["DESC"]
        assert [one["unique"] for one in found.values()].count(True) == 1 + (url == postgresql_url)
        return {
            kind: (one["unique"], {"orders", "type"} <= one.keys())
            for one in found.values()
            for kind in ("primary_key", "check", "index")
            if one[kind]
        }

    rules = {"check": (False, False), "index": (False, True)}
    assert read(f"sqlite:///{tmp_path / 'rules.sqlite3'}") == {"primary_key": (False, False), **rules}
    assert read(postgresql_url) == {"primary_key": (True, False), **rules}


def test_naive_parameters_are_in_utc_as_on_djangos_connections(tmp_path: Path, postgresql_url: str) -> None:
    naive = datetime.datetime(2020, 1, 2, 3, 4, 5)

    def stored(url: str) -> list[datetime.datetime]:
        orm.configure(url)
        cursor = LegacyCursor(orm.databases["default"], connection)
        with orm.atomic():
            cursor.execute("CREATE TABLE naive_moments (at timestamp with time zone)")
            cursor.execute("INSERT INTO naive_moments VALUES (%s)", [naive])
            cursor.execute("INSERT INTO naive_moments VALUES (%(at)s)", {"at": naive})
            cursor.executemany("INSERT INTO naive_moments VALUES (%s)", [(naive,)])
            cursor.execute("SELECT at FROM naive_moments WHERE at = %s", [naive])
            rows = [datetime.datetime.fromisoformat(str(at)) for (at,) in cursor.fetchall()]
            cursor.execute("DROP TABLE naive_moments")
        return [at.astimezone(datetime.UTC).replace(tzinfo=None) if at.tzinfo else at for at in rows]

    orm.configure(time_zone="America/Chicago", same_everywhere=False)
    try:
        assert stored(f"sqlite:///{tmp_path / 'naive.sqlite3'}") == [naive] * 3
        assert stored(postgresql_url) == [naive] * 3
    finally:
        orm.configure(time_zone="UTC", same_everywhere=True)


def test_in_both_colours(tmp_path: Path, postgresql_url: str) -> None:
    """What runs a statement is awaited in async code, in the transaction it is in; what reads rows may be."""

    async def read(url: str) -> list[object]:
        orm.configure(url)
        async with orm.atomic(), connection.cursor() as cursor:
            await cursor.aexecute("CREATE TABLE in_both (n integer)")
            await cursor.aexecutemany("INSERT INTO in_both VALUES (%s)", [(1,), (2,), (3,), (4,)])
            assert await cursor.aexecute("SELECT n FROM in_both WHERE n > %(least)s ORDER BY n", {"least": 1}) is cursor
            found: list[object] = [cursor.fetchone(), await cursor.afetchmany(1), await cursor.afetchall()]
            await cursor.aexecute("SELECT n FROM in_both WHERE n %% 2 = %s ORDER BY n", [0])
            found += [row async for row in cursor]
            with pytest.raises(SynchronousOnlyOperation):
                cursor.execute("SELECT 1")
            await cursor.aexecute("DROP TABLE in_both")
        assert cursor.closed
        return found

    expected = [(2,), [(3,)], [(4,)], (2,), (4,)]
    assert asyncio.run(read(f"sqlite:///{tmp_path / 'colours.sqlite3'}")) == expected
    assert asyncio.run(read(postgresql_url)) == expected
