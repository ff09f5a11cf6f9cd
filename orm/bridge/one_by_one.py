"""Items of an asynchronous generator of lists, one by one, in either colour.

An asynchronous generator is the only way for async code to get items one at a time; blocking code would have to drive
it by hand for every item, which costs more than most items do. So blocking code takes whole lists here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar

from orm.bridge.nested import nested

T = TypeVar("T")


class OneByOne(AsyncGenerator[T, None]):
    """The items of lists that arrive; an asynchronous generator as far as async code sees it.

    Parameters: ``lists`` is the generator of lists, which nobody else walks; ``name`` is the qualified name of the
    method that gives this one, for errors.
    """

    def __init__(self, lists: AsyncGenerator[list[T], None], name: str) -> None:
        self.lists = lists
        self.__qualname__ = name
        self._items = _walk(lists)

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items

    async def asend(self, value: None) -> T:
        """Take one step (of the protocol of generators)."""
        return await self._items.asend(value)

    async def athrow(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
    ) -> Any:
        """Raise an error where the generator waits."""
        return await self._items.athrow(kind, value, traceback)  # type: ignore[arg-type]

    async def aclose(self) -> None:
        """Let go of the lists."""
        await self._items.aclose()


async def _walk(lists: AsyncGenerator[list[T], None]) -> AsyncGenerator[T, None]:
    """Yield the items. This knows nothing of the object that has it, or a stream left early would wait for the garbage
    collector, with its connection."""
    lists = nested(lists)
    item: T | None
    async with aclosing(lists):
        async for part in lists:
            for item in part:
                yield item
            item = None
            del part  # the next list is fetched without the last one in memory
