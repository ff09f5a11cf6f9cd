"""peewee, which is blocking: sqlite3 or psycopg underneath."""

from __future__ import annotations

import peewee

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import BULK_ROWS, MANY_ROWS, PARENTS, Pane

database = peewee.DatabaseProxy()


class Author(peewee.Model):
    name = peewee.CharField()
    email = peewee.CharField()
    age = peewee.IntegerField()
    score = peewee.DoubleField()
    active = peewee.BooleanField()
    joined = peewee.DateField()

    class Meta:
        database = database
        table_name = "bench_author"


class Book(peewee.Model):
    title = peewee.CharField()
    pages = peewee.IntegerField()
    published = peewee.DateField()
    in_print = peewee.BooleanField()
    author = peewee.ForeignKeyField(Author, backref="books")

    class Meta:
        database = database
        table_name = "bench_book"


class Note(peewee.Model):
    title = peewee.CharField()
    body = peewee.TextField()
    stars = peewee.IntegerField()
    pinned = peewee.BooleanField()

    class Meta:
        database = database
        table_name = "bench_note"


class Blocking(Competitor):
    """One connection, autocommit outside ``atomic``, which is peewee's default."""

    label = "peewee"
    notes: list[Note]

    def open(self) -> None:
        if self.place.database == "sqlite":
            pragmas = {"journal_mode": "wal", "synchronous": "normal", "foreign_keys": 1}
            real = peewee.SqliteDatabase(self.place.path, pragmas=pragmas)
        else:
            place = self.place
            real = peewee.PostgresqlDatabase(
                place.name, host=place.host, port=place.port, user=place.user, password=place.password or None
            )
        database.initialize(real)
        database.connect()

    def close(self) -> None:
        database.close()

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]
        elif workload in ("update_one", "delete_one"):
            self.notes = list(Note.select().order_by(Note.id))

    def get(self, count: int) -> int:
        return sum(Author.get_by_id(key).id == key for key in keys(count, READ_KEYS))

    def get_joined(self, count: int) -> int:
        return sum(
            Book.select(Book, Author).join(Author).where(Book.id == key).get().author.age > 0
            for key in keys(count, BOOKS)
        )

    def filter_20(self, count: int) -> int:
        return sum(
            len(Author.select().where(Author.age >= 20 + number % 30, Author.active).order_by(Author.id).limit(20))
            for number in range(count)
        )

    def objects(self, count: int) -> int:
        return sum(len(list(Author.select().where(Author.id <= MANY_ROWS))) for _ in range(count))

    def dicts(self, count: int) -> int:
        return sum(len(list(Author.select().where(Author.id <= MANY_ROWS).dicts())) for _ in range(count))

    def tuples(self, count: int) -> int:
        return sum(len(list(Author.select().where(Author.id <= MANY_ROWS).tuples())) for _ in range(count))

    def insert_one(self, count: int) -> int:
        return sum(Note.create(**values).id is not None for values in given(count))

    def update_one(self, count: int) -> int:
        for one in self.notes:
            one.stars += 1
            one.save()
        return len(self.notes)

    def delete_one(self, count: int) -> int:
        return sum(one.delete_instance() for one in self.notes)

    def bulk_insert(self, count: int) -> int:
        # SQLite takes 32,766 variables in a statement; 5,000 rows of five columns fit.
        with database.atomic():
            Note.bulk_create(self.notes, batch_size=BULK_ROWS)
        return len(self.notes)

    def prefetch(self, count: int) -> int:
        return sum(
            len(author.books)
            for _ in range(count)
            for author in peewee.prefetch(Author.select().where(Author.id <= PARENTS), Book.select())
        )

    def compile(self, count: int) -> int:
        for number in range(count):
            wanted = (Author.age > number, Book.pages > 100, Book.in_print)
            Book.select().join(Author).where(*wanted).sql()
        return count


def competitor(pane: Pane) -> type[Competitor] | None:
    """Blocking only."""
    return Blocking if pane.colour == "blocking" else None
