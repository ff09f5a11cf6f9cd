"""``orm lint --trace``: runs the migrations to come on an empty copy, and reads which locks the server takes for them.

The copy is a database of its own beside the real one, made by the migrations that are applied; it is dropped at the
end. Inside a transaction the session's locks are read after each statement. What runs outside transactions (an index
built concurrently) meets a session that looks as if it had written to every table: it waits for that, and meanwhile
its locks are read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orm.bridge import run
from orm.cli.output import Failure
from orm.config import configure, settings
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic, in_atomic_block
from orm.db.url import DatabaseURL
from orm.migrations.executor_blocking import MigrationExecutor
from orm.migrations.lint.findings import ACCESS_EXCLUSIVE, NOBODY, SHARE, SHARE_ROW_EXCLUSIVE, WRITES
from orm.migrations.lint.statements import OUTSIDE
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.steps import TABLE
from orm.records import NamedTuple
from orm.sql import ddl
from orm.sql.objects import LockQueries
from orm.testing.scratch import empty_database

BESIDE = "orm_trace_beside"
"""The alias of the session beside the one that is watched."""
WAITS = {
    ACCESS_EXCLUSIVE: NOBODY, "ExclusiveLock": WRITES, SHARE_ROW_EXCLUSIVE: WRITES, SHARE: WRITES,
}  # fmt: skip
"""Who waits for which lock."""
LOOK_SECONDS = 0.005
"""From one look at the session that is watched to the next."""


class Lock(NamedTuple):
    """A lock on a table or index."""

    relation: str
    mode: str

    @property
    def who_waits(self) -> str:
        """Who waits meanwhile, in words; empty where nobody does who reads or writes."""
        return WAITS.get(self.mode, "")


@dataclass
class Taken:
    """The locks that one statement took on tables which were there before, and for how many seconds it had them."""

    migration: str
    operation: int
    statement: str
    locks: list[Lock]
    began: float
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """What a machine reads of it."""
        locks = [{**one._asdict(), "who_waits": one.who_waits} for one in self.locks]
        return {
            "migration": self.migration, "operation": self.operation, "statement": self.statement,
            "seconds": round(self.seconds, 6), "locks": locks,
        }  # fmt: skip


@dataclass
class Trace:
    """Watches the statements of migrations: the ``watch`` of an executor, and what hears of its progress."""

    database: Database
    queries: LockQueries
    tables: list[str]
    newest: int
    taken: list[Taken] = field(default_factory=list)
    _transaction: str = ""
    _held: set[Lock] = field(default_factory=set)
    _open: list[Taken] = field(default_factory=list)

    def __call__(self, action: str, migration: Any = None, what: object = False) -> None:
        """Hear that a migration has ended: its locks were had until now."""
        if action == "apply_success":
            for one in self._open:
                one.seconds = time.monotonic() - one.began
            self._open = []

    async def run(self, step: str, sql: str, params: Any) -> None:
        """Run a statement, and note its locks."""
        began = time.monotonic()
        if in_atomic_block(self.database.alias):
            await self.database.execute(sql, params)
            self._note(step, sql, began, await self._locks(), lasting=True)
        elif OUTSIDE.match(sql):
            await self._run_beside(step, sql, params)
        else:
            async with atomic(using=self.database.alias):
                await self.database.execute(sql, params)
                locks = await self._locks()
            self._note(step, sql, began, locks, lasting=False)

    async def end(self, step: str) -> None:
        """Note what an operation locked by itself, without the editor."""
        if in_atomic_block(self.database.alias):
            self._note(step, "", time.monotonic(), await self._locks(), lasting=True)

    async def _locks(self) -> list[Lock]:
        """The locks that came with the last statement."""
        rows = await self.database.fetch(self.queries.locks.format(session="pg_backend_pid()"), ())
        if rows and rows[0][0] != self._transaction:
            self._transaction, self._held = rows[0][0], set()
        new = [lock for lock in self._kept(rows) if lock not in self._held]
        self._held.update(new)
        return new

    def _kept(self, rows: Iterable[Any]) -> list[Lock]:
        """Those on what was there before, and is not the library's own."""
        own = {TABLE, settings.migrations_table}
        return list(dict.fromkeys(
            Lock(name.strip('"'), mode) for _, number, name, mode, _ in rows
            if number <= self.newest and name.strip('"') not in own
        ))  # fmt: skip

    def _note(self, step: str, sql: str, began: float, locks: list[Lock], *, lasting: bool) -> None:
        if not locks:
            return
        migration, _, place = step.rpartition(":")
        one = Taken(migration, int(place), sql, locks, began, time.monotonic() - began)
        self.taken.append(one)
        if lasting:
            self._open.append(one)

    async def _run_beside(self, step: str, sql: str, params: Any) -> None:
        """Run a statement that has no transaction, beside a session that it has to wait for."""
        session = (await self.database.fetch(self.queries.session, ()))[0][0]
        beside = Beside(self.queries, self.tables, session)
        beside.start()
        beside.ready.wait()
        began = time.monotonic()
        try:
            await self.database.execute(sql, params)
        finally:
            beside.ended.set()
            beside.join()
        self._note(step, sql, began, self._kept(beside.rows), lasting=False)


class Beside(threading.Thread):
    """A session that holds all tables as a writer does, until the one that is watched waits for it."""

    def __init__(self, queries: LockQueries, tables: list[str], session: int) -> None:
        super().__init__(daemon=True)
        self.queries, self.tables, self.session = queries, tables, session
        self.ready, self.ended = threading.Event(), threading.Event()
        self.rows: list[Any] = []

    def run(self) -> None:
        """Hold, look, and let go."""
        try:
            with atomic(using=BESIDE), databases[BESIDE].connection() as connection:
                if self.tables:
                    connection.execute(self.queries.hold.format(tables=", ".join(self.tables)))
                self.ready.set()
                self._look(connection)
        finally:
            self.ready.set()

    def _look(self, connection: Any) -> None:
        query = self.queries.locks.format(session=int(self.session))
        waiting = self.queries.waiting.format(session=int(self.session))
        while not self.ended.is_set():
            found = list(connection.fetch(query))
            if found and connection.fetch(waiting)[0][0]:
                self.rows = found
                return
            self.ended.wait(LOOK_SECONDS)


def trace(alias: str, app: str | None) -> list[Taken]:
    """Run the migrations to come of an app (or all) on an empty copy of a database; return the locks they took.

    Raises ``Failure`` for a database that shows no locks; what the database raises where no copy can be made.
    """
    database = databases[alias]
    queries = database.dialect.lock_queries()
    if queries is None:
        raise Failure(f"{database.dialect.display_name} does not show which locks a session has.")
    applied = list(MigrationLoader(database, ignore_no_migrations=True).applied_migrations)
    with _copy(alias):
        executor = MigrationExecutor(databases[alias])
        known = {(one.app_label, one.name) for one in executor.loader.disk_migrations.values()}
        executor.migrate([key for key in applied if key in known])
        executor = MigrationExecutor(databases[alias])
        leaves = [key for key in executor.loader.graph.leaf_nodes() if app in (None, key[0])]
        watch = _watch(databases[alias], queries)
        executor.watch = executor.progress_callback = watch
        executor.migrate(leaves)
    return watch.taken


@contextmanager
def _copy(alias: str) -> Iterator[None]:
    """Let an alias mean an empty database beside its own."""
    before = dict(settings.databases)
    with empty_database(DatabaseURL.parse(before[alias]), "_trace") as url:
        configure(databases={**before, alias: url, BESIDE: url})
        try:
            yield
        finally:
            configure(databases=before)


def _watch(database: Database, queries: LockQueries) -> Trace:
    """What watches a database from now on."""
    with database.connection() as connection:
        newest = connection.fetch(queries.newest)[0][0]
    reader = database.backend.introspection
    found = [] if reader is None else run(reader.tables(database.fetch))
    tables = [ddl.finished(database.dialect.quote(one.name)) for one in found if one.kind == "table"]
    return Trace(database, queries, tables, newest)
