"""The drivers' part of the workloads about many rows: the statements that a competent person writes, and nothing made
of what they give but the groups of a prefetch."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import psycopg

from benchmarks.data import note
from benchmarks.workloads import CHANGED_ROWS, COPIED_ROWS, MANY_ROWS

AUTHOR: Final = ", ".join(f"a.{name}" for name in ("id", "name", "email", "age", "score", "active", "joined"))
ROOTS: Final = "select id, name from bench_root"
BRANCHES: Final = "select id, name, root_id from bench_branch where root_id"
LEAVES: Final = "select id, name, size, branch_id from bench_leaf where branch_id"
ANNOTATED: Final = (
    f"select {AUTHOR}, count(b.id) from bench_author a left join bench_book b on b.author_id = a.id "
    f"where a.id <= {MANY_ROWS} group by a.id"
)
GROUPED: Final = (
    f"select a.joined, count(a.id), max(a.age), avg(a.score) from bench_author a where a.id <= {MANY_ROWS} "
    "group by a.joined"
)
WINDOWED: Final = (
    f"select {AUTHOR}, row_number() over (partition by a.active order by a.score desc) from bench_author a "
    f"where a.id <= {MANY_ROWS}"
)
UPDATE: Final = (
    "update bench_note n set title = v.title, body = v.body, stars = v.stars "
    "from unnest({}::bigint[], {}::text[], {}::text[], {}::integer[]) as v (id, title, body, stars) where n.id = v.id"
)
UPSERT: Final = (
    "insert into bench_note (id, title, body, stars, pinned) "
    "select * from unnest({}::bigint[], {}::text[], {}::text[], {}::integer[], {}::boolean[]) "
    "on conflict (id) do update set title = excluded.title, body = excluded.body, stars = excluded.stars"
)
NUMBERS: Final = [f"${number}" for number in range(1, 6)]
COPIED: Final = ["title", "body", "stars", "pinned"]


def grouped_by(rows: Sequence[Any], position: int) -> dict[Any, list[Any]]:
    """Put rows with those that have the same value at a position."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[position]].append(row)
    return found


class RawBulk:
    """What is given."""

    copied: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]

    def prepare_bulk(self, workload: str) -> None:
        """Make ready what is given."""
        if workload == "copy_in":
            if not hasattr(self, "copied"):
                self.copied = [tuple(note(number)) for number in range(COPIED_ROWS)]
        elif workload in ("bulk_update", "update_conflicts"):
            notes = enumerate([note(number) for number in range(1, CHANGED_ROWS + 1)], 1)
            self.changed = [(key, one.title, one.body, one.stars + 1, one.pinned) for key, one in notes]

    def arrays(self, columns: int) -> list[list[Any]]:
        """What is to be changed, as one list for each column."""
        return [list(column) for column in zip(*self.changed, strict=True)][:columns]


class SQLiteBlockingBulk(RawBulk):
    """sqlite3."""

    connection: sqlite3.Connection

    def _many(self, sql: str, count: int) -> int:
        return sum(len(self.connection.execute(sql).fetchall()) for _ in range(count))

    def annotated(self, count: int) -> int:
        return self._many(ANNOTATED, count)

    def grouped(self, count: int) -> int:
        return self._many(GROUPED, count)

    def windowed(self, count: int) -> int:
        return self._many(WINDOWED, count)

    def prefetch_deep(self, count: int) -> int:
        seen = 0
        execute = self.connection.execute
        for _ in range(count):
            roots = execute(ROOTS).fetchall()
            marks = ", ".join("?" * len(roots))
            branches = grouped_by(execute(f"{BRANCHES} in ({marks})", [row[0] for row in roots]).fetchall(), 2)
            keys = [row[0] for rows in branches.values() for row in rows]
            leaves = grouped_by(execute(f"{LEAVES} in ({', '.join('?' * len(keys))})", keys).fetchall(), 3)
            seen += sum(len(leaves[branch[0]]) for root in roots for branch in branches[root[0]])
        return seen


class PostgreSQLBlockingBulk(RawBulk):
    """psycopg."""

    connection: psycopg.Connection[Any]

    def _many(self, sql: Any, count: int) -> int:
        return sum(len(self.connection.execute(sql).fetchall()) for _ in range(count))

    def annotated(self, count: int) -> int:
        return self._many(ANNOTATED, count)

    def grouped(self, count: int) -> int:
        return self._many(GROUPED, count)

    def windowed(self, count: int) -> int:
        return self._many(WINDOWED, count)

    def prefetch_deep(self, count: int) -> int:
        seen = 0
        execute: Any = self.connection.execute
        for _ in range(count):
            roots = execute(ROOTS).fetchall()
            branches = grouped_by(execute(f"{BRANCHES} = any(%s)", ([row[0] for row in roots],)).fetchall(), 2)
            keys = [row[0] for rows in branches.values() for row in rows]
            leaves = grouped_by(execute(f"{LEAVES} = any(%s)", (keys,)).fetchall(), 3)
            seen += sum(len(leaves[branch[0]]) for root in roots for branch in branches[root[0]])
        return seen

    def bulk_update(self, count: int) -> int:
        execute: Any = self.connection.execute
        affected: int = execute(UPDATE.format(*["%s"] * 4), self.arrays(4)).rowcount
        return affected

    def update_conflicts(self, count: int) -> int:
        execute: Any = self.connection.execute
        affected: int = execute(UPSERT.format(*["%s"] * 5), self.arrays(5)).rowcount
        return affected

    def copy_in(self, count: int) -> int:
        with self.connection.cursor() as cursor:
            with cursor.copy("copy bench_note (title, body, stars, pinned) from stdin") as copy:
                for row in self.copied:
                    copy.write_row(row)
            return cursor.rowcount


class PostgreSQLAsyncBulk(RawBulk):
    """asyncpg."""

    connection: asyncpg.Connection

    async def _many(self, sql: str, count: int) -> int:
        return sum([len(await self.connection.fetch(sql)) for _ in range(count)])

    async def annotated(self, count: int) -> int:
        return await self._many(ANNOTATED, count)

    async def grouped(self, count: int) -> int:
        return await self._many(GROUPED, count)

    async def windowed(self, count: int) -> int:
        return await self._many(WINDOWED, count)

    async def prefetch_deep(self, count: int) -> int:
        seen = 0
        fetch = self.connection.fetch
        for _ in range(count):
            roots = await fetch(ROOTS)
            branches = grouped_by(await fetch(f"{BRANCHES} = any($1)", [row[0] for row in roots]), 2)
            keys = [row[0] for rows in branches.values() for row in rows]
            leaves = grouped_by(await fetch(f"{LEAVES} = any($1)", keys), 3)
            seen += sum(len(leaves[branch[0]]) for root in roots for branch in branches[root[0]])
        return seen

    async def bulk_update(self, count: int) -> int:
        status: str = await self.connection.execute(UPDATE.format(*NUMBERS[:4]), *self.arrays(4))
        return int(status.rpartition(" ")[2])

    async def update_conflicts(self, count: int) -> int:
        status: str = await self.connection.execute(UPSERT.format(*NUMBERS), *self.arrays(5))
        return int(status.rpartition(" ")[2])

    async def copy_in(self, count: int) -> int:
        status: str = await self.connection.copy_records_to_table("bench_note", records=self.copied, columns=COPIED)
        return int(status.rpartition(" ")[2])
