"""The end of the process without a close: under a second, in order, and nothing goes on at the server."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orm.bridge import run
from orm.db.database_blocking import Database
from tests.db.sessions import PROGRAM, Program, Sessions, within_a_second
from tests.relay import Relay

SOURCE = """
    import asyncio, contextvars, sys, threading, time
    import orm
    from orm.bridge import iterate, portal, run
    from orm.db import atomic, databases

    orm.configure(sys.argv[1])
    db = databases["default"]
    rows = "SELECT 1 UNION ALL SELECT 2"
    long = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 50000000) SELECT count(*) FROM s"
    add = "INSERT INTO things VALUES (1, 0)"
    kept = []   # until the interpreter ends

    def end():
        print("ready", time.monotonic(), flush=True)

    def in_daemon(fn, *args):
        def quietly():
            try:
                fn(*args)
            except (orm.errors.Error, asyncio.CancelledError):
                pass
        threading.Thread(target=quietly, daemon=True).start()

    def settle(condition):
        while not condition():
            time.sleep(0.01)

    def held():
        settle(lambda: any(pool.busy for pool in db.statistics.pools))
        time.sleep(0.1)     # within the statement by now, most likely

    def idle():
        for _ in range(3):
            asyncio.run(db.fetch("SELECT 1"))
        run(db.fetch("SELECT 1"))
        portal.run(db.fetch("SELECT 1"))
        portal.run(asyncio.to_thread(int))     # its loop has threads of its own by now
        end()

    def a_statement_in_a_thread():
        in_daemon(lambda: run(db.fetch(long)))
        held()
        end()

    def a_statement_on_the_loop():
        async def main():
            kept.append(asyncio.create_task(db.fetch(long)))
            await asyncio.to_thread(held)
            end()
        asyncio.run(main())

    def a_statement_on_the_loop_of_a_thread():
        in_daemon(lambda: asyncio.run(db.fetch(long)))
        held()
        end()

    def a_statement_on_the_portal():
        in_daemon(lambda: portal.run(db.fetch(long)))
        held()
        end()

    def a_statement_in_the_transaction_of_another_thread():
        async def main():
            async with atomic():
                await db.execute(add)
                kept.append(contextvars.copy_context())
                await asyncio.Event().wait()
        in_daemon(lambda: asyncio.run(main()))
        settle(lambda: kept)
        in_daemon(lambda: kept[0].run(lambda: run(db.fetch(long))))
        time.sleep(0.1)
        end()

    def a_transaction():
        kept.append(atomic())
        kept[0].__enter__()
        run(db.execute(add))
        end()

    def a_transaction_on_the_loop():
        async def main():
            kept.append(atomic())
            await kept[0].__aenter__()
            await db.execute(add)
            end()
        asyncio.run(main())

    def a_stream():
        kept.append(iterate(db.stream(rows, (), 1)))
        next(kept[0])
        end()

    def a_stream_on_the_loop():
        async def main():
            kept.append(db.stream(rows, (), 1))
            await anext(kept[0])
            end()
        asyncio.run(main())

    def a_stream_in_a_transaction_on_the_loop():
        async def main():
            kept.append(atomic())
            await kept[0].__aenter__()
            await db.execute(add)
            kept.append(db.stream(rows, (), 1))
            await anext(kept[1])
            end()
        asyncio.run(main())

    def sys_exit():
        with atomic():
            run(db.execute(add))
            end()
            sys.exit(3)

    def sys_exit_on_the_loop():
        async def main():
            async with atomic():
                await db.execute(add)
                end()
                sys.exit(3)
        asyncio.run(main())

    def an_error():
        with atomic():
            run(db.execute(add))
            end()
            raise LookupError("on purpose")

    def an_error_on_the_loop():
        async def main():
            async with atomic():
                await db.execute(add)
                end()
                raise LookupError("on purpose")
        asyncio.run(main())

    def waiting():
        with atomic():
            run(db.execute(add))
            end()
            time.sleep(60)

    globals()[sys.argv[2]]()
"""

QUIET = [
    "idle",
    "a_statement_in_a_thread",
    "a_statement_on_the_loop",
    "a_statement_on_the_loop_of_a_thread",
    "a_statement_on_the_portal",
    "a_statement_in_the_transaction_of_another_thread",
    "a_transaction",
    "a_transaction_on_the_loop",
    "a_stream",
    "a_stream_on_the_loop",
    "a_stream_in_a_transaction_on_the_loop",
]
STATUS = {"sys_exit": 3, "sys_exit_on_the_loop": 3, "an_error": 1, "an_error_on_the_loop": 1}


def without_slow_callbacks(complaint: str) -> str:
    """Leave out what asyncio's debug mode says of a machine that is busy with other things."""
    return "".join(line for line in complaint.splitlines(True) if not line.startswith("Executing <"))


def count(db: Database) -> int:
    return int(run(db.fetch("SELECT count(*) FROM things"))[0][0])


@pytest.mark.parametrize("what", [*QUIET, *STATUS])
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_process_ends_within_a_second(db: Database, sessions: Sessions, url: str, what: str) -> None:
    def attempt() -> float:
        program = Program(SOURCE, url, what, "-X", "dev")
        complaint = without_slow_callbacks(program.end()[1])
        seconds = time.monotonic() - float(program.ready)
        assert program.status == STATUS.get(what, 0), complaint
        if "error" in what:
            assert complaint.rstrip().endswith("LookupError: on purpose")
        else:
            assert complaint == ""
        try:
            sessions.settle_at(0, PROGRAM)
        finally:
            sessions.end_all(PROGRAM)
        return seconds

    within_a_second(attempt)
    assert count(db) == 0


# -- signals that Python does not hear ---------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_killed_process_leaves_no_session(db: Database, sessions: Sessions, url: str, which: signal.Signals) -> None:
    program = Program(SOURCE, url, "waiting")
    program.send(which)
    program.end()
    assert program.status == -which
    sessions.settle_at(0, PROGRAM)
    run(db.execute("INSERT INTO things VALUES (1, 0)"))  # there is no lock left, either
    assert count(db) == 1


@contextmanager
def looking_for_clients(sessions: Sessions) -> Iterator[None]:
    """What docs/transactions.md advises for servers whose clients may be killed."""
    name = sessions.own.info.dbname
    sessions.own.execute(f"ALTER DATABASE \"{name}\" SET client_connection_check_interval = '200ms'")
    try:
        yield
    finally:
        sessions.own.execute(f'ALTER DATABASE "{name}" RESET client_connection_check_interval')


@pytest.mark.only(backend="postgresql")
def test_the_server_may_notice_that_a_client_was_killed(db: Database, sessions: Sessions, url: str) -> None:
    with looking_for_clients(sessions):
        source = SOURCE.replace("time.monotonic(), flush=True)", "flush=True); time.sleep(60)")
        program = Program(source, url, "a_statement_in_a_thread")
        program.send(signal.SIGTERM)
        program.end()
        sessions.settle_at(0, PROGRAM)


# -- a server that does not answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["a_statement_in_a_thread", "a_statement_on_the_loop_of_a_thread", "idle"])
@pytest.mark.only(backend="postgresql")
def test_a_server_that_does_not_answer_holds_nobody_up(db: Database, sessions: Sessions, url: str, what: str) -> None:
    source = SOURCE.replace("    def end():\n", "    def end():\n        print('ready', flush=True)\n        input()\n")

    def attempt() -> float:
        relay = Relay(db.url.host, db.url.port or 5432)
        try:
            through = url.replace(f"{db.url.host}:{db.url.port}", f"127.0.0.1:{relay.port}", 1)
            program = Program(source, through, what)
            relay.fall_silent()
            said, complaint = program.end("\n")
            seconds = time.monotonic() - float(said.split()[-1])
            assert (program.status, complaint) == (0, "")
        finally:
            relay.close()
            sessions.end_all(PROGRAM)
        return seconds

    within_a_second(attempt)
