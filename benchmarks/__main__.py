"""``python -m benchmarks``: measure, print, save. See benchmarks/README.md for how."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
from rich.console import Console

from benchmarks.check import Check
from benchmarks.checks import CHECKS, run_checks
from benchmarks.competitors import NAMES
from benchmarks.data import Place, postgresql_place, sqlite_place
from benchmarks.environments import prepare
from benchmarks.report import save, show
from benchmarks.runner import Comparison, Effort, run_pane
from benchmarks.workloads import BY_NAME, PANES, WORKLOADS

RESULTS = Path(__file__).parent / "results"
SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
THOROUGH = Effort(seconds=0.02, rounds=21)
QUICK = Effort(seconds=0.008, rounds=7)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter measurements and fewer rounds")
    parser.add_argument(
        "--only", action="append", choices=[*BY_NAME, *CHECKS, "checks"], help="this workload or check (repeatable)"
    )
    parser.add_argument("--peers", nargs="*", choices=NAMES[1:], help="who to run beside the raw driver (all)")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "all"), default="all")
    parser.add_argument("--colour", choices=("blocking", "async", "all"), default="all")
    parser.add_argument(
        "--server",
        default=os.environ.get("BENCH_POSTGRESQL_URL", SERVER),
        help=f"a PostgreSQL database to log in to, where one may be created (BENCH_POSTGRESQL_URL, or {SERVER})",
    )
    parser.add_argument("--strict", action="store_true", help="exit with status 1 when a target is missed")
    return parser.parse_args(argv)


def places(options: argparse.Namespace) -> dict[str, AbstractContextManager[Place]]:
    """The databases asked for, not yet made."""
    made: dict[str, AbstractContextManager[Place]] = {}
    if options.database in ("sqlite", "all"):
        made["sqlite"] = sqlite_place()
    if options.database in ("postgresql", "all"):
        made["postgresql"] = postgresql_place(options.server)
    return made


def main(argv: Sequence[str]) -> int:
    """Run what was asked for; return the exit status."""
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else 130)
    effort = QUICK if options.quick else THOROUGH
    asked = set(options.only or (*BY_NAME, *CHECKS))
    if "checks" in asked:
        asked |= set(CHECKS)
    names = ["raw", *(NAMES[1:] if options.peers is None else options.peers)]
    kept_out: dict[str, str] = {}
    workloads = [workload for workload in WORKLOADS if workload.name in asked]
    RESULTS.mkdir(exist_ok=True)
    log = RESULTS / "workers.log"
    log.write_text("", encoding="utf-8")
    comparisons: list[Comparison] = []
    checks: list[Check] = []
    with console.status("starting") as status:
        for name in list(names):
            if why := prepare(name, status.update):
                names.remove(name)
                kept_out[name] = why
        for database, making in places(options).items():
            try:
                with making as place:
                    for pane in PANES:
                        if pane.database == database and options.colour in (pane.colour, "all"):
                            comparisons += run_pane(pane, place, names, workloads, effort, status.update, log)
                    if "duotone" in names:
                        checks += run_checks(place, sorted(asked & set(CHECKS)), options.quick, status.update)
            except psycopg.OperationalError as error:
                console.print(f"{database} is left out: {error}", style="yellow")
    show(console, comparisons, checks, names)
    for name, why in kept_out.items():
        console.print(f"{name}: {why}", style="dim")
    console.print(f"saved as {save(RESULTS, comparisons, checks)}", style="dim")
    missed = any(one.passed is False for one in comparisons) or any(not check.passed for check in checks)
    return 1 if options.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
