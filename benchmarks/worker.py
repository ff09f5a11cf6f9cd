"""The child process: one competitor in one pane, told over stdin what to run, answering over stdout.

The protocol is one JSON object a line each way. Requests: ``{"do": "prepare" | "measure", "workload": …, "count": …}``
and ``{"do": "close"}``. Answers: ``{"ns": …, "cpu": …, "rows": …}``, ``{"ok": true}``, ``{"missing": sentence}`` when
the competitor doesn't offer a workload, or ``{"error": sentence}``. The first line a worker writes says that it is
open. Whatever a library prints goes to stderr, so that it can't end up in an answer.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TextIO

from benchmarks.competitors import PACKAGES, Competitor
from benchmarks.data import Place, given
from benchmarks.workloads import BY_NAME, Pane

Answer = dict[str, Any]
WINDOWS, FEWEST, ENOUGH = 5, 2, 100_000_000
"""How often a measurement is taken, fewer times once it took so many nanoseconds in all. The quickest counts, since the
others were disturbed. Where rows would be used up it is taken once."""


class Worker:
    """Runs one competitor; an async one on one event loop that lives as long as the worker."""

    def __init__(self, competitor: Competitor, runner: asyncio.Runner) -> None:
        self.competitor = competitor
        self.runner = runner

    def finish(self, result: Any) -> Any:
        """``result``, awaited where it is a coroutine."""
        return self.runner.run(result) if asyncio.iscoroutine(result) else result

    def answer(self, request: dict[str, Any]) -> Answer:
        """Do what one request says."""
        workload, count = request["workload"], request["count"]
        method = getattr(self.competitor, workload, None)
        if method is None:
            return {"missing": f"{self.competitor.label} does not offer it"}
        if request["do"] == "prepare":
            given(count)  # what is to be inserted is at hand, as the raw driver's tuples are
            self.finish(self.competitor.prepare(workload, count))
            return {"ok": True}
        gc.collect()
        if BY_NAME[workload].stall:
            return self.runner.run(stalls(method, count))
        answer = self.window(method, count)
        if BY_NAME[workload].notes is not None:
            return answer
        spent, windows = answer["ns"], 1
        while windows < WINDOWS and (windows < FEWEST or spent < ENOUGH):
            again = self.window(method, count)
            spent, windows = spent + again["ns"], windows + 1
            answer = {**again, "ns": min(answer["ns"], again["ns"]), "cpu": min(answer["cpu"], again["cpu"])}
        return answer

    def window(self, method: Callable[[int], Any], count: int) -> Answer:
        """Time ``count`` operations."""
        if asyncio.iscoroutinefunction(method):
            return self.runner.run(timed(method, count))
        start, cpu = time.perf_counter_ns(), time.process_time_ns()
        rows = method(count)
        return {"ns": time.perf_counter_ns() - start, "cpu": time.process_time_ns() - cpu, "rows": rows}


async def timed(method: Callable[[int], Coroutine[Any, Any, int]], count: int) -> Answer:
    """Time one coroutine from inside the loop, so that entering the loop is not part of it."""
    start, cpu = time.perf_counter_ns(), time.process_time_ns()
    rows = await method(count)
    return {"ns": time.perf_counter_ns() - start, "cpu": time.process_time_ns() - cpu, "rows": rows}


async def stalls(method: Callable[[int], Coroutine[Any, Any, list[Any]]], count: int) -> Answer:
    """The longest time another task of the loop had to wait while ``method`` ran; the least of ``count`` tries.

    ``method`` returns the rows themselves, so that giving them up is not part of it.
    """
    longest: list[int] = []
    rows = 0
    for _ in range(count):
        task = asyncio.ensure_future(method(1))
        worst, last = 0, time.perf_counter_ns()
        while not task.done():
            await asyncio.sleep(0)
            now = time.perf_counter_ns()
            worst, last = max(worst, now - last), now
        rows += len(task.result())
        longest.append(worst)
    return {"ns": min(longest) * count, "rows": rows}


def protocol_stream() -> TextIO:
    """Take stdout for the protocol and point descriptor 1 at stderr."""
    stream = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return stream


def load(name: str, pane: Pane, place: Place) -> Competitor | Answer:
    """The competitor, or the answer that says why there is none."""
    try:
        module = importlib.import_module(f"benchmarks.competitors.{name}")
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in {PACKAGES[name], "asyncpg", "aiosqlite", "psycopg"}:
            return {"missing": f"not installed ({error.name})"}
        raise
    found = module.competitor(pane)
    if found is None:
        return {"missing": f"does not offer {pane}"}
    made: Competitor = found(place, pane)
    return made


def serve(name: str, pane: Pane, place: Place, stream: TextIO) -> None:
    """Open the competitor and answer until told to close."""

    def say(answer: Answer) -> None:
        stream.write(json.dumps(answer) + "\n")

    try:
        competitor = load(name, pane, place)
        if isinstance(competitor, dict):
            say(competitor)
            return
        with asyncio.Runner() as runner:
            worker = Worker(competitor, runner)
            worker.finish(competitor.open())
            say({"ok": True})
            for line in sys.stdin:
                request = json.loads(line)
                if request["do"] == "close":
                    break
                try:
                    say(worker.answer(request))
                except NotImplementedError as error:
                    say({"missing": str(error)})
                except Exception as error:  # whatever a library raises is its result, shown as such
                    traceback.print_exc()
                    say({"error": f"{type(error).__name__}: {error}"})
            worker.finish(competitor.close())
    except Exception as error:  # as above
        traceback.print_exc()
        say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    serve(sys.argv[1], Pane(sys.argv[2], sys.argv[3]), Place(sys.argv[4]), protocol_stream())
