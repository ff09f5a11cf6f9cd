"""SQLite passes the conformance suite, in a file and in memory, and keeps its own promises."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import errors
from orm.bridge import run
from orm.bridge.drive import drive
from orm.db.contract import Backend
from orm.db.database_blocking import Database
from orm.db.url import DatabaseURL
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm.testing.conformance.connections import SLOW
from orm_sqlite import backend as sqlite
from orm_sqlite import forget
from orm_sqlite.blocking import BlockingDriver
from orm_sqlite.session import split


class File:
    @pytest.fixture
    def backend(self) -> Backend:
        return sqlite

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'conformance.sqlite3'}"


class Memory:
    @pytest.fixture
    def backend(self) -> Backend:
        return sqlite

    @pytest.fixture
    def url(self) -> str:
        return "sqlite://:memory:?name=conformance"


class TestConnections(File, ConnectionConformance): ...


class TestConnectionsInMemory(Memory, ConnectionConformance): ...


class TestDialect(File, DialectConformance): ...


class TestModels(File, ModelConformance): ...


# -- SQLite's own promises ---------------------------------------------------------------------------------------------


def connect(text: str) -> Any:
    return drive(sqlite.blocking.connect(DatabaseURL.parse(text)))  # type: ignore[union-attr]


def test_memory_is_one_database_for_both_colours_and_all_threads() -> None:
    url = "sqlite://:memory:?name=shared"
    blocking = connect(url)
    drive(blocking.execute("CREATE TABLE t (id integer)"))
    drive(blocking.execute("INSERT INTO t VALUES (1)"))

    async def count() -> int:
        connection = await sqlite.awaitable.connect(DatabaseURL.parse(url))  # type: ignore[union-attr]
        await connection.execute("INSERT INTO t VALUES (2)")
        rows = await connection.fetch("SELECT COUNT(*) FROM t")
        await connection.close()
        return int(rows[0][0])

    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(asyncio.run, count()).result() == 2
    assert drive(blocking.fetch("SELECT COUNT(*) FROM t")) == [(2,)]
    drive(blocking.close())
    again = connect(url)
    assert drive(again.fetch("SELECT COUNT(*) FROM t")) == [(2,)], "it went with its last connection"
    drive(again.close())


def test_memory_lets_a_reader_see_the_rows_before_an_open_transaction() -> None:
    writer, reader = connect("sqlite://:memory:?name=beside"), connect("sqlite://:memory:?name=beside&timeout=0.2")
    drive(writer.execute("CREATE TABLE t (id integer)"))
    drive(writer.begin())
    drive(writer.execute("INSERT INTO t VALUES (1)"))
    assert drive(reader.fetch("SELECT COUNT(*) FROM t")) == [(0,)]
    drive(writer.commit())
    assert drive(reader.fetch("SELECT COUNT(*) FROM t")) == [(1,)]
    for connection in (writer, reader):
        drive(connection.close())


def test_memory_can_be_forgotten_and_has_names() -> None:
    one, other = connect("sqlite://:memory:?name=one"), connect("sqlite://:memory:?name=other")
    drive(one.execute("CREATE TABLE t (id integer)"))
    with pytest.raises(errors.ProgrammingError, match="no such table"):
        drive(other.fetch("SELECT * FROM t"))
    for connection in (one, other):
        drive(connection.close())
    forget("one")
    empty = connect("sqlite://:memory:?name=one")
    assert drive(empty.fetch("SELECT * FROM sqlite_master")) == []
    drive(empty.close())


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM words('a')", r"no such table: words\. words\(\) is called as a function"),
        ('SELECT 1 FROM t, "words" (1)', r"words\(\) is called as a function"),
        ("SELECT * FROM words", "no such table: words$"),
        ("SELECT max(1, 2) FROM words", "no such table: words$"),
        ("INSERT INTO words (a) VALUES (1)", "no such table: words$"),
    ],
)
def test_a_function_that_is_not_there_is_called_one(sql: str, said: str) -> None:
    connection = connect("sqlite://:memory:?name=functions")
    drive(connection.execute("CREATE TABLE IF NOT EXISTS t (id integer)"))
    with pytest.raises(errors.ProgrammingError, match=said):
        drive(connection.fetch(sql))
    drive(connection.close())


def test_memory_leaves_nothing_behind() -> None:
    script = (
        "from orm_sqlite import backend; from orm_sqlite.memory import path_of; from orm.db.url import DatabaseURL\n"
        "from orm.bridge.drive import drive\n"
        "drive(backend.blocking.connect(DatabaseURL.parse('sqlite://:memory:'))); print(path_of(''))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    place = Path(done.stdout.strip())
    assert not place.exists()
    assert not place.parent.exists()
    assert done.stderr == ""


def test_sensible_settings(tmp_path: Path) -> None:
    connection = connect(f"sqlite:///{tmp_path / 'a b%.db'}")
    settings = {
        name: drive(connection.fetch(f"PRAGMA {name}"))[0][0]
        for name in ("journal_mode", "foreign_keys", "synchronous")
    }
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}
    drive(connection.close())
    assert (tmp_path / "a b%.db").exists()


def test_a_connection_begins_with_its_init_command(tmp_path: Path) -> None:
    connection = connect(f"sqlite:///{tmp_path / 'begun.db'}?init_command=PRAGMA synchronous=3; PRAGMA cache_size=77;")
    begun = [drive(connection.fetch(f"PRAGMA {name}"))[0][0] for name in ("synchronous", "cache_size")]
    drive(connection.close())
    assert begun == [3, 77]


@pytest.mark.parametrize(("mode", "locked"), [("deferred", False), ("immediate", True), ("exclusive", True)])
def test_the_mode_of_transactions_says_when_the_write_lock_is_taken(mode: str, locked: bool, tmp_path: Path) -> None:
    one, other = (connect(f"sqlite:///{tmp_path / 'x.db'}?timeout=0&transaction_mode={mode}") for _ in range(2))
    drive(one.begin())
    with pytest.raises(errors.OperationalError, match="locked") if locked else contextlib.nullcontext():
        drive(other.execute("CREATE TABLE t (n int)", ()))
    for connection in (one, other):
        drive(connection.close())


@pytest.mark.parametrize(
    "query", ["transaction_mode=slow", "mode=sometimes", "timeout=soon", "journal_mode=wal;DROP", "synchronous=2"]
)
def test_options_that_can_not_be(query: str, tmp_path: Path) -> None:
    with pytest.raises(errors.ImproperlyConfigured, match=query.partition("=")[0]):
        connect(f"sqlite:///{tmp_path / 'x.db'}?{query}")


def test_file_that_must_exist(tmp_path: Path) -> None:
    with pytest.raises(errors.OperationalError, match=r"missing\.db"):
        connect(f"sqlite:///{tmp_path / 'missing.db'}?mode=rw")


def test_file_that_can_not_be_opened_is_one_clear_error_in_both_colours(tmp_path: Path) -> None:
    """No other exception hangs on it, and the connection's thread does not complain once the loop is gone."""
    database = Database("odd", DatabaseURL.parse(f"sqlite:///{tmp_path / 'no' / 'x.db'}"), sqlite)
    complaints: list[Any] = []
    hook, threading.excepthook = threading.excepthook, complaints.append
    try:
        for _ in range(20):
            for work in (lambda: drive(database.fetch("SELECT 1")), lambda: asyncio.run(_fetched(database))):
                with pytest.raises(errors.OperationalError, match="unable to open") as caught:
                    work()
                assert type(caught.value.__cause__) is sqlite3.OperationalError
                assert caught.value.__cause__.__context__ is None
    finally:
        threading.excepthook = hook
    assert not complaints


async def _fetched(database: Database) -> Any:
    return await database.fetch("SELECT 1")


def test_lock_is_waited_for_and_then_explained(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}?timeout=0.4"
    holder, waiter = connect(url), connect(url)
    drive(holder.execute("CREATE TABLE t (id integer)"))
    drive(holder.begin())
    began = time.monotonic()
    with pytest.raises(errors.OperationalError, match="timeout"):
        drive(waiter.begin())
    assert 0.3 < time.monotonic() - began < 2
    timer = threading.Timer(0.2, lambda: drive(holder.rollback()))
    timer.start()
    drive(waiter.begin())
    timer.join()
    for connection in (holder, waiter):
        drive(connection.close())


@pytest.mark.parametrize("ends", ["commit", "rollback", "begin"])
def test_a_limit_for_locks_ends_with_its_transaction(tmp_path: Path, ends: str) -> None:
    """However it ends, or if it could not begin: who has the connection next waits for as long as the URL says."""
    holder, waiter = connect(f"sqlite:///{tmp_path / 'x.db'}"), connect(f"sqlite:///{tmp_path / 'x.db'}")
    waiter.limit_locks(0.1)
    if ends == "begin":
        drive(holder.begin())
        with pytest.raises(errors.OperationalError, match="locked"):
            drive(waiter.begin())
    else:
        drive(waiter.begin())
        drive(getattr(waiter, ends)())
        drive(holder.begin())
    timer = threading.Timer(0.4, lambda: drive(holder.rollback()))
    timer.start()
    drive(waiter.begin())
    timer.join()
    for connection in (holder, waiter):
        drive(connection.close())


@pytest.mark.asyncio
async def test_a_statement_that_is_cancelled_before_it_begins_is_interrupted_when_it_does(tmp_path: Path) -> None:
    connection: Any = await sqlite.awaitable.connect(  # type: ignore[union-attr]
        DatabaseURL.parse(f"sqlite:///{tmp_path / 'x.db'}")
    )
    busy, go = threading.Event(), threading.Event()

    def hold_up() -> None:
        busy.set()
        go.wait()

    before = asyncio.ensure_future(connection._worker.call(hold_up))
    await asyncio.to_thread(busy.wait)
    statement = asyncio.ensure_future(connection.fetch(SLOW))
    await asyncio.sleep(0)
    statement.cancel()
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.wait([statement])
    assert statement.cancelled()
    assert connection.is_usable, "it was given up, since the statement did not end in time"
    await before
    await connection.close()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_stops_a_statement(tmp_path: Path) -> None:
    script = (
        "import sys; from orm_sqlite import backend; from orm.db.url import DatabaseURL\n"
        "from orm.bridge.drive import drive; from orm.testing.conformance.connections import SLOW\n"
        "c = drive(backend.blocking.connect(DatabaseURL.parse('sqlite://:memory:'))); print('on', flush=True)\n"
        "try: drive(c.fetch(SLOW))\n"
        "except KeyboardInterrupt: print('stopped', drive(c.fetch('SELECT 1')))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.read() == "stopped [(1,)]\n"
        assert time.monotonic() - began < 2


def test_a_key_that_leads_nowhere_is_told_with_its_row_column_and_value(tmp_path: Path) -> None:
    connection: Any = drive(BlockingDriver().connect(DatabaseURL.parse(f"sqlite:///{tmp_path}/x.db")))
    drive(
        connection.execute_script(
            """
            PRAGMA foreign_keys = OFF;
            CREATE TABLE "50% off" (id integer PRIMARY KEY, code text UNIQUE, a integer, b integer, UNIQUE (a, b));
            CREATE TABLE named (word text PRIMARY KEY, "a code" text REFERENCES "50% off" (code));
            INSERT INTO named VALUES ('here', NULL), ('there', 'x');
            CREATE TABLE implied (id integer PRIMARY KEY, other integer REFERENCES "50% off");
            INSERT INTO implied VALUES (3, 7), (4, 8);
            CREATE TABLE two (a integer, b integer, PRIMARY KEY (b, a), FOREIGN KEY (a, b) REFERENCES "50% off" (a, b));
            INSERT INTO two VALUES (1, 2);
            CREATE TABLE "50% on" (id text PRIMARY KEY, other integer REFERENCES "50% off") WITHOUT ROWID;
            INSERT INTO "50% on" VALUES ('k', 9);
            """
        )
    )
    reader = sqlite.introspection
    assert reader is not None
    tables = ("50% off", "named", "implied", "two", "50% on")
    said = [drive(reader.broken_keys(connection.fetch, table)) for table in tables]
    assert [broken and (broken.rows, broken.key, broken.values, broken.referred_columns) for broken in said] == [
        None,
        (1, ("there",), ("x",), ("code",)),
        (2, (3,), (7,), ("id",)),
        (1, (2, 1), (1, 2), ("a", "b")),
        (1, ("?",), ("?",), ("id",)),
    ]
    assert str(said[1]) == (
        "The row in table 'named' with primary key 'there' has an invalid foreign key: named.a code contains a value "
        "'x' that does not have a corresponding value in 50% off.code."
    )
    drive(connection.close())


@pytest.mark.parametrize("statement", ["INSERT INTO t VALUES (7) RETURNING n", "INSERT INTO t VALUES (7)"])
def test_an_insert_is_complete_and_gives_the_rows_number(statement: str, tmp_path: Path) -> None:
    connection: Any = drive(BlockingDriver().connect(DatabaseURL.parse(f"sqlite:///{tmp_path}/x.db")))
    drive(connection.execute_script("CREATE TABLE t (n integer)"))
    assert drive(connection.insert(statement)) == 1
    assert not connection.in_transaction
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None, timeout=0)
    other.execute("INSERT INTO t VALUES (8)")
    assert other.execute("SELECT n FROM t ORDER BY n").fetchall() == [(7,), (8,)]
    other.close()
    drive(connection.close())


class Struck(Exception):
    """What a signal's handler raises."""


@pytest.mark.parametrize("door", ["fetch", "execute", "fetch_named"])
@pytest.mark.parametrize("statement", ["SELECT n, word FROM t", "UPDATE t SET n = n RETURNING n, word"])
def test_a_statement_whose_rows_cant_be_read_leaves_nothing_locked(door: str, statement: str, tmp_path: Path) -> None:
    url = DatabaseURL.parse(f"sqlite:///{tmp_path}/x.db?journal_mode=delete")
    connection: Any = drive(BlockingDriver().connect(url))
    words = "(1, 'a'), (2, CAST(x'fffe' AS text)), (3, 'b'), (4, 'c')"
    drive(connection.execute_script(f"CREATE TABLE t (n integer, word text); INSERT INTO t VALUES {words}"))
    writer = sqlite3.connect(tmp_path / "x.db", isolation_level=None, timeout=0)
    with pytest.raises(errors.OperationalError, match="UTF-8") as raised:
        drive(getattr(connection, door)(statement))
    writer.execute("INSERT INTO t VALUES (5, 'd')")
    assert drive(connection.fetch("SELECT COUNT(*) FROM t")) == [(5,)]
    writer.close()
    drive(connection.close())
    del raised  # held until now, as a program may that logs what it caught: its traceback knows the cursor


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("door", ["fetch", "execute", "insert"])
def test_ctrl_c_between_a_statement_and_its_rows_leaves_nobody_reading(door: str, tmp_path: Path) -> None:
    connection: Any = drive(BlockingDriver().connect(DatabaseURL.parse(f"sqlite:///{tmp_path}/x.db")))
    drive(connection.execute_script("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2), (3)"))
    writer = sqlite3.connect(tmp_path / "x.db", isolation_level=None, timeout=0)
    code = getattr(connection, door).__func__.__code__
    left = interrupted = 0

    def interrupt(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return interrupt

    while True:
        left = interrupted
        sys.settrace(lambda frame, *_: interrupt(frame, "call", None) if frame.f_code is code else None)
        try:
            drive(getattr(connection, door)("SELECT n FROM t"))
        except KeyboardInterrupt:
            interrupted += 1
        else:
            break
        finally:
            sys.settrace(None)
        writer.execute("INSERT INTO t VALUES (4)")
        assert writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, interrupted
    assert interrupted > 10
    writer.close()
    drive(connection.close())


def test_a_signal_in_a_sessions_first_statement_is_what_stops_it() -> None:
    def strike(number: int, frame: Any) -> None:
        raise Struck

    connection = connect("sqlite://:memory:")
    # No Python runs between the signal and SQLite's first look at signals, in a function that is C alone.
    connection._session.raw.create_function("strike", 0, partial(getattr(ctypes.CDLL(None), "raise"), signal.SIGUSR1))
    before = signal.signal(signal.SIGUSR1, strike)
    try:
        with pytest.raises(Struck):
            drive(connection.fetch(SLOW.replace("SELECT 1 ", "SELECT strike() ", 1)))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert drive(connection.fetch("SELECT 1")) == [(1,)]
    drive(connection.close())


def test_open_connections_do_not_hold_up_the_process(tmp_path: Path) -> None:
    script = (
        "import asyncio; from orm_sqlite import backend; from orm.db.url import DatabaseURL\n"
        "kept = []\n"
        "async def main(): kept.append(await backend.awaitable.connect(DatabaseURL.parse('sqlite://:memory:')))\n"
        "asyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=True)
    assert done.stderr == ""


def test_scripts_are_split_at_the_right_semicolons() -> None:
    trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;"
    assert split(f"SELECT 'a;b'; -- no; no\n{trigger} SELECT 2") == [
        "SELECT 'a;b';",
        f" -- no; no\n{trigger}",
        " SELECT 2;",
    ]
    assert split(" ;; ") == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a)",
        "create index i on t (a)",
        "PRAGMA main.user_version = 3",
        "pragma application_id(7)",
        "BEGIN IMMEDIATE",
        "VACUUM",
        "REPLACE INTO t VALUES (1)",
        "WITH a(n) AS (VALUES (1)), b AS (SELECT 1) REPLACE INTO t SELECT * FROM a",
        "CREATE TEMP TABLE t (a); INSERT INTO u VALUES (1)",
    ],
)
def test_what_takes_the_write_lock(sql: str) -> None:
    assert sqlite.dialect.writes(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "PRAGMA user_version",
        "PRAGMA table_info('t')",
        "PRAGMA foreign_keys = OFF",
        "BEGIN",
        "EXPLAIN DELETE FROM t",
        "EXPLAIN QUERY PLAN UPDATE t SET a = 1",
        "CREATE TEMP TABLE t (a)",
        "SELECT replace(a, '''', '; DELETE') FROM [insert] -- update",
        "VALUES (1); SELECT `a;b` FROM t",
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT n FROM s",
    ],
)
def test_what_takes_no_write_lock(sql: str) -> None:
    assert not sqlite.dialect.writes(sql)


PARTS = (
    "CREATE TABLE wholes (id integer PRIMARY KEY)",
    "CREATE TABLE parts (id integer PRIMARY KEY, "
    "whole_id integer REFERENCES wholes (id) DEFERRABLE INITIALLY DEFERRED, "
    "other_id integer REFERENCES wholes (id) DEFERRABLE INITIALLY DEFERRED)",
)


def with_parts(folder: Path) -> Database:
    orm.configure(f"sqlite:///{folder / 'parts.sqlite3'}")
    database = orm.databases["default"]
    for statement in PARTS:
        run(database.execute(statement))
    return database


def broken(folder: Path, statement: str) -> errors.IntegrityError:
    """The error at the end of a transaction, which is the same in both colours."""
    database = with_parts(folder)

    async def transaction() -> None:
        async with orm.atomic():
            await database.execute(statement)

    with pytest.raises(errors.IntegrityError) as blocking, orm.atomic():
        run(database.execute(statement))
    with pytest.raises(errors.IntegrityError) as awaitable:
        asyncio.run(transaction())
    assert str(blocking.value) == str(awaitable.value)
    assert (blocking.value.table, blocking.value.columns) == (awaitable.value.table, awaitable.value.columns)
    return blocking.value


def test_the_end_of_a_transaction_names_the_foreign_key_that_leads_nowhere(tmp_path: Path) -> None:
    error = broken(tmp_path, "INSERT INTO parts VALUES (7, 1, NULL)")
    assert str(error) == (
        "FOREIGN KEY constraint failed: parts.whole_id of the row with rowid 7 refers to no row of wholes."
    )
    assert (error.table, error.columns) == ("parts", ("whole_id",))


def test_of_several_foreign_keys_that_lead_nowhere_one_row_is_named_and_no_columns(tmp_path: Path) -> None:
    error = broken(tmp_path, "INSERT INTO parts VALUES (7, 1, 2)")
    assert "of the row with rowid 7 refers to no row of wholes" in str(error)
    assert (error.table, error.columns) == (None, ())


def test_a_statement_of_its_own_says_where_the_foreign_key_would_be_told(tmp_path: Path) -> None:
    database = with_parts(tmp_path)
    with pytest.raises(errors.IntegrityError, match=r"SQLite does not say which; within atomic\(\) the error"):
        run(database.execute("INSERT INTO parts VALUES (7, 1, NULL)"))
