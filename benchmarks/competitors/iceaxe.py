"""iceaxe, which is async and for PostgreSQL alone: Pydantic models over asyncpg, with a compiled part."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
from iceaxe import DBConnection, Field, TableBase, select

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import BULK_ROWS, MANY_ROWS, Pane


class Author(TableBase):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    email: str
    age: int
    score: float
    active: bool
    joined: date

    table_name = "bench_author"


class Book(TableBase):
    id: int | None = Field(default=None, primary_key=True)
    title: str
    pages: int
    published: date
    in_print: bool
    author_id: int = Field(foreign_key="bench_author.id")

    table_name = "bench_book"


class Note(TableBase):
    id: int | None = Field(default=None, primary_key=True)
    title: str
    body: str
    stars: int
    pinned: bool

    table_name = "bench_note"


class Async(Competitor):
    """One connection, as its documentation shows it; it has no pool and no objects with relations."""

    label = "iceaxe"
    notes: list[Any]

    async def open(self) -> None:
        place = self.place
        self.connection = DBConnection(
            await asyncpg.connect(
                host=place.host, port=place.port, user=place.user, password=place.password, database=place.name
            )
        )

    async def close(self) -> None:
        await self.connection.close()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.notes = [Note(**note(number)._asdict()) for number in range(BULK_ROWS)]

    async def get(self, count: int) -> int:
        seen = 0
        for key in keys(count, READ_KEYS):
            (author,) = await self.connection.exec(select(Author).where(Author.id == key))
            seen += author.id == key
        return seen

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            query = select((Book, Author)).join(Author, Book.author_id == Author.id).where(Book.id == key)
            ((_, author),) = await self.connection.exec(query)
            seen += author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            query = select(Author).where(Author.age >= 20 + number % 30, Author.active == True)  # noqa: E712
            seen += len(await self.connection.exec(query.order_by(Author.id, "ASC").limit(20)))
        return seen

    async def objects(self, count: int) -> int:
        query = select(Author).where(Author.id <= MANY_ROWS)  # type: ignore[operator]
        return sum([len(await self.connection.exec(query)) for _ in range(count)])

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            await self.connection.insert([Note(**values)])
        return count

    async def bulk_insert(self, count: int) -> int:
        await self.connection.insert(self.notes)
        return len(self.notes)


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async on PostgreSQL only."""
    return Async if (pane.database, pane.colour) == ("postgresql", "async") else None
