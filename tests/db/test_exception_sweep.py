"""The exception sweep: a block is entered and left, and an exception comes at every single line of that.

It is what a signal handler's exception does (Ctrl-C, an alarm, a worker's time limit), at each place in turn. After
each one nothing is locked, no session is in a transaction, no connection is held, and the next block's row is there:
also of one that is opened in ``except``, while the exception and its frames are still alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import orm
import orm_postgresql
import orm_sqlite
from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.opened import Opened
from orm.db.transactions.public import atomic
from tests.db.sessions import Sessions
from tests.db.things import add, idle, ids

SWEPT = tuple(str(Path(module.__file__ or "").parent) + "/" for module in (orm, orm_sqlite, orm_postgresql))
FINALIZERS = ("__del__", "gone", "lost")
"""What these raise is swallowed by the interpreter, wherever it comes from."""
COROUTINE = 0x80
LONG = 7
"""Each seventh line is hit usually, and with ``-m slow`` every one."""


class Injected(Exception):
    """What the signal handler raises."""


class Injector:
    """Counts the lines that the library runs for the program on this thread, and raises at one of them; 0 only counts.

    Two kinds are left out, where no signal's exception comes either: callbacks of an event loop, which swallows it, and
    the moment between the body of a ``with lock:`` and the lock's release.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self._in_loop = asyncio._get_running_loop() is not None
        self._locked: set[tuple[int, int]] = set()

    def __enter__(self) -> Injector:
        sys.settrace(self._call)
        return self

    def __exit__(self, *details: object) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(SWEPT) else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line" and self._counts(frame):
            self.count += 1
            if self.count == self.at:
                sys.settrace(None)
                raise Injected(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
        return self._line

    def _counts(self, frame: FrameType) -> bool:
        if in_a_finalizer(frame) or (self._in_loop and not in_a_task(frame)):
            return False
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if not text.startswith("with ") or not any(word in text for word in ("lock", "_changed")):
            return True
        place = id(frame), frame.f_lineno
        releases = place in self._locked
        self._locked ^= {place}
        return not releases


def in_a_finalizer(frame: FrameType | None) -> bool:
    """Whether a frame runs for an object that goes: Python reports and forgets an exception that comes there."""
    while frame is not None and frame.f_code.co_name not in FINALIZERS:
        frame = frame.f_back
    return frame is not None


def in_a_task(frame: FrameType | None) -> bool:
    """Whether a frame runs for a coroutine, and not as a callback of the loop's own."""
    while frame is not None and not frame.f_code.co_filename.endswith("asyncio/events.py"):
        if frame.f_code.co_flags & COROUTINE:
            return True
        frame = frame.f_back
    return False


# -- what is swept -----------------------------------------------------------------------------------------------------


class Scenario:
    """A block, perhaps with one inside it, hit at one line; then another block. ``at`` is 0 for nowhere."""

    def __init__(self, db: Database, *, nested: bool, held: bool, cold: bool = False) -> None:
        self.db = db
        self.nested = nested
        self.held = held
        self.cold = cold

    def blocking(self, at: int) -> int:
        if self.cold:
            self.db.close()
        lines = 0
        try:
            with Injector(at) as injector, atomic():
                with atomic() if self.nested else contextlib.nullcontext():
                    add(self.db, 2 * at)
            lines = injector.count
        except Injected:
            if self.held:
                with atomic():
                    add(self.db, 2 * at + 1)
                return 0
        with atomic():
            add(self.db, 2 * at + 1)
        return lines

    def awaitable(self, at: int) -> int:
        return asyncio.run(asyncio.wait_for(self._awaitable(at), 20))

    async def _awaitable(self, at: int) -> int:
        if not self.cold:
            await self.db.fetch("SELECT 1")
        lines = 0
        try:
            with Injector(at) as injector:
                async with atomic():
                    async with atomic() if self.nested else contextlib.nullcontext():
                        await self.db.execute(f"INSERT INTO things VALUES ({2 * at}, 0)")
            lines = injector.count
        except Injected:
            if self.held:
                await self._next(at)
                return 0
        await self._next(at)
        return lines

    async def _next(self, at: int) -> None:
        async with atomic():
            await self.db.execute(f"INSERT INTO things VALUES ({2 * at + 1}, 0)")


def sweep(scenario: Callable[[int], int], db: Database, sessions: Sessions, stride: int) -> None:
    scenario(0)  # what is done once only is done now
    run(db.execute("DELETE FROM things"))
    lines = scenario(0)
    assert lines > 250
    run(db.execute("DELETE FROM things"))
    wrong = []
    for at in range(1 + lines % stride, lines + 1, stride):
        try:
            scenario(at)
        except Exception as error:
            wrong.append(f"line {at}: {error!r}")
        if 2 * at + 1 not in ids(db):
            wrong.append(f"line {at}: the next block's row is lost")
        if not idle(db):
            wrong.append(f"line {at}: a connection is held")
            db.terminate()
        if sessions.count(state="idle in transaction%"):
            sessions.settle_at(0, state="idle in transaction%")
    assert not wrong, "\n".join(wrong)


SCENARIOS = [
    pytest.param("blocking", {"nested": False, "held": True}, id="blocking"),
    pytest.param("blocking", {"nested": True, "held": False}, id="blocking-nested"),
    pytest.param("blocking", {"nested": False, "held": False, "cold": True}, id="blocking-cold"),
    pytest.param("awaitable", {"nested": False, "held": True}, id="awaitable"),
    pytest.param("awaitable", {"nested": True, "held": False}, id="awaitable-nested"),
]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # one that was made at the line that is hit
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize(("colour", "options"), SCENARIOS)
@pytest.mark.parametrize("stride", [LONG, pytest.param(1, marks=pytest.mark.slow)])
def test_an_exception_at_any_line(
    db: Database, sessions: Sessions, colour: str, options: dict[str, bool], stride: int
) -> None:
    sweep(getattr(Scenario(db, **options), colour), db, sessions, stride)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
def test_a_connection_opened_after_an_exception_at_any_line_of_opening_one_is_told_of(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def hears(opened: Opened) -> None:
        told.append(opened.alias)

    monkeypatch.setattr("orm.db.opened.hooks", [hears])

    def opens(at: int) -> int:
        db.close()
        with contextlib.suppress(Injected), Injector(at) as injector:
            run(db.fetch("SELECT 1"))
        return injector.count

    opens(0)
    lines = opens(0)
    assert lines > 50
    for at in range(1, lines + 1):
        opens(at)
        db.close()
        told.clear()
        run(db.fetch("SELECT 1"))
        assert told, f"line {at}"
