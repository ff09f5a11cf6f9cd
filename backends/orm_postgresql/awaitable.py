"""PostgreSQL for async code: asyncpg, without its pool and its transaction objects.

After a cancellation the connection waits until the server has dropped the statement, so that its state is known again;
where that takes too long, the connection is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import asyncpg

from orm import errors
from orm.db.contract import Connection, CopyTarget, Driver, Notification, Params, Row
from orm.errors import ImproperlyConfigured
from orm.sql import types
from orm_postgresql import copying
from orm_postgresql.errors import Place, connect_error, error_of
from orm_postgresql.options import BEHIND_A_POOLER, begin_statement, read_settings, zone_of_sessions
from orm_postgresql.spelling import spelled
from orm_postgresql.values import NaiveMoments, days, with_hstores

if TYPE_CHECKING:
    from orm.db.url import DatabaseURL

T = TypeVar("T")

CAUGHT = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, OverflowError)
# asyncpg's own refusals of a parameter. It has asked the server about the statement by then, and left that unfinished.
_REFUSED = (asyncpg.DataError, asyncpg.InterfaceError)
_SETTLE_WITHIN = 4.0
_OPENED_WITHIN = 0.25
_CLOSE_WITHIN = 1.0


_PLACE = ("constraint_name", "table_name", "column_name", "detail")
"""The attributes that asyncpg gives an error when the server sent them."""


def translate(error: BaseException) -> errors.Error:
    """Return Duotone's exception for one of asyncpg's (or of the socket's)."""
    if isinstance(error.__cause__, UnicodeError):  # of half of a surrogate pair
        return errors.UnsendableText(str(error.__cause__))
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        place = Place(*(getattr(error, name, None) for name in _PLACE))
        return error_of(sqlstate, str(error), place)
    if isinstance(error, (ValueError, OverflowError)):  # asyncpg's DataError is a ValueError: a value it can't encode
        return errors.DataError(str(error))
    if isinstance(error, (OSError, asyncpg.InternalClientError)):
        return errors.OperationalError(f"the connection to PostgreSQL broke: {error or type(error).__name__}")
    if isinstance(error, asyncpg.InterfaceError):
        return errors.InterfaceError(str(error))
    return errors.DatabaseError(str(error))


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """asyncpg's connection where a pooler is between, with a hold on what asyncpg does in more than one statement.

    For a type it has not met, asyncpg turns ``jit`` off for the session, asks, and turns it on again. Each of these
    would meet another session, and somebody's would stay without ``jit``: in one transaction they meet the same.
    """

    async def _introspect_types(self, typeoids: object, timeout: float | None) -> Any:
        if self.is_in_transaction():
            return await super()._introspect_types(typeoids, timeout)
        async with self.transaction():
            return await super()._introspect_types(typeoids, timeout)


class AwaitableConnection(Connection):
    """One asyncpg connection.

    ``named`` says whether prepared statements may have names, and ``pooled`` whether a pooler is between, so that each
    transaction may meet another session.
    """

    awaitable = True

    def __init__(self, raw: asyncpg.Connection, *, named: bool = True, pooled: bool = False) -> None:
        self._raw = raw
        self._named = named
        self._pooled = pooled
        self._loop = asyncio.get_running_loop()
        self._fetch: Callable[..., Awaitable[Sequence[Row]]] = raw.fetch
        self._usable = True
        self._lock_timeout: float | None = None
        self._heard: asyncio.Queue[Notification | None] | None = None  # None in it: the session has ended

    @property
    def is_usable(self) -> bool:
        return self._usable and not self._raw.is_closed()

    @property
    def in_transaction(self) -> bool:
        return not self._raw.is_closed() and self._raw.is_in_transaction()

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        try:
            return await self._fetch(sql, *params)
        except CAUGHT as error:
            if not _is_refusal(error):
                raise await self._translated(error) from error
            refusal = error
        except BaseException as error:
            await self._settle(error)
            raise
        return await self._do(_call(self._raw.fetch, sql, *await self._fitted(sql, params, refusal)))

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        prepared = await self._do(self._raw.prepare(sql))
        rows = await self._fitting(prepared.fetch, sql, params)
        columns = prepared.get_attributes()
        places = [place for place, column in enumerate(columns) if column.type.name == "hstore"]
        return [column.name for column in columns], with_hstores(rows, places)

    async def execute(self, sql: str, params: Params = ()) -> int:
        return _count(await self._fitting(partial(self._raw.execute, sql), sql, params))

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters; asyncpg does not say how many rows that affected: -1."""
        await self._do(self._raw.executemany(sql, rows))
        return -1

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        where: dict[str, Any] = {"columns": target.columns}
        try:
            if copying.known_to_asyncpg(target.fields):
                status = await self._raw.copy_records_to_table(target.table, records=rows, **where)
            else:
                status = await self._raw.copy_to_table(target.table, source=copying.text_of(rows), **where)
        except CAUGHT as error:
            problem = await self._translated(error)
            if isinstance(problem, errors.DatabaseError):
                copying.note_row(problem, getattr(error, "context", None), target)
            raise problem from error
        except BaseException as error:
            await self._settle(error)
            raise
        return _count(status)

    async def copy_out(self, sql: str, params: Params, header: bool, write: Callable[[bytes], Awaitable[None]]) -> int:
        async with copying.written_out(self, sql, params, header) as query:
            gathered = copying.Gathered(write)
            # asyncpg has no door for a COPY statement: it makes one of a query and options.
            work = self._raw.copy_from_query(query, output=gathered, format="csv", header=header)
            status = ""
            try:
                status = await self._do(work)
            except errors.Error:
                if gathered.failure is None:
                    raise
            if gathered.failure is not None:
                raise gathered.failure
            await gathered.flush()
        return _count(status)

    async def execute_script(self, sql: str) -> None:
        await self._do(self._raw.execute(sql))

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        own = not self._raw.is_in_transaction()  # a cursor lives in a transaction
        if own:
            await self.begin()
        try:
            cursor = await self._cursor(sql, params)
            while rows := await self._do(_call(cursor.fetch, chunk_size)):
                yield rows
                if len(rows) < chunk_size:
                    break
        except GeneratorExit:
            if own:
                await self._end_stream("COMMIT")
            raise
        except BaseException:
            if own:
                await self._end_stream("ROLLBACK")
            raise
        if own:
            await self.commit()

    async def _cursor(self, sql: str, params: Params) -> Any:
        if self._named:
            return await self._fitting(partial(self._raw.cursor, sql), sql, params)
        prepared = await self._do(self._raw.prepare(sql))  # nameless, while asyncpg's cursors name theirs always
        return await self._fitting(prepared.cursor, sql, params)

    async def _fitting(self, run: Callable[..., Awaitable[T]], sql: str, params: Params) -> T:
        """Run ``run(*params)``, and once more where asyncpg refuses a parameter that the server can read."""
        try:
            return await _call(run, *params)
        except CAUGHT as error:
            if not _is_refusal(error):
                raise await self._translated(error) from error
            refusal = error
        except BaseException as error:
            await self._settle(error)
            raise
        return await self._do(_call(run, *await self._fitted(sql, params, refusal)))

    async def _fitted(self, sql: str, params: Params, refusal: BaseException) -> list[object]:
        """Return parameters that asyncpg refused as what the server makes of their texts.

        That is how psycopg sends them, so a text for a timestamp is one in both colours. The statement has not run.
        """
        if self._raw.is_closed():
            raise errors.OperationalError(f"the session at PostgreSQL has ended: {refusal}") from refusal
        await self._settle(refusal)
        kinds = (await self._do(self._raw.prepare(sql))).get_parameters()
        fitted = list(params)
        places = [place for place, value in enumerate(params) if isinstance(spelled(value), str)]
        if places:
            casts = [f"${number}::text::{_type_name(kinds[place])}" for number, place in enumerate(places, 1)]
            texts = [spelled(params[place]) for place in places]
            [read] = await self._do(_call(self._raw.fetch, f"SELECT {', '.join(casts)}", *texts))
            for place, value in zip(places, read, strict=True):
                fitted[place] = value
        return fitted

    async def _end_stream(self, statement: str) -> None:
        """End the transaction of a stream that is left early. Should that fail, the pool finds the connection so."""
        if self.is_usable and self.in_transaction:
            with contextlib.suppress(errors.Error):
                await self._do(self._raw.execute(statement))

    async def listen(self, channel: str) -> None:
        if self._pooled:
            raise errors.NotSupportedError(BEHIND_A_POOLER)
        if self._heard is None:
            heard = self._heard = asyncio.Queue()
            self._raw.add_termination_listener(lambda _: heard.put_nowait(None))
        await self._do(self._raw.add_listener(channel, self._hear))

    def _hear(self, _: object, pid: int, channel: str, payload: str) -> None:
        if self._heard is not None:
            self._heard.put_nowait(Notification(channel, payload, pid))

    async def notifications(self, timeout: float | None) -> Sequence[Notification]:
        if self._heard is None:
            raise errors.InterfaceError("nobody listens on this connection: call listen() before notifications()")
        found: list[Notification] = []
        try:
            async with asyncio.timeout(timeout):
                note = await self._heard.get()
        except TimeoutError:
            return found
        while note is not None:
            found.append(note)
            if self._heard.empty():
                return found
            note = self._heard.get_nowait()
        if not found:
            raise errors.OperationalError("the session at PostgreSQL that listened has ended")
        self._heard.put_nowait(None)  # for the next time: what was heard before counts
        return found

    def limit_locks(self, seconds: float) -> None:
        self._lock_timeout = seconds

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        """Open a transaction. (``write`` needs nothing here: PostgreSQL locks rows, when they are written.)"""
        try:
            limit, self._lock_timeout = self._lock_timeout, None
            await self._do(self._raw.execute(begin_statement(isolation, read_only, limit)))
        except asyncio.CancelledError:
            await self._end_stream("ROLLBACK")  # it may have begun before the cancellation reached the server
            raise

    async def follow_settings(self) -> None:
        await self._do(self._raw.execute("SELECT set_config('TimeZone', $1, false)", zone_of_sessions()))
        if types.kept_zone is None:
            await self._raw.reset_type_codec("timestamptz", schema="pg_catalog")
        else:
            await _read_naive_moments(self._raw, types.kept_zone)

    async def commit(self) -> None:
        status = await self._do(self._raw.execute("COMMIT"))
        if status == "ROLLBACK":
            raise errors.OperationalError("COMMIT rolled the transaction back, since a statement in it had failed")

    async def rollback(self) -> None:
        await self._do(self._raw.execute("ROLLBACK"))

    async def ping(self) -> None:
        await self._do(self._raw.execute("SELECT 1"))

    async def close(self) -> None:
        if self._usable:
            self._usable = False
            if not self._raw.is_closed():
                try:
                    await self._raw.close(timeout=_CLOSE_WITHIN)
                except CAUGHT:
                    self._raw.terminate()  # the session had ended by itself, or would not end: gone either way

    def terminate(self) -> None:
        self._usable = False
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            self._raw.terminate()
            return
        try:
            self._loop.call_soon_threadsafe(self._raw.terminate)
        except RuntimeError:  # its loop has ended: only the socket is left to be closed
            self._shut_socket()

    def _shut_socket(self) -> None:
        given = _socket_of(self._raw)
        if given is not None and given.fileno() >= 0:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(given.fileno())) as own:
                own.shutdown(socket.SHUT_RDWR)

    async def _do(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except CAUGHT as error:
            raise await self._translated(error) from error
        except BaseException as error:
            await self._settle(error)
            raise

    async def _translated(self, error: BaseException) -> errors.Error:
        if isinstance(error, asyncpg.InternalClientError):
            self.terminate()  # asyncpg is confused, as after a session that ended between two statements
        elif isinstance(error, _REFUSED):
            if self._raw.is_closed():
                return errors.OperationalError(f"the session at PostgreSQL has ended: {error}")
            await self._settle(error)
        return translate(error)

    async def _settle(self, reason: BaseException) -> None:
        """After a statement was broken off: wait until the server has dropped it, or give the session up."""
        if isinstance(reason, (GeneratorExit, KeyboardInterrupt, SystemExit)):
            self.terminate()  # nobody is left to wait
            return
        if self._raw.is_closed():
            return
        # asyncpg has asked the server to cancel, and lets the next statement wait for that. Where it never sent what
        # it had prepared, the next statement ends the transaction that the server began for it, with its locks.
        probe = asyncio.ensure_future(self._raw.execute("SELECT 1"))
        try:
            await _outlast(probe, _SETTLE_WITHIN)
        except BaseException:
            probe.cancel()
            self.terminate()
            raise
        if not probe.done():
            probe.cancel()
            self.terminate()
        elif not isinstance(probe.exception(), (asyncpg.PostgresError, NoneType)):
            self.terminate()  # (a PostgresError is an answer too: the transaction that was cancelled has failed)


class AwaitableDriver(Driver):
    """Opens asyncpg connections."""

    awaitable = True

    async def connect(self, url: DatabaseURL) -> AwaitableConnection:
        settings = read_settings(url)
        for name, value in settings.security.items():
            if value == "require":
                raise ImproperlyConfigured(
                    f"{name}=require can't be had with asyncpg, which has no such thing: leave it out for async code "
                    "(TLS is sslmode's), or give async code a database of its own."
                )
        timeout: Any = settings.connect_timeout or None  # asyncpg takes these, though its hints say int
        opening = asyncpg.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            database=settings.database,
            password=settings.password or None,
            dsn="postgresql://?" + urlencode(settings.libpq),
            timeout=timeout,
            statement_cache_size=settings.statement_cache_size,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=settings.server,
            connection_class=PooledConnection if settings.pooled else asyncpg.Connection,
        )
        try:
            raw = await _opened(opening)
        except (*CAUGHT, ValueError) as error:
            raise connect_error(error, settings) from error
        try:
            settings.keepalive.set_on(_socket_of(raw))
        except OSError as error:
            raw.terminate()
            raise connect_error(error, settings) from error
        if not _is_encrypted(raw):
            # Its requests to cancel a statement would ask for TLS again, and when one of these is broken off, which
            # happens when the session is ended, asyncio complains of a future that asyncpg forgot.
            raw._params = raw._params._replace(ssl=None)
        await raw.set_type_codec(
            "date", schema="pg_catalog", encoder=days.encode, decoder=days.__getitem__, format="tuple"
        )
        if types.kept_zone is not None:
            await _read_naive_moments(raw, types.kept_zone)
        return AwaitableConnection(raw, named=settings.statement_cache_size > 0, pooled=settings.pooled)


async def _read_naive_moments(raw: asyncpg.Connection, zone: datetime.tzinfo) -> None:
    naive = NaiveMoments(zone)
    await raw.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=naive.encode, decoder=naive.decode, format="tuple"
    )


def _is_refusal(error: BaseException) -> bool:
    """Whether it is asyncpg that can't encode a parameter; what the server says has a severity."""
    return isinstance(error, asyncpg.DataError) and getattr(error, "severity", None) is None


def _type_name(kind: asyncpg.Type) -> str:
    """Return a type's name for a cast."""
    name = kind.name.removesuffix("[]")
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (kind.schema, name))
    return f"{quoted}[]" if kind.name != name else quoted


async def _call(method: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Call a method of asyncpg's that may raise at once, before there is anything to await."""
    return await method(*arguments)


class Opening(asyncio.Task[asyncpg.Connection]):
    """A task that opens a session, and is not cancelled between the socket's connecting and asyncio's telling so.

    asyncpg would forget a future then, of which asyncio complains. However long a busy loop takes for that, and whoever
    cancels: ``asyncio.run`` cancels every task at its end.
    """

    def cancel(self, msg: object = None) -> bool:
        waiting: Any = None if self.done() else self.get_coro()
        while waiting is not None and getattr(waiting, "__name__", "") != "_create_connection_transport":
            waiting = getattr(waiting, "cr_await", None)
        if waiting is None:
            return super().cancel(msg)
        self.get_loop().call_soon(self.cancel, msg)
        return True


async def _opened(opening: Coroutine[object, None, asyncpg.Connection]) -> asyncpg.Connection:
    """Open a session. A cancellation meanwhile comes a moment later."""
    work = Opening(opening, loop=asyncio.get_running_loop())
    try:
        await asyncio.wait({work})
    except BaseException as reason:
        if isinstance(reason, asyncio.CancelledError):
            await _outlast(work, _OPENED_WITHIN)
        work.cancel()
        work.add_done_callback(_drop)
        raise
    return work.result()


def _drop(work: asyncio.Future[asyncpg.Connection]) -> None:
    """End a session that was opened for nobody."""
    if not work.cancelled() and work.exception() is None:
        work.result().terminate()


async def _outlast(work: asyncio.Future[Any], seconds: float) -> None:
    """Wait for ``work`` to end, at most so long, whatever cancellations come: the one before is delivered after this.

    (The scopes of anyio cancel again at every await.)
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not work.done() and (left := deadline - loop.time()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({work}, timeout=left)


def _socket_of(raw: asyncpg.Connection) -> Any:
    """Return the socket, as the event loop wraps it; asyncpg has no public way to it."""
    transport = getattr(raw, "_transport", None)
    return None if transport is None else transport.get_extra_info("socket")


def _is_encrypted(raw: asyncpg.Connection) -> bool:
    """Whether the session goes through TLS."""
    transport = getattr(raw, "_transport", None)
    return transport is None or transport.get_extra_info("ssl_object") is not None


def _count(status: str) -> int:
    """Read the number of rows at the end of a command's status (``UPDATE 3``, ``INSERT 0 1``)."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdecimal() else -1
