"""Runs the competitors of one pane against each other: a process each, rounds interleaved, ratios within a round.

Every round runs each competitor once, starting with another one each time, so that a machine that gets slower or
faster meanwhile does it to all of them. A competitor's result is the median over rounds of its time divided by the raw
driver's time of the same round. Nothing here knows what a workload does.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from benchmarks.data import Place, Scratch
from benchmarks.environments import interpreter
from benchmarks.workloads import Pane, Workload

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Effort:
    """How long to measure: ``seconds`` for one measurement, and how many rounds."""

    seconds: float
    rounds: int


@dataclass
class Result:
    """One competitor at one workload: microseconds for an operation, and the ratio to raw, medians over rounds."""

    competitor: str
    micros: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    best: float | None = None
    """The quickest round of this competitor against the quickest of the raw driver."""
    processor: float | None = None
    """The least of this competitor's processor time against the raw driver's least; the server's is in neither."""
    problem: str | None = None


class Taken(NamedTuple):
    """What one measurement took, in microseconds for an operation: by the clock, and of the processor's time."""

    clock: float
    processor: float


@dataclass
class Comparison:
    """All competitors at one workload in one pane."""

    pane: Pane
    workload: Workload
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def target(self) -> float | None:
        """What the issue asks of Duotone here."""
        return self.workload.targets.get(self.pane)

    def figure(self, competitor: str) -> float | None:
        """What is compared with the target: the ratio, or the time for an absolute workload."""
        result = self.results.get(competitor)
        if result is None:
            return None
        return result.micros if self.workload.absolute else result.ratio

    @property
    def passed(self) -> bool | None:
        """Whether Duotone met the target; None where there is no target or it did not take part."""
        figure = self.figure("duotone")
        if self.target is None or "duotone" not in self.results:
            return None
        if self.workload.against not in self.results and not self.workload.absolute:
            return None
        return figure is not None and figure <= self.target


class Child:
    """A worker process; see :mod:`benchmarks.worker` for the protocol."""

    def __init__(self, name: str, pane: Pane, place: Place, log: Path) -> None:
        self.name = name
        self.log = log.open("a", encoding="utf-8")
        command = [interpreter(name), "-m", "benchmarks.worker", name, pane.database, pane.colour, place.url]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=ROOT
        )
        self.problem = self._problem(self._read())

    @staticmethod
    def _problem(answer: dict[str, Any]) -> str | None:
        return answer.get("missing") or answer.get("error")

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            return {"error": f"the process ended with status {self.process.wait()}; see {self.log.name}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, do: str, workload: str = "", count: int = 0) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, "workload": workload, "count": count}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": f"the process ended with status {self.process.wait()}; see {self.log.name}"}
        return {} if do == "close" else self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.ask("close")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Measurement:
    """One workload in one pane: calibrates every competitor, then runs the rounds."""

    def __init__(self, pane: Pane, workload: Workload, effort: Effort, scratch: Scratch) -> None:
        self.comparison = Comparison(pane, workload)
        self.workload = workload
        self.effort = effort
        self.scratch = scratch
        self.counts: dict[str, int] = {}
        self.rounds: list[dict[str, Taken]] = []

    def once(self, child: Child, count: int) -> Taken | None:
        """What one measurement took; None, and the problem noted, when it failed."""
        workload = self.workload
        if workload.notes is not None:
            several = max(count, workload.scratch) if workload.operations else count
            self.scratch.reset(several if workload.notes == "full" else 0)
        for do in ("prepare", "measure"):
            answer = child.ask(do, workload.name, count)
            problem = answer.get("missing") or answer.get("error")
            if problem:
                self.comparison.results[child.name] = Result(child.name, problem=problem)
                return None
        if workload.rows is not None and answer["rows"] != workload.rows * count:
            wrong = f"{answer['rows']} rows from {count} operations, not {workload.rows * count}"
            self.comparison.results[child.name] = Result(child.name, problem=wrong)
            return None
        return Taken(answer["ns"] / count / 1_000, answer.get("cpu", 0) / count / 1_000)

    def calibrate(self, child: Child) -> bool:
        """Find how many operations take about ``effort.seconds``; what this runs is the warm-up as well."""
        if self.workload.operations:
            self.counts[child.name] = self.workload.operations
            return self.once(child, self.workload.operations) is not None
        count = 1 if self.workload.rows is not None and self.workload.rows > 1 else 10
        while True:
            taken = self.once(child, count)
            if taken is None:
                return False
            wanted = min(max(int(self.effort.seconds * 1e6 / taken.clock), 1), self.workload.most)
            if wanted <= count * 5:
                self.counts[child.name] = wanted
                return True
            count = min(wanted, count * 20)

    def run(self, children: Sequence[Child]) -> Comparison:
        """Measure all of ``children``, the raw driver first among them."""
        running = [child for child in children if child.problem is None and self.calibrate(child)]
        for child in children:
            if child.problem is not None:
                self.comparison.results[child.name] = Result(child.name, problem=child.problem)
        for turn in range(min(self.effort.rounds, self.workload.rounds or self.effort.rounds)):
            first = turn % max(len(running), 1)
            times: dict[str, Taken] = {}
            for child in running[first:] + running[:first]:
                taken = self.once(child, self.counts[child.name])
                if taken is not None:
                    times[child.name] = taken
            self.rounds.append(times)
        for child in running:
            self.comparison.results.setdefault(child.name, self.summary(child.name))
        return self.comparison

    def summary(self, name: str) -> Result:
        """Medians over the rounds."""
        against = self.workload.against
        own = [times[name] for times in self.rounds if name in times]
        others = [times[against] for times in self.rounds if against in times]
        pairs = [(times[name], times[against]) for times in self.rounds if name in times and against in times]
        result = Result(name, micros=statistics.median(taken.clock for taken in own))
        if self.workload.absolute:  # it waits for nothing, so whatever else passes is not its own
            result.micros = least(own)
        if pairs:
            ratios = sorted(one.clock / other.clock for one, other in pairs)
            result.ratio, result.spread = statistics.median(ratios), (ratios[0], ratios[-1])
            result.best = min(taken.clock for taken in own) / min(taken.clock for taken in others)
            result.processor = least(own) / least(others) if least(others) else None
        return result


def least(taken: Sequence[Taken]) -> float:
    """The least processor time; 0 where none was taken."""
    return min(one.processor for one in taken)


def run_pane(
    pane: Pane,
    place: Place,
    names: Sequence[str],
    workloads: Sequence[Workload],
    effort: Effort,
    tell: Callable[[str], None],
    log: Path,
) -> list[Comparison]:
    """Run every workload of one pane.

    Args:
        pane: the database and the colour.
        place: where its tables are.
        names: the competitors, the raw driver first.
        workloads: what to run; those that don't belong to the pane are left out.
        effort: how long.
        tell: called with what is being done.
        log: where the workers' own output goes.
    """
    comparisons: list[Comparison] = []
    with ExitStack() as stack:
        tell(f"{pane}: starting {', '.join(names)}")
        children = [stack.enter_context(Child(name, pane, place, log)) for name in names]
        scratch = Scratch(place)
        for workload in workloads:
            if pane in workload.panes:
                tell(f"{pane}: {workload.title}")
                comparisons.append(Measurement(pane, workload, effort, scratch).run(children))
    return comparisons
