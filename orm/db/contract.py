"""What a backend is: the three things whoever brings a database writes, and nothing else.

A *backend* names its URL schemes, its SQL dialect and one or two drivers. A *driver* opens connections in one colour. A
*connection* is one session at the server. Every method that may wait is a coroutine, for blocking drivers too: a
blocking connection's coroutines are plain calls that never suspend, which is what lets blocking code drive them by
hand.

Rules every connection keeps:
- a driver's exception leaves translated to ``orm.errors`` (``raise ... from original``), with ``retryable`` set where
  the transaction only lost against another one and may be run again from its start;
- after a cancellation or a broken session, the connection is either clean or ``is_usable`` is False;
- rows are sequences indexed by position;
- SQL arrives with the dialect's own placeholders and values already adapted by the dialect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from orm.bridge.crossing import in_thread
from orm.errors import NotSupportedError
from orm.late import imports
from orm.late import late_made as late_made  # backends find it here
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.db.introspection import Introspection
    from orm.db.url import DatabaseURL
    from orm.sql.dialect import Dialect
    from orm.sql.parameters import WrittenStatement

Row = Sequence[Any]
Params = Sequence[Any]


class WrittenAnswer(NamedTuple):
    """What a statement of a caller's own gave."""

    names: Sequence[str]
    """The columns; none where the statement gives no rows by its nature."""
    rows: Sequence[Row]
    affected: int
    """How many rows were affected or given, -1 where the database does not say."""
    last_key: int | None = None
    """The number of the row that the statement inserted last, on a database that numbers rows itself."""


class Notification(NamedTuple):
    """What somebody sent to a channel that is listened to."""

    channel: str
    payload: str
    pid: int
    """The process at the server whose session sent it."""


class CopyTarget(NamedTuple):
    """Where rows are copied to: a table, and the fields of its columns in the order of each row's values."""

    table: str
    fields: Sequence[Any]

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [field.column for field in self.fields]


NO_LOCK_TIMEOUT = "This database has no limit for how long a transaction waits for a lock."


class Connection(ABC):
    """One session at the server.

    ``awaitable`` says the colour: True when its coroutines really wait on an event loop, False when they block.
    """

    awaitable: ClassVar[bool]

    @property
    @abstractmethod
    def is_usable(self) -> bool:
        """False once the session is closed, broken or in an unknown state; such a connection is only closed."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether the session is inside a transaction, as the driver knows it, without asking the server."""

    @abstractmethod
    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""

    @abstractmethod
    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        """Run one statement; return the names of its columns and all its rows. For SQL the library did not write.

        There are no names where the statement returns no rows by its nature.
        """

    async def run_written(self, statement: WrittenStatement) -> WrittenAnswer:
        """Run a statement that a program wrote for a DB-API cursor, which may put values into the text.

        There ``interval %s`` works, where no parameter can be bound. Drivers with a client-side cursor override this
        and use it; without one, values are bound, and such a statement is the database's to refuse.
        """
        if statement.gives_rows:
            names, rows = await self.fetch_named(statement.text, statement.values)
            return WrittenAnswer(names, rows, len(rows))
        return WrittenAnswer((), (), await self.execute(statement.text, statement.values))

    async def follow_settings(self) -> None:
        """Set in the open session what the settings now say of sessions (``Dialect.session_settings``)."""

    @abstractmethod
    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected (-1 where the database does not say)."""

    async def insert(self, sql: str, params: Params = (), key_query: str | None = None) -> Any:
        """Run one INSERT of one row and return the key that the database made for it.

        Asked only where the dialect's ``capabilities.new_key`` is not RETURNING. ``key_query`` is the dialect's
        statement for the key (``NewKey.QUERY``); None where the driver knows the number of the last row
        (``NewKey.LAST_ROW_ID``), in a method of its own in place of this one.
        """
        if key_query is None:
            raise NotImplementedError(
                f"{type(self).__name__} must define insert(): its dialect says that the driver knows new keys"
            )
        await self.execute(sql, params)
        return (await self.fetch(key_query))[0][0]

    @abstractmethod
    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing; return how many rows were affected."""

    async def copy_in(self, sql: str, target: CopyTarget, rows: Iterable[Params]) -> int:
        """Copy rows into a table as the database takes them in bulk, all or nothing; return how many there were.

        Asked only where the dialect's ``capabilities.copy`` says so. ``sql`` is the dialect's statement
        (``Dialect.copy_in``); ``rows`` are walked once, while they are sent, and what walking them raises leaves as it
        is. An error of the database that knows at which of the rows it happened has its number, from 1, in
        ``error.row``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define copy_in(): its dialect says that rows are copied."
        )

    async def copy_out(self, sql: str, params: Params, header: bool, write: Callable[[bytes], Awaitable[None]]) -> int:
        """Run a query and hand ``write`` its rows as CSV in UTF-8, piece by piece; return how many rows there were.

        Asked only where the dialect's ``capabilities.copy`` says so. A NULL is an empty field, an empty text is in
        quotes. What ``write`` raises leaves as it is, and the session is usable after it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define copy_out(): its dialect says that rows are copied."
        )

    @abstractmethod
    async def execute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons, without parameters."""

    @abstractmethod
    def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        """Yield the rows in lists of at most ``chunk_size``, holding no more than that in memory.

        Uses a server-side cursor where the database has one. Closing the generator frees the cursor.
        """

    async def listen(self, channel: str) -> None:
        """Listen to a channel until the session ends.

        Asked only where the dialect's ``capabilities.max_channel_length`` says that there are channels.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define listen(): its dialect says that there are channels."
        )

    async def notifications(self, timeout: float | None) -> Sequence[Notification]:
        """Wait for notifications and return those that came; none when ``timeout`` seconds passed in silence.

        Raises ``OperationalError`` when the session has ended.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define notifications(): its dialect says there are some."
        )

    @abstractmethod
    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        """Open a transaction. ``isolation`` is the SQL name in lower case (``"serializable"``)."""

    @abstractmethod
    async def commit(self) -> None:
        """Commit the transaction."""

    @abstractmethod
    async def rollback(self) -> None:
        """Roll the transaction back."""

    def limit_locks(self, seconds: float) -> None:
        """Let the transaction that begins next wait at most so long for each lock. Does not wait itself."""
        raise NotSupportedError(NO_LOCK_TIMEOUT)

    def interrupt(self) -> None:
        """Stop the statement that is running, which then raises; the connection stays usable where it can.

        Called from another thread, for blocking connections (an awaitable one is cancelled), and again if need be: it
        may come before the statement has begun. It may take a moment; a statement that begins after its return must
        not be hit. Ends the session where the database offers no better way.
        """
        self.terminate()

    @abstractmethod
    async def ping(self) -> None:
        """One round trip; raises when the session is gone."""

    @abstractmethod
    async def close(self) -> None:
        """End the session in an orderly way. Closing twice is allowed."""

    @abstractmethod
    def terminate(self) -> None:
        """End the session now, without waiting; may be called from any thread, for a session in any state."""


class Driver(ABC):
    """Opens connections to one kind of database in one colour."""

    awaitable: bool

    @property
    def module(self) -> str:
        """The name of the module it comes from."""
        return type(self).__module__

    @abstractmethod
    async def connect(self, url: DatabaseURL) -> Connection:
        """Open a session, ready for use (settings made, so that values come and go as the dialect expects)."""

    def adopt(self, raw: Any) -> Connection:
        """Take over a session that other code has opened with the same driver, and leave ending it to that code.

        Parameters: ``raw`` is the driver's own connection object. Raises ``NotSupportedError`` for one of another
        driver, or where the driver can't share a session.
        """
        raise NotSupportedError(
            f"{self.module} has no way to share a session with other code, as it would have to share this "
            f"{type(raw).__module__}.{type(raw).__qualname__}."
        )


class LateDriver(Driver):
    """Stands for the driver of a module that is imported for the first connection.

    A program of one colour needs nothing of what the other colour's driver is made of. Where an event loop waits for
    the connection, a worker thread imports the module: asyncpg and psycopg take a tenth of a second each.

    Parameters: ``module`` is the module's name, ``name`` the driver's class in it, ``awaitable`` its colour.
    """

    def __init__(self, module: str, name: str = "AwaitableDriver", *, awaitable: bool = True) -> None:
        self.awaitable = awaitable
        self._module = module
        self._name = name
        self._driver: Driver | None = None

    @property
    def module(self) -> str:
        return self._module

    def driver(self) -> Driver:
        """Return the driver itself."""
        if self._driver is None:
            imports.module("logging")  # which every driver needs; see there
            made: Driver = getattr(imports.module(self._module), self._name)()
            self._driver = made
        return self._driver

    def adopt(self, raw: Any) -> Connection:
        return self.driver().adopt(raw)

    async def connect(self, url: DatabaseURL) -> Connection:
        if self._driver is None:
            await in_thread(self.driver)
        return await self.driver().connect(url)


class ScratchDatabase(NamedTuple):
    """A database for tests beside a configured one: where it is, and how it comes and goes."""

    url: DatabaseURL
    at: DatabaseURL | None = None
    """Where the statements run; None where a database comes with its first connection and goes with the process."""
    make: tuple[str, ...] = ()
    """What makes it; one of its name that is there already is dropped first."""
    drop: tuple[str, ...] = ()


class Backend(NamedTuple):
    """A database as a plug-in: found by entry point (group ``orm.backends``) or ``orm.register_backend``.

    Give ``awaitable``, ``blocking`` or both; the bridge supplies the half that is missing.
    """

    name: str
    schemes: tuple[str, ...]
    dialect: Dialect
    awaitable: Driver | None = None
    blocking: Driver | None = None
    options: frozenset[str] = frozenset()
    """Names the URL's query string may hold besides the pool's own."""
    introspection: Introspection | None = None
    """Reads what the database holds, for migrations; without it their names of constraints are those that the library
    gives."""
    shell: Callable[[DatabaseURL], tuple[list[str], dict[str, str]]] | None = None
    """Returns the command line of the database's own prompt, and what goes into its environment; no password stands in
    the former."""
    scratch: Callable[[DatabaseURL, str], ScratchDatabase] | None = None
    """Says how a database for tests is made beside a configured one; the text goes behind its name, and tells those of
    several runs at once apart."""
