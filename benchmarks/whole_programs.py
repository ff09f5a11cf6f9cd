"""What whole programs take against Django's, and long work on a table against the plain statement.

A program is run in a process of its own, several times, in turn with what it is compared with, and the least counts.
Where the work is the program's own it is the processor's time that is taken.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.check import ROOT, Check, answer_of, environment
from benchmarks.data import Place
from benchmarks.programs.project import history, stock

IMPORTING: Final = ROOT / "benchmarks" / "programs" / "importing.py"
MODELS: Final = 300
APPS, MIGRATIONS, QUICK_APPS, QUICK_MIGRATIONS = 30, 1_000, 6, 200
ROWS, QUICK_ROWS = 1_000_000, 100_000
OBJECTS, QUICK_OBJECTS = 100_000, 10_000
MILLISECONDS: Final = 1_000
DJANGO: Final = (sys.executable,)
DUOTONE: Final = (sys.executable, "-m", "orm", "run")


def importing(place: Place, quick: bool) -> list[Check]:
    """``import orm`` and twenty models, and 300 models alone, against the same with Django."""
    return [
        imported("import and twenty models, against Django's", 20, "seconds", quick),
        imported(f"{MODELS} models, the library imported, against Django's", MODELS, "models", quick),
    ]


def imported(title: str, count: int, part: str, quick: bool) -> Check:
    """One part of what the program says, of both libraries."""
    check = Check("importing", title, 1 / 4, "times")
    best: dict[str, float] = {}
    for _ in range(4 if quick else 8):  # the first run of each writes its bytecode, and is never the best
        for library in ("orm", "django"):
            command = [sys.executable, "-P", str(IMPORTING), library, str(count)]
            found = answer_of(command, Path(tempfile.gettempdir()))
            if "error" in found:
                check.detail = f"{library}: {found['error']}"
                return check
            best[library] = min(best.get(library, found[part]), found[part])
    return compared(check, best["orm"], best["django"])


def compared(check: Check, ours: float, other: float) -> Check:
    """The check with its value, of two times in seconds."""
    check.value = ours / other
    check.detail = f"{ours * MILLISECONDS:,.0f} ms and {other * MILLISECONDS:,.0f} ms"
    return check


def processor(commands: Mapping[str, Sequence[str]], folder: Path, times: int) -> dict[str, float]:
    """Seconds of the processor of each command, the least of several runs in turn.

    Raises:
        subprocess.CalledProcessError: a command failed.
    """
    best: dict[str, float] = {}
    for _ in range(times):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            took = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            best[name] = min(best.get(name, took), took)
    return best


def both(check: Check, folder: Path, arguments: Sequence[str], times: int) -> Check:
    """The check, of a program under Duotone against the same under Django."""
    try:
        best = processor({"django": (*DJANGO, *arguments), "orm": (*DUOTONE, *arguments)}, folder, times)
    except subprocess.CalledProcessError as error:
        check.detail = (error.stderr.decode().strip() or "no output").splitlines()[-1]
        return check
    return compared(check, best["orm"], best["django"])


def running(place: Place, quick: bool) -> list[Check]:
    """A script of a few queries, and the loading of a fixture."""
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), QUICK_OBJECTS if quick else OBJECTS
        stock(folder, rows)
        processor({"tables": (*DJANGO, "manage.py", "migrate", "--run-syncdb")}, folder, 1)
        script = Check("running", "a script under orm run, against the same under Django", 1 / 2, "times")
        loading = Check("running", f"loaddata of {rows:,} objects, against Django's", 1 / 4, "times")
        return [
            both(script, folder, ["script.py"], 4 if quick else 8),
            both(loading, folder, ["manage.py", "loaddata", "rows.json"], 1 if quick else 2),
        ]


def migrating(place: Place, quick: bool) -> list[Check]:
    """Looking for changes, and planning, with a long history."""
    apps, count = (QUICK_APPS, QUICK_MIGRATIONS) if quick else (APPS, MIGRATIONS)
    with tempfile.TemporaryDirectory() as name:
        history(Path(name), apps, count)
        made = []
        for command in ("makemigrations --check", "migrate --plan"):
            title = f"{command}, {count:,} migrations of {apps * 10} models, against Django's"
            check = Check("migrating", title, 1 / 2, "times")
            made.append(both(check, Path(name), ["manage.py", *command.split()], 4))
        return made


def rebuilding(place: Place, quick: bool) -> list[Check]:
    """An alteration that SQLite needs a new table for."""
    rows = QUICK_ROWS if quick else ROWS
    check = Check("rebuilding", f"a table of {rows:,} rows rebuilt in SQLite, against INSERT … SELECT", 2, "times")
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "benchmarks.programs.rebuild", f"{name}/rebuild.db", str(rows)]
        found = answer_of(command, ROOT)
    check.detail = found.get("error", "")
    return [check if check.detail else compared(check, found["ours"], found["plain"])]


def backfill(place: Place, quick: bool) -> list[Check]:
    """A backfill, and what others wait for beside it."""
    rows = QUICK_ROWS if quick else ROWS
    speed = Check("backfill", f"a backfill of {rows:,} rows, against one UPDATE", 1 / 0.7, "times")
    found = answer_of([sys.executable, "-m", "benchmarks.programs.backfill", place.url, str(rows)], ROOT)
    if "error" in found:
        speed.detail = found["error"]
        return [speed]
    made = [compared(speed, found["ours"], found["plain"])]
    for kind in ("read", "write"):
        alone, beside = (found[f"{kind} {when}"] * MILLISECONDS for when in ("alone", "beside"))
        title = f"longest wait of a {kind} beside the backfill, over that without it"
        made.append(Check("backfill", title, 50, "ms", max(0.0, beside - alone), f"{beside:.0f} ms and {alone:.0f} ms"))
    return made


PROGRAMS: Final[dict[str, Callable[[Place, bool], list[Check]]]] = {
    "importing": importing,
    "running": running,
    "migrating": migrating,
    "rebuilding": rebuilding,
    "backfill": backfill,
}
