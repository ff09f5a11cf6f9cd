"""What may not grow: chaining, interned shapes, streams, and what a joined table costs besides another.

Each check runs in a process of its own (``python -m benchmarks.probe NAME URL …``), since it looks at the memory of
that process; the probe prints one JSON object.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.check import ROOT, Check, answer_of
from benchmarks.data import Place, Scratch
from benchmarks.whole_programs import PROGRAMS

MEGABYTE: Final = 1024.0
SHAPES: Final = 100_000
QUICK_SHAPES: Final = 20_000


def probe(*arguments: str) -> dict[str, Any]:
    """Run one probe and return what it printed, or its last line of error under ``error``."""
    return answer_of([sys.executable, "-m", "benchmarks.probe", *arguments], ROOT)


def chaining(place: Place, quick: bool) -> list[Check]:
    """The fortieth call of a chain against the fourth."""
    check = Check("chaining", "a call at the end of a chain of 40, against one of 4", 1.5, "times")
    found = probe("chaining", place.url)
    check.detail = found.get("error") or f"{found['short']:.2f} µs and {found['long']:.2f} µs for a call"
    if "error" not in found:
        check.value = found["long"] / found["short"]
    return [check]


def shapes(place: Place, quick: bool) -> list[Check]:
    """Memory over many distinct shapes, the first tenth being warm-up."""
    count = QUICK_SHAPES if quick else SHAPES
    check = Check("shapes", f"memory over {count:,} different shapes", 8, "MB")
    found = probe("shapes", place.url, str(count))
    check.detail = found.get("error") or f"{found['micros']:.0f} µs for a new shape"
    if "error" not in found:
        check.value = found["kilobytes"] / MEGABYTE
    return [check]


def streaming(place: Place, quick: bool) -> list[Check]:
    """Memory while 300,000 rows go by, in each colour, once 30,000 have."""
    Scratch(place).make_entries()
    made = []
    for colour in ("blocking", "async"):
        check = Check("streaming", f"memory over a stream of 300,000 rows, {place.database} {colour}", 8, "MB")
        found = probe("streaming", place.url, colour)
        check.detail = found.get("error") or f"{found['rows']:,} rows, {found['rows'] / found['seconds']:,.0f} a second"
        if "error" not in found:
            check.value = found["kilobytes"] / MEGABYTE
        made.append(check)
    return made


def inheriting(place: Place, quick: bool) -> list[Check]:
    """A get of a model that inherits over two tables against a get of one table with another joined."""
    check = Check("inheriting", "get of a model over two tables, against a get with a join", 1.3, "times")
    Scratch(place).make_writers()
    found = probe("inheriting", place.url)
    check.detail = found.get("error") or f"{found['inherited']:.1f} µs and {found['joined']:.1f} µs"
    if "error" not in found:
        check.value = found["inherited"] / found["joined"]
    return [check]


CHECKS: Final[dict[str, Callable[[Place, bool], list[Check]]]] = {
    "chaining": chaining,
    "shapes": shapes,
    "streaming": streaming,
    "inheriting": inheriting,
    **PROGRAMS,
}
ON: Final = {"streaming": ("sqlite", "postgresql"), "backfill": ("postgresql",)}
"""The databases of a check, where it isn't SQLite alone."""


def run_checks(place: Place, names: Sequence[str], quick: bool, tell: Callable[[str], None]) -> list[Check]:
    """Run the checks of those names; those that need no database in SQLite's turn."""
    done: list[Check] = []
    for name in names:
        if place.database in ON.get(name, ("sqlite",)):
            tell(f"checking {name}")
            done += CHECKS[name](place, quick)
    return done
