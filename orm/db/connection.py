"""``Database.connection()``: one connection for the caller for a while, and SQL of the user's own on it.

Inside a transaction it is that transaction's connection. What this module refuses: using the connection after its
block.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from orm.bridge.nested import nested
from orm.bridge.waiting import whoami
from orm.db.transactions.ending import leave_connection
from orm.db.transactions.lease import Block
from orm.db.transactions.membership import find_block, left_writer, step_out
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

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
        self._entered = False
        self._block: Block | None = None
        self._own = False
        self._previous: Membership | None = None

    async def __aenter__(self) -> Self:
        if self._entered:
            raise TransactionManagementError("This connection() block is open already; make one for each `with`.")
        self._entered = True  # now, since another task may try while this one waits
        try:
            self._block = find_block(self.database) or await self._take()
        except BaseException:
            self._entered = False
            raise
        return self

    async def _take(self) -> Block:
        database = self.database
        beside = left_writer(database)
        block = Block(database, await database.lease("connection block"), None, transaction=False)
        block.beside = beside
        self._own = True
        self._previous = database.membership.get()
        database.membership.set((block, whoami()))
        return block

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        block, self._block = self.open_block, None
        self._entered = False
        if not self._own:
            return
        self._own = False
        inner = step_out(block, self._previous)
        self._previous = None
        await leave_connection(block, inner)

    @property
    def open_block(self) -> Block:
        """The block this belongs to; raises ``TransactionManagementError`` outside ``with``."""
        if self._block is None:
            raise TransactionManagementError("This connection() block is not open: use it inside its `with`.")
        return self._block

    @property
    def raw(self) -> Connection:
        """The backend's own connection object. After the block it is somebody else's: keep no reference to it."""
        return self.open_block.lease.connection

    async def afetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        block = self.open_block.innermost()
        return await self.database.run_in(block, block.lease.connection.fetch, sql, params)

    async def aexecute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        block = self.open_block.innermost()
        return await self.database.run_in(block, block.lease.connection.execute, sql, params)

    async def aexecute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing; return how many rows were affected."""
        block = self.open_block.innermost()
        return await self.database.run_in(block, block.lease.connection.execute_many, sql, rows, many=True)

    async def aexecute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons, without parameters."""
        block = self.open_block.innermost()
        script = block.lease.connection.execute_script
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
