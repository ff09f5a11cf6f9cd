"""Django's ORM: blocking, and its ``a`` methods, which run the blocking ones in a thread."""

from __future__ import annotations

import asyncio
from typing import Any

import django
from django.conf import settings
from django.db import connection, models

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, Place, given, keys, note
from benchmarks.workloads import (
    BULK_ROWS,
    MANY_ROWS,
    PARENTS,
    STALL_ROWS,
    TASK_READS,
    TASK_UPDATES,
    TASKS,
    Pane,
)


def database_settings(place: Place) -> dict[str, Any]:
    """``DATABASES["default"]`` for that place."""
    if place.database == "sqlite":
        pragmas = "pragma journal_mode = wal; pragma synchronous = normal"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": place.path, "OPTIONS": {"init_command": pragmas}}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place.name,
        "HOST": place.host,
        "PORT": place.port,
        "USER": place.user,
        "PASSWORD": place.password,
        "CONN_MAX_AGE": None,
    }


if not settings.configured:
    settings.configure(INSTALLED_APPS=[], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    django.setup()


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


class Django(Competitor):
    """What both colours share: settings, and the instances that writes start from."""

    label = "django"
    notes: list[Note]

    def connect(self) -> None:
        """Point the default connection at the place; ``settings`` were configured without a database."""
        settings.DATABASES = {"default": database_settings(self.place)}
        from django.db import connections  # its settings are read once, after the line above

        connections.settings = connections.configure_settings(settings.DATABASES)

    def load(self, workload: str, count: int) -> None:
        """Instances for the writing workloads."""
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = list(Note.objects.order_by("id"))


class Blocking(Django):
    """The ordinary methods."""

    def open(self) -> None:
        self.connect()

    def prepare(self, workload: str, count: int) -> None:
        self.load(workload, count)

    def close(self) -> None:
        connection.close()

    def get(self, count: int) -> int:
        return sum(Author.objects.get(pk=key).id == key for key in keys(count, READ_KEYS))

    def get_joined(self, count: int) -> int:
        books = Book.objects.select_related("author")
        return sum(books.get(pk=key).author.age > 0 for key in keys(count, BOOKS))

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

    def bulk_insert(self, count: int) -> int:
        return len(Note.objects.bulk_create(self.notes))

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
            books = Book.objects.filter(author__age__gt=number, pages__gt=100, in_print=True)
            books.query.get_compiler("default").as_sql()
        return count


class Async(Django):
    """The ``a`` methods."""

    async def open(self) -> None:
        self.connect()

    async def prepare(self, workload: str, count: int) -> None:
        if workload in ("update_one", "delete_one"):
            self.notes = [one async for one in Note.objects.order_by("id")]
        else:
            self.load(workload, count)

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def get(self, count: int) -> int:
        seen = 0
        for key in keys(count, READ_KEYS):
            seen += (await Author.objects.aget(pk=key)).id == key
        return seen

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            seen += (await Book.objects.select_related("author").aget(pk=key)).author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            found = Author.objects.filter(age__gte=20 + number % 30, active=True).order_by("id")[:20]
            seen += len([author async for author in found])
        return seen

    async def many(self, rows: int) -> int:
        """So many objects."""
        return len([author async for author in Author.objects.filter(id__lte=rows)])

    async def objects(self, count: int) -> int:
        return sum([await self.many(MANY_ROWS) for _ in range(count)])

    async def stall(self, count: int) -> list[Any]:
        return [author async for author in Author.objects.filter(id__lte=STALL_ROWS)]

    async def dicts(self, count: int) -> int:
        found = Author.objects.filter(id__lte=MANY_ROWS).values()
        return sum([len([row async for row in found.all()]) for _ in range(count)])

    async def tuples(self, count: int) -> int:
        found = Author.objects.filter(id__lte=MANY_ROWS).values_list()
        return sum([len([row async for row in found.all()]) for _ in range(count)])

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

    async def bulk_insert(self, count: int) -> int:
        return len(await Note.objects.abulk_create(self.notes))

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async for author in Author.objects.filter(id__lte=PARENTS).prefetch_related("books"):
                seen += len(author.books.all())
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
