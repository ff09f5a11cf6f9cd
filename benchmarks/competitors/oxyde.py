"""Oxyde, which is async: Pydantic models, and a Rust driver of its own underneath."""

from __future__ import annotations

from datetime import date
from typing import Any

from oxyde import Field, Model, db

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import BULK_ROWS, MANY_ROWS, PARENTS, Pane


class Author(Model):
    id: int | None = Field(default=None, db_pk=True)
    name: str
    email: str
    age: int
    score: float
    active: bool
    joined: date
    books: list[Book] = Field(db_reverse_fk="author")

    class Meta:
        is_table = True
        table_name = "bench_author"


class Book(Model):
    id: int | None = Field(default=None, db_pk=True)
    title: str
    pages: int
    published: date
    in_print: bool
    author: Author | None = Field(default=None, db_on_delete="CASCADE")

    class Meta:
        is_table = True
        table_name = "bench_book"


class Note(Model):
    id: int | None = Field(default=None, db_pk=True)
    title: str
    body: str
    stars: int
    pinned: bool

    class Meta:
        is_table = True
        table_name = "bench_note"


class Async(Competitor):
    """As its documentation shows it; every statement commits by itself."""

    label = "oxyde"
    notes: list[Any]

    async def open(self) -> None:
        place = self.place
        if place.database == "sqlite":
            await db.init(default=f"sqlite:///{place.path}")
        else:
            await db.init(default=f"postgresql://{place.authority}/{place.name}")

    async def close(self) -> None:
        await db.close()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]

    async def get(self, count: int) -> int:
        return sum([(await Author.objects.get(id=key)).id == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            book: Any = await Book.objects.filter(id=key).join("author").first()
            seen += book.author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            rows = Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id").limit(20)
            seen += len(await rows.all())
        return seen

    async def objects(self, count: int) -> int:
        return sum([len(await Author.objects.filter(id__lte=MANY_ROWS).all()) for _ in range(count)])

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
            for author in await Author.objects.filter(id__lte=PARENTS).prefetch("books").all():
                seen += len(author.books)
        return seen


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async only."""
    return Async if pane.colour == "async" else None
