"""The bridge without a database: driving, the guard, the portal, crossings and completed pairs."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import gc
import os
import sys
import textwrap
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

import pytest

from orm.bridge import breathe, drive, generate, iterate, portal, run
from orm.bridge.crossing import Bell, call, in_thread, on_loop, to_the_end
from orm.bridge.guard import policy
from orm.bridge.interpreter import living
from orm.bridge.one_by_one import OneByOne
from orm.bridge.overrides import complete, next_or_end
from orm.errors import BridgeError, SynchronousOnlyOperation

ROOT = Path(__file__).resolve().parents[2]

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="unset")


class AwaitableThing:
    async def aget(self, value: int = 1) -> int:
        return value

    async def aiterator(self) -> AsyncIterator[int]:
        for number in range(3):
            yield number


@pytest.fixture
def allow_blocking() -> Iterator[None]:
    policy.allow_blocking = True
    yield
    policy.allow_blocking = False


def test_drive_returns_raises_and_refuses_suspension() -> None:
    closed = []

    async def suspends() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    async def fails() -> None:
        raise LookupError("x")

    assert drive(AwaitableThing().aget(7)) == 7
    with pytest.raises(LookupError):
        drive(fails())
    with pytest.raises(BridgeError, match=r"suspends .* suspended in"):
        drive(suspends())
    assert closed == [True]


def test_run_and_iterate_in_blocking_code() -> None:
    assert run(AwaitableThing().aget(3)) == 3
    assert list(iterate(AwaitableThing().aiterator())) == [0, 1, 2]
    run(breathe())


def test_a_driven_generator_left_half_way_is_closed() -> None:
    closed = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    items = iterate(numbers())
    assert next(items) == 1
    del items
    assert closed == [True]


@pytest.mark.asyncio
async def test_guard_names_the_awaitable_form() -> None:
    with pytest.raises(SynchronousOnlyOperation, match=r"Thing\.get\(\) blocks.*`await Thing\.aget\("):
        run(AwaitableThing().aget())
    with pytest.raises(SynchronousOnlyOperation, match=r"async for \.\.\. in Thing\.aiterator"):
        iterate(AwaitableThing().aiterator())
    await breathe()


@pytest.mark.asyncio
async def test_policy_lets_blocking_forms_run(allow_blocking: None) -> None:
    colour.set("mine")

    async def where() -> tuple[str, bool]:
        return colour.get(), threading.current_thread() is threading.main_thread()

    assert run(where()) == ("mine", False)
    assert list(iterate(AwaitableThing().aiterator())) == [0, 1, 2]


@pytest.mark.asyncio
async def test_a_blocked_loop_is_refused_at_once(allow_blocking: None) -> None:
    home = asyncio.get_running_loop()

    async def needs_home() -> int:
        return await on_loop(home, AwaitableThing().aget())

    with pytest.raises(BridgeError, match="blocked waiting for this very call"):
        run(needs_home())


def test_portal_runs_with_context_and_raises() -> None:
    colour.set("blocking")

    async def body() -> str:
        await asyncio.sleep(0.001)
        return colour.get()

    async def fails() -> None:
        raise LookupError("there")

    assert portal.run(body()) == "blocking"
    with pytest.raises(LookupError, match="there"):
        portal.run(fails())


@pytest.mark.parametrize("exit_class", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_program_is_raised_by_whoever_waits_and_the_portal_goes_on(exit_class: type[BaseException]) -> None:
    async def ends() -> None:
        raise exit_class(3)

    with pytest.raises(exit_class, match="3"):
        portal.run(ends())
    assert portal.run(AwaitableThing().aget(1)) == 1


def test_portal_refuses_its_own_thread() -> None:
    async def inner() -> None:
        portal.run(AwaitableThing().aget())

    with pytest.raises(BridgeError, match="own thread"):
        portal.run(inner())


@pytest.mark.asyncio
async def test_in_thread_waits_for_the_end_when_cancelled() -> None:
    ended = threading.Event()
    interrupted = threading.Event()

    def work() -> None:
        interrupted.wait(5)
        time.sleep(0.02)
        ended.set()

    task = asyncio.create_task(in_thread(work, on_cancel=interrupted.set))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


@pytest.mark.parametrize("state", ["closed", "not running"])
def test_a_loop_that_is_not_there_is_refused_at_once(state: str) -> None:
    loop = asyncio.new_event_loop()
    if state == "closed":
        loop.close()
    try:
        with pytest.raises(BridgeError, match=state):
            portal.wait_on(loop, AwaitableThing().aget(5))
        with pytest.raises(BridgeError, match=state):
            asyncio.run(on_loop(loop, AwaitableThing().aget(5)))
    finally:
        loop.close()


@pytest.mark.asyncio
async def test_a_call_is_urged_to_end_again_and_again() -> None:
    """The first time may come before it has begun what it is to end."""
    urged, heard = threading.Semaphore(0), list[bool]()

    def work() -> None:
        for _ in range(3):
            heard.append(urged.acquire(timeout=5))

    task = asyncio.create_task(in_thread(work, on_cancel=urged.release))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == [True] * 3


@pytest.mark.asyncio
async def test_an_urge_under_way_is_waited_for() -> None:
    """It must not hit what comes next on the same connection."""
    begun, ended = threading.Event(), list[str]()

    def urge() -> None:
        begun.set()
        time.sleep(0.2)
        ended.append("ended")

    task = asyncio.create_task(in_thread(begun.wait, 10, on_cancel=urge))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["ended"]


@pytest.mark.asyncio
async def test_on_loop_of_another_thread_and_cancellation() -> None:
    home = portal.portal.loop
    events: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(10)
            events.append("not cancelled")
        finally:
            await asyncio.sleep(0.02)
            events.append("ended")

    assert await on_loop(home, AwaitableThing().aget(5)) == 5
    task = asyncio.create_task(on_loop(home, slow()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["ended"]


@pytest.mark.asyncio
async def test_a_cancellation_finds_the_end_of_a_thread_that_the_loop_was_never_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal's exception may hit the loop between two callbacks, and the one it was about to call is lost."""
    done = threading.Event()
    monkeypatch.setattr(Bell, "ring_here", lambda bell: done.set())
    waiting = asyncio.create_task(in_thread(bool))
    while not done.is_set():  # noqa: ASYNC110  (nobody rings, that is what this is about)
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.asyncio
async def test_a_cancellation_finds_the_end_of_a_task_that_the_loop_was_never_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = asyncio.Event()
    monkeypatch.setattr(Bell, "ring_here", lambda bell: done.set())
    waiting = asyncio.create_task(to_the_end(asyncio.sleep(0, "result")))
    await done.wait()
    waiting.cancel()
    result, cancelled = await waiting
    assert result == "result"
    assert isinstance(cancelled, asyncio.CancelledError)


@pytest.mark.asyncio
async def test_to_the_end_keeps_the_cancellation() -> None:
    done = []

    async def work() -> str:
        await asyncio.sleep(0.02)
        done.append(True)
        return "result"

    async def caller() -> str:
        value, cancelled = await to_the_end(work())
        assert value == "result"
        if cancelled is not None:
            raise cancelled
        return value

    assert await caller() == "result"
    task = asyncio.create_task(caller())
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True, True]


async def async_hook(value: int) -> tuple[int, str]:
    await asyncio.sleep(0)
    return value, colour.get()


def blocking_hook(value: int) -> tuple[int, str]:
    assert asyncio._get_running_loop() is None
    return value, colour.get()


def test_call_meets_both_kinds_from_blocking_code() -> None:
    colour.set("b")
    assert run(call(async_hook, 1)) == (1, "b")
    assert run(call(blocking_hook, 2)) == (2, "b")


@pytest.mark.asyncio
async def test_call_meets_both_kinds_from_async_code() -> None:
    colour.set("a")
    assert await call(async_hook, 1) == (1, "a")
    assert await call(blocking_hook, 2) == (2, "a")
    assert await call(lambda: async_hook(3)) == (3, "a")


def generated(tmp_path: Path, text: str) -> ModuleType:
    """Write a source module, generate its twins as the command does, import them."""
    name = f"thing_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    assert generate.main(["--check", str(tmp_path)]) == 1
    assert generate.main([str(tmp_path)]) == 0
    assert generate.main(["--check", str(tmp_path)]) == 0
    sys.path.insert(0, str(tmp_path))
    try:
        return __import__(f"{name}_blocking")
    finally:
        sys.path.remove(str(tmp_path))


SOURCE = '''
from __future__ import annotations
from collections.abc import AsyncIterator
from typing import Generic, TypeVar, overload
T = TypeVar("T")
TWINS = ("amake",)

class AwaitableBox(Generic[T]):
    """A box."""
    def __init__(self, item: T) -> None:
        self.item = item
        self.saved = 0
    async def aget(self) -> T:
        """Return the item."""
        return self.item
    async def asave(self, times: int = 1, *, loud: bool = False) -> int:
        self.saved += times
        return self.saved
    async def aiterator(self) -> AsyncIterator[T]:
        yield self.item
    async def __aenter__(self) -> AwaitableBox[T]:
        return self
    async def __aexit__(self, *details: object) -> None:
        return None
    async def aput(self, **named: int) -> dict[str, int]:
        """Put things in."""
        return await self._aput(named)
    async def _aput(self, named: dict[str, int]) -> dict[str, int]:
        return named
    async def astore(self, *items: T) -> None:
        """Put the last of them in."""
        await self._astore(items)
    async def _astore(self, items: tuple[T, ...]) -> None:
        self.item = items[-1]
    async def aempty(self, item: T) -> None:
        await self._astore((item,))
    @classmethod
    async def anew(cls, item: T) -> AwaitableBox[T]:
        return cls(item)
    @overload
    async def apick(self) -> T: ...
    @overload
    async def apick(self, other: int) -> int: ...
    async def apick(self, other: int | None = None) -> T | int:
        return self.item if other is None else other

async def amake(item: T) -> AwaitableBox[T]:
    """Make a box."""
    return AwaitableBox(item)
'''


def test_generated_twins(tmp_path: Path) -> None:
    module = generated(tmp_path, SOURCE)
    box = module.Box(3)
    assert (box.get(), box.save(2, loud=True), list(box.iterator()), box.pick(), box.pick(4)) == (3, 2, [3], 3, 4)
    with box as same:
        assert same is box
    assert type(module.Box.new(1)) is module.Box
    assert module.make(1).item == 1
    assert module.Box.get.__doc__.startswith("Return the item.\n")
    assert ":meth:`aget`" in module.Box.get.__doc__


def test_the_twin_of_a_coroutine_that_only_passes_on_leaves_it_out(tmp_path: Path) -> None:
    module = generated(tmp_path, SOURCE)
    assert module.Box(3).put(a=1) == {"a": 1}
    assert "run(AwaitableBox._aput(self, named))" in Path(module.__file__ or "").read_text()


def test_it_does_so_without_a_result(tmp_path: Path) -> None:
    module = generated(tmp_path, SOURCE)
    box = module.Box(3)
    box.store(4, 5)
    assert box.item == 5
    assert "        run(AwaitableBox._astore(self, items))" in Path(module.__file__ or "").read_text()


async def test_a_twin_is_called_by_its_own_name_where_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SynchronousOnlyOperation, match=r"Box\.empty\(\) blocks.*await Box\.aempty"):
        generated(tmp_path, SOURCE).Box(3).empty(4)


async def test_what_such_a_twin_refuses_is_called_as_users_know_it(tmp_path: Path) -> None:
    with pytest.raises(SynchronousOnlyOperation, match=r"Box\.put\(\) blocks.*await Box\.aput"):
        generated(tmp_path, SOURCE).Box(3).put(a=1)


def test_generator_refuses_a_coroutine_without_a_twin_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.py").write_text("class AwaitableBad:\n    async def fetch(self) -> None: ...\n")
    assert generate.main([str(tmp_path)]) == 2
    assert "bad.py:2: fetch is awaitable" in capsys.readouterr().err


def test_the_repository_has_no_stale_twin() -> None:
    assert generate.main(["--check"]) == 0


@pytest.fixture
def box_class(tmp_path: Path) -> Any:
    return generated(tmp_path, SOURCE).Box


@pytest.mark.asyncio
async def test_an_override_of_the_blocking_form_runs_once_from_both(box_class: Any) -> None:
    class Loud(box_class):  # type: ignore[misc]
        def __init_subclass__(cls) -> None:
            complete(cls)

    class Mine(Loud):
        def save(self, times: int = 1, *, loud: bool = False) -> int:
            self.calls = getattr(self, "calls", 0) + 1
            return super().save(times, loud=loud)  # type: ignore[no-any-return]

    box = Mine(1)
    assert await box.asave(2) == 2
    assert box.calls == 1
    assert await asyncio.to_thread(box.save) == 3
    assert (box.calls, box.saved) == (2, 3)


def test_an_override_of_the_awaitable_form_runs_once_from_both(box_class: Any) -> None:
    class Mixin:
        async def asave(self, times: int = 1, *, loud: bool = False) -> int:
            await asyncio.sleep(0)
            self.calls = getattr(self, "calls", 0) + 1
            return await super().asave(times, loud=loud)  # type: ignore[misc, no-any-return]

        async def aiterator(self) -> AsyncIterator[int]:
            await asyncio.sleep(0)
            yield 8

    class Mine(Mixin, box_class):  # type: ignore[misc]
        pass

    complete(Mine)
    box = Mine(1)
    assert (box.save(2), box.calls) == (2, 1)
    assert list(box.iterator()) == [8]
    assert asyncio.run(box.asave()) == 3
    assert box.calls == 2


def test_a_forked_child_has_its_own_portal() -> None:
    assert portal.run(AwaitableThing().aget(1)) == 1
    pid = os.fork()
    if pid == 0:
        os._exit(42 if portal.run(AwaitableThing().aget(2)) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42


async def test_lists_may_be_empty_when_they_are_walked_one_by_one() -> None:
    async def lists() -> AsyncGenerator[list[int], None]:
        yield []
        yield [1, 2]
        yield []

    assert [item async for item in OneByOne(lists(), "numbers")] == [1, 2]


async def test_lists_left_early_are_closed_at_once() -> None:
    closed = []

    async def lists() -> AsyncGenerator[list[int], None]:
        try:
            yield [1, 2]
        finally:
            closed.append(True)

    gc.disable()
    try:
        async for item in OneByOne(lists(), "numbers"):
            if item == 1:
                break
        for _ in range(5):
            await asyncio.sleep(0)
    finally:
        gc.enable()
    assert closed == [True]


async def test_what_an_iterator_raises_before_there_is_anything_to_await() -> None:
    """``anext(iterator, default)`` ends the process there (CPython, to 3.13 at least); a signal may raise there."""

    class Raises:
        def __anext__(self) -> object:
            raise LookupError

    with pytest.raises(LookupError):
        await next_or_end(Raises())


def test_the_default_of_anext_is_not_used() -> None:
    sources = [path for room in ("orm", "backends") for path in (ROOT / room).rglob("*.py")]
    calls = [
        f"{path}:{node.lineno}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "anext" and len(node.args) > 1
    ]
    assert calls == []


def test_a_set_that_another_thread_adds_to_is_looked_at_again() -> None:
    class Growing(WeakSet[Any]):
        looks = 0

        def __iter__(self) -> Iterator[Any]:
            self.looks += 1
            if self.looks == 1:
                raise RuntimeError("Set changed size during iteration")
            return super().__iter__()

    one = threading.Event()
    assert living(Growing([one])) == [one]
