"""Piccolo, which is async: asyncpg with a pool, or aiosqlite with a connection for each query, as it works."""

from __future__ import annotations

import asyncio
from typing import Any

from piccolo.columns import Boolean, Date, DoublePrecision, ForeignKey, Integer, Serial, Text, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine
from piccolo.table import Table

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import (
    BULK_ROWS,
    MANY_ROWS,
    POOL_SIZE,
    STALL_ROWS,
    TASK_READS,
    TASK_UPDATES,
    TASKS,
    Pane,
)


class Author(Table, tablename="bench_author"):
    id = Serial(primary_key=True)
    name = Varchar()
    email = Varchar()
    age = Integer()
    score = DoublePrecision()
    active = Boolean()
    joined = Date()


class Book(Table, tablename="bench_book"):
    id = Serial(primary_key=True)
    title = Varchar()
    pages = Integer()
    published = Date()
    in_print = Boolean()
    author = ForeignKey(Author, db_column_name="author_id")


class Note(Table, tablename="bench_note"):
    id = Serial(primary_key=True)
    title = Varchar()
    body = Text()
    stars = Integer()
    pinned = Boolean()


class Async(Competitor):
    """Autocommit outside transactions, which is Piccolo's default. It has no prefetch of children."""

    label = "piccolo"
    engine: PostgresEngine | SQLiteEngine
    notes: list[Note]

    async def open(self) -> None:
        if self.place.database == "sqlite":
            self.engine = SQLiteEngine(path=self.place.path, timeout=30)
        else:
            place = self.place
            config = {"host": place.host, "port": place.port, "user": place.user, "database": place.name}
            if place.password:
                config["password"] = place.password
            self.engine = PostgresEngine(config=config)
        for table in (Author, Book, Note):
            table._meta._db = self.engine  # otherwise a piccolo_conf module must be importable
        if isinstance(self.engine, PostgresEngine):
            await self.engine.start_connection_pool(min_size=1, max_size=POOL_SIZE)

    async def close(self) -> None:
        if isinstance(self.engine, PostgresEngine):
            await self.engine.close_connection_pool()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = await Note.objects().order_by(Note.id)

    async def get(self, count: int) -> int:
        return sum([(await Author.objects().get(Author.id == key)).id == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            seen += (await Book.objects(Book.author).get(Book.id == key)).author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            wanted = (Author.age >= 20 + number % 30) & (Author.active.eq(True))
            seen += len(await Author.objects().where(wanted).order_by(Author.id).limit(20))
        return seen

    async def objects(self, count: int) -> int:
        return sum([len(await Author.objects().where(Author.id <= MANY_ROWS)) for _ in range(count)])

    async def stall(self, count: int) -> list[Any]:
        return await Author.objects().where(Author.id <= STALL_ROWS)

    async def dicts(self, count: int) -> int:
        return sum([len(await Author.select().where(Author.id <= MANY_ROWS)) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            await Note(**values).save()
        return count

    async def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            await one.save()
        return len(self.notes)

    async def delete_one(self, count: int) -> int:
        for one in self.notes:
            await one.remove()
        return len(self.notes)

    async def bulk_insert(self, count: int) -> int:
        return len(await Note.insert(*self.notes))

    async def pool(self, count: int) -> int:
        async def task(number: int) -> int:
            done = 0
            for turn in range(TASK_READS):
                done += await Author.objects().get(Author.id == 1 + number * TASK_READS + turn) is not None
                if turn < TASK_UPDATES:
                    await Note.update({Note.stars: turn}).where(Note.id == 1 + number * TASK_UPDATES + turn)
                    done += 1
            return done

        return sum(await asyncio.gather(*(task(number) for number in range(TASKS))))


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async only."""
    return Async if pane.colour == "async" else None
