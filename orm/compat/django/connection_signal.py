"""``connection_created`` of ``django.db.backends.signals``: its ``connection`` is one of ``django.db``.

Its cursors run on the one connection that has just been opened.
"""

from __future__ import annotations

from typing import Any

from orm.compat.django.connection import LegacyConnection
from orm.db.database_blocking import Database
from orm.db.greeting import hooks
from orm.db.opened import Opened
from orm.models.dispatch_blocking import Signal

connection_created = Signal(name="connection_created")


class NewConnection(LegacyConnection):
    """A connection that has just been opened."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.alias)
        self._opened: Any = opened

    @property
    def database(self) -> Database:
        """The database as it is seen through this connection alone."""
        seen: Database = self._opened
        return seen

    def close(self) -> None:
        """Nothing to do: it is not the receiver's."""


async def _tell(opened: Opened) -> None:
    if connection_created.receivers:
        await connection_created.asend(LegacyConnection, connection=NewConnection(opened))


hooks.append(_tell)
