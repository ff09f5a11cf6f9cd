"""Duotone in both colours, as its documentation shows it: no connection or plan is kept by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import orm
from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, keys, note
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
from orm import models


class Author(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=200)
    age = models.IntegerField()
    score = models.FloatField()
    active = models.BooleanField()
    joined = models.DateField()

    class Meta:
        app_label = "bench"
        db_table = "bench_author"


class Book(models.Model):
    title = models.CharField(max_length=200)
    pages = models.IntegerField()
    published = models.DateField()
    in_print = models.BooleanField()
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")

    class Meta:
        app_label = "bench"
        db_table = "bench_book"


class Note(models.Model):
    title = models.CharField(max_length=200)
    body = models.TextField()
    stars = models.IntegerField()
    pinned = models.BooleanField()

    class Meta:
        app_label = "bench"
        db_table = "bench_note"


class Entry(models.Model):
    label = models.CharField(max_length=50)
    amount = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "bench_entry"


class Duotone(Competitor):
    """What both colours share."""

    label = "duotone"
    notes: list[Note]

    def configure(self) -> None:
        """One URL; the pool's size is given because one workload asks for ten."""
        orm.configure(f"{self.place.url}?max_size={POOL_SIZE}")


class Blocking(Duotone):
    """The twins."""

    def open(self) -> None:
        self.configure()

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = list(Note.objects.order_by("id"))

    def close(self) -> None:
        orm.databases["default"].close()

    def get(self, count: int) -> int:
        return sum(Author.objects.get(pk=key).id == key for key in keys(count, READ_KEYS))

    def get_joined(self, count: int) -> int:
        return sum(Book.objects.select_related("author").get(pk=key).author.age > 0 for key in keys(count, BOOKS))

    def filter_20(self, count: int) -> int:
        return sum(
            len(Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id")[:20])
            for number in range(count)
        )

    def objects(self, count: int) -> int:
        return sum(len(Author.objects.filter(id__lte=MANY_ROWS)) for _ in range(count))

    def dicts(self, count: int) -> int:
        return sum(len(Author.objects.filter(id__lte=MANY_ROWS).values()) for _ in range(count))

    def tuples(self, count: int) -> int:
        return sum(len(Author.objects.filter(id__lte=MANY_ROWS).values_list()) for _ in range(count))

    def insert_one(self, count: int) -> int:
        return sum(Note.objects.create(**note(number)._asdict()).pk is not None for number in range(count))

    def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            one.save()
        return len(self.notes)

    def delete_one(self, count: int) -> int:
        return sum(one.delete()[0] for one in self.notes)

    def bulk_insert(self, count: int) -> int:
        return len(Note.objects.bulk_create(self.notes))

    def prefetch(self, count: int) -> int:
        return sum(
            len(author.books.all())
            for _ in range(count)
            for author in Author.objects.filter(id__lte=PARENTS).prefetch_related("books")
        )

    def compile(self, count: int) -> int:
        for number in range(count):
            Book.objects.filter(author__age__gt=number, pages__gt=100, in_print=True).query.sql_with_params()
        return count


class Async(Duotone):
    """The awaitable forms."""

    async def open(self) -> None:
        self.configure()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = await Note.objects.order_by("id")

    async def close(self) -> None:
        await orm.databases["default"].aclose()

    async def get(self, count: int) -> int:
        return sum([(await Author.objects.aget(pk=key)).id == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            seen += (await Book.objects.select_related("author").aget(pk=key)).author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            seen += len(await Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id")[:20])
        return seen

    async def objects(self, count: int) -> int:
        return sum([len(await Author.objects.filter(id__lte=MANY_ROWS)) for _ in range(count)])

    async def stall(self, count: int) -> list[Any]:
        return await Author.objects.filter(id__lte=STALL_ROWS)

    async def dicts(self, count: int) -> int:
        return sum([len(await Author.objects.filter(id__lte=MANY_ROWS).values()) for _ in range(count)])

    async def tuples(self, count: int) -> int:
        return sum([len(await Author.objects.filter(id__lte=MANY_ROWS).values_list()) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for number in range(count):
            await Note.objects.acreate(**note(number)._asdict())
        return count

    async def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            await one.asave()
        return len(self.notes)

    async def delete_one(self, count: int) -> int:
        return sum([(await one.adelete())[0] for one in self.notes])

    async def bulk_insert(self, count: int) -> int:
        return len(await Note.objects.abulk_create(self.notes))

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            for author in await Author.objects.filter(id__lte=PARENTS).prefetch_related("books"):
                seen += len(await author.books.all())
        return seen

    async def pool(self, count: int) -> int:
        async def task(number: int) -> int:
            done = 0
            for turn in range(TASK_READS):
                done += await Author.objects.aget(pk=1 + number * TASK_READS + turn) is not None
                if turn < TASK_UPDATES:
                    done += await Note.objects.filter(pk=1 + number * TASK_UPDATES + turn).aupdate(stars=turn)
            return done

        return sum(await asyncio.gather(*(task(number) for number in range(TASKS))))


def competitor(pane: Pane) -> type[Competitor]:
    """Blocking or async, on either database."""
    return Async if pane.colour == "async" else Blocking
