"""The signals models send, and one of the connections'; ``receiver`` to connect to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from orm.db.greeting import hooks
from orm.late import late_module
from orm.models.dispatch_blocking import Signal

if TYPE_CHECKING:
    from orm.db import opened_blocking
    from orm.db.opened import Opened
else:
    opened_blocking = late_module("orm.db.opened_blocking")

Function = TypeVar("Function", bound=Callable[..., Any])

class_prepared = Signal(name="class_prepared", waits=False)
pre_init = Signal(name="pre_init", waits=False)
post_init = Signal(name="post_init", waits=False)
pre_save = Signal(name="pre_save")
post_save = Signal(name="post_save")
pre_delete = Signal(name="pre_delete")
post_delete = Signal(name="post_delete")
m2m_changed = Signal(name="m2m_changed")
pre_migrate = Signal(name="pre_migrate")
post_migrate = Signal(name="post_migrate")
connection_created = Signal(name="connection_created")
"""Sent with ``connection``, an ``OpenedConnection``, before anybody gets a connection that was opened: receivers can
set what the session needs. The sender is that class."""


async def _tell(opened: Opened) -> None:
    if connection_created.receivers:
        made = opened_blocking.OpenedConnection(opened)
        await connection_created.asend(opened_blocking.OpenedConnection, connection=made)


hooks.append(_tell)

__all__ = [
    "Signal",
    "class_prepared",
    "connection_created",
    "m2m_changed",
    "post_delete",
    "post_init",
    "post_migrate",
    "post_save",
    "pre_delete",
    "pre_init",
    "pre_migrate",
    "pre_save",
    "receiver",
]


def receiver(signal: Signal | Iterable[Signal], **options: Any) -> Callable[[Function], Function]:
    """Connect the decorated function to a signal, or to each of several. Options are those of ``Signal.connect``."""

    def connect(function: Function) -> Function:
        for one in [signal] if isinstance(signal, Signal) else signal:
            one.connect(function, **options)
        return function

    return connect
