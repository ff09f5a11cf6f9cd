"""PostgreSQL passes the conformance suite, and keeps its own promises."""

from __future__ import annotations

import asyncio
import datetime
import gc
import math
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import uuid
from decimal import Decimal as D
from typing import Any

import psycopg
import pytest
from psycopg.pq import DiagnosticField

from orm import errors
from orm.bridge.drive import drive
from orm.db.contract import Backend
from orm.db.url import DatabaseURL
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm_postgresql import backend as postgresql
from orm_postgresql.errors import connect_error
from orm_postgresql.options import read_settings


class Server:
    @pytest.fixture
    def backend(self) -> Backend:
        return postgresql

    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        return postgresql_url


class TestConnections(Server, ConnectionConformance): ...


class TestDialect(Server, DialectConformance): ...


class TestModels(Server, ModelConformance): ...


# -- PostgreSQL's own promises -----------------------------------------------------------------------------------------


def connect(text: str) -> Any:
    return drive(postgresql.blocking.connect(DatabaseURL.parse(text)))  # type: ignore[union-attr]


async def aconnect(text: str) -> Any:
    return await postgresql.awaitable.connect(DatabaseURL.parse(text))  # type: ignore[union-attr]


def in_both(url: str, sql: str, *params: Any) -> tuple[list[Any], list[Any]]:
    """What psycopg and asyncpg return for the same text and parameters."""
    connection = connect(url)
    one = [tuple(row) for row in drive(connection.fetch(sql, params))]
    drive(connection.close())

    async def other() -> list[Any]:
        connection = await aconnect(url)
        rows = [tuple(row) for row in await connection.fetch(sql, params)]
        await connection.close()
        return rows

    return one, asyncio.run(other())


SAME = [
    ("$1::bigint", 2**40), ("$1::smallint", 7), ("$1::text", "ü'\\\"%"), ("$1::boolean", True),
    ("$1::bytea", b"\0\xff"),
    ("$1::float8", 0.1), ("$1::float8", math.inf), ("$1::numeric", D("1E-20")),
    ("$1::numeric", D("12345678901234567890.5")),
    ("$1::uuid", uuid.UUID(int=5)), ("$1::date", datetime.date(1, 1, 1)), ("$1::time", datetime.time(1, 2, 3, 4)),
    ("$1::timestamptz", datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.UTC)),
    ("$1::timestamp", datetime.datetime(2024, 2, 29, 1, 2, 3, 4)),
    ("$1::interval", datetime.timedelta(days=-3, seconds=1, microseconds=-1)), ("$1::jsonb", '{"a": [1, null]}'),
    ("$1::json", '{"a" :1}'), ("$1::bigint[]", [1, None, -3]),
    ("$1::text[]", ["", "NULL", "null", 'a"b\\{},', None, "é"]),
    ("$1::boolean[]", [True, False]), ("$1::numeric[]", [D("1.50"), None]), ("$1::uuid[]", [uuid.UUID(int=9)]),
    ("$1::bytea[]", [b"", b"\x00\\\"'"]), ("$1::interval[]", [datetime.timedelta(1, 2, 3)]),
    ("$1::float8[]", [math.inf]),
    ("$1::timestamptz[]", [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)]), ("$1::int[][]", [[1, 2], [3, 4]]),
    ("$1::int[]", []), ("SUBSTR('hello', $1)", 2), ("(SELECT 5 LIMIT $1)", 1), ("5 = ANY($1)", [4, 5]),
    ("LENGTH($1)", "abc"), ("$1::text", None), ("ARRAY[1, 2] @> $1", [2]), ("TO_JSONB($1::int)", 3),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "value"), SAME, ids=lambda value: str(value)[:20])
def test_both_drivers_exchange_equal_values(postgresql_url: str, sql: str, value: Any) -> None:
    one, other = in_both(postgresql_url, f"SELECT {sql}", value)
    assert one == other
    if sql.startswith("$1::"):
        assert one == [(value,)]
    if not isinstance(value, uuid.UUID):  # asyncpg has a subclass of its own
        assert type(one[0][0]) is type(other[0][0])


@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_session_settings(postgresql_url: str, colour: str) -> None:
    separator = "&" if "?" in postgresql_url else "?"
    url = f"{postgresql_url}{separator}application_name=a%20b&search_path=pg_catalog&statement_timeout=0.25"

    async def ask(connection: Any) -> None:
        for name, expected in [("application_name", "a b"), ("search_path", "pg_catalog"), ("TimeZone", "UTC")]:
            assert [tuple(row) for row in await connection.fetch(f"SHOW {name}")] == [(expected,)]
        with pytest.raises(errors.OperationalError, match="timeout"):
            await connection.fetch("SELECT pg_sleep(5)")
        await connection.close()

    async def main() -> None:
        await ask(await aconnect(url))

    if colour == "awaitable":
        asyncio.run(main())
    else:
        drive(ask(connect(url)))


@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_one_clear_error_without_the_password(colour: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://somebody:s3cr3t@127.0.0.1:{taken.getsockname()[1]}/shop?connect_timeout=3"
        with pytest.raises(errors.OperationalError) as caught:
            if colour == "awaitable":
                asyncio.run(aconnect(url))
            else:
                connect(url)
    message = str(caught.value)
    assert all(part in message for part in ("127.0.0.1", "shop", "somebody"))
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_password_in_a_drivers_message_is_covered() -> None:
    settings = read_settings(DatabaseURL.parse("postgresql://me:s3cr3t@h/db"))
    assert "s3cr3t" not in str(connect_error(ValueError("bad password s3cr3t"), settings))


@pytest.mark.parametrize(
    "query", ["sslmode=maybe", "connect_timeout=soon", "statement_cache_size=-1", "tcp_user_timeout=30000"]
)
def test_options_that_can_not_be(query: str) -> None:
    with pytest.raises(errors.ImproperlyConfigured, match=query.partition("=")[0]):
        connect(f"postgresql://h/db?{query}")


@pytest.mark.parametrize(("missing", "left"), [("psycopg", "awaitable"), ("asyncpg", "blocking")])
def test_either_driver_may_be_missing(missing: str, left: str) -> None:
    script = (
        "import importlib.util as u; find = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {missing!r} else find(name, *a)\n"
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from orm_postgresql import backend\n"
        "print([colour for colour in ('awaitable', 'blocking') if getattr(backend, colour) is not None])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['{left}']"


def test_ctrl_c_cancels_at_the_server(postgresql_url: str) -> None:
    script = (
        "import sys; from orm_postgresql import backend; from orm.db.url import DatabaseURL\n"
        "from orm.bridge.drive import drive\n"
        "c = drive(backend.blocking.connect(DatabaseURL.parse(sys.argv[1]))); print('on', flush=True)\n"
        "try: drive(c.fetch('SELECT pg_sleep(30)'))\n"
        "except KeyboardInterrupt: print('stopped', drive(c.fetch('SELECT 1')))"
    )
    command = [sys.executable, "-c", script, postgresql_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.read() == "stopped [(1,)]\n"
        assert time.monotonic() - began < 2


def test_terminated_sessions_end_at_the_server(postgresql_url: str) -> None:
    separator = "&" if "?" in postgresql_url else "?"
    url = f"{postgresql_url}{separator}application_name=doomed"
    kept: list[Any] = []

    async def leave_open() -> None:
        kept.append(await aconnect(url))

    asyncio.run(leave_open())  # its loop has ended before it is terminated
    kept.append(connect(url))
    watcher = connect(postgresql_url)
    asking = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'doomed' AND datname = current_database()"
    assert drive(watcher.fetch(asking)) == [(2,)]
    for connection in kept:
        connection.terminate()
    deadline = time.monotonic() + 5
    while drive(watcher.fetch(asking)) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    drive(watcher.close())


def test_a_session_terminated_in_a_statement_ends_at_the_server(postgresql_url: str) -> None:
    """A server hears of a closed socket when it answers, which may be in an hour: so it is told."""
    separator = "&" if "?" in postgresql_url else "?"
    connection = connect(f"{postgresql_url}{separator}application_name=busy")
    watcher = connect(postgresql_url)
    asking = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%sleep(60)' AND datname = current_database()"

    def wait_for(number: int) -> None:
        deadline = time.monotonic() + 10
        while drive(watcher.fetch(asking)) != [(number,)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def sleep() -> None:
        with pytest.raises((errors.OperationalError, errors.InterfaceError)):
            drive(connection.fetch("SELECT pg_sleep(60)"))

    thread = threading.Thread(target=sleep)
    thread.start()
    wait_for(1)
    connection.terminate()
    thread.join(10)
    assert not thread.is_alive()
    wait_for(0)
    drive(watcher.close())


def test_commit_of_a_failed_transaction_says_that_it_did_not(postgresql_url: str) -> None:
    connection = connect(postgresql_url)
    drive(connection.begin())
    with pytest.raises(errors.DataError):
        drive(connection.fetch("SELECT 1 / 0"))
    with pytest.raises(errors.OperationalError, match="rolled the transaction back"):
        drive(connection.commit())
    assert not connection.in_transaction
    drive(connection.close())


async def test_commit_of_a_failed_transaction_says_so_in_async_code(postgresql_url: str) -> None:
    connection = await aconnect(postgresql_url)
    await connection.begin()
    with pytest.raises(errors.DataError):
        await connection.fetch("SELECT 1 / 0")
    with pytest.raises(errors.OperationalError, match="rolled the transaction back"):
        await connection.commit()
    assert not connection.in_transaction
    await connection.close()


async def test_an_opening_cancelled_at_any_turn_of_the_loop_leaves_nothing_to_complain_of(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["orm_postgresql.awaitable"], "_OPENED_WITHIN", 0)
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(str(context)))
    for turns in range(20):
        opening = asyncio.ensure_future(aconnect(postgresql_url))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        (outcome,) = await asyncio.gather(opening, return_exceptions=True)
        if not isinstance(outcome, BaseException):
            outcome.terminate()
        await asyncio.sleep(0.01)
        gc.collect()
        assert not complaints, turns


def test_a_loop_that_ends_while_a_session_is_opened_has_nothing_to_complain_of(postgresql_url: str) -> None:
    complaints: list[str] = []

    async def leave(turns: int) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
        opening = asyncio.ensure_future(aconnect(postgresql_url))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert not opening.done()

    for turns in range(10):
        asyncio.run(leave(turns))
        gc.collect()
        assert not complaints, turns


async def test_a_statement_cancelled_while_its_session_is_ended_leaves_nothing_to_complain_of(
    postgresql_url: str,
) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
    for turns in range(20):
        connection = await aconnect(postgresql_url)
        statement = asyncio.ensure_future(connection.fetch("SELECT pg_sleep(10)"))
        await asyncio.sleep(0.01)
        statement.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        connection.terminate()
        await asyncio.gather(statement, return_exceptions=True)
        await asyncio.sleep(0.01)
        gc.collect()
        assert not complaints, turns


async def ended(pid: int, url: str) -> None:
    """End a session from outside, with this thread's loop standing still, so that its end comes unseen."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


async def test_a_stream_left_early_says_nothing_of_a_session_that_has_ended(postgresql_url: str) -> None:
    """Whoever leaves it wants no more of it; and when the collector does, nobody is there to be told."""
    for connection in (connect(postgresql_url), await aconnect(postgresql_url)):
        ((pid,),) = await connection.fetch("SELECT pg_backend_pid()")
        chunks = connection.stream("SELECT * FROM generate_series(1, 10)", (), 2)
        await anext(chunks)
        await ended(pid, postgresql_url)
        await chunks.aclose()
        assert not (connection.is_usable and not connection.in_transaction), "the pool must not take it for clean"
        connection.terminate()


async def test_a_session_that_has_ended_is_an_operational_error(postgresql_url: str) -> None:
    for connection in (connect(postgresql_url), await aconnect(postgresql_url)):
        ((pid,),) = await connection.fetch("SELECT pg_backend_pid()")
        await ended(pid, postgresql_url)
        await asyncio.sleep(0.1)  # the loop hears of it, or not: both end in the same error
        for _ in range(2):
            with pytest.raises(errors.OperationalError):
                await connection.fetch("SELECT 1")
        assert not connection.is_usable


@pytest.mark.parametrize("colour", ["awaitable", "blocking"])
def test_a_refused_parameter_leaves_no_transaction_open(postgresql_url: str, colour: str) -> None:
    """asyncpg refuses it after the server has looked at the statement, and locked its tables."""
    separator = "&" if "?" in postgresql_url else "?"
    url = f"{postgresql_url}{separator}application_name=refused"
    watcher = connect(postgresql_url)
    asking = (
        "SELECT state, xact_start FROM pg_stat_activity "
        "WHERE application_name = 'refused' AND datname = current_database()"
    )

    async def main() -> None:
        connection = await aconnect(url) if colour == "awaitable" else connect(url)
        with pytest.raises(errors.DataError):
            await connection.fetch("SELECT 1 FROM pg_class WHERE relpages = $1", ("no number",))
        rows = drive(watcher.fetch(asking))
        await connection.close()
        assert rows == [("idle", None)]

    if colour == "awaitable":
        asyncio.run(main())
    else:
        drive(main())
    drive(watcher.close())


async def test_the_rest_of_a_stream_whose_session_has_ended_is_an_operational_error(postgresql_url: str) -> None:
    for connection in (connect(postgresql_url), await aconnect(postgresql_url)):
        ((pid,),) = await connection.fetch("SELECT pg_backend_pid()")
        chunks = connection.stream("SELECT * FROM generate_series(1, 10)", (), 2)
        await anext(chunks)
        await ended(pid, postgresql_url)
        await asyncio.sleep(0.1)  # as above
        with pytest.raises(errors.OperationalError):
            await anext(chunks)
        connection.terminate()


def test_an_interrupt_that_comes_before_its_statement_has_begun_stops_it_all_the_same(postgresql_url: str) -> None:
    """Whoever is in a statement has the lock; the server ignores what it is asked before the statement is there."""
    connection = connect(postgresql_url)
    raw, asked, cancel = connection._raw, threading.Event(), connection._raw.cancel_safe

    def cancel_safe(**options: Any) -> None:
        cancel(**options)
        asked.set()

    raw.cancel_safe = cancel_safe
    with raw.lock:
        thread = threading.Thread(target=connection.interrupt)
        thread.start()
        assert asked.wait(20)
        result = raw.pgconn.exec_(b"SELECT pg_sleep(60)")
    thread.join()
    assert (result.error_field(DiagnosticField.SQLSTATE), drive(connection.fetch("SELECT 1"))[0][0]) == (b"57014", 1)
    drive(connection.close())
