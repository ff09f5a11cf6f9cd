"""SQLAlchemy's ORM in both colours: a session for each operation, as its documentation advises."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)

from benchmarks.competitors import Competitor
from benchmarks.data import BOOKS, READ_KEYS, given, keys, note
from benchmarks.workloads import (
    BULK_ROWS,
    GATHERED_ROWS,
    MANY_ROWS,
    PARENTS,
    POOL_SIZE,
    STALL_ROWS,
    TASK_READS,
    TASK_UPDATES,
    TASKS,
    Pane,
)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "bench_author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    age: Mapped[int]
    score: Mapped[float]
    active: Mapped[bool]
    joined: Mapped[date]
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "bench_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    pages: Mapped[int]
    published: Mapped[date]
    in_print: Mapped[bool]
    author_id: Mapped[int] = mapped_column(ForeignKey("bench_author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


class Note(Base):
    __tablename__ = "bench_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    stars: Mapped[int]
    pinned: Mapped[bool]


DRIVERS = {
    ("sqlite", "blocking"): "sqlite",
    ("sqlite", "async"): "sqlite+aiosqlite",
    ("postgresql", "blocking"): "postgresql+psycopg",
    ("postgresql", "async"): "postgresql+asyncpg",
}
AUTHOR = Author.__table__.c


def quick_pragmas(engine: Engine) -> None:
    """The settings every competitor has on SQLite."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma foreign_keys = on")


def limited(number: int) -> Any:
    """The statement of ``filter_20``."""
    return select(Author).where(Author.age >= 20 + number % 30, Author.active.is_(True)).order_by(Author.id).limit(20)


def many(rows: int) -> Any:
    """The statement for so many authors."""
    return select(Author).where(Author.id <= rows)


def many_columns() -> Any:
    """The same as rows of columns."""
    return select(*AUTHOR).where(AUTHOR.id <= MANY_ROWS)


def parents() -> Any:
    """The statement of the prefetch."""
    return select(Author).where(Author.id <= PARENTS).options(selectinload(Author.books))


class Blocking(Competitor):
    """``Session`` over sqlite3 or psycopg."""

    label = "sqlalchemy"
    engine: Engine
    notes: list[Note]
    rows: list[dict[str, Any]]

    def open(self) -> None:
        driver = DRIVERS[self.pane]
        self.engine = create_engine(self.place.url.replace(self.place.database, driver, 1), pool_size=POOL_SIZE)
        if self.place.database == "sqlite":
            quick_pragmas(self.engine)
        self.session = sessionmaker(self.engine, expire_on_commit=False)

    def close(self) -> None:
        self.engine.dispose()

    def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.rows = [note(number)._asdict() for number in range(BULK_ROWS)]
        elif workload == "batch":
            self.notes = [Note(**note(number)._asdict()) for number in range(GATHERED_ROWS)]
        elif workload in ("update_one", "delete_one"):
            with self.session() as session:
                self.notes = list(session.scalars(select(Note).order_by(Note.id)))

    def get(self, count: int) -> int:
        seen = 0
        for key in keys(count, READ_KEYS):
            with self.session() as session:
                seen += session.get_one(Author, key).id == key
        return seen

    def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            with self.session() as session:
                seen += session.get_one(Book, key, options=[joinedload(Book.author)]).author.age > 0
        return seen

    def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            with self.session() as session:
                seen += len(session.scalars(limited(number)).all())
        return seen

    def objects(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.session() as session:
                seen += len(session.scalars(many(MANY_ROWS)).all())
        return seen

    def dicts(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.session() as session:
                seen += len([dict(row) for row in session.execute(many_columns()).mappings()])
        return seen

    def tuples(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.session() as session:
                seen += len(session.execute(many_columns()).all())
        return seen

    def insert_one(self, count: int) -> int:
        for values in given(count):
            with self.session.begin() as session:
                session.add(Note(**values))
        return count

    def update_one(self, count: int) -> int:
        for one in self.notes:
            with self.session.begin() as session:
                session.add(one)
                one.stars += 1
        return len(self.notes)

    def delete_one(self, count: int) -> int:
        for one in self.notes:
            with self.session.begin() as session:
                session.delete(one)
        return len(self.notes)

    def bulk_insert(self, count: int) -> int:
        with self.session.begin() as session:
            session.execute(insert(Note), self.rows)
        return len(self.rows)

    def batch(self, count: int) -> int:
        with self.session.begin() as session:
            session.add_all(self.notes)
            session.flush()
        return sum(one.id is not None for one in self.notes)

    def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            with self.session() as session:
                seen += sum(len(author.books) for author in session.scalars(parents()))
        return seen

    def compile(self, count: int) -> int:
        cache: dict[Any, Any] = {}
        for number in range(count):
            statement = (
                select(Book).join(Book.author).where(Author.age > number, Book.pages > 100, Book.in_print.is_(True))
            )
            compiled, values, *_ = statement._compile_w_cache(  # the warm path; it has no public name
                self.engine.dialect, compiled_cache=cache, column_keys=[]
            )
            compiled.construct_params(extracted_parameters=values)
        return count


class Async(Competitor):
    """``AsyncSession`` over aiosqlite or asyncpg."""

    label = "sqlalchemy"
    engine: AsyncEngine
    notes: list[Note]
    rows: list[dict[str, Any]]

    async def open(self) -> None:
        driver = DRIVERS[self.pane]
        url = self.place.url.replace(self.place.database, driver, 1)
        self.engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
        if self.place.database == "sqlite":
            quick_pragmas(self.engine.sync_engine)
        self.session: async_sessionmaker[AsyncSession] = async_sessionmaker(self.engine, expire_on_commit=False)

    async def close(self) -> None:
        await self.engine.dispose()

    async def prepare(self, workload: str, count: int) -> None:
        if workload == "bulk_insert":
            self.rows = [note(number)._asdict() for number in range(BULK_ROWS)]
        elif workload == "batch":
            self.notes = [Note(**note(number)._asdict()) for number in range(GATHERED_ROWS)]
        elif workload in ("update_one", "delete_one"):
            async with self.session() as session:
                self.notes = list(await session.scalars(select(Note).order_by(Note.id)))

    async def get(self, count: int) -> int:
        seen = 0
        for key in keys(count, READ_KEYS):
            async with self.session() as session:
                seen += (await session.get_one(Author, key)).id == key
        return seen

    async def get_joined(self, count: int) -> int:
        seen = 0
        for key in keys(count, BOOKS):
            async with self.session() as session:
                seen += (await session.get_one(Book, key, options=[joinedload(Book.author)])).author.age > 0
        return seen

    async def filter_20(self, count: int) -> int:
        seen = 0
        for number in range(count):
            async with self.session() as session:
                seen += len((await session.scalars(limited(number))).all())
        return seen

    async def objects(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async with self.session() as session:
                seen += len((await session.scalars(many(MANY_ROWS))).all())
        return seen

    async def stall(self, count: int) -> list[Any]:
        async with self.session() as session:
            return (await session.scalars(many(STALL_ROWS))).all()

    async def dicts(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async with self.session() as session:
                seen += len([dict(row) for row in (await session.execute(many_columns())).mappings()])
        return seen

    async def tuples(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async with self.session() as session:
                seen += len((await session.execute(many_columns())).all())
        return seen

    async def insert_one(self, count: int) -> int:
        for values in given(count):
            async with self.session.begin() as session:
                session.add(Note(**values))
        return count

    async def update_one(self, count: int) -> int:
        for one in self.notes:
            async with self.session.begin() as session:
                session.add(one)
                one.stars += 1
        return len(self.notes)

    async def delete_one(self, count: int) -> int:
        for one in self.notes:
            async with self.session.begin() as session:
                await session.delete(one)
        return len(self.notes)

    async def bulk_insert(self, count: int) -> int:
        async with self.session.begin() as session:
            await session.execute(insert(Note), self.rows)
        return len(self.rows)

    async def batch(self, count: int) -> int:
        async with self.session.begin() as session:
            session.add_all(self.notes)
            await session.flush()
        return sum(one.id is not None for one in self.notes)

    async def prefetch(self, count: int) -> int:
        seen = 0
        for _ in range(count):
            async with self.session() as session:
                seen += sum(len(author.books) for author in await session.scalars(parents()))
        return seen

    async def pool(self, count: int) -> int:
        async def task(number: int) -> int:
            done = 0
            for turn in range(TASK_READS):
                async with self.session() as session:
                    done += await session.get(Author, 1 + number * TASK_READS + turn) is not None
                if turn < TASK_UPDATES:
                    async with self.session.begin() as session:
                        one = Note.id == 1 + number * TASK_UPDATES + turn
                        await session.execute(update(Note).where(one).values(stars=turn))
                        done += 1
            return done

        return sum(await asyncio.gather(*(task(number) for number in range(TASKS))))


def competitor(pane: Pane) -> type[Competitor]:
    """Blocking or async, on either database."""
    return Async if pane.colour == "async" else Blocking
