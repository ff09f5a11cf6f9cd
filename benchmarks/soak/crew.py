"""Who works: tasks on one loop, threads in blocking code, and one who cancels tasks at random moments."""

from __future__ import annotations

import asyncio
import threading
import time

from benchmarks.soak.awaited import Awaited
from benchmarks.soak.blocking import Blocking
from benchmarks.soak.load import ASYNC, BLOCKING, SLOW_CALLBACK_SECONDS, Load

TIMED_OUT_SHARE = 0.03
LONGEST_TIMEOUT = 0.06
THREADS_REST = 0.02
"""Threads that never rest would keep the interpreter from the loop, which asks for it at every answer."""
CANCEL_EVERY = (0.01, 0.06)


class Crew:
    """The tasks and threads of one run."""

    def __init__(self, load: Load, tasks: int, threads: int) -> None:
        self.load = load
        self.tasks = tasks
        self.cancelled = 0
        self._running: dict[int, asyncio.Task[None]] = {}
        self.threads = [threading.Thread(target=self._thread, args=(n,), name=f"soak {n}") for n in range(threads)]

    # -- async ------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Run the tasks until the load is stopped and the last operation of each has ended."""
        asyncio.get_running_loop().slow_callback_duration = SLOW_CALLBACK_SECONDS
        async with asyncio.TaskGroup() as group:
            canceller = group.create_task(self._cancel_some())
            workers = [group.create_task(self._task(number)) for number in range(self.tasks)]
            await asyncio.wait(workers)
            canceller.cancel()

    async def _task(self, number: int) -> None:
        load, awaited = self.load, Awaited(self.load, aims=True)
        while not load.stop.is_set():
            kind, began = load.kind(), time.monotonic()
            task = asyncio.create_task(self._once(awaited, kind), name=kind)
            self._running[number] = task
            await asyncio.wait([task])
            del self._running[number]
            error = asyncio.CancelledError() if task.cancelled() else task.exception()
            load.tally.record(ASYNC, number, kind, error, began)
            await asyncio.sleep(load.rest(error))
            del task, error

    async def _once(self, awaited: Awaited, kind: str) -> None:
        random = self.load.random
        timed = random.random() < TIMED_OUT_SHARE
        async with asyncio.timeout(random.uniform(0, LONGEST_TIMEOUT) if timed else None):
            await getattr(awaited, kind)()

    async def _cancel_some(self) -> None:
        random = self.load.random
        while True:
            await asyncio.sleep(random.uniform(*CANCEL_EVERY))
            if self._running:
                random.choice(list(self._running.values())).cancel()
                self.cancelled += 1

    # -- blocking ---------------------------------------------------------------------------------------------------

    def _thread(self, number: int) -> None:
        load, blocking = self.load, Blocking(self.load)
        while not load.stop.is_set():
            kind, began, failed = load.kind(), time.monotonic(), None
            try:
                getattr(blocking, kind)()
            except Exception as error:
                failed = error
            load.tally.record(BLOCKING, number, kind, failed, began)
            time.sleep(load.rest(failed) + load.random.uniform(0, THREADS_REST))
            del failed
