"""Ending a connection: in an orderly way, or at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.errors import Error
from orm.late import LateLogger

if TYPE_CHECKING:
    from orm.db.contract import Connection

logger = LateLogger("orm.pool")


async def close_quietly(connection: Connection) -> None:
    """Close a connection; one that can't be closed in an orderly way is ended at once."""
    try:
        await connection.close()
    except Error as error:
        logger.debug("closing a connection failed, so it is ended: %s", error)
        connection.terminate()
