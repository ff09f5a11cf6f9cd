"""hare-orm, which is async: aiosqlite, and a Rust driver of its own for PostgreSQL."""

from __future__ import annotations

from typing import Any

from hare import Hare, HareConfig, fields
from hare.models import Model

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import BULK_ROWS, MANY_ROWS, PARENTS, Pane


class Author(Model):
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
    """As its documentation shows it; every statement commits by itself."""

    label = "hare"
    notes: list[Any]

    async def open(self) -> None:
        place = self.place
        url = (
            f"sqlite+aiosqlite:///{place.path}"
            if place.database == "sqlite"
            else f"postgresql://{place.authority}/{place.name}"
        )
        await Hare.init(HareConfig.from_db_url(url, {"bench": [__name__]}))

    async def close(self) -> None:
        await Hare.close_connections()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]

    async def get(self, count: int) -> int:
        return sum([(await Author.objects.get(id=key)).id == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        books = Book.objects.select_related("author")
        return sum([(await books.get(id=key)).author.age > 0 for key in keys(count, BOOKS)])

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            seen += len(await Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id").limit(20))
        return seen

    async def objects(self, count: int) -> int:
        return sum([len(await Author.objects.filter(id__lte=MANY_ROWS)) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            await Note.objects.create(**values)
        return count

    async def bulk_insert(self, count: int) -> int:
        await Note.objects.bulk_create(self.notes)
        return len(self.notes)

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            for author in await Author.objects.filter(id__lte=PARENTS).prefetch_related("books"):
                seen += len(author.books)
        return seen


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async only."""
    return Async if pane.colour == "async" else None
