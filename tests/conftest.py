"""What every test can use: servers, and the harness that runs a test once for each database and colour.

In the folders of ``COLOURED`` a test is an ``async def`` written with the awaitable forms; it is collected four times
(SQLite and PostgreSQL, awaitable and blocking, see ``tests/colours.py``), unless
``@pytest.mark.only(backend=..., colour=...)`` narrows that. A plain ``def`` in these folders that asks for ``database``
runs once for each database, in blocking code.

Before each such test the tables of the folder's ``models.py`` exist and are empty.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import os
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from psycopg import sql

import orm
from orm.config import KNOWN
from tests import colours, servers
from tests.counting import Queries

COLOURED = frozenset(
    {
        "answers",
        "composite",
        "contenttypes",
        "contrib",
        "documented",
        "extending",
        "inheritance",
        "migrations",
        "observability",
        "postgresql",
        "properties",
        "query",
        "relations",
        "routing",
        "saving",
        "serializers",
    }
)
BORROWS_MODELS = {"observability": "query", "properties": "query"}
BACKENDS = ("sqlite", "postgresql")

HERE = Path(__file__).resolve().parent


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what runs in the background so, and the programs that tests interrupt would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "only(backend=..., colour=...): run on this database or in this colour only")
    config.addinivalue_line("markers", "slow: servers of its own are made for it; ten seconds or more")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep the collector from looking at the tests themselves: on a busy machine each ``gc.collect()`` took seconds."""
    gc.collect()
    gc.freeze()


# -- collection: one coroutine, four tests -----------------------------------------------------------------------------


def is_coloured(path: Path) -> bool:
    """Whether the tests of this file run in both colours."""
    return path.is_relative_to(HERE) and path.relative_to(HERE).parts[0] in COLOURED


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    if not (is_coloured(collector.path) and name.startswith("test") and inspect.iscoroutinefunction(obj)):
        return None
    if isinstance(collector, pytest.Class):
        raise pytest.UsageError(f"{collector.nodeid}::{name}: tests of both colours are functions, not methods")
    colours.remember(collector.obj)
    test = colours.coloured(obj)
    setattr(collector.obj, name, test)
    return collector.ihook.pytest_pycollect_makeitem(collector=collector, name=name, obj=test)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames or not is_coloured(metafunc.definition.path):
        return
    both = inspect.iscoroutinefunction(inspect.unwrap(metafunc.function))
    only: dict[str, str] = {}
    for marker in metafunc.definition.iter_markers("only"):
        only.update(marker.kwargs)
    backends = [name for name in BACKENDS if only.get("backend", name) == name]
    kinds = [name for name in colours.COLOURS if only.get("colour", name) == name] if both else [colours.BLOCKING]
    metafunc.parametrize("server", backends, indirect=True, scope="session")
    metafunc.parametrize("colour", kinds, indirect=True)


# -- servers -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database that lives as long as the test session."""
    search = servers.Search()
    with search.closing:
        admin_url = search.find()
        if admin_url is None:
            message = "no PostgreSQL server; tried " + "; ".join(search.tried)
            if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
                pytest.fail(message)
            pytest.skip(message)
        with servers.scratch_database(admin_url) as url:
            yield url


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty SQLite file that lives as long as the test session."""
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.sqlite3'}"


@dataclass
class Server:
    """One database of the session, and a way to empty it that is not the library's."""

    name: str
    url: str
    prepared: set[str]
    tables: tuple[str, ...] = ()
    kept: dict[str, dict[str, list[tuple[Any, ...]]]] = field(default_factory=dict)
    _session: psycopg.Connection[Any] | None = None

    def prepare(self, models: ModuleType) -> None:
        """Create the tables of a folder's models, once."""
        if models.__name__ in self.prepared:
            return
        orm.create_tables(*models_of(models))
        self.prepared.add(models.__name__)
        self.tables = self._table_names()

    def empty(self) -> None:
        """Delete every row, whatever refers to whatever."""
        try:
            self._delete_rows()
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
            there = self._table_names()
            if set(self.tables) <= set(there):
                raise
            self.tables = there  # a test has dropped what it had made for itself
            self._delete_rows()

    def _delete_rows(self) -> None:
        statements = [f"DELETE FROM {quoted(table)}" for table in self.tables]
        if self.name == "sqlite":
            with sqlite3.connect(self._path, timeout=60) as connection:
                connection.executescript(
                    "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN;" + ";".join([*statements, "COMMIT"])
                )
            connection.close()
            return
        with self._transaction() as session:
            session.execute(";".join(statements))

    def fill(self, library: ModuleType) -> None:
        """Store the rows of a library in the empty tables: by its ``save()`` once, from a copy after that."""
        rows = self.kept.get(library.__name__)
        if rows is None:
            library.save()
            self.kept[library.__name__] = self._all_rows()
        elif self.name == "sqlite":
            with sqlite3.connect(self._path, timeout=60) as connection:
                for table, found in rows.items():
                    marks = ", ".join("?" * len(found[0]))
                    connection.executemany(f"INSERT INTO {quoted(table)} VALUES ({marks})", found)
            connection.close()
        else:
            with self._transaction() as session:
                for table, [(text,)] in rows.items():
                    into = sql.Identifier(table)
                    session.execute(
                        sql.SQL("INSERT INTO {} SELECT * FROM json_populate_recordset(NULL::{}, {})").format(
                            into, into, sql.Literal(text)
                        )
                    )

    def _all_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of every table that has any: those of PostgreSQL as one JSON text."""
        if self.name == "sqlite":
            with sqlite3.connect(self._path, timeout=60) as connection:
                found = {
                    table: connection.execute(f"SELECT * FROM {quoted(table)}").fetchall() for table in self.tables
                }
            connection.close()
        else:
            with self._transaction() as session:
                found = {
                    table: session.execute(
                        f"SELECT json_agg(t)::text FROM {quoted(table)} t HAVING count(*) > 0"
                    ).fetchall()
                    for table in self.tables
                }
        return {table: rows for table, rows in found.items() if rows}

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """A transaction without foreign keys; its session stays open, since making one takes longer than most tests."""
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(self.url, options="-c lock_timeout=30s", autocommit=True)
        with self._session.transaction():
            self._session.execute("SET LOCAL session_replication_role = replica")
            yield self._session

    def close(self) -> None:
        """End the session at the server, if there is one."""
        if self._session is not None:
            self._session.close()

    @property
    def _path(self) -> str:
        return self.url.removeprefix("sqlite:///")

    def _table_names(self) -> tuple[str, ...]:
        if self.name == "sqlite":
            with sqlite3.connect(self._path) as connection:
                rows = connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
                ).fetchall()
            connection.close()
        else:
            with psycopg.connect(self.url) as session:
                rows = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return tuple(row[0] for row in rows)


def quoted(name: str) -> str:
    """A name as SQL writes it on every database, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


def models_of(module: ModuleType) -> list[Any]:
    """The concrete models that a module declares, in the order it declares them, after those its LIBRARY names."""
    declared = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, orm.models.Model)
        and value.__module__ == module.__name__
        and not value._meta.abstract
        and value._meta.managed
    ]
    return [*getattr(module, "LIBRARY", ()), *declared]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The database that this test runs on: its parameter is the backend's name."""
    if request.param not in _servers:
        _servers[request.param] = Server(request.param, request.getfixturevalue(f"{request.param}_url"), set())
    yield _servers[request.param]
    _servers[request.param].close()


_servers: dict[str, Server] = {}


@pytest.fixture(autouse=True)
def settings_as_they_were() -> Iterator[None]:
    """Give a test's settings back, so that none meets those of another; which databases there are, each says itself."""
    names = [name for name in KNOWN if name != "databases"]
    before = {name: getattr(orm.settings, name) for name in names}
    yield
    changed = {name: value for name, value in before.items() if getattr(orm.settings, name) is not value}
    if changed:
        orm.configure(**changed)


@pytest.fixture
def colour(request: pytest.FixtureRequest) -> str:
    """``awaitable`` or ``blocking``."""
    name: str = request.param
    return name


@dataclass(frozen=True)
class Run:
    """What one test runs on: the backend's name, the colour, and the URL that ``default`` is configured with."""

    backend: str
    colour: str
    url: str


@pytest.fixture
def database(request: pytest.FixtureRequest, server: Server, colour: str) -> Run:
    """The default database, with this folder's tables, empty."""
    configured(server.url)
    models = models_module(request.path)
    if models is not None:
        server.prepare(models)
    server.empty()
    return Run(server.name, colour, server.url)


@pytest.fixture
def queries() -> Queries:
    """``with queries as counted:`` gives the SQL of what ran inside."""
    return Queries()


def configured(url: str) -> None:
    """Point the default alias at ``url``."""
    orm.configure(databases={"default": url})


def models_module(path: Path) -> ModuleType | None:
    """The ``models`` module beside a test file, or of the folder it borrows from, when there is one."""
    parts = path.parent.relative_to(HERE).parts
    parts = (BORROWS_MODELS.get(parts[0], parts[0]), *parts[1:])
    if not HERE.joinpath(*parts, "models.py").exists():
        return None
    return importlib.import_module(".".join(["tests", *parts, "models"]))
