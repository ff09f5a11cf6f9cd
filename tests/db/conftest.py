"""The databases these tests run on: both backends, and each half of one, so that the bridge must supply the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import orm
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.registry import backend_for, backends, databases, register_backend
from tests.db.sessions import NAME, Sessions

KINDS = ("sqlite", "postgresql", "halfblocking", "halfawaitable")
OPTIONS = "max_size=5&acquire_timeout=2"


def halves() -> None:
    """Register the SQLite backend twice more: with its blocking driver alone, and with its awaitable one alone."""
    whole = backend_for("sqlite")
    register_backend(whole._replace(schemes=("halfblocking",), awaitable=None))
    register_backend(whole._replace(schemes=("halfawaitable",), blocking=None))


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL of the database under test, with a small pool."""
    if kind == "postgresql":
        return f"{request.getfixturevalue('postgresql_url')}?{OPTIONS}&application_name={NAME}"
    if kind not in backends:
        halves()
    return f"{kind}:///{tmp_path / 'test.db'}?{OPTIONS}"


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """The default database, with an empty table ``things (id, n)``."""
    orm.configure({"default": url})
    database = databases["default"]
    run(
        database.execute_script(
            "DROP TABLE IF EXISTS things; CREATE TABLE things (id integer PRIMARY KEY, n integer NOT NULL)"
        )
    )
    yield database
    database.terminate()


@pytest.fixture
def sessions(db: Database) -> Iterator[Sessions]:
    """What the server says of the sessions of this test, and of the programs it starts."""
    if db.url.scheme != "postgresql":
        yield Sessions(None)
        return
    address = f"postgresql://{db.url.user}@{db.url.host}:{db.url.port}/{db.url.database}"
    with psycopg.connect(address, autocommit=True) as own:
        yield Sessions(own)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames and not any(
        "kind" in str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")
    ):
        only = [mark.kwargs["backend"] for mark in metafunc.definition.iter_markers("only")]
        metafunc.parametrize("kind", only or KINDS, indirect=True)
