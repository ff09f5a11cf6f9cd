"""Any tree of nested blocks, in changing colours, alone or beside each other, keeps what its blocks say and no more.

A row is there afterwards if and only if no block around it failed, and so it is with the functions given to
``on_commit``. Trees are made by hypothesis; each is run once from async code and once from blocking code.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
import sniffio
from asgiref.sync import async_to_sync, sync_to_async
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orm.bridge import run
from orm.db.database_blocking import Database
from orm.db.transactions.public import atomic, on_commit


class Undone(Exception):
    """What makes a block roll back; whoever opened the block catches it."""


@dataclass
class Insert:
    """Write a row of its own, and ask to be told when it is committed."""


@dataclass
class Read:
    """A statement in between."""


@dataclass
class Nested:
    """A block inside the block, in the same colour or through one of the ways to the other."""

    way: str
    fails: bool
    steps: list[Any]


@dataclass
class Siblings:
    """Blocks side by side: tasks in async code, threads in blocking code."""

    blocks: list[Nested]


WAYS = ("same", "standard library", "asgiref", "anyio")
LEAVES = st.builds(Insert) | st.builds(Read)


def blocks(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Nested]:
    return st.builds(Nested, st.sampled_from(WAYS), st.booleans(), st.lists(steps, min_size=1, max_size=3))


TREES = blocks(
    st.recursive(
        LEAVES,
        lambda steps: LEAVES | blocks(steps) | st.builds(Siblings, st.lists(blocks(steps), min_size=2, max_size=3)),
        max_leaves=12,
    )
)


class Forest:
    """Runs trees on a database and notes what must be there afterwards."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.numbers: dict[int, int] = {}
        self.expected: set[int] = set()
        self.told: set[int] = set()

    def plan(self, block: Nested, lives: bool) -> None:
        """Number the rows, and say which of them stay."""
        lives = lives and not block.fails
        for step in block.steps:
            if isinstance(step, Insert):
                number = self.numbers[id(step)] = len(self.numbers) + 1
                if lives:
                    self.expected.add(number)
            for inner in [step] if isinstance(step, Nested) else getattr(step, "blocks", ()):
                self.plan(inner, lives)

    def insert(self, step: Insert) -> Any:
        number = self.numbers[id(step)]
        on_commit(lambda: self.told.add(number))
        return self.db.execute(f"INSERT INTO things VALUES ({number}, 0)")

    # -- in async code ----------------------------------------------------------------------------------------------

    async def open(self, block: Nested) -> None:
        async with atomic():
            for step in block.steps:
                if isinstance(step, Insert):
                    await self.insert(step)
                elif isinstance(step, Read):
                    await self.db.fetch("SELECT count(*) FROM things")
                elif isinstance(step, Nested):
                    await self.go_on(step)
                else:
                    await asyncio.gather(*map(self.go_on, step.blocks))
            if block.fails:
                raise Undone

    async def go_on(self, block: Nested) -> None:
        ways: dict[str, Callable[[Nested], Any]] = {
            "same": self.open,
            "standard library": lambda block: asyncio.to_thread(self.open_blocking, block),
            "asgiref": sync_to_async(self.open_blocking, thread_sensitive=False),
            "anyio": lambda block: anyio.to_thread.run_sync(self.open_blocking, block),
        }
        try:
            await ways[block.way](block)
        except Undone:
            pass

    # -- in blocking code -------------------------------------------------------------------------------------------

    def open_blocking(self, block: Nested) -> None:
        with atomic():
            for step in block.steps:
                if isinstance(step, Insert):
                    run(self.insert(step))
                elif isinstance(step, Read):
                    run(self.db.fetch("SELECT count(*) FROM things"))
                elif isinstance(step, Nested):
                    self.go_on_blocking(step)
                else:
                    self.in_threads(step.blocks)
            if block.fails:
                raise Undone

    def go_on_blocking(self, block: Nested) -> None:
        ways: dict[str, Callable[[Nested], Any]] = {
            "same": self.open_blocking,
            "standard library": lambda block: asyncio.run(self.open(block)),
            "asgiref": async_to_sync(self.open),
            "anyio": self.open_by_anyio,
        }
        try:
            ways[block.way](block)
        except Undone:
            pass

    def open_by_anyio(self, block: Nested) -> None:
        # asyncio.to_thread takes along what the loop has noted, and anyio would take this thread for the loop's.
        noted = sniffio.current_async_library_cvar.set(None)
        try:
            anyio.run(self.open, block)
        finally:
            sniffio.current_async_library_cvar.reset(noted)

    def in_threads(self, siblings: list[Nested]) -> None:
        errors: list[BaseException] = []

        def work(block: Nested) -> None:
            try:
                self.go_on_blocking(block)
            except BaseException as error:
                errors.append(error)

        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(work, block)) for block in siblings
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]


@pytest.mark.only(backend="sqlite")
@pytest.mark.only(backend="postgresql")
@pytest.mark.parametrize("outermost", ["async", "blocking"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_a_row_stays_if_no_block_around_it_failed(db: Database, outermost: str, tree: Nested) -> None:
    run(db.execute("DELETE FROM things"))
    forest = Forest(db)
    forest.plan(tree, lives=True)
    tree.way = "same"
    if outermost == "async":
        asyncio.run(forest.go_on(tree))
    else:
        forest.go_on_blocking(tree)
    assert {row[0] for row in run(db.fetch("SELECT id FROM things"))} == forest.expected
    assert forest.told == forest.expected
    for pool in db.statistics.pools:
        assert (pool.busy, pool.waiting) == (0, 0)
