"""What is shown: a line or a small table while it runs, and at the end the figures and a verdict on each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

from benchmarks.report import mark
from benchmarks.soak.chaos import Chaos, Restart
from benchmarks.soak.crew import Crew
from benchmarks.soak.ledger import Comparison
from benchmarks.soak.load import ASYNC, BLOCKING, KINDS, Load, Tally
from benchmarks.soak.watch import Complaints, Memory

COLOURS = (ASYNC, BLOCKING)
SHOWN = 8


@dataclass
class Verdict:
    """One claim; ``held`` is None where the run was too short to say."""

    claim: str
    held: bool | None
    figures: str


class Progress:
    """The state of a run, as it is shown meanwhile."""

    def __init__(self, load: Load, crew: Crew, chaos: Chaos, memory: Memory, seconds: float) -> None:
        self.load, self.crew, self.chaos, self.memory, self.seconds = load, crew, chaos, memory, seconds
        self._before = (0.0, 0)
        self.rate = 0.0

    def look(self, now: float) -> None:
        """Take the rate since the last look."""
        when, count = self._before
        done = self.load.tally.total()
        self.rate = (done - count) / max(now - when, 0.001)
        self._before = now, done

    def line(self) -> str:
        """The state in a line."""
        tally, when = self.load.tally, self._before[0]
        return (
            f"{when:4.0f} s  {tally.total():,} operations ({self.rate:,.0f}/s), {self.crew.cancelled:,} cancelled, "
            f"{self.chaos.cuts} sessions ended, {len(self.chaos.restarts)} restarts, "
            f"longest {tally.longest[0]:.1f} s, {self.memory.samples[-1][1]:.0f} MB, "
            f"{len(tally.unexpected)} unexpected"
        )

    def __rich__(self) -> RenderableType:
        return Group(ProgressBar(self.seconds, min(self._before[0], self.seconds), width=60), self.line())


# -- at the end --------------------------------------------------------------------------------------------------------


def operations_table(tally: Tally, seconds: float) -> Table:
    """Operations by kind and colour: how many succeeded, and how the others ended."""
    table = Table(title="operations", title_justify="left", title_style="bold")
    table.add_column("")
    for colour in COLOURS:
        table.add_column(f"{colour}: ok", justify="right")
        table.add_column("cancelled", justify="right", style="dim")
        table.add_column("timed out", justify="right", style="dim")
        table.add_column("failed", justify="right", style="dim")
    rows: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in (*KINDS, "all", "a second")}
    for (colour, kind, name), number in tally.counts.items():
        ending = {"ok": "ok", "CancelledError": "cancelled", "TimeoutError": "timed out", "QueryTimeout": "timed out"}
        for row in (kind, "all"):
            rows[row][colour, ending.get(name, "failed")] += number
    for (colour, ending), number in rows["all"].items():
        rows["a second"][colour, ending] = round(number / seconds)
    for kind, counts in rows.items():
        if kind == "all":
            table.add_section()
        figures = [
            counts[colour, ending] for colour in COLOURS for ending in ("ok", "cancelled", "timed out", "failed")
        ]
        table.add_row(kind, *(f"{figure:,}" if figure else "" for figure in figures))
    return table


def writes_table(found: Comparison) -> Table:
    """What was promised, and what is there."""
    table = Table(title="writes", title_justify="left", title_style="bold")
    table.add_column("")
    table.add_column("there", justify="right")
    table.add_column("not there", justify="right")
    lost, appeared = len(found.wrong.get("lost", ())), len(found.wrong.get("appeared", ()))
    table.add_row("acknowledged, in a transaction", f"{found.acknowledged:,}", "")
    table.add_row("failed or rolled back", "", f"{found.undone - appeared:,}")
    table.add_row("cancelled", f"{found.cancelled_there:,}", f"{found.cancelled_not_there:,}")
    table.add_row("reported as ambiguous", f"{found.ambiguous_there:,}", f"{found.ambiguous_not_there:,}")
    table.add_section()
    table.add_row("acknowledged, a statement alone", f"{found.alone_acknowledged:,}", "")
    table.add_row(
        "a statement alone that was cut or cancelled",
        f"{found.alone_unknown_there:,}", f"{found.alone_unknown_not_there:,}",
    )  # fmt: skip
    if lost or appeared:
        table.add_section()
        table.add_row("acknowledged, and lost", "", f"{lost:,}", style="red")
        table.add_row("undone, and there", f"{appeared:,}", "", style="red")
    return table


def restarts_table(restarts: Sequence[Restart]) -> Table:
    """Each restart, and how long the first and the last worker of each colour took to succeed again."""
    table = Table(title="restarts", title_justify="left", title_style="bold")
    for title in ("", "down, s", *(f"{colour} back, s" for colour in COLOURS)):
        table.add_column(title, justify="right" if title else "left")
    for one in restarts:
        spans = [one.recovered.get(colour) for colour in COLOURS]
        table.add_row(
            one.how,
            f"{one.down:.1f}",
            *("never" if span is None else f"{span[0]:.2f} to {span[1]:.2f}" for span in spans),
        )
    return table


def counted_table(title: str, counts: Counter[str]) -> Table:
    """The most frequent of some texts."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False)
    for text, number in counts.most_common(2 * SHOWN):
        table.add_row(f"{number:,}", text)
    return table


def show(
    console: Console, load: Load, crew: Crew, chaos: Chaos, found: Comparison, complaints: Complaints,
    verdicts: Sequence[Verdict], seconds: float, details: Callable[[], Sequence[str]],
) -> None:  # fmt: skip
    """Print everything."""
    tally = load.tally
    console.print(operations_table(tally, seconds))
    console.print(writes_table(found))
    console.print(restarts_table(chaos.restarts))
    if tally.errors:
        console.print(
            counted_table("errors the operations met (a cut session, a server that is down, …)", tally.errors)
        )
    if complaints.others:
        console.print(counted_table("logged by the library and its drivers", complaints.others))
    longest, colour, kind = tally.longest
    console.print(
        f"{tally.total():,} operations in {seconds:.0f} s ({tally.total() / seconds:,.0f} a second); "
        f"{crew.cancelled:,} cancellations at random moments, {chaos.cuts:,} sessions ended, "
        f"{chaos.answered:,} lone commits answered; the longest call took {longest:.2f} s ({kind}, {colour})"
    )
    table = Table(title="claims", title_justify="left", title_style="bold", show_header=False)
    for verdict in verdicts:
        table.add_row(mark(verdict.held), verdict.claim, verdict.figures)
    console.print(table)
    for line in details():
        console.print(line, style="red", markup=False, highlight=False)
