"""The signals models send, and ``receiver`` to connect to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from orm.models.dispatch_blocking import Signal

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

__all__ = [
    "Signal",
    "class_prepared",
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
