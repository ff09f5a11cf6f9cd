"""``async_unsafe``: functions that must not block an event loop's thread."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from orm.bridge.guard import policy, running_loop
from orm.errors import SynchronousOnlyOperation

__all__ = ["async_unsafe"]

MESSAGE = "You cannot call this from an async context - use a thread or sync_to_async."


def async_unsafe(message: Any) -> Any:
    """Decorate a function to raise ``SynchronousOnlyOperation`` where an event loop runs, unless blocking is allowed.

    Parameters: ``message`` is the error's sentence, or the function where the decorator is used without one.
    """

    def decorate(function: Callable[..., object], said: str = MESSAGE) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: object, **kwargs: object) -> Any:
            if running_loop() is not None and not (policy.ask() or os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")):
                raise SynchronousOnlyOperation(said)
            return function(*args, **kwargs)

        return call

    if callable(message):
        return decorate(message)
    return functools.partial(decorate, said=message)
