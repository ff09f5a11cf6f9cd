"""The demo: ``python -m migrations_demo`` (or ``make demo``).

Creates the tables, reads the installed packages, loads them, serves the application under uvicorn, visits it, runs the
legacy script unchanged on the same database, and tells what ran in which colour. Exits with 1 when any part failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.table import Table

from migrations_demo import collect, load, visits
from migrations_demo.app import app
from migrations_demo.database import configure, count_queries
from migrations_demo.models import Distribution, Person, ReportRun
from migrations_demo.progress import Reporter
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import Error
from orm.models import Sum

REPORT = Path(__file__).with_name("report.py")
USUAL_PORT = 8000
PLAIN_WIDTH = 120
"""Columns where there is no terminal to ask, such as a log."""

REPORT_TIMEOUT = 120.0
"""Seconds that the legacy script may take."""


@dataclass
class Closing:
    """Rows of the closing table, and everything that went wrong."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    complete: bool = False

    def add(self, what: str, colour: str, work: str, queries: int | None, seconds: float | None) -> None:
        """One row; None leaves its place empty."""
        self.rows.append(
            (
                what,
                colour,
                work,
                "" if queries is None else f"{queries:,}",
                "" if seconds is None else f"{seconds:.2f} s",
            )
        )


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m migrations_demo", description="Duotone on real data.")
    parser.add_argument("--directory", action="append", default=[], help="also read packages from here (repeatable)")
    parser.add_argument("--budget", type=float, default=20.0, help="MB of Python source to parse, 0 for all of it")
    parser.add_argument("--requests", type=int, default=400, help="about how many requests the visitors make")
    parser.add_argument("--at-once", type=int, default=20, help="how many visitors come at the same time")
    parser.add_argument("--port", type=int, help=f"port to serve on (serving: {USUAL_PORT} if free; else any free one)")
    parser.add_argument(
        "--serve",
        action="store_true",
        default=os.environ.get("SERVE", "") not in ("", "0"),
        help="go on serving at the end, until Ctrl-C (SERVE=1 does the same)",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit status."""
    options = read_arguments(arguments)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    closing = Closing()
    try:
        url = configure()
        console.print(f"[bold]Duotone[/bold] on {databases[DEFAULT_DB_ALIAS].url}", soft_wrap=True)
        create(closing)
        packages = read(options, Reporter(console), closing)
        asyncio.run(run(options, url, packages, console, closing))
    except Error as error:
        console.print(f"[red]{type(error).__name__}[/red]: {error}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Ended by Ctrl-C.")
        return 1 if closing.problems else 0 if closing.complete else 130
    return 1 if closing.problems else 0


def create(closing: Closing) -> None:
    """Create the tables: before all else, so that a database that can't be reached is told of at once."""
    started, before = time.perf_counter(), count_queries()
    tables = load.recreate_tables()
    closing.add("Migrate", "blocking", f"{tables} tables", spent(before)[1], time.perf_counter() - started)


def read(options: argparse.Namespace, reporter: Reporter, closing: Closing) -> list[collect.FoundPackage]:
    """Read what is installed."""
    started = time.perf_counter()
    packages = collect.read_packages([*collect.default_directories(), *options.directory])
    budget = int(options.budget * 1_000_000) or None
    sources, left_out = collect.choose_sources(packages, budget)
    with reporter.step("Reading Python source", len(sources)) as advance:
        collect.read_modules(sources, advance)
    if left_out:
        names = ", ".join(dict.fromkeys(package.name for package in left_out[-6:]))
        reporter.say(
            f"  over {options.budget:g} MB: files only for {len(left_out)} packages ({names}…); --budget 0 reads all"
        )
    seconds = time.perf_counter() - started
    closing.add("Read what is installed", "–", f"{len(packages):,} packages, {len(sources):,} modules", None, seconds)
    return packages


async def run(
    options: argparse.Namespace,
    url: str,
    packages: Sequence[collect.FoundPackage],
    console: Console,
    closing: Closing,
) -> None:
    """Everything that needs the database."""
    reporter = Reporter(console)
    functions = await fill(packages, reporter, closing)
    reporter.say(f"The models as a picture (orm graph): {load.draw()}")
    reporter.say("Six migrations back, and forth again, on these rows")
    await there_and_back(closing)
    with open_socket(options) as listener:
        address = "http://{}:{}".format(*listener.getsockname())
        async with serving(listener) as server:
            await exercise(options, address, packages, functions, console, closing)
            earlier = await ReportRun.objects.acount()
            await run_report(url, reporter, closing)
            await check_report(earlier, closing)
            show(console, closing)
            closing.complete = True
            if options.serve:
                console.print(f"Open [bold]{address}/[/bold] · Ctrl-C ends it", soft_wrap=True)
                await server
            else:
                console.print(f"To look at it: make demo SERVE=1, then open http://127.0.0.1:{USUAL_PORT}/")


async def there_and_back(closing: Closing) -> None:
    """Take migrations back on the real rows, and apply them again; nobody may be lost."""
    started, before = time.perf_counter(), count_queries()
    people = await Person.objects.acount()
    ran = await asyncio.to_thread(load.back_and_forth)
    if await Person.objects.acount() != people:
        closing.problems.append("People were lost on the way back and forth through the migrations.")
    work = f"{ran} migrations, {people:,} people"
    closing.add("Back and forth", "blocking", work, spent(before)[1], time.perf_counter() - started)


async def fill(packages: Sequence[collect.FoundPackage], reporter: Reporter, closing: Closing) -> int:
    """Load the tables; return how many functions there are."""
    reporter.say("Loading")
    started, before = time.perf_counter(), count_queries()
    loaded = await load.load(packages, reporter)
    seconds = time.perf_counter() - started
    rate = loaded.rows / seconds
    reporter.say(f"  {loaded.rows:,} rows in {seconds:.2f} s, committed: {rate:,.0f} rows per second")
    closing.add("Load", "awaitable", f"{loaded.rows:,} rows, {rate:,.0f} a second", spent(before)[0], seconds)
    return loaded.tables[-1][1]


def spent(before: tuple[int, int]) -> tuple[int, int]:
    """Queries run since ``before``, as (awaitable, blocking)."""
    awaitable, blocking = count_queries()
    return awaitable - before[0], blocking - before[1]


def open_socket(options: argparse.Namespace) -> socket.socket:
    """An address on this machine alone: the port asked for, else when serving the usual one if free, else any."""
    wanted = [options.port] if options.port is not None else [USUAL_PORT, 0] if options.serve else [0]
    for place, port in enumerate(wanted, 1):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            if place == len(wanted):
                raise
        else:
            return listener
    raise AssertionError("unreachable: the last port either binds or raises")


@asynccontextmanager
async def serving(listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the application on ``listener`` inside the block; gives the server's task."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it with a flag, not an event
        await asyncio.sleep(0.01)
    try:
        yield task
    finally:
        server.should_exit = True
        await task


async def exercise(
    options: argparse.Namespace,
    address: str,
    packages: Sequence[collect.FoundPackage],
    functions: int,
    console: Console,
    closing: Closing,
) -> None:
    """Let the visitors in, show how they fared, and check that no view was lost."""
    planned = visits.plan_visits(sorted({package.slug for package in packages}), options.requests)
    console.print(f"Asking {address} with {options.at_once} visitors at once")
    before = count_queries()
    with collect.own_processes(1) as elsewhere:  # so that the server is not timed with its clients
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(elsewhere, visits.visit, address, planned, options.at_once)
    awaitable, blocking = spent(before)
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for title in ("  request", "count", "median ms", "slowest ms"):
        table.add_column(title, justify="left" if title == "  request" else "right")
    for kind, count, median, slowest in outcome.lines():
        table.add_row(f"  {kind}", str(count), f"{median:.1f}", f"{slowest:.1f}")
    console.print(table)
    by_thread = sum(visit.blocking for visit in planned)
    rate = f"{outcome.requests - by_thread} requests, {outcome.requests / outcome.seconds:,.0f} a second"
    closing.add("Web, awaitable views", "awaitable", rate, awaitable, outcome.seconds)
    closing.add("Web, a blocking view", "blocking", f"{by_thread} requests, worker threads", blocking, None)
    closing.problems += outcome.problems
    if outcome.streamed_rows != functions:
        closing.problems.append(f"{outcome.streamed_rows:,} functions were streamed of {functions:,} loaded")
    opened = (await Distribution.objects.aaggregate(total=Sum("views")))["total"]
    if opened != outcome.opened_packages:
        closing.problems.append(f"{outcome.opened_packages} packages were opened, but {opened} were counted")


async def run_report(url: str, reporter: Reporter, closing: Closing) -> None:
    """Run the legacy script, not one line changed, as a process of its own."""
    reporter.say(f"Running the legacy script: python -m orm run --statistics {REPORT.name}")
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "orm", "run", "--statistics", str(REPORT)),
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), REPORT_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        closing.problems.append(f"the legacy script did not end within {REPORT_TIMEOUT:g} seconds")
        return
    text = output.decode(errors="replace")
    for line in text.splitlines():
        reporter.console.print(f"  {line}".rstrip(), markup=False, soft_wrap=True)
    counted = re.search(r"(\d+) blocking statements$", text, re.MULTILINE)
    queries = int(counted.group(1)) if counted else None
    closing.add("Legacy Django script", "blocking", "report.py, own process", queries, time.perf_counter() - started)
    if process.returncode != 0:
        closing.problems.append(f"the legacy script ended with status {process.returncode}")
    elif not queries:
        closing.problems.append("the legacy script ran no query")


async def check_report(earlier: int, closing: Closing) -> None:
    """What blocking code of another process committed must be there for awaitable code here."""
    written = await ReportRun.objects.acount() - earlier
    if written != 1:
        closing.problems.append(f"the legacy script should have written one row, and wrote {written}")


def show(console: Console, closing: Closing) -> None:
    """The closing table, and what went wrong."""
    table = Table(title="What ran, in which colour", title_justify="left")
    for title in ("what", "colour", "work", "queries", "time"):
        table.add_column(title, justify="right" if title in ("queries", "time") else "left")
    styles = {"awaitable": "bold blue", "blocking": "bold yellow"}
    for what, colour, *rest in closing.rows:
        table.add_row(what, f"[{styles[colour]}]{colour}[/]" if colour in styles else colour, *rest)
    console.print(table)
    for problem in closing.problems[:20]:
        console.print("[red]failed[/red] ", end="")
        console.print(problem, markup=False, soft_wrap=True)
    if not closing.problems:
        console.print("[green]Every part succeeded.[/green]")


if __name__ == "__main__":
    sys.exit(main())
