"""djanorm: Django's names in both colours; sqlite3 and aiosqlite, or psycopg for both."""

from __future__ import annotations

from typing import Any

import dorm

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, Place, given, keys, note
from benchmarks.workloads import BULK_ROWS, MANY_ROWS, PARENTS, Pane


class Author(dorm.Model):
    name = dorm.CharField(max_length=100)
    email = dorm.CharField(max_length=200)
    age = dorm.IntegerField()
    score = dorm.FloatField()
    active = dorm.BooleanField()
    joined = dorm.DateField()

    class Meta:
        db_table = "bench_author"


class Book(dorm.Model):
    title = dorm.CharField(max_length=200)
    pages = dorm.IntegerField()
    published = dorm.DateField()
    in_print = dorm.BooleanField()
    author = dorm.ForeignKey(Author, on_delete=dorm.CASCADE, related_name="books")

    class Meta:
        db_table = "bench_book"


class Note(dorm.Model):
    title = dorm.CharField(max_length=200)
    body = dorm.TextField()
    stars = dorm.IntegerField()
    pinned = dorm.BooleanField()

    class Meta:
        db_table = "bench_note"


def configure(place: Place) -> None:
    """Say where the tables are."""
    if place.database == "sqlite":
        settings: dict[str, Any] = {"ENGINE": "sqlite", "NAME": place.path}
    else:
        settings = {
            "ENGINE": "postgresql",
            "NAME": place.name,
            "HOST": place.host,
            "PORT": place.port,
            "USER": place.user,
            "PASSWORD": place.password,
        }
    dorm.configure(DATABASES={"default": settings}, INSTALLED_APPS=[])


class Blocking(Competitor):
    """As its documentation shows it; every statement commits by itself."""

    label = "djanorm"
    notes: list[Any]

    def open(self) -> None:
        configure(self.place)

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]

    def get(self, count: int) -> int:
        return sum([Author.objects.get(pk=key).pk == key for key in keys(count, READ_KEYS)])

    def get_joined(self, count: int) -> int:
        return sum([Book.objects.select_related("author").get(pk=key).author.age > 0 for key in keys(count, BOOKS)])

    def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            seen += len(list(Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id")[:20]))
        return seen

    def objects(self, count: int) -> int:
        return sum([len(list(Author.objects.filter(id__lte=MANY_ROWS))) for _ in range(count)])

    def insert_one(self, count: int) -> int:
        for values in given(count):
            Note.objects.create(**values)
        return count

    def bulk_insert(self, count: int) -> int:
        Note.objects.bulk_create(self.notes)
        return len(self.notes)

    def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = Author.objects.filter(id__lte=PARENTS).prefetch_related("books")
            seen += sum([len(list(author.books.all())) for author in parents])
        return seen


class Async(Competitor):
    """The same in the other colour."""

    label = "djanorm"
    notes: list[Any]

    def open(self) -> None:
        configure(self.place)

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]

    async def get(self, count: int) -> int:
        return sum([(await Author.objects.aget(pk=key)).pk == key for key in keys(count, READ_KEYS)])

    async def get_joined(self, count: int) -> int:
        books = Book.objects.select_related("author")
        return sum([(await books.aget(pk=key)).author.age > 0 for key in keys(count, BOOKS)])

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            rows = Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id")[:20]
            seen += len([row async for row in rows])
        return seen

    async def objects(self, count: int) -> int:
        return sum([len([row async for row in Author.objects.filter(id__lte=MANY_ROWS)]) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            await Note.objects.acreate(**values)
        return count

    async def bulk_insert(self, count: int) -> int:
        await Note.objects.abulk_create(self.notes)
        return len(self.notes)

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            parents = Author.objects.filter(id__lte=PARENTS).prefetch_related("books")
            async for author in parents:
                seen += len(author.books.all())
        return seen


def competitor(pane: Pane) -> type[Competitor] | None:
    """Both colours."""
    return Async if pane.colour == "async" else Blocking
