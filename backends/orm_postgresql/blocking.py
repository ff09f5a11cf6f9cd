"""PostgreSQL for blocking code: psycopg in the caller's own thread. Nothing here ever suspends.

psycopg itself cancels the running statement at the server on Ctrl-C.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from itertools import count
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import capabilities
from psycopg.pq import ConnStatus, PollingStatus, TransactionStatus
from psycopg.sql import SQL, Identifier

from orm import errors
from orm.db.contract import Connection, CopyTarget, Driver, Notification, Params, Row, WrittenAnswer
from orm_postgresql import copying
from orm_postgresql.dumpers import client_cursor, copying_cursor, follow_settings, prepare
from orm_postgresql.errors import Place, connect_error, error_of
from orm_postgresql.options import BEHIND_A_POOLER, begin_statement, read_settings, zone_of_sessions
from orm_postgresql.values import with_hstores

if TYPE_CHECKING:
    from psycopg.pq.abc import PGcancelConn

    from orm.db.url import DatabaseURL
    from orm.sql.parameters import WrittenStatement
    from orm_postgresql.options import Settings

CAUGHT = (psycopg.Error, UnicodeError)
_KEPT_ROWS = 200
_FIRST_OID_OF_OTHERS = 16384
"""PostgreSQL's own types have numbers below (its documentation, 68.2.2); an extension's differ between databases."""
_CANCEL_WITHIN = 4.0
_CANCEL_AGAIN_AFTER = 0.05
_SETTLE_WITHIN = 4.0

_BY_CLASS: tuple[tuple[type[Exception], type[errors.Error]], ...] = (
    (psycopg.DataError, errors.DataError),
    (psycopg.OperationalError, errors.OperationalError),
    (psycopg.IntegrityError, errors.IntegrityError),
    (psycopg.NotSupportedError, errors.NotSupportedError),
    (psycopg.ProgrammingError, errors.ProgrammingError),
    (psycopg.InternalError, errors.InternalError),
    (psycopg.InterfaceError, errors.InterfaceError),
    (UnicodeError, errors.UnsendableText),
)


def translate(error: BaseException) -> errors.Error:
    """Return Duotone's exception for one of psycopg's."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        told = error.diag
        place = Place(told.constraint_name, told.table_name, told.column_name, told.message_detail)
        return error_of(error.sqlstate, str(error), place)
    for driver_class, own_class in _BY_CLASS:
        if isinstance(error, driver_class):
            return own_class(str(error))
    return errors.DatabaseError(str(error))


class BlockingConnection(Connection):
    """One psycopg connection in autocommit mode. Its coroutines are plain calls."""

    awaitable = False

    def __init__(self, raw: psycopg.Connection[Any], *, pooled: bool = False) -> None:
        self._raw = raw
        self._pooled = pooled
        self._pgconn = raw.pgconn
        self._cursor: Any = raw.cursor()  # psycopg's types take only literal strings for SQL
        self._hstore: int | None = None  # the number that the type has in this database, once it was looked up
        self._written: Any = None  # a client-side cursor, made for the first who asks
        self._usable = True
        self._lock_timeout: float | None = None
        self._names = count(1)

    @property
    def is_usable(self) -> bool:
        return self._usable and self._pgconn.status == ConnStatus.OK

    @property
    def in_transaction(self) -> bool:
        status = self._pgconn.transaction_status
        return status != TransactionStatus.IDLE and status != TransactionStatus.UNKNOWN

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        cursor = self._cursor  # one for all: making a cursor costs a tenth of a round trip
        try:
            cursor.execute(sql, params)
            rows: list[Row] = cursor.fetchall()
        except CAUGHT as error:
            if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None and cursor.rowcount >= 0:
                return []  # a statement without rows: only fetchall() minded
            raise translate(error) from error
        if len(rows) > _KEPT_ROWS:
            self._cursor = self._raw.cursor()  # the old one would keep the whole result until the next query
        return rows

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        cursor: Any = self._raw.cursor()
        try:
            cursor.execute(sql, params)
            if cursor.description is None:
                return (), []
            return self._answer_of(cursor)
        except CAUGHT as error:
            raise translate(error) from error

    def _answer_of(self, cursor: Any) -> tuple[Sequence[str], Sequence[Row]]:
        """Return the names and rows of a statement of the program's own, which nobody reads by the types of fields."""
        places = [place for place, column in enumerate(cursor.description) if column.type_code >= _FIRST_OID_OF_OTHERS]
        rows = cursor.fetchall()
        if places:
            if self._hstore is None:  # as long as there is none: an extension may be made later
                [(self._hstore,)] = self._raw.execute("SELECT to_regtype('hstore')::oid").fetchall()
            places = [place for place in places if cursor.description[place].type_code == self._hstore]
        return [column.name for column in cursor.description], with_hstores(rows, places)

    async def run_written(self, statement: WrittenStatement) -> WrittenAnswer:
        """Run a caller's statement with psycopg's client-side cursor, which quotes the values into the text."""
        cursor: Any = self._written or client_cursor(self._raw)
        try:
            cursor.execute(statement.sql, statement.params)
            if cursor.description is None:
                answer = WrittenAnswer((), (), cursor.rowcount)
            else:
                answer = WrittenAnswer(*self._answer_of(cursor), cursor.rowcount)
        except CAUGHT as error:
            raise translate(error) from error
        self._written = cursor if len(answer.rows) <= _KEPT_ROWS else None
        return answer

    async def follow_settings(self) -> None:
        if self._pgconn.transaction_status == TransactionStatus.INERROR:
            return  # it would be refused; the session ends with its block, and the next one is opened as it should be
        await self.execute("SELECT set_config('TimeZone', $1, false)", [zone_of_sessions()])
        follow_settings(self._raw)
        self._cursor, self._written = self._raw.cursor(), None

    async def execute(self, sql: str, params: Params = ()) -> int:
        try:
            self._cursor.execute(sql, params)
        except CAUGHT as error:
            raise translate(error) from error
        affected: int = self._cursor.rowcount
        return affected

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        cursor: Any = self._raw.cursor()
        # In a transaction of the caller's an error undoes that; a savepoint, as psycopg would set, asyncpg has none.
        around = contextlib.nullcontext() if self.in_transaction else self._raw.transaction()
        try:
            with around:
                cursor.executemany(sql, rows)
        except CAUGHT as error:
            raise translate(error) from error
        affected: int = cursor.rowcount
        return affected

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        cursor = copying_cursor(self._raw)
        try:
            with cursor.copy(sql) as copy:
                write = copy.write_row
                for row in rows:
                    write(row)
        except CAUGHT as error:
            problem = translate(error)
            if isinstance(error, psycopg.Error) and isinstance(problem, errors.DatabaseError):
                copying.note_row(problem, error.diag.context, target)
            raise problem from error
        copied: int = cursor.rowcount
        return copied

    async def copy_out(self, sql: str, params: Params, header: bool, write: Callable[[bytes], Awaitable[None]]) -> int:
        cursor: Any = self._raw.cursor()
        async with copying.written_out(self, sql, params, header) as statement:
            try:
                with cursor.copy(statement) as copy:
                    for part in copying.parts(copy):
                        await write(part)
            except CAUGHT as error:
                raise translate(error) from error
        copied: int = cursor.rowcount
        return copied

    async def execute_script(self, sql: str) -> None:
        try:
            self._cursor.execute(sql, prepare=False)
        except CAUGHT as error:
            raise translate(error) from error

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        own = not self.in_transaction  # a cursor lives in a transaction
        if own:
            await self.begin()
        name = ""  # while there is no cursor to be closed
        cursor: Any = self._raw.cursor()
        try:
            # Spelled out: psycopg's own server-side cursor writes its numbers with the dumpers made for parameters.
            declared = f"stream_{next(self._names)}"
            cursor.execute(f"DECLARE {declared} NO SCROLL CURSOR FOR {sql}", params, prepare=False)
            name = declared
            fetch = f"FETCH FORWARD {chunk_size} FROM {name}"
            while rows := cursor.execute(fetch, prepare=False).fetchall():
                yield rows
                if len(rows) < chunk_size:
                    break
        except GeneratorExit:
            self._leave_stream(name, own, "COMMIT")
            raise
        except CAUGHT as error:
            self._leave_stream(name, own, "ROLLBACK")
            raise translate(error) from error
        except BaseException:
            self._leave_stream(name, own, "ROLLBACK")
            raise
        self._end_stream(name, own, "COMMIT")

    def _leave_stream(self, name: str, own: bool, statement: str) -> None:
        """End a stream early. Should that fail, the pool or the transaction around finds the connection so."""
        with contextlib.suppress(errors.Error):
            self._end_stream(name, own, statement)

    def _end_stream(self, name: str, own: bool, statement: str) -> None:
        """End the stream's own transaction, or in somebody else's close the cursor (an error has closed it already)."""
        status = self._pgconn.transaction_status
        try:
            if own and self.is_usable and self.in_transaction:
                self._cursor.execute(statement, prepare=False)
            elif name and status == TransactionStatus.INTRANS:
                self._cursor.execute(f"CLOSE {name}", prepare=False)
        except CAUGHT as error:
            raise translate(error) from error

    async def listen(self, channel: str) -> None:
        if self._pooled:
            raise errors.NotSupportedError(BEHIND_A_POOLER)
        try:
            self._cursor.execute(SQL("LISTEN {}").format(Identifier(channel)), prepare=False)
        except CAUGHT as error:
            raise translate(error) from error

    async def notifications(self, timeout: float | None) -> Sequence[Notification]:
        try:
            return [
                Notification(note.channel, note.payload, note.pid)
                for note in self._raw.notifies(timeout=timeout, stop_after=1)
            ]
        except CAUGHT as error:
            raise translate(error) from error

    def limit_locks(self, seconds: float) -> None:
        self._lock_timeout = seconds

    def interrupt(self) -> None:
        """Have the server stop the statement; the session ends when that is out of reach, or the answer stays out.

        The server is asked again while somebody is in a statement: what it is asked before that has begun is in vain.
        """
        lock = self._raw.lock  # whoever is in the statement has it
        pause = _CANCEL_AGAIN_AFTER
        try:
            self._raw.cancel_safe(timeout=_CANCEL_WITHIN)
            until = monotonic() + _SETTLE_WITHIN
            while not lock.acquire(timeout=pause):
                if monotonic() > until:
                    self._shut_socket()
                    return
                self._raw.cancel_safe(timeout=_CANCEL_WITHIN)
                pause = min(2 * pause, 1.0)
        except psycopg.Error:
            self._shut_socket()
            return
        lock.release()

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        """Open a transaction. (``write`` needs nothing here: PostgreSQL locks rows, when they are written.)"""
        if self._lock_timeout is None:
            await self.execute(begin_statement(isolation, read_only))
        else:  # two statements at once
            limit, self._lock_timeout = self._lock_timeout, None
            await self.execute_script(begin_statement(isolation, read_only, limit))

    async def commit(self) -> None:
        await self.execute("COMMIT")
        if self._cursor.statusmessage == "ROLLBACK":
            raise errors.OperationalError("COMMIT rolled the transaction back, since a statement in it had failed")

    async def rollback(self) -> None:
        await self.execute("ROLLBACK")

    async def ping(self) -> None:
        await self.execute("SELECT 1")

    async def close(self) -> None:
        self._usable = False
        self._raw.close()

    def terminate(self) -> None:
        if not self._usable:
            return
        self._usable = False
        if self._raw.lock.acquire(blocking=False):  # idle: nobody is inside libpq
            try:
                self._raw.close()
            finally:
                self._raw.lock.release()
            return
        # Whoever waits for the answer is told at once, and the server in another thread: it may be out of reach.
        with contextlib.suppress(psycopg.Error):  # it has ended meanwhile
            safe = capabilities.has_cancel_safe()
            cancel = partial(_cancel, self._pgconn.cancel_conn()) if safe else self._pgconn.get_cancel().cancel
            self._shut_socket()
            with contextlib.suppress(RuntimeError):  # at the end of the process no thread can be started
                threading.Thread(target=_quietly, args=(cancel,), name="orm-postgresql-terminate", daemon=True).start()

    def _shut_socket(self) -> None:
        """End the conversation under whoever waits for an answer."""
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._raw.fileno())) as own:
            own.shutdown(socket.SHUT_RDWR)


class BlockingDriver(Driver):
    """Opens psycopg connections."""

    awaitable = False

    async def connect(self, url: DatabaseURL) -> BlockingConnection:
        settings = read_settings(url)
        libpq: dict[str, Any] = settings.libpq | settings.security
        server = settings.server
        startup: dict[str, Any]
        if settings.pooled:  # PgBouncer knows this one by name, and `options` hardly
            startup = {"application_name": server["application_name"]}
        else:
            startup = {"options": " ".join(f"-c {name}={_escape(value)}" for name, value in server.items())}
        startup |= settings.keepalive.for_libpq()
        try:
            raw = psycopg.Connection.connect(
                host=settings.host,
                port=settings.port,
                user=settings.user,
                dbname=settings.database,
                password=settings.password or None,
                connect_timeout=math.ceil(settings.connect_timeout),  # psycopg counts whole seconds, from 2 up
                autocommit=True,
                cursor_factory=psycopg.RawCursor,
                prepare_threshold=1 if settings.statement_cache_size else None,
                **startup,
                **libpq,
            )
        except (psycopg.Error, OSError, ValueError) as error:
            raise connect_error(error, settings) from error
        raw.prepared_max = settings.statement_cache_size or None
        prepare(raw)
        connection = BlockingConnection(raw, pooled=settings.pooled)
        if raw.info.parameter_status("TimeZone") != server["TimeZone"]:
            await _to_zone(connection, settings)
        return connection

    def adopt(self, raw: Any) -> BlockingConnection:
        if not isinstance(raw, psycopg.Connection):
            return super().adopt(raw)  # type: ignore[return-value]  # it raises
        return BlockingConnection(AdoptedSession(raw), pooled=True)


class AdoptedSession(psycopg.Connection[Any]):
    """psycopg's object for a session that another of its objects has opened and will close.

    It has adapters of its own, so that the other one's values stay as they are. It begins a transaction where the other
    one would. Statements are not prepared: their names would meet the other's.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        notices, notifications = raw.pgconn.notice_handler, raw.pgconn.notify_handler
        super().__init__(raw.pgconn)
        raw.pgconn.notice_handler, raw.pgconn.notify_handler = notices, notifications
        self.cursor_factory = psycopg.RawCursor
        self.prepare_threshold = None
        if raw.info.transaction_status == TransactionStatus.IDLE:
            self.autocommit = raw.autocommit
            self.isolation_level = raw.isolation_level
        prepare(self)

    def close(self) -> None:
        """Nothing: the session is the other's."""

    def __del__(self, _warn: Any = None) -> None:
        """Nothing: that the session is open is no mistake."""


async def _to_zone(connection: BlockingConnection, settings: Settings) -> None:
    """Set the time zone through a pooler: PgBouncer notes it for this client alone.

    It answers when it has a session of the server free, for which ``connect_timeout`` is the limit, too.
    """
    late = threading.Event()

    def give_up() -> None:
        late.set()
        connection.interrupt()

    alarm = threading.Timer(settings.connect_timeout or threading.TIMEOUT_MAX, give_up)
    alarm.daemon = True
    alarm.start()
    try:
        await connection.execute("SELECT set_config('TimeZone', $1, false)", [settings.server["TimeZone"]])
    except BaseException as error:
        connection.terminate()
        if late.is_set():
            raise connect_error(TimeoutError("the pooler had no session free in time"), settings) from error
        raise
    finally:
        alarm.cancel()
        alarm.join()  # it may be under way, and must not hit what comes next


def _cancel(request: PGcancelConn) -> None:
    """Have the server drop a statement, whose connection may have been closed since, if it can be reached in time.

    (``request.blocking()`` would hold up all threads for as long as that takes.)
    """
    deadline = monotonic() + _CANCEL_WITHIN
    events = {PollingStatus.READING: EVENT_READ, PollingStatus.WRITING: EVENT_WRITE}
    request.start()
    event: int | None = EVENT_WRITE  # libpq's rule: to poll before it is connected waits for that
    while event is not None and (left := deadline - monotonic()) > 0:
        with DefaultSelector() as selector:
            selector.register(request.socket, event)
            if selector.select(left):
                event = events.get(PollingStatus(request.poll()))
    request.finish()


def _quietly(cancel: Callable[[], None]) -> None:
    with contextlib.suppress(psycopg.Error):  # out of reach: the server notices by itself, later
        cancel()


def _escape(value: str) -> str:
    """Return a value for libpq's ``options``, where white space and backslashes are escaped."""
    return "".join(f"\\{one}" if one in "\\ \t\n\v\f\r" else one for one in value)
