"""Calls from one colour into the other, awaited or waited for, with the caller's context carried along.

Everything here ends only when what it started has really ended: a cancelled caller still waits, so nothing of ours runs
on behind its back. What this module refuses: waiting for a loop that can't answer (``BridgeError``, at once).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from orm.bridge import portal
from orm.bridge.drive import drive
from orm.bridge.guard import running_loop
from orm.bridge.portal import LOOK_EVERY, Errand, Outcome, call_in_helper, refuse_dead_loop, wait_on

if TYPE_CHECKING:
    import asyncio
    import inspect
    from collections.abc import Awaitable, Callable, Coroutine
else:
    from orm.late import asyncio, inspect

T = TypeVar("T")

LIBRARY = "orm."
URGE_AFTER = 0.02
"""Seconds until a function that should end soon is urged again; twice as long each time."""


class Bell:
    """Wakes one task, from any thread; a cancelled wait can be taken up again.

    That it has rung is known before the task is woken: a signal's exception may hit the loop, which loses the wake-up
    then, and a cancellation must find the end of what is waited for.
    """

    __slots__ = ("_future", "_loop", "_rung")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._future: asyncio.Future[None] | None = None
        self._rung = False

    def ring(self) -> None:
        """Wake the task; harmless when its loop has been closed, for then nobody waits."""
        self._rung = True
        if running_loop() is self._loop:
            self.ring_here()
            return
        try:
            self._loop.call_soon_threadsafe(self.ring_here)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    def ring_here(self) -> None:
        """Wake the task, on its own loop's thread."""
        self._rung = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    @property
    def rung(self) -> bool:
        """Whether it has rung."""
        return self._rung

    def reset(self) -> None:
        """Make the bell ready to ring again."""
        self._rung = False

    async def wait(self) -> None:
        """Wait until the bell has rung; may be cancelled."""
        while not self.rung:
            # A new one for each wait: a wait that was cancelled has ended the one before.
            self._future = self._loop.create_future()
            await self._future

    async def wait_to_the_end(self, on_cancel: Callable[[], None] | None = None) -> asyncio.CancelledError | None:
        """Wait whatever comes. A cancellation is kept and returned; the first one also calls ``on_cancel``."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                await self.wait()
                return cancelled
            except asyncio.CancelledError as error:
                if cancelled is None and on_cancel is not None:
                    on_cancel()
                cancelled = error


class EndOf(Bell):
    """Rings when a task of the same loop has ended."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[Any]) -> None:
        super().__init__(task.get_loop())
        self._task = task
        task.add_done_callback(self._ended)

    @property
    def rung(self) -> bool:
        """Whether it has ended; asked of the task, since the loop may have lost what it was to call then."""
        return self._task.done()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """Wake who waits for it. It may be nobody, after a signal's exception: so its error counts as asked for."""
        if not task.cancelled():
            task.exception()
        self.ring_here()


async def in_thread(fn: Callable[..., T], *args: object, on_cancel: Callable[[], None] | None = None) -> T:
    """Run a blocking function in a worker thread, in a copy of the context, and await its end.

    A cancellation calls ``on_cancel`` (to make the function end soon) in another worker thread, again and again since
    it may come too early, waits for the end and is then delivered.
    """
    loop = running_loop()
    if loop is None:
        return fn(*args)
    bell = Bell(loop)
    # A bell and no future of the loop's: the loop may have been closed by the time the thread ends.
    outcome = call_in_helper(fn, *args, done=lambda _: bell.ring())
    if on_cancel is None:
        deliver(await bell.wait_to_the_end())
        return outcome.take()  # type: ignore[no-any-return]
    urging = Urging(loop, outcome, on_cancel)
    cancelled = await bell.wait_to_the_end(urging.begin)
    try:
        await urging.end()
        deliver(cancelled)
    finally:
        del cancelled
    return outcome.take()  # type: ignore[no-any-return]


class Urging:
    """Calls a function in worker threads, one call after the other, until an outcome is there."""

    __slots__ = ("_bell", "_loop", "_outcome", "_pause", "_urge")

    def __init__(self, loop: asyncio.AbstractEventLoop, outcome: Outcome, urge: Callable[[], None]) -> None:
        self._loop = loop
        self._outcome = outcome
        self._urge = urge
        self._pause = URGE_AFTER
        self._bell: Bell | None = None

    def begin(self) -> None:
        """Call it now, and again when that did not help."""
        if self._outcome.done:
            return
        bell = self._bell = Bell(self._loop)
        call_in_helper(self._urge, done=lambda _: bell.ring())
        self._loop.call_later(self._pause, self._again, bell)
        self._pause *= 2

    def _again(self, bell: Bell) -> None:
        if self._outcome.done:
            return
        # Never two calls at the same time: the second could hit what the connection does next.
        if bell.rung:
            self.begin()
        else:
            self._loop.call_later(self._pause, self._again, bell)

    async def end(self) -> None:
        """Wait for a call that is still under way: it must not hit what comes next."""
        if self._bell is not None:
            deliver(await self._bell.wait_to_the_end())


def deliver(cancelled: asyncio.CancelledError | None) -> None:
    """Raise a cancellation that was kept back, without the cycle that a local variable of the raiser would make."""
    try:
        if cancelled is not None:
            raise cancelled
    finally:
        del cancelled


async def drive_in_thread(coroutine: Coroutine[object, None, T], on_cancel: Callable[[], None] | None = None) -> T:
    """Drive a blocking connection's coroutine in a worker thread and await its end; see :func:`in_thread`."""
    return await in_thread(lambda: drive(coroutine), on_cancel=on_cancel)


async def on_loop(
    home: asyncio.AbstractEventLoop, coroutine: Coroutine[object, None, T], running: list[Errand] | None = None
) -> T:
    """Run a coroutine on another thread's loop and wait for its end, in the caller's own colour.

    A cancellation (or KeyboardInterrupt) cancels it there, waits for its end and is then delivered.
    ``running`` holds the errand meanwhile, for whoever may want to cancel it.
    Raises ``BridgeError`` at once when that loop can't run it.
    """
    loop = running_loop()
    if loop is home:
        return await coroutine
    if loop is None:
        return wait_on(home, coroutine, running)
    refuse_dead_loop(home, coroutine)
    bell = Bell(loop)
    outcome = Outcome()

    def settle(value: object, error: BaseException | None) -> None:
        outcome.set(value, error)
        bell.ring()

    def look() -> None:
        if not outcome.done and errand.look():
            loop.call_later(LOOK_EVERY, look)

    errand = Errand(home, coroutine, settle)
    # A loop that is blocked for good settles nothing: somebody has to look at it from outside.
    first_look = loop.call_later(LOOK_EVERY, look)
    if running is not None:
        running.append(errand)
    try:
        deliver(await bell.wait_to_the_end(errand.cancel))
    finally:
        first_look.cancel()
        if running is not None:
            running.remove(errand)
    return outcome.take()  # type: ignore[no-any-return]


class Stopped(Exception):
    """What ran on another loop for the caller was cancelled there, and not by the caller."""


async def visit(home: asyncio.AbstractEventLoop, coroutine: Coroutine[object, None, T], running: list[Errand]) -> T:
    """Run ``on_loop`` for something that its home may cancel, which raises ``Stopped`` and not a cancellation."""
    try:
        return await on_loop(home, coroutine, running)
    except asyncio.CancelledError as error:
        task = None if running_loop() is None else asyncio.current_task()
        # The caller's own cancellation goes on; one that was the other loop's is told as an error.
        if task is not None and task.cancelling():
            raise
        raise Stopped from error


async def to_the_end(
    coroutine: Coroutine[object, None, T], on_cancel: Callable[[], None] | None = None
) -> tuple[T, asyncio.CancelledError | None]:
    """Run a coroutine to its end although the caller is cancelled meanwhile, which calls ``on_cancel``.

    Returns its result, and the cancellation that is still to be delivered; an error of the coroutine is raised.
    For what must not be left half done: COMMIT, ROLLBACK, giving a connection back.

    The coroutine's task is hidden from asyncio: when ``asyncio.run`` ends it cancels every task it knows and waits for
    them, and among those is the caller, which waits for this one. Once the caller has been cancelled the task is made
    known, so that a second Ctrl-C can stop it.
    """
    loop = running_loop()
    if loop is None:
        return await coroutine, None
    task = loop.create_task(coroutine)
    asyncio.tasks._unregister_task(task)
    cancelled = await EndOf(task).wait_to_the_end(functools.partial(make_known, task, on_cancel))
    try:
        return task.result(), cancelled
    except BaseException as error:
        if cancelled is not None:
            raise cancelled from error
        raise
    finally:
        del cancelled, task


def make_known(task: asyncio.Task[Any], on_cancel: Callable[[], None] | None) -> None:
    """Let asyncio know a task that was hidden: its caller was cancelled, and who ends the loop now means it, too."""
    asyncio.tasks._register_task(task)
    if on_cancel is not None:
        on_cancel()


def is_async(fn: object) -> bool:
    """Whether calling ``fn`` gives a coroutine, as far as can be known before calling it."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if inspect.iscoroutinefunction(fn):
        return True
    return not inspect.isroutine(fn) and inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004


async def call(fn: Callable[..., Any], *args: object, **kwargs: object) -> Any:
    """Call user code of either colour from a coroutine of ours, whichever colour that runs in.

    The same colour is a plain call. A blocking function reached from async code runs in a worker thread, an async one
    reached from blocking code runs on the portal; both in a copy of the context, so they see the caller's transaction.
    """
    if running_loop() is None:
        # Whether it is of the other colour only its result tells: a lambda or a partial may give a coroutine.
        result = fn(*args, **kwargs)
        return portal.run(awaited(result)) if inspect.isawaitable(result) else result
    if is_async(fn):
        return await fn(*args, **kwargs)
    result = await in_thread(functools.partial(fn, *args, **kwargs))
    return await result if inspect.isawaitable(result) else result


def call_form(form: Callable[..., Coroutine[object, None, T]], *args: object, **kwargs: object) -> Awaitable[T]:
    """Call the awaitable form of something users may override (``instance.asave``), from a coroutine that awaits this.

    The library's own is simply awaited, in either colour. An override reached from blocking code runs on the portal,
    since it may await anything.
    """
    if not form.__module__.startswith(LIBRARY) and running_loop() is None:
        return run_on_portal(form, *args, **kwargs)
    return form(*args, **kwargs)


async def run_on_portal(form: Callable[..., Coroutine[object, None, T]], *args: object, **kwargs: object) -> T:
    """Run a coroutine function on the portal, from blocking code."""
    return portal.run(form(*args, **kwargs))


async def awaited(thing: Any) -> Any:
    """Make a coroutine of anything that can be awaited."""
    return await thing
