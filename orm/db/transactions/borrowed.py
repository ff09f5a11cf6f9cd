"""A transaction of somebody else's, which this library's statements join: on that one's own connection to the server.

For code that works with another library on the same driver. What this module refuses: event loops, a transaction of
this library's that is open already, and drivers that can't take over a session (see ``Driver.adopt``). Beginning and
ending the transaction are the other's.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from orm.db.pooling.budget import Budget
from orm.db.pooling.pool import Pool
from orm.db.pooling.roster import Entry
from orm.db.registry import databases
from orm.db.transactions.block import Block
from orm.db.transactions.lease import Lease
from orm.db.transactions.membership import find_block, step_out
from orm.db.transactions.states import COMMITTED, ENDED, OPEN, RETURNED, UNDONE
from orm.errors import NotSupportedError, TransactionManagementError

if TYPE_CHECKING:
    from collections.abc import Callable

    from orm.db.database import AwaitableDatabase
    from orm.db.transactions.membership import Membership

    Hook = tuple[Callable[[], Any], bool]

FOR_EVER = float("inf")


class BorrowedBlock(Block):
    """The outermost block of a transaction that somebody else begins and ends."""

    __slots__ = ()


class BorrowedTransaction:
    """The time for which statements on a database run in somebody else's transaction.

    Parameters: ``using`` is the database's alias, ``raw`` the driver's connection object.
    """

    def __init__(self, using: str, raw: object) -> None:
        self.database: AwaitableDatabase = databases[using]
        self.raw = raw
        self._block: Block | None = None
        self._previous: Membership | None = None

    async def abegin(self) -> None:
        """Send this code's statements into the transaction from here on.

        Raises ``NotSupportedError`` for a driver that can't, ``TransactionManagementError`` inside ``atomic()``.
        """
        database = self.database
        if find_block(database) is not None:
            raise TransactionManagementError(
                f"A transaction of its own is open on {database.alias!r}, so another can't be joined: open that first."
            )
        driver = database.backend.blocking
        if driver is None:
            raise NotSupportedError(f"The backend {database.backend.name!r} has no driver for blocking code.")
        connection = driver.adopt(self.raw)
        if not connection.in_transaction:
            await connection.ping()  # the other's driver begins with the first statement, whosever it is
        pool = Pool(database.alias, database.url, driver, None, Budget(1))  # its options: it never opens anything
        block = BorrowedBlock(database, None, transaction=True)
        block.lease = Lease(pool, Entry(connection, monotonic(), FOR_EVER))
        block.become(OPEN)
        self._block, self._previous = block, database.membership.get()
        database.membership.set((block, block.opener))

    async def aend(self, *, failed: bool) -> tuple[bool, list[Hook]]:
        """Send statements into it no longer.

        Parameters: ``failed`` says that it is about to be rolled back. Returns whether it may be committed, and what
        is to be called after that, each with whether its errors are only logged.
        """
        block, self._block = self._block, None
        if block is None:
            raise TransactionManagementError("This transaction has not been joined, or has been left already.")
        step_out(block, self._previous)
        sound = await block.close(failed=failed)
        if block.state not in ENDED:
            block.become(COMMITTED if sound else UNDONE)
        block.lease.become(RETURNED)
        return sound, [*((fn, False) for fn in block.at_commit), *block.hooks]


def is_borrowed(using: str) -> bool:
    """Whether the caller's transaction on a database is one that somebody else begins and ends."""
    block = find_block(databases[using])
    return block is not None and isinstance(block.outermost, BorrowedBlock)
