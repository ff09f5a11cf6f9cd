"""The drivers by themselves, as a competent person uses them: the yardstick.

One connection, statements cached or prepared as the driver does it by default, one call where the driver has one
(``execute_fetchall`` of aiosqlite is one thread hop, ``fetchrow`` of asyncpg one round trip), and rows left as the
driver gives them: no objects are built, nothing is converted.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiosqlite
import asyncpg
import psycopg
from psycopg.rows import dict_row

from benchmarks.competitors import Competitor
from benchmarks.competitors.raw_bulk import PostgreSQLAsyncBulk, PostgreSQLBlockingBulk, RawBulk, SQLiteBlockingBulk
from benchmarks.data import BOOKS, READ_KEYS, keys, note, wide
from benchmarks.workloads import (
    BULK_ROWS,
    MANY_ROWS,
    PARENTS,
    POOL_SIZE,
    STALL_ROWS,
    TASK_READS,
    TASK_UPDATES,
    TASKS,
    WIDE_ROWS,
    Pane,
)

AUTHOR_NAMES: Final = ("id", "name", "email", "age", "score", "active", "joined")
AUTHOR: Final = ", ".join(AUTHOR_NAMES)
BOOK: Final = "id, title, pages, published, in_print, author_id"
BOOK_AND_AUTHOR: Final = ", ".join([f"b.{name}" for name in BOOK.split(", ")] + [f"a.{name}" for name in AUTHOR_NAMES])


class Statements:
    """The statements of all workloads, with one database's placeholders."""

    def __init__(self, *marks: str) -> None:
        a, b, c, d, e = marks
        self.get = f"select {AUTHOR} from bench_author where id = {a}"
        self.get_joined = (
            f"select {BOOK_AND_AUTHOR} from bench_book b join bench_author a on a.id = b.author_id where b.id = {a}"
        )
        self.filter_20 = f"select {AUTHOR} from bench_author where age >= {a} and active = {b} order by id limit 20"
        self.many = f"select {AUTHOR} from bench_author where id <= {a}"
        self.parents = f"select {AUTHOR} from bench_author where id <= {a}"
        self.insert = f"insert into bench_note (title, body, stars, pinned) values ({a}, {b}, {c}, {d})"
        self.insert_returning = f"{self.insert} returning id"
        self.update = f"update bench_note set title = {a}, body = {b}, stars = {c}, pinned = {d} where id = {e}"
        self.update_stars = f"update bench_note set stars = {a} where id = {b}"
        self.delete = f"delete from bench_note where id = {a}"
        self.delete_node = f"delete from bench_node where id = {a}"

    def children(self, marks: str) -> str:
        """The second query of the prefetch, for keys written as ``marks``."""
        return f"select {BOOK} from bench_book where author_id {marks}"


QMARK: Final = Statements("?", "?", "?", "?", "?")
FORMAT: Final = Statements("%s", "%s", "%s", "%s", "%s")
NUMBERED: Final = Statements("$1", "$2", "$3", "$4", "$5")
WIDE_NAMES: Final = tuple(wide(0))
WIDE_INSERT: Final = f"insert into bench_wide ({', '.join(WIDE_NAMES)}) values "
CHUNK: Final = 2_000
"""Rows that a stream reads at a time."""
IN_QMARKS: Final = f"in ({', '.join('?' * PARENTS)})"


@dataclass
class PlainNote:
    """A note as a plain dataclass: what an instance of a model is measured against."""

    title: str
    body: str
    stars: int
    pinned: bool
    id: int | None = None


def group(parents: list[Any], children: list[Any]) -> int:
    """Put each parent with the list of its children; return how many children there were."""
    by_parent = defaultdict(list)
    for child in children:
        by_parent[child[5]].append(child)
    return sum(len(books) for _, books in [(parent, by_parent[parent[0]]) for parent in parents])


class Raw(RawBulk, Competitor):
    """What all four have in common: the rows the writing workloads send."""

    label = "raw"
    rows: list[tuple[Any, ...]]

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.rows = [tuple(note(number)) for number in range(BULK_ROWS)]
        elif workload == "wide_insert":
            self.rows = [tuple(wide(number).values()) for number in range(WIDE_ROWS)]
        elif workload in ("copy_in", "bulk_update", "update_conflicts"):
            self.prepare_bulk(workload)
        else:
            # SQLite writes no page for a row that stays as it is.
            more = int(workload in ("update_one", "save_each", "save_field"))
            notes = [note(number) for number in range(1, count + 1)]
            self.rows = [(one.title, one.body, one.stars + more, one.pinned) for one in notes]


class SQLiteBlocking(SQLiteBlockingBulk, Raw):
    """sqlite3 in autocommit, WAL, ``synchronous`` normal."""

    def open(self) -> None:
        self.connection = sqlite3.connect(self.place.path, isolation_level=None, timeout=30)
        self.connection.execute("pragma synchronous = normal")
        self.connection.execute("pragma foreign_keys = on")

    def close(self) -> None:
        self.connection.close()

    def get(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.get, (key,)).fetchone() is not None for key in keys(count, READ_KEYS))

    def get_joined(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.get_joined, (key,)).fetchone() is not None for key in keys(count, BOOKS))

    def filter_20(self, count: int) -> int:
        execute = self.connection.execute
        return sum(len(execute(QMARK.filter_20, (20 + number % 30, True)).fetchall()) for number in range(count))

    def tuples(self, count: int) -> int:
        execute = self.connection.execute
        return sum(len(execute(QMARK.many, (MANY_ROWS,)).fetchall()) for _ in range(count))

    objects = tuples

    def dicts(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            rows = self.connection.execute(QMARK.many, (MANY_ROWS,)).fetchall()
            seen += len([dict(zip(AUTHOR_NAMES, row)) for row in rows])  # noqa: B905 - strict= costs, guards nothing
        return seen

    def insert_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.insert, row).rowcount for row in self.rows)

    def update_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.update, (*row, key)).rowcount for key, row in enumerate(self.rows, 1))

    def delete_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.delete, (key,)).rowcount for key in range(1, count + 1))

    def construct(self, count: int) -> int:
        for number in range(count):
            PlainNote(title="Note", body="A body", stars=number, pinned=True)
        return count

    def in_transaction(self, work: Callable[[int], int], count: int) -> int:
        self.connection.execute("begin immediate")
        done = work(count)
        self.connection.execute("commit")
        return done

    def insert_each(self, count: int) -> int:
        return self.in_transaction(self.insert_one, count)

    def save_each(self, count: int) -> int:
        return self.in_transaction(self.update_one, count)

    def delete_each(self, count: int) -> int:
        return self.in_transaction(self.delete_one, count)

    def save_field(self, count: int) -> int:
        execute = self.connection.execute
        execute("begin immediate")
        done = sum(execute(QMARK.update_stars, (row[2], key)).rowcount for key, row in enumerate(self.rows, 1))
        execute("commit")
        return done

    def delete_related(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(QMARK.delete_node, (key,)).rowcount for key in range(1, count + 1))

    def stream(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            cursor = self.connection.execute(QMARK.many, (STALL_ROWS,))
            while rows := cursor.fetchmany(CHUNK):
                for row in rows:
                    seen += row[3] > 0
        return seen

    def bulk_insert(self, count: int) -> int:
        self.connection.execute("begin immediate")
        affected = self.connection.executemany(QMARK.insert, self.rows).rowcount
        self.connection.execute("commit")
        return affected

    def wide_insert(self, count: int) -> int:
        self.connection.execute("begin immediate")
        marks = f"({', '.join('?' * len(WIDE_NAMES))})"
        affected = self.connection.executemany(WIDE_INSERT + marks, self.rows).rowcount
        self.connection.execute("commit")
        return affected

    def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = self.connection.execute(QMARK.parents, (PARENTS,)).fetchall()
            found = self.connection.execute(QMARK.children(IN_QMARKS), [row[0] for row in parents]).fetchall()
            seen += group(parents, found)
        return seen


class SQLiteAsync(Raw):
    """aiosqlite with the same settings; ``execute_fetchall`` where rows come back: a query is one thread hop."""

    async def open(self) -> None:
        self.connection = await aiosqlite.connect(self.place.path, isolation_level=None, timeout=30)
        await self.connection.execute("pragma synchronous = normal")
        await self.connection.execute("pragma foreign_keys = on")

    async def close(self) -> None:
        await self.connection.close()

    async def get(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for key in keys(count, READ_KEYS):
            seen += len(list(await fetch(QMARK.get, (key,))))
        return seen

    async def get_joined(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for key in keys(count, BOOKS):
            seen += len(list(await fetch(QMARK.get_joined, (key,))))
        return seen

    async def filter_20(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for number in range(count):
            seen += len(list(await fetch(QMARK.filter_20, (20 + number % 30, True))))
        return seen

    async def tuples(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for _ in range(count):
            seen += len(list(await fetch(QMARK.many, (MANY_ROWS,))))
        return seen

    objects = tuples

    async def dicts(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for _ in range(count):
            rows = await fetch(QMARK.many, (MANY_ROWS,))
            seen += len([dict(zip(AUTHOR_NAMES, row)) for row in rows])  # noqa: B905 - as above
        return seen

    async def insert_one(self, count: int) -> int:
        for row in self.rows:
            await self.connection.execute(QMARK.insert, row)
        return count

    async def update_one(self, count: int) -> int:
        seen = 0
        for key, row in enumerate(self.rows, 1):
            seen += (await self.connection.execute(QMARK.update, (*row, key))).rowcount
        return seen

    async def delete_one(self, count: int) -> int:
        seen = 0
        for key in range(1, count + 1):
            seen += (await self.connection.execute(QMARK.delete, (key,))).rowcount
        return seen

    async def in_transaction(self, work: Callable[[int], Awaitable[int]], count: int) -> int:
        await self.connection.execute("begin immediate")
        done = await work(count)
        await self.connection.execute("commit")
        return done

    async def insert_each(self, count: int) -> int:
        return await self.in_transaction(self.insert_one, count)

    async def save_each(self, count: int) -> int:
        return await self.in_transaction(self.update_one, count)

    async def delete_each(self, count: int) -> int:
        return await self.in_transaction(self.delete_one, count)

    async def delete_related(self, count: int) -> int:
        seen = 0
        for key in range(1, count + 1):
            seen += (await self.connection.execute(QMARK.delete_node, (key,))).rowcount
        return seen

    async def stream(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            cursor = await self.connection.execute(QMARK.many, (STALL_ROWS,))
            while rows := list(await cursor.fetchmany(CHUNK)):
                for row in rows:
                    seen += row[3] > 0
        return seen

    async def wide_insert(self, count: int) -> int:
        await self.connection.execute("begin immediate")
        marks = f"({', '.join('?' * len(WIDE_NAMES))})"
        affected = (await self.connection.executemany(WIDE_INSERT + marks, self.rows)).rowcount
        await self.connection.execute("commit")
        return affected

    async def bulk_insert(self, count: int) -> int:
        await self.connection.execute("begin immediate")
        affected = (await self.connection.executemany(QMARK.insert, self.rows)).rowcount
        await self.connection.execute("commit")
        return affected

    async def prefetch(self, count: int) -> int:
        fetch = self.connection.execute_fetchall
        seen = 0
        for _ in range(count):
            parents = list(await fetch(QMARK.parents, (PARENTS,)))
            seen += group(parents, list(await fetch(QMARK.children(IN_QMARKS), [row[0] for row in parents])))
        return seen

    async def stall(self, count: int) -> list[Any]:
        return list(await self.connection.execute_fetchall(QMARK.many, (STALL_ROWS,)))


class PostgreSQLBlocking(PostgreSQLBlockingBulk, Raw):
    """psycopg in autocommit; it prepares a statement at its fifth execution by itself."""

    def open(self) -> None:
        self.connection = psycopg.connect(self.place.url, autocommit=True)

    def close(self) -> None:
        self.connection.close()

    def get(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.get, (key,)).fetchone() is not None for key in keys(count, READ_KEYS))

    def get_joined(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.get_joined, (key,)).fetchone() is not None for key in keys(count, BOOKS))

    def filter_20(self, count: int) -> int:
        execute = self.connection.execute
        return sum(len(execute(FORMAT.filter_20, (20 + number % 30, True)).fetchall()) for number in range(count))

    def tuples(self, count: int) -> int:
        execute = self.connection.execute
        return sum(len(execute(FORMAT.many, (MANY_ROWS,)).fetchall()) for _ in range(count))

    objects = tuples

    def dicts(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.connection.cursor(row_factory=dict_row) as cursor:
                seen += len(cursor.execute(FORMAT.many, (MANY_ROWS,)).fetchall())
        return seen

    def insert_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.insert_returning, row).fetchone() is not None for row in self.rows)

    def update_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.update, (*row, key)).rowcount for key, row in enumerate(self.rows, 1))

    def delete_one(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.delete, (key,)).rowcount for key in range(1, count + 1))

    def insert_each(self, count: int) -> int:
        with self.connection.transaction():
            return self.insert_one(count)

    def save_each(self, count: int) -> int:
        with self.connection.transaction():
            return self.update_one(count)

    def delete_each(self, count: int) -> int:
        with self.connection.transaction():
            return self.delete_one(count)

    def delete_related(self, count: int) -> int:
        execute = self.connection.execute
        return sum(execute(FORMAT.delete_node, (key,)).rowcount for key in range(1, count + 1))

    def stream(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.connection.transaction(), self.connection.cursor(name="stream") as cursor:
                cursor.execute(FORMAT.many, (STALL_ROWS,))
                while rows := cursor.fetchmany(CHUNK):
                    for row in rows:
                        seen += row[3] > 0
        return seen

    def bulk_insert(self, count: int) -> int:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(FORMAT.insert, self.rows)
            return cursor.rowcount

    def wide_insert(self, count: int) -> int:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(f"{WIDE_INSERT}({', '.join(['%s'] * len(WIDE_NAMES))})", self.rows)
            return cursor.rowcount

    def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = self.connection.execute(FORMAT.parents, (PARENTS,)).fetchall()
            ids = [row[0] for row in parents]
            seen += group(parents, self.connection.execute(FORMAT.children("= any(%s)"), (ids,)).fetchall())
        return seen


class PostgreSQLAsync(PostgreSQLAsyncBulk, Raw):
    """asyncpg: one connection, and its own pool for the workload that needs one."""

    pool_connections: asyncpg.Pool | None = None

    async def open(self) -> None:
        self.connection = await asyncpg.connect(self.place.url)

    async def prepare(self, workload: str, count: int) -> None:
        super().prepare(workload, count)
        if workload == "pool" and self.pool_connections is None:
            self.pool_connections = await asyncpg.create_pool(self.place.url, min_size=POOL_SIZE, max_size=POOL_SIZE)

    async def close(self) -> None:
        if self.pool_connections is not None:
            await self.pool_connections.close()
        await self.connection.close()

    async def get(self, count: int) -> int:
        fetchrow = self.connection.fetchrow
        seen = 0
        for key in keys(count, READ_KEYS):
            seen += await fetchrow(NUMBERED.get, key) is not None
        return seen

    async def get_joined(self, count: int) -> int:
        fetchrow = self.connection.fetchrow
        seen = 0
        for key in keys(count, BOOKS):
            seen += await fetchrow(NUMBERED.get_joined, key) is not None
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            seen += len(await self.connection.fetch(NUMBERED.filter_20, 20 + number % 30, True))
        return seen

    async def tuples(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            seen += len(await self.connection.fetch(NUMBERED.many, MANY_ROWS))
        return seen

    objects = tuples

    async def dicts(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            seen += len([dict(row) for row in await self.connection.fetch(NUMBERED.many, MANY_ROWS)])
        return seen

    async def insert_one(self, count: int) -> int:
        seen = 0
        for row in self.rows:
            seen += await self.connection.fetchval(NUMBERED.insert_returning, *row) is not None
        return seen

    async def update_one(self, count: int) -> int:
        for key, row in enumerate(self.rows, 1):
            await self.connection.execute(NUMBERED.update, *row, key)
        return count

    async def delete_one(self, count: int) -> int:
        for key in range(1, count + 1):
            await self.connection.execute(NUMBERED.delete, key)
        return count

    async def insert_each(self, count: int) -> int:
        async with self.connection.transaction():
            return await self.insert_one(count)

    async def save_each(self, count: int) -> int:
        async with self.connection.transaction():
            return await self.update_one(count)

    async def delete_each(self, count: int) -> int:
        async with self.connection.transaction():
            return await self.delete_one(count)

    async def delete_related(self, count: int) -> int:
        for key in range(1, count + 1):
            await self.connection.execute(NUMBERED.delete_node, key)
        return count

    async def stream(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async with self.connection.transaction():
                cursor = await self.connection.cursor(NUMBERED.many, STALL_ROWS)
                while rows := await cursor.fetch(CHUNK):
                    for row in rows:
                        seen += row[3] > 0
        return seen

    async def bulk_insert(self, count: int) -> int:
        async with self.connection.transaction():
            await self.connection.executemany(NUMBERED.insert, self.rows)
        return len(self.rows)

    async def wide_insert(self, count: int) -> int:
        marks = ", ".join(f"${number}" for number in range(1, len(WIDE_NAMES) + 1))
        async with self.connection.transaction():
            await self.connection.executemany(f"{WIDE_INSERT}({marks})", self.rows)
        return len(self.rows)

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = await self.connection.fetch(NUMBERED.parents, PARENTS)
            ids = [row[0] for row in parents]
            seen += group(parents, await self.connection.fetch(NUMBERED.children("= any($1)"), ids))
        return seen

    async def stall(self, count: int) -> list[Any]:
        rows: list[Any] = await self.connection.fetch(NUMBERED.many, STALL_ROWS)
        return rows

    async def pool(self, count: int) -> int:
        pool = self.pool_connections
        assert pool is not None

        async def task(number: int) -> int:
            done = 0
            for turn in range(TASK_READS):
                done += await pool.fetchrow(NUMBERED.get, 1 + number * TASK_READS + turn) is not None
                if turn < TASK_UPDATES:
                    await pool.execute(NUMBERED.update_stars, turn, 1 + number * TASK_UPDATES + turn)
                    done += 1
            return done

        return sum(await asyncio.gather(*(task(number) for number in range(TASKS))))


def competitor(pane: Pane) -> type[Competitor]:
    """The driver of that pane."""
    return {
        Pane("sqlite", "blocking"): SQLiteBlocking,
        Pane("sqlite", "async"): SQLiteAsync,
        Pane("postgresql", "blocking"): PostgreSQLBlocking,
        Pane("postgresql", "async"): PostgreSQLAsync,
    }[pane]
