"""What may not grow: chaining, interned shapes, streams, and the time of an import.

Each check runs in a process of its own (``python -m benchmarks.probe NAME URL …``), since it looks at the memory of
that process; the probe prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.data import Place, Scratch

ROOT = Path(__file__).resolve().parent.parent
BYTECODE = Path(__file__).parent / "results" / "bytecode"
IMPORTING: Final = ROOT / "benchmarks" / "importing.py"
MEGABYTE: Final = 1024.0
SHAPES: Final = 100_000
QUICK_SHAPES: Final = 20_000


@dataclass
class Check:
    """One thing measured against one limit; ``value`` is None when the probe failed, and ``detail`` says how."""

    name: str
    title: str
    limit: float
    unit: str
    value: float | None = None
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is within the limit."""
        return self.value is not None and self.value <= self.limit


def probe(*arguments: str) -> dict[str, Any]:
    """Run one probe and return what it printed, or its last line of error under ``error``."""
    return answer_of([sys.executable, "-m", "benchmarks.probe", *arguments], ROOT)


def answer_of(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a command in a folder and return the JSON object it printed, or its last line of error under ``error``."""
    # Bytecode is kept, wherever the machine may forbid it: a program is imported more than once in its life.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip() or "no output").splitlines()[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


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


def importing(place: Place, quick: bool) -> list[Check]:
    """``import orm`` and twenty models, against the same with Django: the best of several runs each."""
    check = Check("importing", "import and twenty models, against Django's", 1 / 4, "times")
    best: dict[str, float] = {}
    for _ in range(4 if quick else 8):  # the first run of each writes its bytecode, and is never the best
        for library in ("orm", "django"):
            found = answer_of([sys.executable, "-P", str(IMPORTING), library], Path(tempfile.gettempdir()))
            if "error" in found:
                check.detail = f"{library}: {found['error']}"
                return [check]
            best[library] = min(best.get(library, found["seconds"]), found["seconds"])
    check.value = best["orm"] / best["django"]
    check.detail = f"{best['orm'] * 1000:.0f} ms and {best['django'] * 1000:.0f} ms"
    return [check]


CHECKS: Final[dict[str, Callable[[Place, bool], list[Check]]]] = {
    "chaining": chaining,
    "shapes": shapes,
    "streaming": streaming,
    "importing": importing,
}
ON_EVERY_DATABASE: Final = {"streaming"}


def run_checks(place: Place, names: Sequence[str], quick: bool, tell: Callable[[str], None]) -> list[Check]:
    """Run the checks of those names; those that need no database only for SQLite."""
    done: list[Check] = []
    for name in names:
        if place.database == "sqlite" or name in ON_EVERY_DATABASE:
            tell(f"checking {name}")
            done += CHECKS[name](place, quick)
    return done
