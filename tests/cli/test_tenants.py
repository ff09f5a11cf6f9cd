"""``orm tenants``: the same history in many schemas and databases, in a project of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.cli.test_migrations import FIRST, orm

SCHEMAS = ("tenant_a", "tenant B", "tenant_c")


@pytest.fixture
def project(tmp_path: Path, postgresql_url: str) -> Path:
    """A project with a history of one migration, on SQLite twice, and on PostgreSQL with three tenants' schemas."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.orm]\ninstalled_apps = ["shop"]\n[tool.orm.databases]\ndefault = "sqlite:///one.db"\n'
        f'two = "sqlite:///two.db"\nmany = "{postgresql_url}"\n',
        encoding="utf-8",
    )
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(FIRST, encoding="utf-8")
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for schema in SCHEMAS:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            connection.execute(f'CREATE SCHEMA "{schema}"')
    orm(tmp_path, "makemigrations", "shop")
    return tmp_path


def test_schemas_are_migrated_each_for_itself(project: Path, postgresql_url: str) -> None:
    chosen = ("--database", "many", "--schema", "tenant*")
    ran = json.loads(orm(project, "tenants", "migrate", *chosen, "--json"))
    assert {one["tenant"]: one["ran"] for one in ran} == {f"many.{name}": ["shop.0001_initial"] for name in SCHEMAS}
    with psycopg.connect(postgresql_url) as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'shop_item'").fetchall()
    assert {name for (name,) in found} == set(SCHEMAS)
    assert "0001_initial" in orm(project, "tenants", "show", *chosen)
    assert "nothing" in orm(project, "tenants", "migrate", *chosen)


def test_a_name_of_a_tenant_is_only_a_name(project: Path, postgresql_url: str) -> None:
    names = ["odd [/]", "odd %s $1 {0}", "odd\nline\t", 'odd"; DROP SCHEMA tenant_a; --', "odd_\\"]
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        try:
            chosen = ("--database", "many", "--schema", "odd*")
            said = orm(project, "tenants", "migrate", *chosen)
            assert said.count("shop.0001_initial") == len(names) and "many.odd [/]" in said
            assert "many.odd [/]" in orm(project, "tenants", "show", *chosen)
            found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'shop_item'").fetchall()
            assert {name for (name,) in found} == set(names)
        finally:
            for name in names:
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def test_killed_in_the_middle_it_goes_on_where_it_was(project: Path, postgresql_url: str) -> None:
    chosen = ("--database", "many", "--schema", "tenant*", "--at-once", "1")
    begun = subprocess.Popen([sys.executable, "-m", "orm", "tenants", "migrate", *chosen], cwd=project)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'shop_item'"
        while connection.execute(tables).fetchone() == (0,):
            assert begun.poll() is None
        begun.kill()
        begun.wait()
        orm(project, "tenants", "migrate", *chosen)
        assert connection.execute(tables).fetchone() == (len(SCHEMAS),)
    shown = json.loads(orm(project, "tenants", "show", *chosen, "--json"))
    assert [step["applied"] for one in shown for step in one["migrations"]] == [True] * len(SCHEMAS)


def test_one_that_fails_stops_no_other(project: Path, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('CREATE TABLE "tenant B".shop_item (id integer)')
    chosen = ("--database", "many", "--schema", "tenant*", "--at-once", "1")
    said = orm(project, "tenants", "migrate", *chosen, status=2)
    assert 'many.tenant B: relation "shop_item" already exists' in said
    assert said.count("shop.0001_initial ") == 2
    shown = {one["tenant"]: one["migrations"] for one in json.loads(orm(project, "tenants", "show", *chosen, "--json"))}
    assert {name: steps[0]["applied"] for name, steps in shown.items()} == {
        "many.tenant_a": True,
        "many.tenant B": False,
        "many.tenant_c": True,
    }
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute('DROP TABLE "tenant B".shop_item')
    again = json.loads(orm(project, "tenants", "migrate", *chosen, "--json"))
    assert {one["tenant"] for one in again if one["ran"]} == {"many.tenant B"}


def test_databases_are_tenants_too(project: Path) -> None:
    ran = json.loads(orm(project, "tenants", "migrate", "--database", "default", "--database", "two", "--json"))
    assert [(one["tenant"], one["ran"]) for one in ran] == [
        ("default", ["shop.0001_initial"]),
        ("two", ["shop.0001_initial"]),
    ]
    assert "none (1 to go)" in orm(project, "tenants", "show", "--all-databases")


def test_a_single_schema_is_seen_alone(project: Path) -> None:
    chosen = ("--database", "many", "--schema", "tenant B")
    orm(project, "migrate", *chosen)
    assert "[X] 0001_initial" in orm(project, "showmigrations", *chosen)
    assert "[ ] 0001_initial" in orm(project, "showmigrations", "--database", "many")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("tenants", "migrate", "--database", "many", "--schema", "nobody*"), "has no schema like 'nobody*'"),
        (("tenants", "migrate", "--schema", "a"), "SQLite has no schemas; name databases instead"),
        (("tenants", "show", "--database", "three"), "three"),
        (("migrate", "--database", "many", "--schema", 'a"; DROP'), "create it first"),
    ],
)
def test_what_is_refused(project: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in orm(project, *arguments, status=2)
