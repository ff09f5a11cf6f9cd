"""``Database.connection()``: one connection for the caller for a while, and SQL of the user's own on it.

Inside a transaction it is that transaction's connection. What this module refuses: using the connection after its
block.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orm.bridge.nested import nested
from orm.bridge.stopped_generators import watch_generators
from orm.db.transactions.block import Block
from orm.db.transactions.ending import leave_connection
from orm.db.transactions.membership import find_block, left_writer, step_out
from orm.db.transactions.states import ABANDONED, INHERITED, OPEN
from orm.errors import ProgrammingError, TransactionManagementError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from orm.bridge.stopped_generators import Watches
    from orm.db.contract import Connection, Params, Row
    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.membership import Membership

CHUNK_SIZE = 2000


class AwaitableConnectionBlock:
    """A connection that is the caller's between entering and leaving; queries in between use it too.

    Statements are in the database's own SQL, with its own placeholders; they commit by themselves outside ``atomic``.
    """

    def __init__(self, database: AwaitableDatabase) -> None:
        self.database = database
        self._block: Block | None = None
        self._own = False
        self._previous: Membership | None = None
        self._watches: Watches = []

    async def __aenter__(self) -> Self:
        if self._block is not None:
            raise TransactionManagementError("This connection() block is open already; make one for each `with`.")
        try:
            await self._enter()
        except BaseException:
            self.abandon()
            raise
        return self

    async def _enter(self) -> None:
        database = self.database
        around = find_block(database)
        if around is not None:
            self._block = around
            return
        self._own = True
        block = self._block = Block(database, None, transaction=False)  # known here before it holds anything
        block.beside = left_writer(database)
        block.lease = await database.lease("connection block")
        block.become(OPEN)
        self._watches = watch_generators(block.abandon)
        self._previous = database.membership.get()
        database.membership.set((block, block.opener))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        block = self.open_block
        try:
            if self._own and block.state is not ABANDONED and block.state is not INHERITED:
                await leave_connection(block, step_out(block, self._previous).inner, failed=kind is not None)
        finally:
            self.abandon()

    @property
    def is_open(self) -> bool:
        """Whether it has been entered and not left."""
        return self._block is not None

    def abandon(self) -> None:
        """Give up a connection that nobody can give back any more. Does nothing for one that was given back."""
        block, self._block, self._previous, self._watches = self._block, None, None, []
        own, self._own = self._own, False
        if block is not None and own:
            block.abandon()

    def __del__(self) -> None:
        """The object was let go of while its block was open."""
        block = getattr(self, "_block", None)
        if block is not None and self._own:
            block.abandon()  # and not forgotten: as with an atomic block, we may be left after this

    @property
    def open_block(self) -> Block:
        """The block this belongs to; raises ``TransactionManagementError`` outside ``with``."""
        if self._block is None:
            raise TransactionManagementError("This connection() block is not open: use it inside its `with`.")
        return self._block

    @property
    def raw(self) -> Connection:
        """The backend's own connection object. After the block it is somebody else's: keep no reference to it."""
        return self.open_block.connection

    @contextlib.contextmanager
    def _own_placeholders(self, sql: str) -> Iterator[None]:
        """Note below the database's error for a statement with ``%s``, as ``RawSQL`` has it, what to write here."""
        try:
            yield
        except ProgrammingError as error:
            if "%s" in sql:
                written = self.database.dialect.placeholder(1)
                error.add_note(f"On a connection() the placeholders are the database's own: write {written} for %s.")
            raise

    async def afetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        block = self.open_block.innermost()
        with self._own_placeholders(sql):
            return await self.database.run_in(block, block.connection.fetch, sql, params)

    async def aexecute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        block = self.open_block.innermost()
        with self._own_placeholders(sql):
            return await self.database.run_in(block, block.connection.execute, sql, params)

    async def aexecute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing; return how many rows were affected."""
        block = self.open_block.innermost()
        with self._own_placeholders(sql):
            return await self.database.run_in(block, block.connection.execute_many, sql, rows, many=True)

    async def aexecute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons, without parameters."""
        block = self.open_block.innermost()
        script = block.connection.execute_script
        await self.database.run_in(block, lambda sql, _: script(sql), sql, ())

    async def astream(self, sql: str, params: Params = (), chunk_size: int = CHUNK_SIZE) -> AsyncIterator[Row]:
        """Yield the rows one by one, holding at most ``chunk_size`` in memory."""
        rows_above_zero("chunk_size", chunk_size)
        block = self.open_block
        chunks = nested(self.database.stream_in(block, sql, params, chunk_size))
        try:
            async for chunk in chunks:
                for row in chunk:
                    yield row
                if self._block is not block:
                    raise TransactionManagementError("The connection() block of this stream has ended.")
        finally:
            await chunks.aclose()


def rows_above_zero(name: str, value: int) -> None:
    """Raise ``TypeError`` or ``ValueError`` for what is no number of rows to hold."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a number of rows, not {value!r}.")
    if value < 1:
        raise ValueError(f"{name} is a number of rows above 0, not {value!r}.")
