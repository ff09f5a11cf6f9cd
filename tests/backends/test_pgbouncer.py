"""``pooler=transaction``: through a real PgBouncer, where each transaction meets another session of the server.

PgBouncer gives its two server sessions out by turns here, so statements of one client alternate between them. After
every test no server session may be held, and none may have kept anything that other clients would meet.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import psycopg
import pytest

import orm
from orm import errors, models
from orm.bridge import run
from orm.db.contract import Backend
from orm.db.database_blocking import Database
from orm.db.limited_database import LimitedDatabase
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.db.url import DatabaseURL
from orm.testing import rolled_back
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm_postgresql import backend as postgresql
from orm_postgresql.options import read_settings
from tests import pgbouncer, servers
from tests.backends import test_postgresql

COLOURS = ("awaitable", "blocking")
CLIENTS, ROUNDS = 12, 5
POOL = "max_size=12&acquire_timeout=30"
# Some ten seconds where nothing stops it.
LONG = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40000000) SELECT COUNT(*) FROM s"
CARRIED = ("TimeZone", "application_name", "client_encoding", "DateStyle", "standard_conforming_strings")
"""Settings that PgBouncer carries along for each client."""
LEFTOVERS = """
    SELECT 'the setting ' || name || ' = ' || setting FROM pg_settings
    WHERE source = 'session' AND setting IS DISTINCT FROM reset_val AND NOT name = ANY(%s)
    UNION ALL SELECT 'the prepared statement ' || name FROM pg_prepared_statements
    UNION ALL SELECT 'the cursor ' || name FROM pg_cursors WHERE name <> ''
    UNION ALL SELECT 'the channel ' || channel FROM pg_listening_channels() AS channel
    UNION ALL SELECT 'an advisory lock' FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


class Parcel(models.Model):
    label = models.CharField(max_length=40)
    weight = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    code = models.UUIDField(null=True)
    details = models.JSONField(default=dict)
    sent = models.DateTimeField(null=True)

    class Meta:
        db_table = "pgbouncer_parcel"


# -- what there is -----------------------------------------------------------------------------------------------------


def unavailable(reason: servers.NoServer) -> None:
    """Skip, or in CI fail, with everything that was tried."""
    message = f"no PgBouncer: {reason}"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def direct_url(postgresql_url: str) -> Iterator[str]:
    """A database of our own, past the PgBouncer, that is not in UTC by itself."""
    with servers.scratch_database(postgresql_url) as url:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(f"ALTER DATABASE \"{session.info.dbname}\" SET TimeZone = 'Asia/Tokyo'")
        yield url


@pytest.fixture(scope="module")
def own(request: pytest.FixtureRequest) -> Iterator[pgbouncer.Bouncer]:
    """A PgBouncer of our own, with a console."""
    if pgbouncer.VARIABLE in os.environ:
        pytest.skip(f"the PgBouncer of {pgbouncer.VARIABLE} is left alone; this test would look into it")
    try:
        with pgbouncer.running(request.getfixturevalue("direct_url")) as bouncer:
            yield bouncer
            look_through(bouncer)
    except servers.NoServer as reason:
        unavailable(reason)


@pytest.fixture
def bouncer(own: pgbouncer.Bouncer) -> Iterator[pgbouncer.Bouncer]:
    """The same with all its sessions open, looked through after the test."""
    sessions_of(own, "SELECT 1")
    yield own
    look_through(own)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """A URL that leads through a PgBouncer and says so."""
    return through(request, "bouncer")


def through(request: pytest.FixtureRequest, name: str) -> str:
    plain = os.environ.get(pgbouncer.VARIABLE) or request.getfixturevalue(name).url
    return f"{plain}{'&' if '?' in plain else '?'}pooler=transaction"


def look_through(bouncer: pgbouncer.Bouncer) -> None:
    """Wait until all sessions have been given back; nothing may be left in them."""
    bouncer.wait_for_rest()
    assert sessions_of(bouncer, LEFTOVERS, [list(CARRIED)]) == [[], []]


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """The default database, with an empty table of parcels."""
    orm.configure({"default": f"{url}&{POOL}&application_name=parcels"})
    database = databases["default"]
    run(database.execute_script('DROP TABLE IF EXISTS "pgbouncer_parcel"'))
    orm.create_tables(Parcel)
    yield database
    database.terminate()


def sessions_of(bouncer: pgbouncer.Bouncer, sql: str, params: Any = None) -> list[list[Any]]:
    """Ask all of the server sessions at once, as plain clients: the first column of each one's answer."""
    answers = []
    with ExitStack() as stack:
        for _ in range(pgbouncer.POOL_SIZE):
            client = stack.enter_context(psycopg.connect(bouncer.url, prepare_threshold=None))
            answers.append([row[0] for row in client.execute(sql, params).fetchall()])  # type: ignore[call-overload]
    return answers


def in_colour(colour: str, scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine on an event loop, or driven by hand on blocking connections."""
    return asyncio.run(scenario()) if colour == "awaitable" else run(scenario())


def many(colour: str, scenario: Callable[[int], Coroutine[Any, Any, Any]], count: int = CLIENTS) -> None:
    """Run a coroutine many times at once: in tasks, or in threads."""
    if colour == "awaitable":

        async def tasks() -> None:
            await asyncio.gather(*map(scenario, range(count)))

        asyncio.run(tasks())
        return
    failures: list[BaseException] = []

    def thread(number: int) -> None:
        try:
            run(scenario(number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=thread, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failures:
        raise failures[0]


# -- the conformance suites --------------------------------------------------------------------------------------------


class Through:
    @pytest.fixture
    def backend(self) -> Backend:
        return postgresql

    @pytest.fixture
    def url(self, request: pytest.FixtureRequest) -> str:
        return through(request, "own")  # (what is left behind is found at the end)


class TestConnections(Through, ConnectionConformance): ...


class TestDialect(Through, DialectConformance): ...


class TestModels(Through, ModelConformance): ...


# -- statements, transactions, streams ---------------------------------------------------------------------------------


class Undo(Exception):
    """Raised to have a block rolled back."""


async def one_client(number: int) -> None:
    """Statements of many shapes, each with a result that is known."""
    db, label = databases["default"], f"client {number}"
    mine = Parcel.objects.filter(label=label)
    for round in range(ROUNDS):
        code, sent = uuid.uuid4(), datetime.datetime(2024, 2, 29, 23, 30, 0, round, tzinfo=datetime.UTC)
        await Parcel.objects.acreate(label=label, price=Decimal("1.50"), code=code, details={"n": [round]}, sent=sent)
        read = await mine.aget(code=code)
        assert (read.price, read.details, read.sent) == (Decimal("1.50"), {"n": [round]}, sent)
        assert await mine.filter(code=code).aupdate(weight=models.F("weight") + number) == 1
        # A text of its own for nearly each statement, with a parameter of another type.
        sql = f"SELECT $1::int + {round}, $2::text, $3::timestamptz AS t{number}"
        moment = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        assert [tuple(row) for row in await db.fetch(sql, (number, label, moment))] == [(number + round, label, moment)]
        names, rows = await db.fetch_named(f"SELECT $1::numeric AS n{number}_{round}", (Decimal(round),))
        assert (list(names), rows[0][0]) == ([f"n{number}_{round}"], round)
        async with atomic():
            await mine.filter(code=code).aupdate(weight=100)
            with pytest.raises(Undo):
                async with atomic():
                    await mine.adelete()
                    raise Undo
            assert await mine.acount() == 4 * round + 1
        await Parcel.objects.abulk_create([Parcel(label=label, weight=weight) for weight in range(3)])
        with pytest.raises(errors.IntegrityError):
            async with atomic():
                await Parcel.objects.acreate(label=label, weight=None)
        with pytest.raises(errors.ProgrammingError):
            await db.fetch(f"SELECT nothing_{number} FROM pgbouncer_parcel")
        async for parcel in mine.order_by("id").aiterator(chunk_size=2):
            assert parcel.label == label
    assert await mine.acount() == 4 * ROUNDS


def check_parcels(clients: int) -> None:
    assert Parcel.objects.count() == clients * 4 * ROUNDS
    assert Parcel.objects.filter(weight=100).count() == clients * ROUNDS


def test_statements_of_one_client_meet_both_sessions(db: Database, bouncer: pgbouncer.Bouncer) -> None:
    for colour in COLOURS:
        pids = set()

        async def ask(pids: set[int] = pids) -> None:
            async with db.connection() as connection:
                for _ in range(8):
                    pids.add((await connection.afetch("SELECT pg_backend_pid()"))[0][0])

        in_colour(colour, ask)
        assert len(pids) == pgbouncer.POOL_SIZE, "otherwise these tests would show nothing"


@pytest.mark.parametrize("colour", COLOURS)
def test_many_clients_over_two_sessions(db: Database, colour: str) -> None:
    many(colour, one_client)
    check_parcels(CLIENTS)


def test_tasks_and_threads_at_once_over_two_sessions(db: Database) -> None:
    failures: list[BaseException] = []

    def tasks() -> None:
        try:
            many("awaitable", one_client)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=tasks)
    thread.start()
    many("blocking", lambda number: one_client(number + CLIENTS))
    thread.join()
    assert not failures, failures
    check_parcels(2 * CLIENTS)


@pytest.mark.parametrize("colour", COLOURS)
def test_streams_side_by_side(db: Database, colour: str) -> None:
    Parcel.objects.bulk_create([Parcel(label="many", weight=weight) for weight in range(200)])

    async def stream(number: int) -> None:
        async with atomic():
            seen = []
            async for parcel in Parcel.objects.filter(weight__gte=number).order_by("weight").aiterator(chunk_size=20):
                seen.append(parcel.weight)
                if parcel.weight % 50 == 0:  # another statement between two chunks
                    assert await Parcel.objects.acount() == 200
        assert seen == list(range(number, 200))
        async for parcel in Parcel.objects.order_by("weight").aiterator(chunk_size=20):  # in a transaction of its own
            if parcel.weight == 30:
                break

    many(colour, stream, 6)


def test_rolled_back_tests(db: Database) -> None:
    with rolled_back():
        Parcel.objects.create(label="a")
        asyncio.run(Parcel.objects.acreate(label="b"))
        assert Parcel.objects.count() == 2
    assert Parcel.objects.count() == 0


# -- sessions that belong to nobody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
def test_every_session_is_in_utc_and_has_our_name(db: Database, bouncer: pgbouncer.Bouncer, colour: str) -> None:
    midnight = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    sql = (
        "SELECT '2024-01-01 00:00'::timestamptz, EXTRACT(HOUR FROM $1::timestamptz)::int, "
        "current_setting('TimeZone'), current_setting('application_name'), pg_backend_pid()"
    )
    asked: set[int] = set()

    async def ask(number: int) -> None:
        for _ in range(6):
            moment, hour, zone, name, pid = (await db.fetch(sql, (midnight,)))[0]
            assert (moment, moment.utcoffset(), hour, zone, name) == (
                midnight, datetime.timedelta(0), 0, "UTC", "parcels",
            )  # fmt: skip
            asked.add(pid)

    assert sessions_of(bouncer, "SHOW TimeZone") == [["Asia/Tokyo"], ["Asia/Tokyo"]]
    with psycopg.connect(bouncer.url, autocommit=True) as other:
        other.execute("SET TimeZone = 'America/Lima'")
        many(colour, ask, 4)
        assert other.execute("SHOW TimeZone").fetchone() == ("America/Lima",)
    assert len(asked) == pgbouncer.POOL_SIZE
    assert sessions_of(bouncer, "SHOW TimeZone") == [["Asia/Tokyo"], ["Asia/Tokyo"]]


@pytest.mark.parametrize("colour", COLOURS)
def test_nobody_listens_through_it(db: Database, bouncer: pgbouncer.Bouncer, colour: str) -> None:
    async def listen() -> None:
        async with orm.listen("parcels"):
            pass

    def listen_blocking() -> None:
        with orm.listen("parcels"):
            pass

    with pytest.raises(errors.NotSupportedError, match="an alias of its own"):
        asyncio.run(listen()) if colour == "awaitable" else listen_blocking()


@pytest.mark.parametrize("colour", COLOURS)
def test_settings_of_a_transaction_end_with_it(db: Database, bouncer: pgbouncer.Bouncer, colour: str) -> None:
    """(What is left in a session, the fixture ``bouncer`` finds.)"""

    async def work(number: int) -> None:
        async with atomic(isolation="serializable", read_only=True, lock_timeout=5, statement_timeout=5):
            assert (await db.fetch("SHOW lock_timeout"))[0][0] == "5s"
            assert (await db.fetch("SHOW transaction_read_only"))[0][0] == "on"
        with pytest.raises(Undo):
            async with atomic(lock_timeout=2.5):
                assert (await db.fetch("SHOW lock_timeout"))[0][0] == "2500ms"
                raise Undo
        assert (await db.fetch("SHOW lock_timeout"))[0][0] == "0"

    many(colour, work, 4)


def test_types_that_asyncpg_has_to_ask_about(url: str, bouncer: pgbouncer.Bouncer) -> None:
    """It switches ``jit`` off for its questions: not for whoever comes next (the fixture ``bouncer`` looks)."""
    with psycopg.connect(bouncer.url, autocommit=True) as session:
        session.execute("DROP TYPE IF EXISTS pgbouncer_mood CASCADE; CREATE TYPE pgbouncer_mood AS ENUM ('sad', 'ok')")

    async def others(stop: asyncio.Event) -> None:
        connection = await test_postgresql.aconnect(url)
        while not stop.is_set():
            await connection.ping()
        await connection.close()

    async def main() -> None:
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(others(stop)) for _ in range(3)]
        for _ in range(30):
            connection = await test_postgresql.aconnect(url)  # each asks for itself
            sql = "SELECT $1::pgbouncer_mood, ARRAY[$2::pgbouncer_mood]"
            assert [tuple(row) for row in await connection.fetch(sql, ("ok", "sad"))] == [("ok", ["sad"])]
            await connection.close()
        stop.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())


@pytest.mark.parametrize("colour", COLOURS)
def test_a_refused_parameter_gives_the_session_back(url: str, bouncer: pgbouncer.Bouncer, colour: str) -> None:
    """asyncpg refuses it with a session in hand: two of these would take all there are."""
    driver = postgresql.awaitable if colour == "awaitable" else postgresql.blocking
    assert driver is not None

    async def main() -> None:
        for call in ("fetch", "fetch_named", "execute"):
            connections = [await driver.connect(DatabaseURL.parse(url)) for _ in range(pgbouncer.POOL_SIZE)]
            for connection in connections:
                with pytest.raises(errors.DataError):
                    await getattr(connection, call)("SELECT $1::int FROM pg_class", ("no number",))
                with pytest.raises(errors.Error):
                    await getattr(connection, call)("SELECT $1::int", (1, 2))
            bouncer.wait_for_rest()
            for connection in connections:
                assert connection.is_usable
                await connection.close()

    in_colour(colour, main)


# -- what is broken off ------------------------------------------------------------------------------------------------


async def pair(number: int) -> None:
    """Write two rows or none, with a stream and savepoints in between."""
    async with atomic():
        await Parcel.objects.acreate(label=f"pair {number}")
        async with atomic():
            async for _ in Parcel.objects.order_by("id").aiterator(chunk_size=5):
                pass
        await Parcel.objects.acreate(label=f"pair {number}")
    await databases["default"].fetch("SELECT $1::int", (number,))


def test_cancelled_at_any_moment(db: Database, bouncer: pgbouncer.Bouncer) -> None:
    async def main() -> None:
        randomly = random.Random(5)
        for number in range(40):
            tasks = [asyncio.ensure_future(pair(number * 4 + k)) for k in range(4)]
            for _ in range(randomly.randrange(1, 120)):
                await asyncio.sleep(0)
            for task in tasks[:3]:
                task.cancel()
            await asyncio.wait(tasks)
            assert tasks[3].exception() is None
        await asyncio.to_thread(bouncer.wait_for_rest)
        assert [tuple(row) for row in await db.fetch("SELECT 1")] == [(1,)]
        rows = await db.fetch("SELECT label, COUNT(*) FROM pgbouncer_parcel GROUP BY label")
        assert {row[1] for row in rows} == {2}, "half a transaction was kept"
        assert len(rows) >= 40

    asyncio.run(main())


@pytest.mark.parametrize("colour", COLOURS)
def test_statements_that_take_too_long(db: Database, bouncer: pgbouncer.Bouncer, colour: str) -> None:
    async def work(number: int) -> None:
        with pytest.raises(errors.QueryTimeout):
            await LimitedDatabase(db, 0.2).fetch(LONG)
        assert (await LimitedDatabase(db, 30).fetch("SELECT 1"))[0][0] == 1

    many(colour, work, 2)
    many(colour, work, 6)  # the others wait for a session, where PgBouncer drops a cancellation
    bouncer.wait_for_rest()
    many(colour, one_client, 3)


def test_a_limit_of_time_while_all_sessions_are_taken(db: Database, bouncer: pgbouncer.Bouncer, url: str) -> None:
    """PgBouncer drops a cancellation of what waits for a session, so the connection is given up for it."""

    async def work(number: int) -> None:
        with pytest.raises(errors.QueryTimeout):
            await LimitedDatabase(db, 0.2).fetch("SELECT 1")

    many("blocking", lambda number: db.fetch("SELECT pg_sleep(0.2)"), 2)  # two connections, which are kept
    with ExitStack() as stack:
        for _ in range(pgbouncer.POOL_SIZE):
            stack.enter_context(psycopg.connect(bouncer.url)).execute("SELECT 1")
        began = time.monotonic()
        thread = threading.Thread(target=many, args=("awaitable", work, 2))
        thread.start()
        many("blocking", work, 2)
        with pytest.raises(errors.OperationalError, match="no session free in time"):
            test_postgresql.connect(f"{url}&connect_timeout=1")  # it would set its time zone
        thread.join()
        assert time.monotonic() - began < 60, "it waited for the sessions"
    bouncer.wait_for_rest()
    for colour in COLOURS:
        many(colour, one_client, 2)
        Parcel.objects.all().delete()


def test_ctrl_c(url: str) -> None:
    test_postgresql.test_ctrl_c_cancels_at_the_server(url)


@pytest.mark.parametrize("how", [None, signal.SIGKILL], ids=["shutdown", "kill"])
def test_pgbouncer_restarts(own: pgbouncer.Bouncer, direct_url: str, how: signal.Signals | None) -> None:
    """Whoever has a statement under way then gets an error; the next ones are answered by the new process."""
    with pgbouncer.running(direct_url) as bouncer:
        orm.configure({"default": f"{bouncer.url}?pooler=transaction&{POOL}"})
        db, stop, again = databases["default"], threading.Event(), threading.Event()
        failed: list[errors.Error] = []
        answered = [0] * 8

        async def ask(number: int) -> None:
            while not stop.is_set():
                try:
                    assert (await db.fetch("SELECT $1::int", (number,)))[0][0] == number
                except (errors.OperationalError, errors.InterfaceError) as error:
                    failed.append(error)
                else:
                    answered[number] += again.is_set()

        threads = [threading.Thread(target=many, args=("awaitable", ask, 4))]
        threads += [threading.Thread(target=lambda number=number: run(ask(number))) for number in range(4, 8)]
        for thread in threads:
            thread.start()
        bouncer.stop(how)
        bouncer.start()
        again.set()
        end = time.monotonic() + pgbouncer.PATIENCE
        while not all(answered) and time.monotonic() < end:
            pgbouncer.pause(0.02)
        stop.set()
        for thread in threads:
            thread.join()
        db.terminate()
        assert all(answered), failed[-1:]
        assert failed


# -- what the option says ----------------------------------------------------------------------------------------------


def settings(query: str) -> Any:
    return read_settings(DatabaseURL.parse(f"postgresql://h/db?{query}"))


@pytest.mark.parametrize("value", ["session", "statement", "pgbouncer", ""])
def test_other_poolers_are_refused(value: str) -> None:
    with pytest.raises(errors.ImproperlyConfigured, match="'none' or 'transaction'"):
        settings(f"pooler={value}")


@pytest.mark.parametrize(
    ("option", "remedy"), [("search_path=shop", "ALTER ROLE"), ("statement_timeout=3", r"atomic\(statement_timeout=")]
)
def test_settings_of_a_session_are_refused(option: str, remedy: str) -> None:
    with pytest.raises(errors.ImproperlyConfigured, match=remedy):
        settings(f"pooler=transaction&{option}")
    settings(f"pooler=none&{option}")


def test_statements_are_named_only_where_that_is_asked_for() -> None:
    assert settings("").statement_cache_size == settings("pooler=none").statement_cache_size == 512
    assert settings("pooler=transaction").statement_cache_size == 0
    assert settings("pooler=transaction&statement_cache_size=100").statement_cache_size == 100


def test_the_option_in_djangos_form() -> None:
    given = {"ENGINE": "django.db.backends.postgresql", "NAME": "db", "OPTIONS": {"pooler": "transaction"}}
    assert read_settings(DatabaseURL.parse(given)).pooled


# -- what happens without it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", COLOURS)
def test_named_statements_break(own: pgbouncer.Bouncer, direct_url: str, colour: str) -> None:
    """The same load without the option fails, so these tests can."""
    more = "" if own.program.version < (1, 21) else "max_prepared_statements = 0"
    with pgbouncer.running(direct_url, f"ignore_startup_parameters = options\n{more}") as bouncer:
        orm.configure({"default": f"{bouncer.url}?{POOL}"})
        db = databases["default"]
        sessions_of(bouncer, "SELECT 1")

        async def ask(number: int) -> None:
            for _ in range(20):
                assert (await db.fetch("SELECT $1::int", (number,)))[0][0] == number

        with pytest.raises(errors.Error, match="prepared statement .* (does not exist|already exists)"):
            many(colour, ask, 4)
        db.terminate()


def test_startup_parameters_break(own: pgbouncer.Bouncer) -> None:
    if own.program.version >= (1, 20):
        pytest.skip("PgBouncer reads libpq's `options` since 1.20")
    with pytest.raises(errors.OperationalError, match="unsupported startup parameter"):
        test_postgresql.connect(own.url)


@pytest.mark.parametrize("colour", COLOURS)
def test_named_statements_with_a_pgbouncer_that_keeps_track(
    own: pgbouncer.Bouncer, direct_url: str, colour: str
) -> None:
    if own.program.version < (1, 21):
        pytest.skip("PgBouncer keeps track of prepared statements since 1.21")
    with pgbouncer.running(direct_url, "max_prepared_statements = 200") as bouncer:
        orm.configure({"default": f"{bouncer.url}?pooler=transaction&statement_cache_size=100&{POOL}"})
        db = databases["default"]
        run(db.execute_script('DROP TABLE IF EXISTS "pgbouncer_parcel"'))
        orm.create_tables(Parcel)
        many(colour, one_client)
        check_parcels(CLIENTS)
        db.terminate()
