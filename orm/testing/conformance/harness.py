"""How a conformance case runs: one coroutine, on an event loop for an awaitable driver, by hand for a blocking one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

import pytest

from orm.bridge.drive import drive
from orm.db.contract import Backend, Connection, Driver
from orm.db.url import DatabaseURL
from orm.sql.compiler import with_placeholders
from orm.sql.types import SQLType

AWAITABLE = "awaitable"
BLOCKING = "blocking"

_numbers = count(1)

Case = Callable[[Any, "Room"], Awaitable[None]]
SubjectCase = Callable[[Any, "Room", Any], Awaitable[None]]


class Room:
    """What one case has to work with: the backend in one colour, connections, and tables that vanish afterwards."""

    def __init__(self, backend: Backend, url: str, colour: str) -> None:
        driver = backend.awaitable if colour == AWAITABLE else backend.blocking
        if driver is None:
            pytest.skip(f"{backend.name} brings no {colour} driver; the bridge supplies that colour")
        self.driver: Driver = driver
        self.dialect = backend.dialect
        self.capabilities = backend.dialect.capabilities
        self.url = DatabaseURL.parse(url)
        self._connections: list[Connection] = []
        self._tables: list[str] = []

    async def connect(self) -> Connection:
        """Open a connection, which is closed at the case's end."""
        connection = await self.driver.connect(self.url)
        self._connections.append(connection)
        return connection

    async def table(self, connection: Connection, columns: str) -> str:
        """Make a table, dropped at the case's end, and return its quoted name."""
        name = self.dialect.quote(f"conformance_{next(_numbers)}")
        await connection.execute(f"DROP TABLE IF EXISTS {name}")
        await connection.execute(f"CREATE TABLE {name} ({columns})".replace("%%", "%"))
        self._tables.append(name)
        return name

    async def fetch(self, connection: Connection, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Run SQL whose parameters are written ``%s``; return its rows as tuples."""
        return [tuple(row) for row in await connection.fetch(*self.finish(sql, params))]

    async def execute(self, connection: Connection, sql: str, *params: object) -> int:
        """Run SQL whose parameters are written ``%s``; return how many rows it affected."""
        return await connection.execute(*self.finish(sql, params))

    def finish(self, sql: str, params: Sequence[object] = ()) -> tuple[str, tuple[Any, ...]]:
        """Return SQL with the dialect's own placeholders, and its parameters."""
        return with_placeholders(sql, params, self.dialect)

    def adapt(self, sql_type: SQLType, value: object) -> object:
        """Return a canonical value as the driver is handed it."""
        adapter = self.dialect.adapter(sql_type)
        return value if value is None or adapter is None else adapter(value)

    def convert(self, sql_type: SQLType, value: object) -> object:
        """Return a driver's value as its canonical Python value."""
        converter = self.dialect.converter(sql_type)
        return value if value is None or converter is None else converter(value)

    async def value(self, connection: Connection, sql: str, sql_type: SQLType, *params: object) -> Any:
        """Return the converted value of an expression."""
        return self.convert(sql_type, (await self.fetch(connection, f"SELECT {sql}", *params))[0][0])

    def literal(self, sql_type: SQLType) -> str:
        """Return a parameter of that type, for places that say nothing about types."""
        return self.dialect.cast("%s", sql_type) if self.capabilities.typed_parameters else "%s"

    def need(self, capability: str) -> None:
        """Skip the case where the dialect denies a capability."""
        if not getattr(self.capabilities, capability):
            pytest.skip(f"{self.dialect.name} does without {capability}")

    async def leave(self) -> None:
        """Drop what was made and close what was opened."""
        for connection in self._connections:
            if connection.is_usable and connection.in_transaction:
                await connection.rollback()
        if self._tables:
            cleaner = await self.driver.connect(self.url)
            for name in reversed(self._tables):
                await cleaner.execute(f"DROP TABLE IF EXISTS {name}")
            await cleaner.close()
        for connection in self._connections:
            await connection.close()


async def _inside(test: object, function: Case, room: Room) -> None:
    try:
        await function(test, room)
    finally:
        await room.leave()


def case(function: Case) -> Callable[..., None]:
    """Make a coroutine method a test that runs in the colour of the ``colour`` fixture."""

    def test(self: object, backend: Backend, url: str, colour: str) -> None:
        running = _inside(self, function, Room(backend, url, colour))
        if colour == AWAITABLE:
            asyncio.run(running)
        else:
            drive(running)

    return _named(test, function)


def each(*subjects: object) -> Callable[[SubjectCase], Callable[..., None]]:
    """Make a coroutine method a test in both colours, once for each subject, which is its second argument."""

    def decorate(function: SubjectCase) -> Callable[..., None]:
        def test(self: object, backend: Backend, url: str, colour: str, subject: object) -> None:
            async def one(test: object, room: Room) -> None:
                await function(test, room, subject)

            running = _inside(self, one, Room(backend, url, colour))
            if colour == AWAITABLE:
                asyncio.run(running)
            else:
                drive(running)

        decorated: Callable[..., None] = pytest.mark.parametrize("subject", subjects, ids=str)(_named(test, function))
        return decorated

    return decorate


def awaitable_case(function: Case) -> Callable[..., None]:
    """Make a coroutine method a test of the awaitable driver alone: one about tasks and cancellation."""

    def test(self: object, backend: Backend, url: str) -> None:
        asyncio.run(_inside(self, function, Room(backend, url, AWAITABLE)))

    return _named(test, function)


def blocking_case(function: Case) -> Callable[..., None]:
    """Make a coroutine method a test of the blocking driver alone: one about threads."""

    def test(self: object, backend: Backend, url: str) -> None:
        drive(_inside(self, function, Room(backend, url, BLOCKING)))

    return _named(test, function)


def _named(test: Callable[..., None], function: Callable[..., object]) -> Callable[..., None]:
    # Not functools.wraps: pytest would look through it, at the coroutine's parameters.
    for name in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(test, name, getattr(function, name))
    return test


class Conformance:
    """Base of the suites: override ``backend`` and ``url``."""

    @pytest.fixture
    def backend(self) -> Backend:
        """The backend to test."""
        raise NotImplementedError("Define a fixture `backend` that returns your orm.db.contract.Backend.")

    @pytest.fixture
    def url(self) -> str:
        """The URL of a scratch database."""
        raise NotImplementedError("Define a fixture `url` that returns the URL of a scratch database.")

    @pytest.fixture(params=[AWAITABLE, BLOCKING])
    def colour(self, request: pytest.FixtureRequest) -> str:
        """The colour a case runs in."""
        name: str = request.param
        return name
