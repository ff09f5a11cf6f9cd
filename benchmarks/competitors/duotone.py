"""Duotone in both colours, as its documentation shows it: no connection or plan is kept by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import orm
from benchmarks.competitors import Competitor
from benchmarks.competitors.duotone_bulk import AsyncBulk, BlockingBulk
from benchmarks.competitors.duotone_models import Author, Book, Node, Note, Wide
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note, wide
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


class Duotone(Competitor):
    """What both colours share."""

    label = "duotone"
    notes: list[Note]
    nodes: list[Node]
    wide: list[Wide]

    def configure(self) -> None:
        """One URL; the pool's size is given because one workload asks for ten."""
        orm.configure(f"{self.place.url}?max_size={POOL_SIZE}")


class Blocking(BlockingBulk, Duotone):
    """The twins."""

    def open(self) -> None:
        self.configure()

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload == "wide_insert":
            self.wide = [Wide(**wide(number)) for number in range(WIDE_ROWS)]
        elif workload == "delete_related":
            self.nodes = list(Node.objects.order_by("id")[:count])
        elif workload in ("update_one", "delete_one", "save_each", "save_field", "delete_each"):
            self.notes = list(Note.objects.order_by("id"))
        else:
            self.prepare_bulk(workload)

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
        return sum(Note.objects.create(**values).pk is not None for values in given(count))

    def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            one.save()
        return len(self.notes)

    def delete_one(self, count: int) -> int:
        return sum(one.delete()[0] for one in self.notes)

    def insert_each(self, count: int) -> int:
        with orm.atomic():
            return self.insert_one(count)

    def save_each(self, count: int) -> int:
        with orm.atomic():
            return self.update_one(count)

    def save_field(self, count: int) -> int:
        with orm.atomic():
            for one in self.notes:
                one.stars += 1
                one.save(update_fields=["stars"])
        return len(self.notes)

    def delete_each(self, count: int) -> int:
        with orm.atomic():
            return self.delete_one(count)

    def delete_related(self, count: int) -> int:
        return sum(one.delete()[0] for one in self.nodes)

    def stream(self, count: int) -> int:
        return sum(
            author.age > 0 for _ in range(count) for author in Author.objects.filter(id__lte=STALL_ROWS).iterator()
        )

    def bulk_insert(self, count: int) -> int:
        return len(Note.objects.bulk_create(self.notes))

    def wide_insert(self, count: int) -> int:
        return len(Wide.objects.bulk_create(self.wide))

    def prefetch(self, count: int) -> int:
        return sum(
            len(author.books.all())
            for _ in range(count)
            for author in Author.objects.filter(id__lte=PARENTS).prefetch_related("books")
        )

    def construct(self, count: int) -> int:
        for number in range(count):
            Note(title="Note", body="A body", stars=number, pinned=True)
        return count

    def compile(self, count: int) -> int:
        for number in range(count):
            Book.objects.filter(author__age__gt=number, pages__gt=100, in_print=True).query.statement()
        return count


class Async(AsyncBulk, Duotone):
    """The awaitable forms."""

    async def open(self) -> None:
        self.configure()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload == "wide_insert":
            self.wide = [Wide(**wide(number)) for number in range(WIDE_ROWS)]
        elif workload == "delete_related":
            self.nodes = await Node.objects.order_by("id")[:count]
        elif workload in ("update_one", "delete_one", "save_each", "save_field", "delete_each"):
            self.notes = await Note.objects.order_by("id")
        else:
            self.prepare_bulk(workload)

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
        for values in given(count):
            await Note.objects.acreate(**values)
        return count

    async def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            await one.asave()
        return len(self.notes)

    async def delete_one(self, count: int) -> int:
        return sum([(await one.adelete())[0] for one in self.notes])

    async def insert_each(self, count: int) -> int:
        async with orm.atomic():
            return await self.insert_one(count)

    async def save_each(self, count: int) -> int:
        async with orm.atomic():
            return await self.update_one(count)

    async def delete_each(self, count: int) -> int:
        async with orm.atomic():
            return await self.delete_one(count)

    async def delete_related(self, count: int) -> int:
        return sum([(await one.adelete())[0] for one in self.nodes])

    async def stream(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async for author in Author.objects.filter(id__lte=STALL_ROWS).aiterator():
                seen += author.age > 0
        return seen

    async def bulk_insert(self, count: int) -> int:
        return len(await Note.objects.abulk_create(self.notes))

    async def wide_insert(self, count: int) -> int:
        return len(await Wide.objects.abulk_create(self.wide))

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
