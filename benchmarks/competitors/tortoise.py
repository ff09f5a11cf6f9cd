"""Tortoise ORM, which is async: aiosqlite or asyncpg underneath."""

from __future__ import annotations

import asyncio
from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import (
    BULK_ROWS,
    MANY_ROWS,
    PARENTS,
    POOL_SIZE,
    STALL_ROWS,
    TASK_READS,
    TASK_UPDATES,
    TASKS,
    Pane,
)


class Author(Model):
    books: Any
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=200)
    age = fields.IntField()
    score = fields.FloatField()
    active = fields.BooleanField()
    joined = fields.DateField()

    class Meta:
        table = "bench_author"


class Book(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=200)
    pages = fields.IntField()
    published = fields.DateField()
    in_print = fields.BooleanField()
    author: Any = fields.ForeignKeyField("bench.Author", related_name="books")

    class Meta:
        table = "bench_book"


class Note(Model):
    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=200)
    body = fields.TextField()
    stars = fields.IntField()
    pinned = fields.BooleanField()

    class Meta:
        table = "bench_note"


class Async(Competitor):
    """Autocommit outside transactions, which is Tortoise's default."""

    label = "tortoise"
    notes: list[Note]

    async def open(self) -> None:
        if self.place.database == "sqlite":
            url = f"sqlite://{self.place.path}?journal_mode=WAL&synchronous=NORMAL&foreign_keys=1"
        else:
            place = self.place
            url = f"asyncpg://{place.authority}/{place.name}?minsize=1&maxsize={POOL_SIZE}"
        await Tortoise.init(db_url=url, modules={"bench": [__name__]})

    async def close(self) -> None:
        await Tortoise.close_connections()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = await Note.all().order_by("id")

    async def get(self, count: int) -> int:
        return sum([(await Author.get(pk=key)).id == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        return sum([(await Book.get(pk=key).select_related("author")).author.age > 0 for key in keys(count, BOOKS)])

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            seen += len(await Author.filter(age__gte=20 + number % 30, active=True).order_by("id").limit(20))
        return seen

    async def objects(self, count: int) -> int:
        return sum([len(await Author.filter(id__lte=MANY_ROWS)) for _ in range(count)])

    async def stall(self, count: int) -> list[Any]:
        return await Author.filter(id__lte=STALL_ROWS)

    async def dicts(self, count: int) -> int:
        return sum([len(await Author.filter(id__lte=MANY_ROWS).values()) for _ in range(count)])

    async def tuples(self, count: int) -> int:
        return sum([len(await Author.filter(id__lte=MANY_ROWS).values_list()) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            await Note.create(**values)
        return count

    async def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            await one.save()
        return len(self.notes)

    async def delete_one(self, count: int) -> int:
        for one in self.notes:
            await one.delete()
        return len(self.notes)

    async def bulk_insert(self, count: int) -> int:
        await Note.bulk_create(self.notes)
        return len(self.notes)

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = await Author.filter(id__lte=PARENTS).prefetch_related("books")
            seen += sum(len(author.books) for author in parents)
        return seen

    async def pool(self, count: int) -> int:
        async def task(number: int) -> int:
            done = 0
            for turn in range(TASK_READS):
                done += await Author.get(pk=1 + number * TASK_READS + turn) is not None
                if turn < TASK_UPDATES:
                    done += await Note.filter(pk=1 + number * TASK_UPDATES + turn).update(stars=turn)
            return done

        return sum(await asyncio.gather(*(task(number) for number in range(TASKS))))


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async only."""
    return Async if pane.colour == "async" else None
