"""Connections that have just been opened: they pass here before anybody gets them, to be prepared.

Statements on one commit by themselves. What this module refuses: a connection on which a transaction is left open. A
hook that queries the database may open a further connection; that one is not announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING

from orm.db.greeting import hooks
from orm.db.pooling.roster import Entry
from orm.db.transactions.lease import Lease
from orm.errors import TransactionManagementError
from orm.sql.parameters import written

if TYPE_CHECKING:
    from orm.db.contract import Backend, Connection, Params, Row, WrittenAnswer
    from orm.db.database import AwaitableDatabase
    from orm.db.pooling.pool import Pool
    from orm.sql.dialect import Dialect
    from orm.sql.parameters import Written


class Opened:
    """A database as it is seen through one new connection: the statements of ``Database``, run on that one."""

    def __init__(self, database: AwaitableDatabase, pool: Pool, connection: Connection) -> None:
        self.alias = database.alias
        self.backend: Backend = database.backend
        self.dialect: Dialect = database.dialect
        self._connection = connection
        self._lease = Lease(pool, Entry(connection, monotonic(), 0.0))

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        return await self._lease.cross(self._connection.fetch(sql, params))

    async def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        return await self._lease.cross(self._connection.execute(sql, params))

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run one statement for each row of parameters, all or nothing."""
        return await self._lease.cross(self._connection.execute_many(sql, rows))

    async def execute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons."""
        await self._lease.cross(self._connection.execute_script(sql))

    async def run_written(self, sql: str, params: Written, gives_rows: bool) -> WrittenAnswer:
        """Run one statement written for values in the text, as ``Database.run_written`` does."""
        return await self._lease.cross(self._connection.run_written(written(self.dialect, sql, params, gives_rows)))


class AwaitableOpenedConnection:
    """A connection that has just been opened: what receivers of ``connection_created`` are given.

    Statements are in the database's own SQL, with its own placeholders.
    """

    def __init__(self, opened: Opened) -> None:
        self.opened = opened

    @property
    def alias(self) -> str:
        """The name of its database."""
        return self.opened.alias

    @property
    def vendor(self) -> str:
        """The backend's name: sqlite, postgresql, ..."""
        return self.opened.backend.name

    async def afetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        """Run one statement and return all its rows."""
        return await self.opened.fetch(sql, params)

    async def aexecute(self, sql: str, params: Params = ()) -> int:
        """Run one statement and return how many rows it affected."""
        return await self.opened.execute(sql, params)

    async def aexecute_script(self, sql: str) -> None:
        """Run several statements separated by semicolons."""
        await self.opened.execute_script(sql)


_greeted: ContextVar[Connection | None] = ContextVar("orm.greeted", default=None)
"""The connection that the hooks are being called with. One that has ended does not count: a hook that fails ends it,
and an exception that comes before the variable is set back leaves it here."""


async def greet(database: AwaitableDatabase, pool: Pool, connection: Connection) -> None:
    """Call the hooks with a new connection; when this fails, the caller closes it.

    Raises ``TransactionManagementError`` when a transaction is left open on it, and what the hooks raise.
    """
    outer = _greeted.get()
    if not hooks or (outer is not None and outer.is_usable):
        return
    _greeted.set(connection)
    for hook in hooks:
        await hook(Opened(database, pool, connection))
    if connection.in_transaction:
        raise TransactionManagementError(
            "A receiver of connection_created has left a transaction open on the new connection."
        )
    _greeted.set(None)
