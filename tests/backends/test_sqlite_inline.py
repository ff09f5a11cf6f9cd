"""``?inline=``: short statements of async code run on the loop's own thread, and what overruns goes to the other."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import models
from orm.errors import ImproperlyConfigured, ProgrammingError
from orm_sqlite import inline
from orm_sqlite.session import Session


class Room(models.Model):
    number = models.IntegerField(unique=True)
    floor = models.IntegerField(db_index=True)
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "inline"


class Guest(models.Model):
    room = models.ForeignKey(Room, models.CASCADE)

    class Meta:
        app_label = "inline"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    inline._known.clear()
    yield
    orm.databases["default"].terminate()


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every statement of the models' tables, and whether it ran on the main thread, where the tests' loops are."""
    seen: list[tuple[str, bool]] = []

    def note(sql: str) -> None:
        if "inline_" in sql and not sql.startswith(("EXPLAIN", "--")):
            seen.append((sql, threading.current_thread() is threading.main_thread()))

    def watched(self: Session, url: Any, *, watch_signals: bool) -> None:
        make(self, url, watch_signals=watch_signals)
        self.raw.set_trace_callback(note)

    make = Session.__init__
    monkeypatch.setattr(Session, "__init__", watched)
    return seen


def configure(folder: Path, options: str) -> None:
    orm.configure(f"sqlite:///{folder / 'rooms.db'}?{options}")
    orm.create_tables(Room, Guest)
    Room.objects.bulk_create(Room(number=n, floor=n % 10, name=f"room {n}") for n in range(200))
    Guest.objects.create(room=Room.objects.get(number=7))


async def twice(ask: Any) -> Any:
    """Ask twice: what a text is like is found out with the first answer."""
    await ask()
    return await ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Room.objects.aget(pk=3),
        lambda: Room.objects.aget(number=3),
        lambda: Guest.objects.select_related("room").aget(),
        lambda: Room.objects.afirst(),
        lambda: Room.objects.filter(floor=3).aexists(),
        lambda: list_of(Room.objects.order_by("pk")[:20]),
    ],
    ids=["by key", "by a unique column", "at most 21", "first", "exists", "page"],
)
def test_what_is_short_runs_on_the_loop(tmp_path: Path, places: list[tuple[str, bool]], ask: Any) -> None:
    configure(tmp_path, "inline=0.1")
    places.clear()
    asyncio.run(twice(ask))
    assert places[-1][1]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: list_of(Room.objects.filter(floor=3)),
        lambda: list_of(Room.objects.all()),
        lambda: Room.objects.acount(),
        lambda: Room.objects.filter(pk=3).aupdate(name="x"),
        lambda: Guest.objects.acreate(room_id=1),
    ],
    ids=["by an index", "all", "count", "update", "insert"],
)
def test_what_may_be_long_and_what_writes_runs_in_the_thread(
    tmp_path: Path, places: list[tuple[str, bool]], ask: Any
) -> None:
    configure(tmp_path, "inline=0.1")
    places.clear()
    asyncio.run(twice(ask))
    assert not any(here for _, here in places)


async def list_of(rows: Any) -> list[Any]:
    return [row async for row in rows]


def test_without_the_option_nothing_runs_on_the_loop(tmp_path: Path, places: list[tuple[str, bool]]) -> None:
    configure(tmp_path, "inline=0")
    places.clear()
    asyncio.run(twice(lambda: Room.objects.aget(pk=3)))
    assert not any(here for _, here in places)


def test_a_text_that_overran_goes_to_the_thread(tmp_path: Path, places: list[tuple[str, bool]]) -> None:
    configure(tmp_path, "inline=1e-9")  # nothing is as quick

    async def main() -> Room:
        await Room.objects.aget(pk=3)
        inline.PAUSE, usual = 1e12, inline.PAUSE  # as after many overruns
        try:
            await Room.objects.aget(pk=3)
        finally:
            inline.PAUSE = usual
        places.clear()
        return await Room.objects.aget(pk=3)

    assert asyncio.run(main()).number == 2
    assert [here for _, here in places] == [False]


def test_a_statement_is_stopped_at_its_budget_and_answers_from_the_thread(
    tmp_path: Path, places: list[tuple[str, bool]]
) -> None:
    configure(tmp_path, "inline=1e-9")
    places.clear()
    room = asyncio.run(twice(lambda: Room.objects.order_by("-name").filter(name__contains="room").afirst()))
    assert room.name == "room 99"
    assert [here for _, here in places][:2] == [True, False]


def test_answers_at_once_leave_others_their_turn(tmp_path: Path) -> None:
    configure(tmp_path, "inline=0.0005")
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def main() -> None:
        await Room.objects.aget(pk=3)
        beside = asyncio.ensure_future(other())
        while turns < 5:
            await Room.objects.aget(pk=3)
        beside.cancel()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_errors_are_those_of_the_thread(tmp_path: Path) -> None:
    configure(tmp_path, "inline=0.1")

    async def main() -> None:
        await twice(lambda: Room.objects.aget(pk=3))
        await orm.databases["default"].execute('DROP TABLE "inline_guest"')
        await orm.databases["default"].execute('DROP TABLE "inline_room"')
        await Room.objects.aget(pk=3)

    with pytest.raises(ProgrammingError, match="no such table"):
        asyncio.run(main())


def test_a_transaction_reads_its_own_rows(tmp_path: Path) -> None:
    configure(tmp_path, "inline=0.1")

    async def main() -> str:
        await twice(lambda: Room.objects.aget(pk=3))
        async with orm.atomic():
            await Room.objects.filter(pk=3).aupdate(name="new")
            return (await Room.objects.aget(pk=3)).name

    assert asyncio.run(main()) == "new"


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    configure(tmp_path, "inline=0.1")
    writer = sqlite3.connect(tmp_path / "rooms.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE inline_room SET name = 'x'")
    assert asyncio.run(twice(lambda: Room.objects.aget(pk=3))).name == "room 2"
    writer.execute("ROLLBACK")
    writer.close()


@pytest.mark.parametrize("budget", ["1", "-1", "nan", "soon", ""])
def test_a_budget_that_is_none_is_refused(budget: str) -> None:
    orm.configure(f"sqlite://:memory:?inline={budget}")
    with pytest.raises(ImproperlyConfigured, match=r"'inline' is a number of seconds up to 0\.1"):
        asyncio.run(Room.objects.acount())


def test_a_journal_that_makes_readers_wait_is_refused() -> None:
    orm.configure("sqlite://:memory:?inline=0.001&journal_mode=delete")
    with pytest.raises(ImproperlyConfigured, match="inline' needs journal_mode=wal"):
        asyncio.run(Room.objects.acount())
