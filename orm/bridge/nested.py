"""Generators inside generators, closed from the outside in.

An event loop notes every asynchronous generator at its first step, and closes those left over when it ends, all at the
same time. Of two generators, one walking the other, it must know only the outer one, which closes the inner one in its
turn; else both are closed at once and one of them fails. What this module refuses: nothing.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Nested:
    """A generator that no loop is told of: whoever walks it closes it."""

    __slots__ = ("_begun", "_generator")

    def __init__(self, generator: AsyncGenerator[Any, None]) -> None:
        self._generator = generator
        self._begun = False

    def __aiter__(self) -> Nested:
        return self

    def __anext__(self) -> Awaitable[Any]:
        return self._generator.__anext__() if self._begun else self._begin(self._generator.__anext__)

    def aclose(self) -> Awaitable[None]:
        """Close the generator."""
        return self._generator.aclose() if self._begun else self._begin(self._generator.aclose)

    def _begin(self, step: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        """Take the first step without the loop's notice, which is made when the step is, before it is awaited."""
        self._begun = True
        hooks = sys.get_asyncgen_hooks()
        try:
            # The finalizer stays: when a cancellation breaks the closing off, the loop closes what is left.
            sys.set_asyncgen_hooks(firstiter=None)
            return step()
        finally:
            sys.set_asyncgen_hooks(*hooks)


def nested(generator: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Return the generator for walking and closing by another one, which is all that the result can do."""
    return cast("AsyncGenerator[T, None]", Nested(generator))
