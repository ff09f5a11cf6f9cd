"""The one background event loop, and the helper threads: where code of the other colour runs.

The portal is a daemon thread with an event loop, started at first use, forgotten in a forked child, ended at exit.
Helper threads are daemons too and reused. They are ours, and not the loop's default executor, because that one is
bounded: user code filling it while it waits for us would be a deadlock. What this module refuses: waiting for a loop
that is itself blocked waiting for us.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import sys
import threading
import weakref
from collections import deque
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from orm.bridge.guard import running_loop
from orm.bridge.thread_context import start_apart
from orm.errors import BridgeError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine
else:
    from orm.late import asyncio

P = ParamSpec("P")
T = TypeVar("T")

HELPER_IDLE_SECONDS = 10.0
EXIT_SECONDS = 0.5
LOOK_EVERY = 0.05
LOOKS = 3
ANSWERS_WITHIN = 30.0

# In these files a thread is found that waits for another one (futures, queues, events and joins all wait in the first).
WAITING_FILES = (threading.__file__, __file__)
STANDARD_LIBRARY = os.path.dirname(threading.__file__) + os.sep

blocked_loops: set[asyncio.AbstractEventLoop] = set()
"""Loops whose thread is, right now, blocked in a call of ours (policy ``allow_blocking``)."""

loop_threads: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, int] = weakref.WeakKeyDictionary()
"""The thread each loop was last seen running on, for loops that do not tell."""


class Outcome:
    """What a call in another thread gave: set once there, awaited or waited for here."""

    __slots__ = ("_lock", "done", "error", "value")

    def __init__(self) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self, value: object, error: BaseException | None) -> None:
        """Record the outcome and wake whoever waits."""
        self.value, self.error, self.done = value, error, True
        self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Block until the outcome is there, at most so long; says whether it is."""
        if not self.done:
            if not self._lock.acquire(timeout=seconds):
                return False
            self._lock.release()
        return True

    def take(self) -> Any:
        """Return the value or raise the error, without keeping either alive."""
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error
        return self.value


class Helpers:
    """Daemon threads that run one call each and are kept a while for the next."""

    def __init__(self) -> None:
        self._idle: deque[Helper] = deque()

    def start(self, call: Callable[[], None]) -> None:
        """Run ``call`` in a helper thread; it must not raise."""
        while True:
            try:
                helper = self._idle.pop()
            except IndexError:
                start_apart(Helper(self._idle, call))
                return
            if helper.give(call):
                return


class Helper(threading.Thread):
    """One helper thread; takes a call, runs it, waits for another, ends when none comes."""

    def __init__(self, idle: deque[Helper], call: Callable[[], None]) -> None:
        super().__init__(name="duotone-helper", daemon=True)
        self._idle = idle
        self._call: Callable[[], None] | None = call
        self._wake = threading.Lock()
        self._wake.acquire()
        self._claim = threading.Lock()
        self._retired = False

    def give(self, call: Callable[[], None]) -> bool:
        """Hand a call to an idle thread; False when it has just ended."""
        with self._claim:
            if self._retired:
                return False
            self._call = call
        self._wake.release()
        return True

    def run(self) -> None:
        """Run calls until none has come for a while."""
        while True:
            call, self._call = self._call, None
            if call is not None:
                call()
            del call
            self._idle.append(self)
            if not self._wake.acquire(timeout=HELPER_IDLE_SECONDS):
                with self._claim:
                    if self._call is None:
                        self._retired = True
                        return
                self._wake.acquire()


helpers = Helpers()


def call_in_helper(fn: Callable[..., object], *args: object, done: Callable[[Outcome], None] | None = None) -> Outcome:
    """Start ``fn(*args)`` in a helper thread, in a copy of the caller's context; ``done`` is called in that thread."""
    return call_in_context(contextvars.copy_context(), fn, *args, done=done)


def call_in_context(
    context: contextvars.Context,
    fn: Callable[..., object],
    *args: object,
    done: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Start ``fn(*args)`` in a helper thread, in that context."""
    outcome = Outcome()

    def call() -> None:
        try:
            value = context.run(fn, *args)
        except BaseException as error:  # handed over: whoever waits raises it
            outcome.set(None, error)
        else:
            outcome.set(value, None)
        if done is not None:
            done(outcome)

    helpers.start(call)
    return outcome


def wait_in_helper(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``fn`` in a helper thread and block until it ends: a blocking call on a loop's own thread, made correct.

    The loop is marked as blocked meanwhile, so that what runs in the helper fails at once, and does not hang, when it
    would need that loop.
    """
    loop = running_loop()
    first = loop is not None and loop not in blocked_loops
    context = contextvars.copy_context()
    if first and loop is not None:
        blocked_loops.add(loop)
    try:
        outcome = call_in_context(context, lambda: fn(*args, **kwargs))
        outcome.wait()
    finally:
        if first and loop is not None:
            blocked_loops.discard(loop)
    for variable, value in context.items():  # entering a block sets a variable that the caller must find set
        if variable.get(outcome) is not value:
            variable.set(value)
    return outcome.take()  # type: ignore[no-any-return]


class Portal:
    """The background loop and its thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The background loop; starts its thread at first use."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            return loop
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                started = threading.Event()
                self._thread = threading.Thread(target=self._serve, args=(started,), name="duotone-portal", daemon=True)
                start_apart(self._thread)
                started.wait()
            assert self._loop is not None
            return self._loop

    def _serve(self, started: threading.Event) -> None:
        self._loop = loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._until_stopped(started))
        finally:
            loop.close()

    async def _until_stopped(self, started: threading.Event) -> None:
        """Keep the loop running, and in the end do as ``asyncio.run`` does, but for the executor.

        To wait for that takes a thread, and from Python 3.12 on none can be started when the interpreter ends.
        """
        self._stop = asyncio.Event()
        started.set()
        await self._stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_asyncgens()

    def stop(self, seconds: float = EXIT_SECONDS) -> None:
        """End the loop (its tasks are cancelled, its pools closed) and wait for the thread, at most ``seconds``."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._stop.set)
        if thread is not threading.current_thread():
            thread.join(seconds)


portal = Portal()


def run(coroutine: Coroutine[object, None, T]) -> T:
    """Run any coroutine on the background loop, in a copy of the caller's context, and block until it ends.

    Raises ``BridgeError`` when called on the background loop's own thread. KeyboardInterrupt cancels the coroutine.
    """
    loop = portal.loop
    if running_loop() is loop:
        coroutine.close()
        raise BridgeError("portal.run() was called on the portal's own thread; await the coroutine there.")
    return wait_on(loop, coroutine)


def wait_on(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[object, None, T], running: list[Errand] | None = None
) -> T:
    """Run a coroutine on a loop of another thread and block until it has really ended.

    ``running`` holds the errand meanwhile, for whoever may want to cancel it.
    Raises ``BridgeError`` at once when that loop can't run it: it is closed, stopped, or its thread is waiting for us.
    """
    refuse_dead_loop(loop, coroutine)
    outcome = Outcome()
    errand = Errand(loop, coroutine, outcome.set)
    if running is not None:
        running.append(errand)
    try:
        while not outcome.wait(LOOK_EVERY):
            if not errand.look():
                outcome.wait()
    except BaseException:  # KeyboardInterrupt: nothing may go on running behind the caller's back
        errand.cancel()
        outcome.wait()
        raise
    finally:
        if running is not None:
            running.remove(errand)
    return outcome.take()  # type: ignore[no-any-return]


def note_thread(loop: asyncio.AbstractEventLoop) -> None:
    """Remember that ``loop`` runs on this thread."""
    loop_threads[loop] = threading.get_ident()


class Watch:
    """Looks at a loop that does not take up what it was given: is it busy, or blocked for good?

    Its thread is taken for blocked when it has been waiting for another thread, in one and the same place, at several
    looks in a row: a callback of that loop waits for a lock, a future or a thread, and most likely for us.
    """

    __slots__ = ("_began", "_looks", "_loop", "_place")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._looks = 0
        self._place: tuple[Any, int] | None = None
        self._began = monotonic()

    def why_stuck(self) -> str | None:
        """Say why the loop will not answer; None while it still may."""
        if self._loop.is_closed() or not self._loop.is_running():
            return "it has ended"
        thread = getattr(self._loop, "_thread_id", None) or loop_threads.get(self._loop)
        frame = sys._current_frames().get(thread or 0)
        place = None if frame is None else (frame, frame.f_lasti)
        same = place is not None and place == self._place
        self._place = place
        self._looks = self._looks + 1 if same else 0
        if frame is not None and self._looks >= LOOKS and frame.f_code.co_filename in WAITING_FILES:
            return f"its thread is blocked, waiting in {caller_of(frame)}; await there, or use asyncio.to_thread"
        if monotonic() - self._began > ANSWERS_WITHIN:
            return f"it has not answered for {ANSWERS_WITHIN:g} s; is its thread blocked by a call that does not await?"
        return None


def is_waiting_room(filename: str) -> bool:
    """Whether a file is the standard library's or this one, rather than the program's."""
    return filename == __file__ or (filename.startswith(STANDARD_LIBRARY) and "site-packages" not in filename)


def caller_of(frame: FrameType) -> str:
    """Name the place in the program from which the standard library was asked to wait."""
    found: FrameType | None = frame
    while found is not None and is_waiting_room(found.f_code.co_filename):
        found = found.f_back
    found = found or frame
    return f"{found.f_code.co_qualname} ({found.f_code.co_filename}:{found.f_lineno})"


def refuse_dead_loop(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[object, None, object]) -> None:
    """Raise ``BridgeError`` when submitting to ``loop`` would wait for ever."""
    if loop in blocked_loops:
        why = "its thread is blocked waiting for this very call; use the awaitable form there"
    elif loop.is_closed():
        why = "it is closed"
    elif not loop.is_running():
        why = "it is not running"
    else:
        return
    coroutine.close()
    raise out_of_reach(why)


def out_of_reach(why: str) -> BridgeError:
    """Build the error for a loop that can't be asked."""
    return BridgeError(f"This belongs to another event loop, and that loop can't be reached: {why}.")


class Errand:
    """A task on another thread's loop; ``settle(value, error)`` is called there when it has ended."""

    __slots__ = ("_claim", "_coroutine", "_exit", "_loop", "_settle", "_task", "_watch", "begun")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[object, None, Any],
        settle: Callable[[Any, BaseException | None], None],
    ) -> None:
        self._loop = loop
        self._coroutine = coroutine
        self._settle = settle
        self._task: asyncio.Task[Any] | None = None
        self._exit: BaseException | None = None
        self._claim = threading.Lock()
        self._watch: Watch | None = None
        self.begun = False
        loop.call_soon_threadsafe(self._begin)  # in a copy of this context, which the task copies in its turn

    def _begin(self) -> None:
        if not self._claim.acquire(blocking=False):
            return  # nobody waits for it any more
        self.begun = True
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._end)

    async def _run(self) -> Any:
        """Keep what ends a program from that loop, which it would end instead: whoever waits for us raises it."""
        try:
            return await self._coroutine
        except (KeyboardInterrupt, SystemExit) as error:
            self._exit = error

    def _end(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._coroutine.close()  # where the task was cancelled before its first step
            self._settle(None, asyncio.CancelledError())
        elif self._exit is not None:
            self._settle(None, self._exit)
        elif (error := task.exception()) is not None:
            self._settle(None, error)
        else:
            self._settle(task.result(), None)

    def look(self) -> bool:
        """See to it that nobody waits for ever; says whether to look again. Settles it with an error when hopeless."""
        if self.begun:
            return False
        self._watch = self._watch or Watch(self._loop)
        why = self._watch.why_stuck()
        if why is None:
            return True
        if self._claim.acquire(blocking=False):
            self._coroutine.close()
            self._settle(None, out_of_reach(why))
        return False

    def cancel(self) -> None:
        """Ask for cancellation, from any thread; the errand still settles when the coroutine has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel_task)  # after _begin(), which was asked for first

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()


def forget_threads() -> None:
    """In a forked child no thread but the forking one exists: start afresh."""
    portal.__init__()  # type: ignore[misc]
    helpers.__init__()  # type: ignore[misc]
    blocked_loops.clear()


os.register_at_fork(after_in_child=forget_threads)
atexit.register(lambda: portal.stop())
