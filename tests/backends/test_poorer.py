"""Backends derived from PostgreSQL's that do without what a write could use: RETURNING, or reading the changed table.

They run on the real PostgreSQL, behind a driver that refuses what they lack, so that asking for it fails.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import pytest

import orm
from orm import errors
from orm.db.contract import Backend, Connection, Driver, Params, Row
from orm.db.pooling.bridged import AdaptedConnection
from orm.db.registry import backends, databases
from orm.db.url import DatabaseURL
from orm.models import CASCADE, CharField, DateTimeField, F, ForeignKey, IntegerField, Model, UUIDField, Value
from orm.models.functions import Concat, Lower, Now
from orm.sql.calls import Func
from orm.sql.dialect import NewKey
from orm.sql.rewriting import read_before_change
from orm.sql.statements import Statement
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm_postgresql import backend as postgresql
from orm_postgresql.dialect import PostgreSQLDialect

T = TypeVar("T")

DERIVED = re.compile(r"\(SELECT \* FROM \(SELECT .*\) AS derived\)")
READS_CHANGED = re.compile(r'^(?:UPDATE|DELETE FROM) ("\w+").*\(SELECT .*FROM \1')
UPDATE_FROM = re.compile(r'^UPDATE "\w+" SET [^(]* FROM ')


class PoorDialect(PostgreSQLDialect):
    name = "poor"
    capabilities = PostgreSQLDialect.capabilities._replace(
        returning=False, new_key=NewKey.QUERY, update_from=False, changing_ctes=False
    )

    def new_key_query(self) -> str:
        return "SELECT lastval()"

    def rewritten(self, statement: Statement) -> Statement:
        return read_before_change(statement)


class PoorConnection(AdaptedConnection):
    """A connection to PostgreSQL, in the colour of the one inside, that hears what is sent."""

    sent: list[str] = []

    def __init__(self, inner: Connection) -> None:
        super().__init__(inner)
        self.awaitable = inner.awaitable  # type: ignore[misc]

    async def elsewhere(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await coroutine

    def _hear(self, sql: str) -> str:
        self.sent.append(sql)
        if "RETURNING" in sql or UPDATE_FROM.search(sql) or READS_CHANGED.search(DERIVED.sub("", sql)):
            raise errors.ProgrammingError(f"syntax error: {sql}")
        return sql

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        return await super().fetch(self._hear(sql), params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        return await super().execute(self._hear(sql), params)

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        return await super().insert(self._hear(sql), params, key_query)

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        return await super().execute_many(self._hear(sql), rows)

    def limit_locks(self, seconds: float) -> None:
        self.inner.limit_locks(seconds)

    def interrupt(self) -> None:
        self.inner.interrupt()


class PoorDriver(Driver):
    def __init__(self, inner: Driver) -> None:
        self.inner = inner
        self.awaitable = inner.awaitable  # type: ignore[misc]

    async def connect(self, url: DatabaseURL) -> Connection:
        return PoorConnection(await self.inner.connect(url))


def poorer(driver: Driver | None) -> Driver | None:
    return None if driver is None else PoorDriver(driver)


poor = postgresql._replace(
    name="poor",
    schemes=("poor",),
    dialect=PoorDialect(),
    awaitable=poorer(postgresql.awaitable),
    blocking=poorer(postgresql.blocking),
)


class Poor:
    @pytest.fixture
    def backend(self) -> Backend:
        return poor

    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        return postgresql_url.replace("postgresql://", "poor://", 1)


class TestConnections(Poor, ConnectionConformance): ...


class TestDialect(Poor, DialectConformance): ...


class TestModels(Poor, ModelConformance): ...


# -- writes ------------------------------------------------------------------------------------------------------------


class RandomKey(Func):
    function = "gen_random_uuid"


class Shelf(Model):
    name = CharField(max_length=40, unique=True)
    made = DateTimeField(db_default=Now())
    level = IntegerField(db_default=7)

    class Meta:
        app_label = "tests_poorer"


class Folder(Model):
    shelf = ForeignKey(Shelf, CASCADE, related_name="folders")
    title = CharField(max_length=40)

    class Meta:
        app_label = "tests_poorer"


class Ticket(Model):
    id = UUIDField(primary_key=True, db_default=RandomKey(output_field=UUIDField()))
    title = CharField(max_length=40, default="")

    class Meta:
        app_label = "tests_poorer"


@pytest.fixture
def tables(postgresql_url: str) -> Iterator[None]:
    if "poor" not in backends:
        orm.register_backend(poor)
    orm.configure(postgresql_url.replace("postgresql://", "poor://", 1))
    orm.create_tables(Shelf, Folder, Ticket)
    PoorConnection.sent.clear()
    yield
    orm.drop_tables(Folder, Shelf, Ticket)
    databases["default"].terminate()


def in_both_colours(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[None], None]:
    """Run a test on an event loop, and again driven by hand in blocking code."""

    def run(tables: None) -> None:
        asyncio.run(test())
        for model in (Folder, Shelf, Ticket):
            model.objects.all().delete()
        orm.bridge.run(test())

    run.__name__ = run.__qualname__ = test.__name__
    return run


@in_both_colours
async def test_a_new_row_has_its_key_and_what_the_database_made() -> None:
    shelf = await Shelf.objects.acreate(name="a")
    assert shelf.pk is not None
    assert shelf.level == 7
    assert shelf.made.tzinfo is not None
    assert (await Shelf.objects.aget(pk=shelf.pk)).made == shelf.made
    folder = await Folder.objects.acreate(shelf=shelf, title="f")
    assert [found.pk async for found in shelf.folders.all()] == [folder.pk]


@in_both_colours
async def test_values_that_are_expressions() -> None:
    shelf = await Shelf.objects.acreate(name=Lower(Value("ABC")))
    assert shelf.pk is not None
    found = await Shelf.objects.aget(pk=shelf.pk)
    assert (found.name, found.level, shelf.level) == ("abc", 7, 7)


@in_both_colours
async def test_a_key_only_the_database_knows_is_refused() -> None:
    with pytest.raises(errors.NotSupportedError, match="give tests_poorer.Ticket.id a value"):
        await Ticket.objects.acreate(title="t")


@in_both_colours
async def test_many_rows() -> None:
    shelves = await Shelf.objects.abulk_create([Shelf(name=f"s{number}", level=number) for number in range(5)])
    assert [shelf.pk for shelf in shelves] == [None] * 5  # as in Django: nothing can bring them back
    found = [shelf async for shelf in Shelf.objects.order_by("name")]
    for shelf in found:
        shelf.level += 1
    assert await Shelf.objects.abulk_update(found, ["level"]) == 5
    assert [level async for level in Shelf.objects.order_by("name").values_list("level", flat=True)] == [1, 2, 3, 4, 5]


@in_both_colours
async def test_the_changed_table_is_read_before_the_change() -> None:
    shelves = [await Shelf.objects.acreate(name=f"s{number}", level=number) for number in range(3)]
    for shelf in shelves:
        await Folder.objects.acreate(shelf=shelf, title=f"t{shelf.level}")
    high = Shelf.objects.filter(pk__in=Shelf.objects.filter(level__gt=0).values("pk"))
    assert await high.aupdate(name=Concat(F("name"), Value("!"))) == 2
    assert await Folder.objects.filter(shelf__level=2).aupdate(title="x") == 1
    assert (await Folder.objects.filter(shelf__level=1).adelete())[0] == 1
    names = [name async for name in Shelf.objects.order_by("name").values_list("name", flat=True)]
    assert names == ["s0", "s1!", "s2!"]


def test_the_driver_refuses_what_is_lacking(tables: None) -> None:
    """So the tests above can fail: the same without rewriting, and with RETURNING."""
    database = databases["default"]
    for sql in (
        "INSERT INTO tests_poorer_shelf (name) VALUES ('x') RETURNING id",
        'DELETE FROM "tests_poorer_shelf" WHERE id IN (SELECT U0.id FROM "tests_poorer_shelf" U0)',
    ):
        with pytest.raises(errors.ProgrammingError, match="syntax error"):
            orm.bridge.run(database.execute(sql))
