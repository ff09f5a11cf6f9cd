"""Running a coroutine by hand, in the caller's own thread, with no event loop: how blocking code runs awaitable code.

It rests on one invariant: an ORM coroutine suspends only inside a driver connection, and a blocking connection's
coroutines never suspend. What this module refuses: a coroutine that does suspend (``BridgeError`` names it).
"""

from __future__ import annotations

from contextlib import closing
from sys import modules
from types import GeneratorType
from types import coroutine as awaiting_generator
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge.guard import policy, public_name, refusal, running_loop
from orm.bridge.one_by_one import OneByOne
from orm.errors import BridgeError
from orm.late import late_module

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Coroutine, Generator, Iterator

    from orm.bridge import portal
else:
    portal = late_module("orm.bridge.portal")
    from orm.late import asyncio

T = TypeVar("T")


@awaiting_generator
def hand() -> Generator[Any, Any, None]:
    """Run coroutines one after the other: each is sent in, and what it returns comes out.

    A coroutine whose ``send()`` is called by Python code gives its result by an exception. To make that and catch it
    takes half of what a call costs that is driven (0.19 of 0.45 µs), and ``yield from`` does without.
    """
    coroutine = yield  # what is kept here in between has ended, and holds nothing
    while True:
        coroutine = yield (yield from coroutine)


free_hands: list[GeneratorType[Any, Any, None]] = []
"""Those that run nothing now: as many as were ever needed at once, for threads and for calls inside calls."""


def new_hand() -> GeneratorType[Any, Any, None]:
    """Return one that waits for its first coroutine."""
    made: Any = hand()
    made.send(None)
    return made  # type: ignore[no-any-return]


def drive(coroutine: Coroutine[object, None, T]) -> T:
    """Run ``coroutine`` to its end and return its result.

    Raises ``BridgeError`` when it suspends; it is closed first, so its ``finally`` blocks have run.
    """
    try:
        runner = free_hands.pop()
    except IndexError:
        runner = new_hand()
    result: T = runner.send(coroutine)  # what the coroutine raises ends the runner as well
    if runner.gi_yieldfrom is not None:
        raise suspended(coroutine)
    free_hands.append(runner)
    return result


def suspended(coroutine: Any) -> BridgeError:
    """Close a coroutine that suspended while driven by hand, and build the error that names it."""
    where = innermost(coroutine)
    coroutine.close()
    name = public_name(getattr(coroutine, "__qualname__", type(coroutine).__name__))
    return BridgeError(
        f"{name} was driven by blocking code and suspended in {where}. Blocking code can run only what waits inside a "
        "driver connection; await this on an event loop, or run it with orm.bridge.portal.run()."
    )


def innermost(coroutine: object) -> str:
    """Name what a suspended coroutine is really waiting in, by following its chain of awaits."""
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    while (inner := getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)) is not None:
        coroutine = inner
        name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    return name


def run(coroutine: Coroutine[object, None, T]) -> T:
    """Run an awaitable form from blocking code: what every generated twin calls.

    Raises ``SynchronousOnlyOperation`` on a thread whose event loop is running, before anything has run, unless the
    policy ``allow_blocking`` is on: then a helper thread runs it, in a copy of the context, and this thread waits.
    """
    # No loop runs while nobody has imported asyncio, and looking costs less than asking: all blocking forms pass here.
    if "asyncio" in modules and running_loop() is not None:
        return run_on_loop_thread(coroutine)
    # drive() written out
    try:
        runner = free_hands.pop()
    except IndexError:
        runner = new_hand()
    result: T = runner.send(coroutine)
    if runner.gi_yieldfrom is not None:
        raise suspended(coroutine)
    free_hands.append(runner)
    return result


def run_on_loop_thread(coroutine: Coroutine[object, None, T]) -> T:
    """Refuse the call, or run it in a helper thread where the policy allows blocking the loop."""
    if not policy.allow_blocking:
        error = refusal(coroutine)
        coroutine.close()
        raise error
    return portal.wait_in_helper(drive, coroutine)


def iterate(iterator: AsyncIterator[T]) -> Iterator[T]:
    """Make a plain generator of an asynchronous one: what twins of streaming methods call.

    Raises ``SynchronousOnlyOperation`` at the call, not at the first item, on a thread whose event loop is running.
    """
    if running_loop() is not None and not policy.allow_blocking:
        raise refusal(iterator)
    return one_by_one(iterator.lists) if isinstance(iterator, OneByOne) else items(iterator)


def one_by_one(lists: AsyncIterator[list[T]]) -> Iterator[T]:
    """Yield the items of lists that arrive."""
    with closing(items(lists)) as parts:
        for part in parts:
            yield from part
            del part  # the next list is fetched without the last one in memory


def items(iterator: AsyncIterator[T]) -> Generator[T, None, None]:
    """Yield the items of an asynchronous iterator, each driven by hand; closes it however the loop is left."""
    step: Any = iterator.__anext__  # an asynchronous generator's step is driven like a coroutine
    try:
        while True:
            try:
                item: T = run(step())
            except StopAsyncIteration:
                return
            yield item
            del item
    finally:
        close: Any = getattr(iterator, "aclose", None)
        if close is not None:
            drive(close())  # and not run(): the collector may do this on any thread, so the guard is not asked


async def breathe() -> None:
    """Let the event loop serve others, once; does nothing in blocking code. For long work between two awaits."""
    if running_loop() is not None:
        await asyncio.sleep(0)
