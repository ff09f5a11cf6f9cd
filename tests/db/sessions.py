"""The sessions that tests and the programs they start have at the server, and those programs."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

NAME = "tests_db"
"""The ``application_name`` of a test's own sessions."""
PROGRAM = "tests_program"
"""That of a program's."""

BARE = "import asyncio, time, orm, orm_postgresql, orm_sqlite; print('ready', time.monotonic(), flush=True)"

SLOW_COMMIT = """
    CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END$$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slowly();
"""

WITHIN = 1.0
ATTEMPTS = 4


class Sessions:
    """What ``pg_stat_activity`` knows; always nothing for a database without a server."""

    def __init__(self, own: Any) -> None:
        self.own = own

    def count(self, name: str = NAME, state: str = "%") -> int:
        """How many sessions of a name are in a state."""
        if self.own is None:
            return 0
        query = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = %s AND state LIKE %s AND datname = current_database()"
        )
        return int(self.own.execute(query, [name, state]).fetchone()[0])

    def settle_at(self, number: int, name: str = NAME, state: str = "%") -> None:
        """Wait until there are so many; they are none where there is no server."""
        settle(lambda: self.own is None or self.count(name, state) == number)

    def end_all(self, name: str) -> None:
        """End every session of that name, so that none goes on after a test that failed, or that cut it off."""
        if self.own is not None:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            self.own.execute(f"{query} AND datname = current_database()", [name])


END_WITHIN = 120
"""Seconds until a program counts as one that does not end, on a machine that is busy with other things."""


def settle(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so."""
    limit = time.monotonic() + seconds
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    assert condition()


class Program:
    """A program of its own, started with its database and a word.

    ``ready`` is when it said that it was, by the clock that all processes share (``time.monotonic``).
    """

    def __init__(self, source: str, url: str, what: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *options, "-c", textwrap.dedent(source), url.replace(NAME, PROGRAM), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        word, _, self.ready = self.process.stdout.readline().strip().partition(" ")
        if word != "ready":
            self.process.kill()
            pytest.fail(self.process.communicate()[1])

    def end(self, text: str | None = None) -> tuple[str, str]:
        """Wait for its end, which ``text`` may bring about; return what else it said, and its complaints."""
        try:
            return self.process.communicate(text, timeout=END_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            pytest.fail(f"the program did not end: {self.process.communicate()[1]}")

    def send(self, number: signal.Signals) -> float:
        """Send it a signal; return when."""
        self.process.send_signal(number)
        return time.monotonic()

    @property
    def status(self) -> int:
        """Its exit status, or the signal that killed it, negative."""
        return int(self.process.returncode)


def within_a_second(attempt: Callable[[], float]) -> None:
    """Make an attempt, which says how many seconds it took; a few more where the machine is slow today.

    There, what a program needs to end that has no connection is not counted.
    """
    taken: list[float] = []
    while len(taken) < ATTEMPTS:
        taken.append(attempt())
        if taken[-1] >= WITHIN:
            bare = Program(BARE, "", "")
            bare.end()
            taken[-1] -= time.monotonic() - float(bare.ready)
        if taken[-1] < WITHIN:
            return
    pytest.fail(f"more than {WITHIN} s in every attempt: {taken}")
