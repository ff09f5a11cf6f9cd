"""Watching statements: captured queries, execute wrappers, echo, slow-query logging, spans, repeated queries.

While anybody listens, databases are of the class :class:`WatchedDatabase`; while nobody does, their statements pass
nothing of this module. Captures and wrappers hear the context they were opened in, and the tasks and threads that
context is carried to. BEGIN, COMMIT and savepoints are no statements to them, nor to listeners who did not ask.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.crossing import in_thread, is_async
from orm.bridge.drive import drive
from orm.bridge.guard import running_loop
from orm.bridge.interpreter import living
from orm.bridge.nested import nested
from orm.bridge.overrides import END, next_or_end
from orm.bridge.portal import run as run_on_portal
from orm.bridge.portal import wait_on
from orm.config import settings
from orm.db.database_blocking import Database
from orm.db.observing.echo import echo
from orm.db.observing.repeats import note_repeat
from orm.db.observing.spans import Spans
from orm.db.pooling.pool import waited
from orm.db.process_end import live_databases
from orm.db.transactions.membership import Beside
from orm.errors import NotSupportedError, TransactionManagementError
from orm.late import LateLogger

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from orm.db.contract import CopyTarget, Params, Row, WrittenAnswer
    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.block import Block
    from orm.db.transactions.lease import Lease
    from orm.sql.parameters import Written

logger = LateLogger("orm.queries")

T = TypeVar("T")
Wrapper = Callable[..., Any]
Run = Callable[[str, Any], Coroutine[object, None, T]]


class QueryRecord:
    """One statement that ran.

    ``params`` are its parameters, of ``execute_many`` a list with those of each row; ``colour`` is ``"awaitable"`` or
    ``"blocking"``: how the caller waited. ``seconds`` is how long it ran (for streamed rows, until the first of them
    came), ``waited`` how long the caller waited for a connection before: a block's first statement counts what its
    opening waited.
    """

    __slots__ = ("alias", "colour", "failed", "many", "params", "seconds", "sql", "waited")

    def __init__(self, sql: str, params: Any, colour: str, alias: str, many: bool = False) -> None:
        self.sql = sql
        self.params = params
        self.colour = colour
        self.alias = alias
        self.many = many
        self.seconds = 0.0
        self.waited = 0.0
        self.failed = False

    def __repr__(self) -> str:
        return f"<QueryRecord {self.alias} {self.colour} {self.seconds:.6f} s: {self.sql}>"


# -- who listens -------------------------------------------------------------------------------------------------------


class Audience:
    """Who listens to this process's statements, and so whether databases are watched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self.echo = False
        self.slow: float | None = None
        self.repeats: int | None = None
        self.spans: Spans | None = None
        self.listeners: tuple[Callable[[QueryRecord], None], ...] = ()
        self.controls: tuple[Callable[[QueryRecord], None], ...] = ()
        """Those of the listeners who hear of transaction control as well."""

    @property
    def listening(self) -> bool:
        """Whether there is anybody."""
        return bool(
            self._open or self.listeners or self.echo or self.repeats or self.slow is not None or self.spans is not None
        )

    def join(self) -> None:
        """One more capture or wrapper is open."""
        with self._lock:
            self._open += 1
            self._dress()

    def leave(self) -> None:
        """One of them has ended."""
        with self._lock:
            self._open -= 1
            self._dress()

    def add(self, listener: Callable[[QueryRecord], None], *, control: bool = False) -> None:
        """Tell a function of every statement of this process, in the thread that ran it; it may not raise or wait.

        ``control``: of BEGIN, COMMIT, ROLLBACK and savepoints as well.
        """
        with self._lock:
            self.listeners = (*self.listeners, listener)
            if control:
                self.controls = (*self.controls, listener)
            self._dress()

    def remove(self, listener: Callable[[QueryRecord], None]) -> None:
        """Tell it no longer."""
        with self._lock:
            self.listeners = tuple(one for one in self.listeners if one != listener)
            self.controls = tuple(one for one in self.controls if one != listener)
            self._dress()

    def follow_settings(self) -> None:
        """Listen as the settings say, to every database there is now.

        Raises ``ImproperlyConfigured`` for a tracer without OpenTelemetry's API.
        """
        with self._lock:
            self.echo = settings.echo
            self.slow = settings.slow_query_seconds
            self.repeats = settings.repeated_query_limit
            tracer = settings.tracer
            if tracer is None or self.spans is None or self.spans.tracer is not tracer:
                self.spans = None if tracer is None else Spans(tracer)
            self._dress()

    def _dress(self) -> None:
        wanted, other = (WatchedDatabase, Database) if self.listening else (Database, WatchedDatabase)
        for database in living(live_databases):
            if type(database) is other:
                object.__setattr__(database, "__class__", wanted)


audience = Audience()

captures: ContextVar[tuple[CapturedQueries, ...]] = ContextVar("orm.captures", default=())
wrappers: ContextVar[tuple[ExecuteWrapper, ...]] = ContextVar("orm.wrappers", default=())
lease_waits: weakref.WeakKeyDictionary[Lease, float] = weakref.WeakKeyDictionary()
"""What blocks waited for their connections, until their first statement tells."""


class CapturedQueries(list[QueryRecord]):
    """The statements that ran inside its ``with`` or ``async with`` block, as :class:`QueryRecord` objects."""

    def __init__(self, using: str | None = None) -> None:
        super().__init__()
        self.using = using
        self.open = False

    def __enter__(self) -> Self:
        if self.open:
            raise TransactionManagementError("This capture_queries() object is open already; make one for each `with`.")
        self.open = True
        captures.set((*captures.get(), self))
        audience.join()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.open:
            raise TransactionManagementError("This capture_queries() object is not open.")
        self.open = False
        captures.set(tuple(other for other in captures.get() if other is not self))
        audience.leave()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


def capture_queries(using: str | None = None) -> CapturedQueries:
    """Collect the statements that run inside, under ``with`` or ``async with``: ``with capture_queries() as queries``.

    Parameters:
        using: alias of the one database to listen to; None means all.

    Gives a list of :class:`QueryRecord`, which stays after the block. Tasks and threads that the block's context is
    carried to are heard too. Transaction control is left out.
    """
    return CapturedQueries(using)


class ExecuteWrapper:
    """A function around every statement on one database. Made by ``database.execute_wrapper(fn)``."""

    def __init__(self, database: AwaitableDatabase, fn: Wrapper) -> None:
        if not callable(fn):
            raise TypeError(f"execute_wrapper() takes a function, not {fn!r}")
        self.database = database
        self.fn = fn
        self.open = False

    def __enter__(self) -> None:
        if self.open:
            raise TransactionManagementError("This execute_wrapper() object is open already; make one for each `with`.")
        self.open = True
        wrappers.set((*wrappers.get(), self))
        audience.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.open:
            raise TransactionManagementError("This execute_wrapper() object is not open.")
        self.open = False
        wrappers.set(tuple(other for other in wrappers.get() if other is not self))
        audience.leave()

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


# -- what a watched statement goes through -----------------------------------------------------------------------------


async def observed(database: AwaitableDatabase, run: Run[T], sql: str, params: object, many: bool = False) -> T:
    """Run a statement through the wrappers, and tell whoever listens."""
    if audience.repeats:
        note_repeat(database.alias, sql, audience.repeats)
    colour = "blocking" if running_loop() is None else "awaitable"
    around = [wrapper.fn for wrapper in wrappers.get() if wrapper.open and wrapper.database is database]
    if not around:
        return await recorded(database, run, sql, params, many, colour)

    async def innermost(sql: str, params: object, many: bool, context: object) -> T:
        return await recorded(database, run, sql, params, many, colour)

    return await wrapped(around, innermost, sql, params, many, {"connection": database})  # type: ignore[no-any-return]


async def recorded(database: AwaitableDatabase, run: Run[T], sql: str, params: object, many: bool, colour: str) -> T:
    """Run a statement, measure it and tell whoever listens."""
    record = QueryRecord(sql, params, colour, database.alias, many)
    span: Any = nullcontext() if audience.spans is None else audience.spans.around(database, sql, colour)
    waited.set(0.0)
    began = perf_counter()
    try:
        with span:
            return await run(sql, params)
    except BaseException:
        record.failed = True
        raise
    finally:
        record.waited = waited.get()
        record.seconds = perf_counter() - began - record.waited
        membership = database.membership.get()
        if membership is not None and type(membership[1]) is not Beside and lease_waits:
            record.waited += lease_waits.pop(membership[0].lease, 0.0)
        tell(record)


def tell(record: QueryRecord) -> None:
    """Give a record to the captures of this context, to whoever looks on, and to the log when it was slow."""
    for capture in captures.get():
        if capture.open and capture.using in (None, record.alias):
            capture.append(record)
    for listener in audience.listeners:
        listener(record)
    if audience.echo:
        echo(record)
    if audience.slow is not None and record.seconds >= audience.slow:
        # Parameters may be secrets, so they are in the record only, for handlers that want them.
        logger.warning(
            "slow query on %r: %.3f s (%s, after %.3f s of waiting for a connection): %s",
            record.alias,
            record.seconds,
            record.colour,
            record.waited,
            record.sql,
            extra={"query": record},
        )


async def wrapped(
    around: Sequence[Wrapper],
    execute: Callable[..., Awaitable[Any]],
    sql: str,
    params: object,
    many: bool,
    context: object,
) -> Any:
    """Call the first wrapper, with a function that calls the next, each in the colour it is written in."""
    if not around:
        return await execute(sql, params, many, context)

    async def further(sql: str, params: object, many: bool = many, context: object = context) -> Any:
        return await wrapped(around[1:], execute, sql, params, many, context)

    fn, loop = around[0], running_loop()
    if is_async(fn):
        if loop is None:
            return run_on_portal(fn(further, sql, params, many, context))
        return await fn(further, sql, params, many, context)
    if loop is None:
        return fn(lambda *args, **named: drive(further(*args, **named)), sql, params, many, context)
    return await in_thread(
        fn, lambda *args, **named: wait_on(loop, further(*args, **named)), sql, params, many, context
    )


async def observed_stream(
    database: AwaitableDatabase,
    begin: Callable[[str, Any], AsyncGenerator[Sequence[Row], None]],
    sql: str,
    params: object,
) -> AsyncGenerator[Sequence[Row], None]:
    """Stream rows; what is observed is the statement up to its first rows."""
    if running_loop() is None:
        for wrapper in wrappers.get():
            if wrapper.database is database and is_async(wrapper.fn):
                raise NotSupportedError(
                    "Rows can't be streamed in blocking code through an async execute_wrapper(): it would run them on "
                    "another thread's loop. Write the wrapper as a plain function, which serves both colours."
                )
    chunks: AsyncGenerator[Sequence[Row], None] | None = None

    async def first(sql: str, params: object) -> Any:
        nonlocal chunks
        chunks = nested(begin(sql, params))
        return await next_or_end(chunks)

    try:
        chunk = await observed(database, first, sql, params)
        while chunk is not END and chunks is not None:
            yield chunk
            chunk = await next_or_end(chunks)
    finally:
        if chunks is not None:
            await chunks.aclose()


class WatchedDatabase(Database):
    """What a database is while somebody listens: each statement is observed on its way. Made by nobody, only become."""

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        return await observed(self, super().fetch, sql, params)

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return await observed(self, super().fetch_named, sql, params)

    async def run_written(self, sql: str, params: Written, gives_rows: bool) -> WrittenAnswer:
        plain = super().run_written
        return await observed(self, lambda sql, params: plain(sql, params, gives_rows), sql, params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        return await observed(self, super().execute, sql, params)

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        plain = super().insert
        return await observed(self, lambda sql, params: plain(sql, params, key_query), sql, params)

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        return await observed(self, super().execute_many, sql, list(rows), many=True)

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        plain = super().copy_in
        return await observed(self, lambda sql, _: plain(sql, target, rows), sql, ())

    async def copy_out(
        self,
        sql: str,
        params: Params,
        header: bool,
        write: Callable[[bytes], Awaitable[None]],
        limit: float | None = None,
    ) -> int:
        plain = super().copy_out
        return await observed(self, lambda sql, params: plain(sql, params, header, write, limit), sql, params)

    async def execute_script(self, sql: str) -> None:
        plain = super().execute_script
        await observed(self, lambda sql, _: plain(sql), sql, ())

    async def fetch_within(self, seconds: float, sql: str, params: Params = ()) -> Sequence[Row]:
        plain = super().fetch_within
        return await observed(self, lambda sql, params: plain(seconds, sql, params), sql, params)

    async def execute_within(self, seconds: float, sql: str, params: Params = ()) -> int:
        plain = super().execute_within
        return await observed(self, lambda sql, params: plain(seconds, sql, params), sql, params)

    async def stream(
        self, sql: str, params: Params, chunk_size: int, limit: float | None = None
    ) -> AsyncGenerator[Sequence[Row], None]:
        plain = super().stream
        chunks = nested(observed_stream(self, lambda sql, params: plain(sql, params, chunk_size, limit), sql, params))
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()

    def run_in(
        self, block: Block, run: Run[T], sql: str, params: Any = (), many: bool = False
    ) -> Coroutine[object, None, T]:
        plain = super().run_in
        if many:
            params = list(params)
        return observed(self, lambda sql, params: plain(block, run, sql, params), sql, params, many)

    def stream_in(self, block: Block, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        plain = super().stream_in
        return observed_stream(self, lambda sql, params: plain(block, sql, params, chunk_size), sql, params)

    async def control(self, sql: str, sent: Coroutine[object, None, T]) -> T:
        record = QueryRecord(sql, None, "blocking" if running_loop() is None else "awaitable", self.alias)
        began = perf_counter()
        try:
            return await sent
        except BaseException:
            record.failed = True
            raise
        finally:
            record.seconds = perf_counter() - began
            for listener in audience.controls:
                listener(record)

    async def lease(self, what: str) -> Lease:
        waited.set(0.0)
        lease = await super().lease(what)
        lease_waits[lease] = waited.get()
        return lease
