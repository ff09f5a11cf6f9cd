"""Several pieces of work at the same time, on an event loop; one after the other in blocking code.

However it ends, nothing of it runs on: the first error stops the others, and so does a cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING

from orm.bridge.guard import running_loop

if TYPE_CHECKING:
    import asyncio
else:
    from orm.late import asyncio

Work = Callable[[], Coroutine[object, None, None]]


async def together(works: Sequence[Work], at_once: int) -> None:
    """Call and await all of ``works``, at most ``at_once`` at a time. Raises the first error, as it is."""
    if at_once < 2 or len(works) < 2 or running_loop() is None:
        for work in works:
            await work()
        return
    left = iter(works)
    problem: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(works))):
                group.create_task(_in_turn(left))
    except BaseExceptionGroup as errors:
        problem = errors.exceptions[0]
    if problem is not None:
        try:
            raise problem
        finally:
            del problem  # its traceback leads here


async def _in_turn(works: Iterator[Work]) -> None:
    """Do what is left to be done, one after the other."""
    for work in works:
        await work()
