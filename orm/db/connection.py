"""``Database.connection()``: one connection for the caller for a while, and SQL of the user's own on it.

Inside a transaction it is that transaction's connection. What this module refuses: using the connection after its
block.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from orm.bridge.nested import nested
from orm.bridge.waiting import whoami
from orm.db.lease import Block, Membership, find_block, left_writer
from orm.errors import TransactionManagementError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from orm.db.contract import Connection, Params, Row
    from orm.db.database import AwaitableDatabase

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

    async def __aenter__(self) -> Self:
        if self._block is not None:
            raise TransactionManagementError("This connection() block is open already; make one for each `with`.")
        database = self.database
        block = find_block(database)
        if block is None:
            lease = await database.lease("connection block")
            block = Block(database, lease, None, transaction=False)
            block.beside = left_writer(database)
            self._own = True
            self._previous = database.membership.get()
            database.membership.set((block, whoami()))
        self._block = block
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        block, self._block = self.open_block, None
        if not self._own:
            return
        self._own = False
        self.database.membership.set(self._previous)
        self._previous = None
        try:
            await block.take_turn("the end of the block")
        except BaseException:
            block.closed = True
            block.lease.pool.discard(block.lease.entry, busy=True)
            raise
        block.closed = True
        block.turns.pass_on()
        block.lease.pool.release_after_error(block.lease.entry)

    @property
    def open_block(self) -> Block:
        """The block this belongs to; raises ``TransactionManagementError`` outside ``with``."""
        if self._block is None:
            raise TransactionManagementError("This connection() block is not open: use it inside its `with`.")
        return self._block

    @property
    def raw(self) -> Connection:
        """The backend's own connection object."""
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
        chunks = nested(self.database.stream_in(self.open_block, sql, params, chunk_size))
        try:
            async for chunk in chunks:
                for row in chunk:
                    yield row
        finally:
            await chunks.aclose()
