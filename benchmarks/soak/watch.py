"""Who looks on: memory, what Python and asyncio complain of, what is left at the end, and that there is an end."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import logging
import os
import resource
import statistics
import sys
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.soak.chaos import NAME
from orm.db.database import AwaitableDatabase
from orm.db.transactions.block import Block

WARM_UP: Final = 60.0
WINDOW: Final = 15.0
"""Seconds: memory after the warm-up, and at the end, is the median of so long."""
STATM: Final = Path("/proc/self/statm")
MEGABYTE: Final = 1024.0 * 1024.0
SETTLE_SECONDS: Final = 10.0
SHOWN: Final = 400
PULSE: Final = 0.02
PULSE_KEPT: Final = 60.0
SLOW: Final = "Executing %s took %.3f seconds"
"""How asyncio's debug mode says that a callback kept its loop."""


def give_back() -> None:
    """Have the C library return what it keeps in stock for each thread, which is no leak and would pass for one."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others keep less
    if trim is not None:
        trim(0)


def resident() -> float:
    """Megabytes of memory that the process has now; where the system does not say, the most it has had."""
    give_back()
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize() / MEGABYTE
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEGABYTE if sys.platform == "darwin" else most / 1024


class Memory:
    """Samples of memory over time."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.samples: list[tuple[float, float]] = []

    def sample(self) -> None:
        """Take one."""
        self.samples.append((time.monotonic() - self.began, resident()))

    def _median(self, start: float, stop: float) -> float:
        return statistics.median([size for when, size in self.samples if start <= when <= stop] or [0.0])

    @property
    def long_enough(self) -> bool:
        """Whether there was something to see after the warm-up."""
        return bool(self.samples) and self.samples[-1][0] >= WARM_UP + 3 * WINDOW

    @property
    def after_warm_up(self) -> float:
        """Megabytes after the first minute."""
        return self._median(WARM_UP, WARM_UP + WINDOW)

    @property
    def at_end(self) -> float:
        """Megabytes in the last seconds."""
        last = self.samples[-1][0]
        return self._median(last - WINDOW, last)

    @property
    def slope(self) -> float:
        """Megabytes in a minute, by least squares after the warm-up."""
        late = [sample for sample in self.samples if sample[0] >= WARM_UP]
        return statistics.linear_regression(*zip(*late, strict=True)).slope * 60


class Pulse(threading.Thread):
    """A thread that wants to run every few milliseconds, and notes how late it came to.

    A call that blocks its loop leaves this thread alone; a machine that has other things to do does not.
    """

    def __init__(self) -> None:
        super().__init__(name="soak pulse", daemon=True)
        self._late: deque[tuple[float, float]] = deque(maxlen=round(PULSE_KEPT / PULSE))
        self._ended = threading.Event()

    def run(self) -> None:
        """Take the pulse until the end."""
        before = time.monotonic()
        while not self._ended.wait(PULSE):
            now = time.monotonic()
            self._late.append((now, now - before - PULSE))
            before = now

    def end(self) -> None:
        """Stop, and wait for the end."""
        self._ended.set()
        self.join()

    def stood_still(self, seconds: float) -> float:
        """For how many of the last seconds this process could not do what it wanted."""
        since = time.monotonic() - seconds - PULSE
        return sum(late for when, late in tuple(self._late) if when >= since)


class Complaints(logging.Handler):
    """What is said by the warnings module, by asyncio, by threads that die and by finalisers that fail."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.pulse = Pulse()
        self.counted: list[str] = []
        self.others: Counter[str] = Counter()
        """What other loggers said, by name and text: to be seen, not judged."""

    def install(self) -> None:
        """Listen from now on, for the rest of the process."""
        logging.getLogger().addHandler(self)
        warnings.simplefilter("always")
        warnings.showwarning = self._warning
        sys.unraisablehook = lambda told: self._add(f"unraisable: {told.err_msg} {told.object!r}: {told.exc_value!r}")
        threading.excepthook = lambda told: self._add(f"thread {told.thread}: {told.exc_value!r}")

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "asyncio":
            error = record.exc_info[1] if record.exc_info else None
            if record.msg == SLOW and self.pulse.stood_still(record.args[1]) > record.args[1] / 4:
                self.others["asyncio: a callback was slow while the whole process stood still"] += 1
                return
            self._add(f"asyncio: {record.getMessage()} {'' if error is None else repr(error)}")
        else:
            self.others[f"{record.name}: {str(record.msg)[:100]}"] += 1

    def _warning(self, message: Warning | str, category: type[Warning], filename: str, line: int, *_: Any) -> None:
        self._add(f"{category.__name__}: {message} ({filename}:{line})")

    def _add(self, what: str) -> None:
        told = " ".join(what.split())
        self.counted.append(told if len(told) <= 2 * SHOWN else f"{told[:SHOWN]} … {told[-SHOWN:]}")


# -- what is left ------------------------------------------------------------------------------------------------------


def settled(condition: Callable[[], bool]) -> bool:
    """Whether something comes about soon: the server hears of an ended session a moment later."""
    limit = time.monotonic() + SETTLE_SECONDS
    while not condition():
        if time.monotonic() > limit:
            return False
        gc.collect()  # abandoned streams
        time.sleep(0.05)
    return True


class Leftovers:
    """Looks for what should be gone when the work has ended."""

    def __init__(self, database: AwaitableDatabase, url: str) -> None:
        self.database = database
        self.url = url
        self.found: list[str] = []

    def _ask(self, what: str) -> int:
        with psycopg.connect(self.url, autocommit=True) as server:
            sql = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}' {what}"
            row = server.execute(sql).fetchone()  # type: ignore[call-overload]
        return int(row[0]) if row else 0

    def sizes(self) -> int:
        """Connections that the pools say they have."""
        return sum(pool.size for pool in self.database.statistics.pools)

    def _expect(self, what: str, holds: Callable[[], bool], figures: Callable[[], object]) -> None:
        if not settled(holds):
            self.found.append(f"{what}: {figures()}")

    async def on_the_loop(self) -> None:
        """When all work has ended, while the loop still runs."""
        own = asyncio.current_task()
        await asyncio.sleep(0)

        def tasks() -> list[Any]:
            return [task for task in asyncio.all_tasks() if task is not own]

        limit = time.monotonic() + SETTLE_SECONDS
        while (tasks() or self._is_held()) and time.monotonic() < limit:
            gc.collect()
            await asyncio.sleep(0.05)
        if tasks():
            self.found.append(f"tasks left: {tasks()}")
        await asyncio.to_thread(self._look)

    def _is_held(self) -> bool:
        return any(pool.busy or pool.waiting for pool in self.database.statistics.pools)

    def _look(self) -> None:
        pools, budget = self.database.statistics.pools, self.database.budget
        self._expect("connections held or waited for", lambda: not self._is_held(), lambda: pools)
        self._expect(
            "the places counted are not the connections there are", lambda: budget.taken == self.sizes(),
            lambda: f"{budget.taken} and {self.sizes()}",
        )  # fmt: skip
        self._expect(
            "sessions are not the pools' connections", lambda: self._ask("") == self.sizes(),
            lambda: f"{self._ask('')} and {self.sizes()}",
        )  # fmt: skip
        self._expect(
            "sessions are in a transaction or busy", lambda: self._ask("AND state <> 'idle'") == 0,
            lambda: self._ask("AND state <> 'idle'"),
        )  # fmt: skip
        self._expect("blocks are kept in memory", lambda: not blocks(), lambda: len(blocks()))

    def when_all_has_ended(self) -> None:
        """After the loop has ended: only blocking code's connections may be left, and no thread but the library's."""
        self._expect(
            "sessions left by the loop", lambda: self._ask("") == self.sizes(), lambda: (self._ask(""), self.sizes())
        )
        self._expect("threads left", lambda: not strange_threads(), strange_threads)
        self.database.terminate()
        self._expect("sessions left after terminate()", lambda: self._ask("") == 0, lambda: self._ask(""))
        taken = self.database.budget.taken
        if taken:
            self.found.append(f"places still counted as taken after terminate(): {taken}")


def blocks() -> list[Any]:
    """The blocks that the collector knows of."""
    return [thing for thing in gc.get_objects() if type(thing) is Block]


def strange_threads() -> list[str]:
    """Threads that are neither this program's own nor the library's standing ones."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread is not threading.main_thread()
        and thread is not threading.current_thread()
        and not thread.name.startswith(("duotone-", "soak watch"))
    ]


# -- an end ------------------------------------------------------------------------------------------------------------


def end_after(seconds: float, loops: list[asyncio.AbstractEventLoop], clean_up: Callable[[], None]) -> threading.Timer:
    """Whatever happens, end the process after so long, showing where every thread, and every task of ``loops``, is."""

    def give_up() -> None:
        print(f"the soak has not ended after {seconds:.0f} s; where everybody is:", file=sys.stderr)
        for loop in loops:
            for task in asyncio.all_tasks(loop):
                task.print_stack(limit=12)
        faulthandler.dump_traceback(all_threads=True)
        try:
            clean_up()
        finally:
            os._exit(3)

    faulthandler.dump_traceback_later(seconds + 30, exit=True)  # should even that hang
    timer = threading.Timer(seconds, give_up)
    timer.name = "soak watchdog"
    timer.daemon = True
    timer.start()
    return timer
