"""Shows and saves what was measured: a table for each pane, the checks below, and everything as JSON."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.check import Check
from benchmarks.competitors import RIVALS
from benchmarks.environments import version_in_environment
from benchmarks.runner import Comparison, Result
from benchmarks.workloads import Pane

DISTRIBUTIONS = (
    "duotone", "aiosqlite", "psycopg", "asyncpg", "Django", "SQLAlchemy", "tortoise-orm", "piccolo", "peewee",
)  # fmt: skip
DUOTONE = "duotone"


def mark(passed: bool | None) -> Text:
    """A tick, a cross, or nothing where nothing was asked."""
    if passed is None:
        return Text("")
    return Text("✓", style="bold green") if passed else Text("✗", style="bold red")


def number(value: float | None) -> str:
    """Three significant figures, more or less."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(comparison: Comparison, name: str) -> Text:
    """One competitor's figure, or what is in its place."""
    result = comparison.results.get(name)
    figure = comparison.figure(name)
    if figure is not None:
        return Text(number(figure))
    if result is None or (result.problem or "").endswith("does not offer it"):
        return Text("—", style="dim")
    return Text("failed" if result.problem and ":" in result.problem else "none", style="yellow")


def pane_table(pane: Pane, comparisons: Sequence[Comparison], names: Sequence[str]) -> Table:
    """The table of one pane."""
    peers = [name for name in names if name not in ("raw", DUOTONE)]
    table = Table(title=f"{pane}: times the raw driver (lower is better)", title_justify="left", title_style="bold")
    table.add_column("workload")
    table.add_column("raw, µs", justify="right", style="dim")
    table.add_column("target", justify="right")
    table.add_column(DUOTONE, justify="right", style="bold")
    table.add_column("")
    table.add_column("processor", justify="right")
    for peer in peers:
        table.add_column(peer, justify="right")
    for comparison in comparisons:
        raw = comparison.results.get("raw", Result("raw"))
        table.add_row(
            comparison.workload.title,
            number(raw.micros),
            "" if comparison.target is None else f"≤ {comparison.target:g}",
            cell(comparison, DUOTONE),
            mark(comparison.passed),
            number(comparison.results.get(DUOTONE, Result(DUOTONE)).processor),
            *(cell(comparison, peer) for peer in peers),
        )
    return table


def times_table(pane: Pane, comparisons: Sequence[Comparison], names: Sequence[str]) -> Table:
    """The times themselves: what is to be compared for a library with a driver of its own, which has no raw form."""
    table = Table(title=f"{pane}: µs for one operation", title_justify="left", title_style="bold")
    table.add_column("workload")
    for name in names:
        table.add_column(name, justify="right", style="bold" if name == DUOTONE else "")
    for comparison in comparisons:
        if not comparison.workload.absolute:
            times = [comparison.results.get(name, Result(name)).micros for name in names]
            table.add_row(comparison.workload.title, *map(number, times))
    return table


def check_table(checks: Sequence[Check]) -> Table:
    """The table of the growth checks."""
    table = Table(title="cost grows with the work alone", title_justify="left", title_style="bold")
    for name in ("check", "measured", "limit", "", "in detail"):
        table.add_column(name)
    for check in checks:
        measured = "—" if check.value is None else f"{number(check.value)} {check.unit}".strip()
        limit = f"≤ {number(check.limit)} {check.unit}".strip()
        table.add_row(check.title, measured, limit, mark(check.passed), check.detail)
    return table


def problems(comparisons: Sequence[Comparison]) -> list[str]:
    """A line for everything that could not be measured, each said once."""
    lines: dict[str, None] = {}
    for comparison in comparisons:
        for name, result in comparison.results.items():
            if result.problem and not result.problem.endswith("does not offer it"):
                where = str(comparison.pane)
                if not result.problem.startswith(("not installed", "does not offer")):
                    where += f", {comparison.workload.title}"
                lines[f"{name} ({where}): {result.problem}"] = None
    return list(lines)


def show(console: Console, comparisons: Sequence[Comparison], checks: Sequence[Check], names: Sequence[str]) -> None:
    """Print everything."""
    for pane in dict.fromkeys(comparison.pane for comparison in comparisons):
        here = [comparison for comparison in comparisons if comparison.pane == pane]
        taking_part = [name for name in names if any(comparison.figure(name) is not None for comparison in here)]
        console.print(pane_table(pane, here, taking_part))
        console.print(times_table(pane, here, taking_part))
    if checks:
        console.print(check_table(checks))
    for line in problems(comparisons):
        console.print(Text(line, style="dim"))
    asked = [comparison.passed for comparison in comparisons] + [check.passed for check in checks]
    met, missed = asked.count(True), asked.count(False)
    if met or missed:
        console.print(f"{met} of {met + missed} targets met")


def versions() -> dict[str, str]:
    """What is installed of what takes part."""
    found: dict[str, str] = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | {name: version_in_environment(name) for name in RIVALS}


def as_json(comparisons: Sequence[Comparison], checks: Sequence[Check]) -> dict[str, Any]:
    """Everything, to be compared with another run."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
        "comparisons": [
            {
                "database": comparison.pane.database,
                "colour": comparison.pane.colour,
                "workload": comparison.workload.name,
                "target": comparison.target,
                "passed": comparison.passed,
                "results": {name: vars(result) for name, result in comparison.results.items()},
            }
            for comparison in comparisons
        ],
        "checks": [{**vars(check), "passed": check.passed} for check in checks],
    }


def save(directory: Path, comparisons: Sequence[Comparison], checks: Sequence[Check]) -> Path:
    """Write the JSON under a name made of the time, and return its path."""
    directory.mkdir(exist_ok=True)
    path = directory / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(as_json(comparisons, checks), indent=1), encoding="utf-8")
    return path
