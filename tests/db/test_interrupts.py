"""Ctrl-C, wherever a program waits: it ends within a second, and so does its statement at the server."""

from __future__ import annotations

import signal
import socket
import time

import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic
from tests.db.sessions import PROGRAM, SLOW_COMMIT, Program, Sessions, settle, within_a_second

SOURCE = """
    import asyncio, sys, threading, time
    import orm
    from orm.bridge import iterate, run
    from orm.db import atomic, databases

    orm.configure(sys.argv[1])
    db = databases["default"]
    series = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50000000) "
    long = series + "SELECT count(*) FROM s"
    add = "INSERT INTO things VALUES (1, 0)"

    def ready():
        print("ready", flush=True)

    def when(condition):
        "Say that the program is ready as soon as it is so; from a thread, since the program waits."
        def watch():
            while not condition():
                time.sleep(0.01)
            time.sleep(0.1)
            ready()
        threading.Thread(target=watch, daemon=True).start()

    def pool(figure):
        return any(getattr(pool, figure) for pool in db.statistics.pools)

    def connecting():
        ready()
        run(db.fetch("SELECT 1"))

    async def aconnecting():
        ready()
        await db.fetch("SELECT 1")

    def query():
        with atomic():
            run(db.execute(add))
            ready()
            run(db.fetch(long))

    async def aquery():
        async with atomic():
            await db.execute(add)
            ready()
            await db.fetch(long)

    async def crossing():
        async with atomic():
            await db.execute(add)
            ready()
            await asyncio.to_thread(run, db.fetch(long))

    def backwards():
        with atomic():
            run(db.execute(add))
            ready()
            asyncio.run(db.fetch(long))

    def waiting_for_the_pool():
        with atomic():
            run(db.execute(add))
            when(lambda: pool("waiting"))
            with orm.independent():
                run(db.fetch("SELECT 1"))

    async def awaiting_for_the_pool():
        async with atomic():
            await db.execute(add)
            when(lambda: pool("waiting"))
            with orm.independent():
                await db.fetch("SELECT 1")

    def waiting_for_a_lock():
        when(lambda: pool("busy"))
        with atomic():
            run(db.execute("UPDATE things SET n = n + 1 WHERE id = 7"))

    async def awaiting_for_a_lock():
        when(lambda: pool("busy"))
        async with atomic():
            await db.execute("UPDATE things SET n = n + 1 WHERE id = 7")

    def stream():
        with atomic():
            run(db.execute(add))
            for rows in iterate(db.stream(series + "SELECT n FROM s WHERE n < 3 OR n > 49999999", (), 1)):
                if rows[0][0] == 1:
                    ready()

    async def astream():
        async with atomic():
            await db.execute(add)
            async for rows in db.stream(series + "SELECT n FROM s WHERE n < 3 OR n > 49999999", (), 1):
                if rows[0][0] == 1:
                    ready()

    def hook():
        with atomic():
            run(db.execute(add))
            orm.on_commit(ready)
            orm.on_commit(lambda: run(db.fetch(long)))

    async def ahook():
        async with atomic():
            await db.execute(add)
            orm.on_commit(ready)
            orm.on_commit(lambda: db.fetch(long))

    def commit():
        with atomic():
            run(db.execute(add))
            when(lambda: True)
            orm.on_commit(lambda: print("the hook ran", flush=True))

    async def acommit():
        async with atomic():
            await db.execute(add)
            when(lambda: True)
            orm.on_commit(lambda: print("the hook ran", flush=True))

    what = globals()[sys.argv[2]]
    asyncio.run(what()) if asyncio.iscoroutinefunction(what) else what()
"""

EVERYWHERE = [
    "query",
    "aquery",
    "crossing",
    "backwards",
    "waiting_for_the_pool",
    "awaiting_for_the_pool",
    "waiting_for_a_lock",
    "awaiting_for_a_lock",
    "stream",
    "astream",
]


def rows(db: Database) -> int:
    return int(run(db.fetch("SELECT count(*) FROM things WHERE id = 1"))[0][0])


def interrupt(program: Program, sessions: Sessions) -> float:
    """Press Ctrl-C; return after how many seconds the program has ended, which is by KeyboardInterrupt."""
    began = program.send(signal.SIGINT)
    _, complaint = program.end()
    seconds = time.monotonic() - began
    assert program.status in (-signal.SIGINT, 130), complaint
    assert complaint.rstrip().endswith("KeyboardInterrupt"), complaint
    try:
        sessions.settle_at(0, PROGRAM)
    finally:
        sessions.end_all(PROGRAM)
    return seconds


@pytest.mark.parametrize("what", EVERYWHERE)
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_wherever_a_program_waits(db: Database, sessions: Sessions, url: str, what: str) -> None:
    if "pool" in what:
        url = url.replace("max_size=5&acquire_timeout=2", "max_size=1&acquire_timeout=60")
    elif "lock" in what and db.url.scheme == "sqlite":
        url += "&timeout=60"

    def attempt() -> float:
        program = Program(SOURCE, url, what)
        if "wait" not in what:
            settle(lambda: sessions.own is None or sessions.count(PROGRAM, "active") == 1)
            time.sleep(0.1)
        return interrupt(program, sessions)

    run(db.execute("INSERT INTO things VALUES (7, 0)"))
    if "lock" in what:
        with atomic():
            run(db.execute("UPDATE things SET n = 5"))
            within_a_second(attempt)
    else:
        within_a_second(attempt)
    assert rows(db) == 0


@pytest.mark.parametrize("what", ["hook", "ahook"])
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_in_what_follows_a_commit(db: Database, sessions: Sessions, url: str, what: str) -> None:
    """The first one is kept until what waited for the commit has run; the second one is not."""

    def attempt() -> float:
        run(db.execute("DELETE FROM things"))
        program = Program(SOURCE, url, what)
        settle(lambda: sessions.own is None or sessions.count(PROGRAM, "active") == 1)
        program.send(signal.SIGINT)
        time.sleep(0.3)  # two that come at once are one
        assert program.process.poll() is None
        return interrupt(program, sessions)

    within_a_second(attempt)
    assert rows(db) == 1


@pytest.mark.parametrize("what", ["connecting", "aconnecting"])
@pytest.mark.only(backend="postgresql")
def test_while_connecting_to_a_server_that_does_not_answer(db: Database, url: str, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        nowhere = url.replace(f"{db.url.host}:{db.url.port}", f"127.0.0.1:{mute.getsockname()[1]}", 1)

        def attempt() -> float:
            program = Program(SOURCE, f"{nowhere}&connect_timeout=60", what)
            with mute.accept()[0] as accepted:  # a socket nobody holds is closed, and that would be an answer
                accepted.recv(1)
                return interrupt(program, Sessions(None))

        within_a_second(attempt)


@pytest.mark.parametrize("what", ["commit", "acommit"])
@pytest.mark.only(backend="postgresql")
def test_a_commit_is_not_left_in_doubt(db: Database, sessions: Sessions, url: str, what: str) -> None:
    """Ctrl-C is heard after the outcome: the row is there, and what waited for it has run."""
    sessions.own.execute(SLOW_COMMIT.format(seconds=1))
    program = Program(SOURCE, url, what)
    program.send(signal.SIGINT)
    said, complaint = program.end()
    assert complaint.rstrip().endswith("KeyboardInterrupt"), complaint
    assert said == "the hook ran\n"
    assert rows(db) == 1
    sessions.settle_at(0, PROGRAM)


@pytest.mark.only(backend="postgresql")
def test_a_second_one_waits_for_no_commit(db: Database, sessions: Sessions, url: str) -> None:
    sessions.own.execute(SLOW_COMMIT.format(seconds=30))

    def attempt() -> float:
        program = Program(SOURCE, url, "commit")
        settle(lambda: sessions.count(PROGRAM, "active") == 1)
        program.send(signal.SIGINT)
        time.sleep(0.5)  # two that come at once are one
        return interrupt(program, sessions)

    within_a_second(attempt)
    assert rows(db) == 0
