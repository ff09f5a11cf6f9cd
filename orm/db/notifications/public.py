"""``orm.listen``, as users call it. It does not wait, so it serves both colours."""

from __future__ import annotations

from orm.db.notifications.listener_blocking import Listener


def listen(*channels: str, using: str | None = None, timeout: float | None = None) -> Listener:
    """Hear what is sent to channels: ``async for note in orm.listen("orders")``, or ``for`` in blocking code.

    Parameters:
        channels: their names, as ``notify()`` and ``NOTIFY`` have them.
        using: the database's alias, "default" without it.
        timeout: seconds of silence after which the loop ends; without it there is no end.

    Each note has ``channel``, ``payload`` and ``pid``. Listening begins with the loop, or earlier, on entering it:
    ``async with orm.listen("orders") as notes``. What was sent while nobody listened is lost, also between the loss of
    a session (``OperationalError``) and the next ``listen()``. The listener has a connection of its own: it hears what
    is committed, also while the caller is in a transaction.

    Raises ``NotSupportedError`` where the database has no notifications, or a pooler in transaction mode is between;
    ``ValueError`` for a name that no channel can have.
    """
    return Listener(channels, using, timeout)
