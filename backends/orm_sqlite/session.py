"""One sqlite3 connection as plain calls: what both colours do, the one in the caller's thread, the other in its own.

A session waits for locks itself, in short slices: SQLite's own busy handler sleeps in C, where neither Ctrl-C nor a
cancellation reaches it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote

from orm.errors import Error, ImproperlyConfigured, IntegrityError, InterfaceError, ProgrammingError
from orm.sql import types
from orm_sqlite.broken_keys import FAILED, named, undone
from orm_sqlite.declared import DETECT_TYPES, register_converters
from orm_sqlite.errors import CAUGHT, forked_from_writer, is_busy, translate
from orm_sqlite.files import file_of, why_not
from orm_sqlite.forked import is_locked_for_good, live_sessions
from orm_sqlite.functions import register_functions
from orm_sqlite.memory import path_of

if TYPE_CHECKING:
    from orm.db.contract import Params, Row
    from orm.db.url import DatabaseURL

P = ParamSpec("P")
T = TypeVar("T")

MEMORY = ":memory:"
OPTIONS = frozenset(
    {
        *("timeout", "mode", "name", "journal_mode", "synchronous", "cache_size", "statement_cache_size", "inline"),
        *("init_command", "transaction_mode"),
    }
)
"""What a SQLite URL's query string may hold.

``timeout``: seconds to wait for another connection's lock (5). ``mode``: ``rwc`` (default), ``rw`` (the file must
exist) or ``ro``. ``name``: tells several in-memory databases apart. ``journal_mode`` (wal), ``synchronous`` (normal)
and ``cache_size`` (-16000: 16 MB) are SQLite's pragmas. ``statement_cache_size``: prepared statements kept (512).
``init_command``: statements that each new connection begins with, with semicolons between them.
``transaction_mode``: when a transaction that may write takes the write lock: at once (``immediate``, the default, and
``exclusive``) or with its first write (``deferred``), which fails where another one wrote since its first read.
``inline``: seconds that a short statement of async code may take on the event loop's own thread (0: none runs there);
see ``orm_sqlite.inline``.
"""

_SLICE = 0.1
_PROGRESS_STEPS = 1_000_000
_ISOLATION = frozenset({"read uncommitted", "read committed", "repeatable read", "snapshot", "serializable"})
_JOURNAL_MODES = frozenset({"wal", "delete", "truncate", "persist", "memory", "off"})
_SYNCHRONOUS = frozenset({"off", "normal", "full", "extra"})
_TRANSACTION_MODES = frozenset({"deferred", "immediate", "exclusive"})


class RawConnection(sqlite3.Connection):
    """A sqlite3 connection that ends when it is closed, whoever still holds a cursor that is not read to its end.

    SQLite keeps a closed connection, with its transaction and its locks, until the last statement is gone (see its
    ``sqlite3_close_v2``): a stream that somebody has let lie would lock the database on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readers: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()
        """Cursors that statements are read with bit by bit."""

    def close(self) -> None:
        for cursor in list(self.readers):
            cursor.close()
            self.readers.discard(cursor)  # which can't be closed any more once the connection is
        super().close()


class Session:
    """A sqlite3 connection in autocommit mode, its waiting for locks, and its transactions.

    ``usable`` is False once it is closed or given up.
    """

    __slots__ = (
        "__weakref__",
        "_begin",
        "_changes_before",
        "_pending",
        "_read_only",
        "_stops",
        "_url",
        "_usual_patience",
        "file",
        "patience",
        "raw",
        "usable",
    )

    def __init__(self, url: DatabaseURL, *, watch_signals: bool) -> None:
        self._url = url
        self.patience = self._usual_patience = _number(url, "timeout", 5.0)
        self.usable = True
        self._pending: list[BaseException] = []
        self._read_only = False
        self._stops = 0
        mode = _choice(url, "transaction_mode", "immediate", _TRANSACTION_MODES)
        self._begin = f"BEGIN {mode.upper()}"  # a transaction that may write
        self._changes_before: int | None = None  # of a transaction that takes the write lock when it first writes
        in_memory = url.database == MEMORY
        self.file = path_of(url.options.get("name", "")) if in_memory else file_of(url)
        try:
            self.raw = _open(url, self.file)
        except sqlite3.Error as error:
            raise self._translated(error) from error
        try:
            self._prepare(url)
        except BaseException:
            self.raw.close()
            raise
        if watch_signals:
            # A generator's __next__, since a pending signal then surfaces inside its try and can be kept.
            watch = _watch(self._pending)
            next(watch)  # into the try now: a signal that waits for the first call would surface before it, and be lost
            self.raw.set_progress_handler(watch.__next__, _PROGRESS_STEPS)
        live_sessions.add(self)

    def _prepare(self, url: DatabaseURL) -> None:
        memory = url.database == MEMORY
        journal = _choice(url, "journal_mode", "wal", _JOURNAL_MODES)
        synchronous = _choice(url, "synchronous", "off" if memory else "normal", _SYNCHRONOUS)
        settings = [
            "PRAGMA foreign_keys=ON",
            f"PRAGMA synchronous={synchronous}",
            f"PRAGMA cache_size={int(_number(url, 'cache_size', -16000))}",
            "PRAGMA temp_store=MEMORY",
        ]
        for setting in settings:
            self.run(_statement_on, self.raw, setting)
        if url.options.get("mode") != "ro" and self.fetch("PRAGMA journal_mode")[0][0] != journal:
            self.run(_statement_on, self.raw, f"PRAGMA journal_mode={journal}")
        register_functions(self.raw)
        for statement in split(str(url.options.get("init_command", ""))):
            self.run(_statement_on, self.raw, statement)

    # -- statements -------------------------------------------------------------------------------------------------

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``work``, waiting for other connections' locks; errors leave translated."""
        if not self.usable:
            raise InterfaceError("the connection is closed")
        try:
            return work(*args, **kwargs)
        except CAUGHT as error:
            return self.after(error, work, *args, **kwargs)

    def after(self, error: Exception, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Go on after ``work`` failed: try it again while the database is only busy, else raise the translation."""
        if is_busy(error) and is_locked_for_good(self.file):
            raise forked_from_writer(error) from error
        began = time.monotonic()
        stops = self._stops
        while is_busy(error) and self._stops == stops and time.monotonic() - began < self.patience - _SLICE:
            try:
                return work(*args, **kwargs)
            except CAUGHT as again:
                error = again
        sql = next((text for text in args if isinstance(text, str)), "")
        raise self._reason(error, _SLICE + time.monotonic() - began, sql) from error

    def _reason(self, error: Exception, waited: float, sql: str) -> BaseException:
        """Return what to raise for a driver's error: the signal that interrupted it, or the translation."""
        if self._pending:
            return self._pending.pop()
        if not self.usable:
            self.raw.close()  # it was given up while we were inside, and nobody else is
            return InterfaceError("the connection is closed")
        return self._translated(error, waited, sql)

    def _translated(self, error: Exception, waited: float = 0.0, sql: str = "") -> Error:
        translated = translate(error, waited, sql)
        if str(error) == FAILED and not self.raw.in_transaction:
            return undone()
        if self._url.database == MEMORY:
            return translated
        mode = str(self._url.options.get("mode", "rwc"))
        why = why_not(getattr(error, "sqlite_errorcode", None), self.file, mode, self._read_only)
        return type(translated)(f"{error}{why}") if why else translated

    def fetch(self, sql: str, params: Params = ()) -> list[Row]:
        """Run one statement and return its rows."""
        if not self.usable:  # run() written out, since this is where every query passes
            raise InterfaceError("the connection is closed")
        try:
            return self.raw.execute(sql, params).fetchall()
        except CAUGHT as error:
            return self.after(error, self.fetch_once, sql, params)

    def fetch_once(self, sql: str, params: Params) -> list[Row]:
        return self.raw.execute(sql, params).fetchall()

    def fetch_named(self, sql: str, params: Params = ()) -> tuple[list[str], list[Row]]:
        """Run one statement and return the names of its columns and its rows."""
        return self.run(self._fetch_named, sql, params)

    def _fetch_named(self, sql: str, params: Params) -> tuple[list[str], list[Row]]:
        # Closed, since the traceback of an error would keep it, and with it what it locks.
        with contextlib.closing(self.raw.execute(sql, params)) as cursor:
            return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        return self.run(self.execute_once, sql, params)

    def execute_once(self, sql: str, params: Params) -> int:
        with contextlib.closing(self.raw.execute(sql, params)) as cursor:
            return self.finish(cursor, sql)

    def finish(self, cursor: sqlite3.Cursor, sql: str) -> int:
        """Read a statement to its end, and return how many rows it affected."""
        if cursor.description is not None:
            cursor.fetchall()  # a statement with RETURNING is complete, and committed, only after its last row
        count = cursor.rowcount
        if count < 0 and sql.lstrip()[:4].upper() == "WITH":  # sqlite3 counts only what begins with INSERT, UPDATE...
            count = self.raw.execute("SELECT changes()").fetchone()[0]
        return count

    def insert(self, sql: str, params: Params = ()) -> int | None:
        """Run an INSERT of one row and return the row's number."""
        return self.run(self.insert_once, sql, params)

    def insert_once(self, sql: str, params: Params) -> int | None:
        with contextlib.closing(self.raw.execute(sql, params)) as cursor:
            self.finish(cursor, sql)
            return cursor.lastrowid

    def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing."""
        undoing: tuple[str, ...]
        if self.raw.in_transaction:
            # Inside a transaction a savepoint undoes the rows of a failed call and leaves the rest as it was.
            opening, closing, undoing = "SAVEPOINT many", "RELEASE many", ("ROLLBACK TO many", "RELEASE many")
        else:
            opening, closing, undoing = "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
        self.run(_statement_on, self.raw, opening)
        try:
            count = self.raw.executemany(sql, rows).rowcount
            self.run(_statement_on, self.raw, closing)
        except BaseException as error:
            if self.raw.in_transaction:  # an interrupted write has been rolled back by SQLite itself
                for statement in undoing:
                    self.run(_statement_on, self.raw, statement)
            if isinstance(error, CAUGHT):
                raise self._reason(error, 0.0, sql) from error
            raise
        return count

    def script(self, sql: str) -> None:
        """Run several statements. (sqlite3's own ``executescript`` would first commit an open transaction.)"""
        for statement in split(sql):
            self.run(_statement_on, self.raw, statement)

    def open_cursor(self, sql: str, params: Params) -> sqlite3.Cursor:
        """Begin to read a statement's rows."""
        cursor = self.run(self.raw.execute, sql, params)
        self.raw.readers.add(cursor)
        return cursor

    def start_reading(self, sql: str, params: Params, size: int, opened: list[sqlite3.Cursor]) -> list[Row]:
        """Begin to read a statement's rows and return the first of them; the cursor is put into ``opened``."""
        opened.append(self.open_cursor(sql, params))
        return self.read(opened[0], size)

    def read(self, cursor: sqlite3.Cursor, size: int) -> list[Row]:
        """Return at most ``size`` further rows."""
        return self.run(cursor.fetchmany, size)

    # -- transactions -----------------------------------------------------------------------------------------------

    def limit_locks(self, seconds: float) -> None:
        """Wait at most so long for other connections' locks, until the end of the transaction that begins next."""
        self.patience = seconds

    def begin(self, isolation: str | None, read_only: bool, write: bool) -> None:
        """Open a transaction, taking the write lock at once unless it will only read.

        Every level of isolation is accepted, since SQLite's is always serializable, which is at least as strong.
        """
        if isolation is not None and isolation.lower() not in _ISOLATION:
            raise ProgrammingError(f"unknown isolation level {isolation!r}; known: {', '.join(sorted(_ISOLATION))}")
        try:
            self.run(_statement_on, self.raw, self._begin if write and not read_only else "BEGIN")
        except BaseException:
            self.patience = self._usual_patience
            raise
        if not write or self._begin == "BEGIN DEFERRED":
            self._changes_before = self.raw.total_changes
        if read_only:
            self._read_only = True
            self.run(_statement_on, self.raw, "PRAGMA query_only=ON")

    def commit(self) -> None:
        """Commit the transaction."""
        try:
            self.run(_statement_on, self.raw, "COMMIT")
            self._end()
        except BaseException as error:
            if not self.raw.in_transaction:  # SQLite has ended it itself, or a signal's exception came after COMMIT
                self._end()
            elif isinstance(error, IntegrityError) and str(error) == FAILED:
                raise named(self.raw, error) from error.__cause__
            raise

    def rollback(self) -> None:
        """Roll the transaction back; SQLite may have done so itself after an interrupt or a full disk."""
        try:
            if self.raw.in_transaction:
                self.run(_statement_on, self.raw, "ROLLBACK")
            self._end()
        except BaseException:
            if not self.raw.in_transaction:
                self._end()
            raise

    @property
    def may_hold_write_lock(self) -> bool:
        """Whether a transaction is open that may have written."""
        try:
            return self.raw.in_transaction and not self._read_only and self.raw.total_changes != self._changes_before
        except sqlite3.ProgrammingError:  # it is closed
            return False

    def _end(self) -> None:
        """Take back what was set for the transaction; a second time changes nothing."""
        self.patience = self._usual_patience
        self._changes_before = None
        if self._read_only:
            self.run(_statement_on, self.raw, "PRAGMA query_only=OFF")
            self._read_only = False

    # -- stopping ---------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Interrupt the running statement, or its waiting for a lock. Safe in any thread."""
        self._stops += 1
        with contextlib.suppress(sqlite3.ProgrammingError):  # closed meanwhile: nothing runs any more
            self.raw.interrupt()

    def close(self) -> None:
        """Close the connection. For its owner only: a statement must not be running in another thread."""
        self.usable = False
        self.raw.close()

    def terminate(self) -> None:
        """Give the session up from any thread: what runs is interrupted, and nothing else begins.

        It is closed by the statement that is interrupted, or when it is let go of. Closing it here could free what a
        statement in another thread is using, and a lock against that would cost every statement.
        """
        self.usable = False
        self.stop()

    def __del__(self) -> None:
        raw = getattr(self, "raw", None)  # missing where opening it failed
        if raw is not None:
            raw.close()


def _watch(pending: list[BaseException]) -> Generator[int, None, None]:
    """Let signal handlers run during a long statement; what one raises stops the statement and is kept."""
    answer = 0
    while True:
        try:
            while True:  # inside the try, since Python looks for signals where a loop jumps back, too
                yield answer
                answer = 0
        except GeneratorExit:
            return
        except BaseException as error:
            pending.append(error)
            answer = 1


def split(script: str) -> list[str]:
    """Return a script's statements; semicolons inside strings, comments and triggers don't divide."""
    statements: list[str] = []
    buffer = ""
    for piece in script.split(";"):
        buffer += piece + ";"
        if sqlite3.complete_statement(buffer):
            statements.append(buffer)
            buffer = ""
    rest = buffer.removesuffix(";")
    if rest.strip():
        statements.append(rest)
    return [statement for statement in statements if statement.strip(" \t\r\n;")]


def _statement_on(raw: sqlite3.Connection, sql: str) -> None:
    raw.execute(sql)


def _open(url: DatabaseURL, path: str) -> RawConnection:
    mode = _choice(url, "mode", "rwc", frozenset({"rwc", "rw", "ro"}))
    if not path:
        meant = f": write sqlite:///{url.host}, with three slashes" if url.host else ""
        raise ImproperlyConfigured(f"a SQLite URL names a file, sqlite:///name.db, or memory, sqlite://:memory:{meant}")
    if types.declared_types:
        register_converters()
    return sqlite3.connect(
        f"file:{quote(path)}?mode={mode}",
        detect_types=DETECT_TYPES if types.declared_types else 0,
        uri=True,
        factory=RawConnection,
        timeout=_SLICE,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=int(_number(url, "statement_cache_size", 512)),
    )


def _number(url: DatabaseURL, name: str, default: float) -> float:
    text = url.options.get(name)
    if text is None:
        return default
    try:
        return float(text)
    except ValueError:
        raise ImproperlyConfigured(f"the SQLite option {name!r} is a number, not {text!r}") from None


def _choice(url: DatabaseURL, name: str, default: str, allowed: frozenset[str]) -> str:
    text = str(url.options.get(name, default)).lower()
    if text not in allowed:
        raise ImproperlyConfigured(f"the SQLite option {name!r} is one of {', '.join(sorted(allowed))}, not {text!r}")
    return text
