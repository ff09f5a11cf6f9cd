"""Savepoints: set, released and rolled back to here and nowhere else, in the words the dialect gives.

What this module refuses: nothing; on a database without savepoints a nested block has none (``needs_savepoint``).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Protocol, TypeVar

from orm.db.limits import within_limit
from orm.db.transactions.states import SOUND, SUSPECT
from orm.errors import DatabaseError, InterfaceError
from orm.late import LateLogger

if TYPE_CHECKING:
    from orm.db.transactions.lease import Lease
    from orm.sql.dialect import Dialect

logger = LateLogger("orm.transaction")

T = TypeVar("T")


class Speaker(Protocol):
    """A database, as far as it says how savepoints are spelled, and tells of them."""

    @property
    def dialect(self) -> Dialect:
        """Its words."""
        ...

    def control(self, sql: str, sent: Coroutine[object, None, T]) -> Coroutine[object, None, T]:
        """Send what divides a transaction, telling whoever listens."""
        ...


class Around(Protocol):
    """The block around a nested one."""

    def doom(self, *, cause: BaseException | None = None, unsaved: BaseException | None = None) -> None:
        """Let it end only by a rollback from now on."""


class Nested(Protocol):
    """A nested block, as far as its savepoint is concerned."""

    @property
    def database(self) -> Speaker:
        """What it is on."""
        ...

    @property
    def lease(self) -> Lease:
        """Its connection."""
        ...

    @property
    def parent(self) -> Around | None:
        """The block around it."""
        ...

    @property
    def depth(self) -> int:
        """How many blocks are around it."""
        ...

    @property
    def limit(self) -> float | None:
        """How many seconds each statement may take."""
        ...


def name_for(block: Nested) -> str | None:
    """Return the name of a nested block's savepoint; None where the database has none."""
    return f"duotone_{block.depth}" if block.database.dialect.capabilities.savepoints else None


async def set_savepoint(block: Nested, name: str, limit: float | None) -> None:
    """Set the savepoint of a nested block; ``limit`` is how many seconds that may take."""
    create, _, _ = block.database.dialect.savepoint(name)
    connection = block.lease.connection
    await block.lease.cross(within_limit(limit, connection, block.database.control(create, connection.execute(create))))


async def release_savepoint(block: Nested, name: str) -> None:
    """Make what a nested block did the block's around it. Where that fails it is rolled back, and the error raised."""
    _, release, _ = block.database.dialect.savepoint(name)
    connection = block.lease.connection
    try:
        sent = block.database.control(release, connection.execute(release))
        await block.lease.cross(within_limit(block.limit, connection, sent))
    except (DatabaseError, InterfaceError):
        await roll_back_to_savepoint(block, name)
        raise


async def roll_back_to_savepoint(block: Nested, name: str, *, keep: bool = False) -> None:
    """Undo a nested block; when even that fails, the transaction around can only be rolled back.

    ``keep`` leaves the savepoint where it is, to be rolled back to again. What the configuration says of the session
    stays so: it is the program's, and no part of what is undone.
    """
    lease = block.lease
    _, release, undo = block.database.dialect.savepoint(name)
    try:
        for sql in (undo,) if keep else (undo, release):
            await lease.cross_patiently(block.database.control(sql, lease.connection.execute(sql)))
        if lease.follows:
            await lease.cross_patiently(lease.connection.follow_settings())
        if lease.state is SUSPECT:
            lease.become(SOUND)
        lease.lost = None
    except (DatabaseError, InterfaceError) as error:
        logger.info("a savepoint could not be rolled back, so its transaction will be: %s", error)
        if block.parent is not None:
            block.parent.doom(unsaved=error)
