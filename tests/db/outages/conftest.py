"""A server of our own, a network before it, and a database made anew whose pools must be whole at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import orm
from orm.db.database_blocking import Database
from orm.db.registry import databases
from tests import colours
from tests.db.outages.network import Proxy, can_drop, proxy
from tests.db.outages.stage import NAME, assert_whole
from tests.servers import LOCALHOST, NoServer, PrivateServer, private_server


@pytest.fixture(scope="package")
def server() -> Iterator[PrivateServer]:
    """A server of our own, with an empty table ``things (id, n)``."""
    try:
        with private_server() as server:
            server.ask("CREATE TABLE things (id integer PRIMARY KEY, n integer NOT NULL)")
            yield server
    except NoServer as reason:
        if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
            raise
        pytest.skip(str(reason))


@pytest.fixture
def network(server: PrivateServer) -> Iterator[Proxy]:
    """What is between the library and the server; nothing of an earlier test goes on there."""
    server.ask(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'client backend' "
        "AND pid <> pg_backend_pid()"
    )
    server.ask("TRUNCATE things")
    with colours.deadline(60), proxy(server.port) as network:
        yield network


@pytest.fixture
def connect() -> Iterator[Callable[..., Database]]:
    """Make the default database: ``connect(port, **options)``. Afterwards no place in its pools is taken."""
    made: list[Database] = []

    def connect(port: int, **options: Any) -> Database:
        options = {"application_name": NAME, "max_size": 5, "acquire_timeout": 5, "connect_timeout": 2} | options
        query = "&".join(f"{name}={value}" for name, value in options.items())
        orm.configure({"default": f"postgresql://postgres@{LOCALHOST}:{port}/postgres?{query}"})
        made.append(databases["default"])
        return made[-1]

    yield connect
    for db in made:
        assert_whole(db)
        db.terminate()


@pytest.fixture(params=["awaitable", "blocking"])
def colour(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["mute", "drop", "forget"])
def silence(request: pytest.FixtureRequest, network: Proxy) -> Callable[[], None]:
    """Let the network fall silent: what is sent is acknowledged but not answered, or not even that, or (as where a
    firewall has forgotten them) that happens to the connections there are, but not to new ones."""
    if request.param != "mute" and not can_drop:
        pytest.skip("dropping packets needs Linux's socket filters and the right to them")
    return {"mute": network.mute, "drop": network.drop, "forget": lambda: network.drop(new=False)}[request.param]
