"""Notifications of the database: ``orm.listen("orders")`` in both colours, and ``notify`` with its awaitable form.

A listener has a connection of its own, outside of every transaction, which counts among those of its pool and is ended
with it. A notification is sent when the transaction that it belongs to commits. What this module refuses: names that
are none for a channel, and a listener that is used outside of its block.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from orm.db.limits import seconds_above_zero
from orm.db.registry import databases
from orm.errors import NotSupportedError, TransactionManagementError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from orm.db.contract import Notification
    from orm.db.database import AwaitableDatabase
    from orm.db.pooling.pool import Pool
    from orm.db.pooling.roster import Entry

TWINS = ("anotify",)


class AwaitableListener:
    """Hears channels of one database. Made by :func:`orm.listen`, which documents the parameters."""

    def __init__(self, channels: Sequence[str], using: str | None = None, timeout: float | None = None) -> None:
        self.database: AwaitableDatabase = databases.named(using)
        self.channels = tuple(dict.fromkeys(checked(self.database, channel) for channel in channels))
        if not self.channels:
            raise TypeError("orm.listen() takes the names of channels, as orm.listen('orders').")
        self.timeout = seconds_above_zero("timeout", timeout)
        self._held: tuple[Pool, Entry] | None = None

    async def __aenter__(self) -> Self:
        if self._held is not None:
            raise TransactionManagementError("This listener is open already; make one for each `with`.")
        try:
            self._held = await self.database.acquire(f"listen to {', '.join(self.channels)}")
            for channel in self.channels:
                await self._held[1].connection.listen(channel)
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Notification]:
        own = self._held is None
        if own:
            await self.__aenter__()
        try:
            while notes := await self._next():
                for note in notes:
                    yield note
        finally:
            if own:
                self.close()

    async def _next(self) -> Sequence[Notification]:
        """Wait for notifications; none when they stayed out for ``timeout`` seconds."""
        if self._held is None:
            raise TransactionManagementError("This listener is not open any more: use it inside its `with`.")
        return await self._held[1].connection.notifications(self.timeout)

    def close(self) -> None:
        """Stop listening; its session is ended, so that nobody else gets what still comes."""
        held, self._held = self._held, None
        if held is not None:
            pool, entry = held
            pool.discard(entry)

    def __del__(self) -> None:
        """The object was let go of while it listened."""
        if getattr(self, "_held", None) is not None:
            self.close()


async def anotify(channel: str, payload: str = "", using: str | None = None) -> None:
    """Send a notification to whoever listens to a channel, when the current transaction commits, or else at once.

    Parameters:
        channel: its name.
        payload: a text; PostgreSQL takes less than 8,000 bytes.
        using: the database's alias, "default" without it.

    Raises ``NotSupportedError`` where the database has none, ``TypeError`` for a payload that is no text.
    """
    if not isinstance(payload, str):
        raise TypeError(f"A notification's payload is a text, not {payload!r}: write json.dumps(...) of it")
    database = databases.named(using)
    statement = database.dialect.notify_statement()
    await database.fetch(statement, (checked(database, channel), payload))


def checked(database: AwaitableDatabase, channel: str) -> str:
    """Return a channel's name; raise ``TypeError`` or ``ValueError`` for what can be none on that database.

    A longer name would be cut in silence where one listens, and refused where one notifies.
    """
    longest = database.dialect.capabilities.max_channel_length
    if longest is None:
        raise NotSupportedError(f"The database {database.alias!r} sends no notifications.")
    if not isinstance(channel, str):
        raise TypeError(f"A channel's name is a text, not {channel!r}.")
    if not channel or "\0" in channel or len(channel.encode()) > longest:
        raise ValueError(f"A channel's name has 1 to {longest} bytes and no NUL, which {channel[:100]!r} has not.")
    return channel
