"""``python -m benchmarks.soak``: run the soak, say what came out; exit status 1 when a claim does not hold.

The claims: nothing acknowledged is lost; nothing that was not acknowledged appears, but commits reported as ambiguous;
``on_commit`` functions ran if and only if the rows are there; what adds up before adds up after; memory is flat after
the first minute; no connection, session, task or thread is left; asyncio's debug mode and Python's warnings have
nothing to say; every call ends within ``acquire_timeout`` and a margin; errors are the library's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live

import orm
from benchmarks.soak.chaos import NAME, Chaos
from benchmarks.soak.crew import Crew
from benchmarks.soak.ledger import Comparison, Ledger
from benchmarks.soak.load import ASYNC, BLOCKING, SLOW_CALLBACK_SECONDS, Load
from benchmarks.soak.report import SHOWN, Progress, Verdict, show
from benchmarks.soak.tables import SERVER_OPTIONS, make_tables
from benchmarks.soak.watch import Complaints, Leftovers, Memory, end_after
from orm.bridge import portal
from tests.servers import NoServer, PrivateServer, private_server

ACQUIRE_TIMEOUT = 10
MARGIN = 15
"""Seconds a call may take beside the wait for a connection: locks (3 s for each), and a restart in the midst of it."""
POOL = (
    f"max_size=10&max_connections=16&acquire_timeout={ACQUIRE_TIMEOUT}&max_lifetime=30&idle_timeout=5"
    f"&health_check_after=2&application_name={NAME}"
)
WRITES_A_SECOND = 20_000
ENDING = 120.0
FLAT_SHARE = 0.1
"""What a first restart leaves in the heap, when everybody fails at once, is about half of that; see the README."""
LINE_EVERY = 15.0
ARENAS = "MALLOC_ARENA_MAX"
"""How many heaps glibc makes for threads: by default eight for each core, each with a stock of its own."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the load lasts (300)")
    parser.add_argument("--tasks", type=int, default=200, help="tasks on the event loop (200)")
    parser.add_argument("--threads", type=int, default=16, help="threads of blocking code (16)")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices; what they meet is up to timing")
    return parser.parse_args(argv)


class Soak:
    """One run on one server."""

    def __init__(self, options: argparse.Namespace, server: PrivateServer, console: Console) -> None:
        self.options = options
        self.server = server
        self.console = console
        self.complaints = Complaints()
        self.load = Load(Ledger(int(WRITES_A_SECOND * (options.seconds + ENDING))), options.seed)
        self.crew = Crew(self.load, options.tasks, options.threads)
        self.memory = Memory()
        orm.configure({"default": f"{server.url}?{POOL}"})
        self.leftovers = Leftovers(orm.databases["default"], server.url)
        self.seconds = 0.0
        self._loops: list[asyncio.AbstractEventLoop] = []

    def run(self) -> int:
        """Do all of it; return the exit status."""
        watchdog = end_after(self.options.seconds + ENDING, self._loops, self._remove_server)
        self.complaints.install()
        self.complaints.pulse.start()
        make_tables()
        portal.portal.loop.slow_callback_duration = SLOW_CALLBACK_SECONDS
        self.chaos = Chaos(self.server, self.load, self.options.seconds)
        progress = Progress(self.load, self.crew, self.chaos, self.memory, self.options.seconds)
        watch = threading.Thread(target=self._watch, args=(progress,), name="soak watch", daemon=True)
        self._ended = threading.Event()
        watch.start()
        asyncio.run(self._work(), debug=True)
        gc.collect()
        self._ended.set()
        watch.join()
        self.complaints.pulse.end()
        self.leftovers.when_all_has_ended()
        found = self.load.ledger.compare(self.server.url)
        watchdog.cancel()
        verdicts = self._verdicts(found)
        show(
            self.console, self.load, self.crew, self.chaos, found, self.complaints, verdicts, self.seconds,
            lambda: self._details(found),
        )  # fmt: skip
        return 1 if any(verdict.held is False for verdict in verdicts) else 0

    def _remove_server(self) -> None:
        """Stop and delete it, where nobody else will; it may be down at the moment."""
        with contextlib.suppress(NoServer):
            self.server.stop()
        self.server.installation.remove()

    async def _work(self) -> None:
        self._loops += [asyncio.get_running_loop(), portal.portal.loop]
        began = time.monotonic()
        self.chaos.start()
        for thread in self.crew.threads:
            thread.start()
        await self.crew.work()
        for thread in self.crew.threads:
            await asyncio.to_thread(thread.join)
        self.seconds = time.monotonic() - began
        self.chaos.stop.set()
        await asyncio.to_thread(self.chaos.join)
        if self.chaos.failure is not None:
            raise self.chaos.failure
        await self.leftovers.on_the_loop()

    def _watch(self, progress: Progress) -> None:
        """Sample memory each second, and show the state."""
        began = shown = time.monotonic()
        live = Live(progress, console=self.console, refresh_per_second=2, transient=True)
        if self.console.is_terminal:
            live.start()
        while True:
            self.memory.sample()
            now = time.monotonic()
            if self.console.is_terminal or now - shown >= LINE_EVERY:
                progress.look(now - began)
                shown = now
                if not self.console.is_terminal:
                    self.console.print(progress.line(), highlight=False, soft_wrap=True)
            if self._ended.wait(1):
                break
        if self.console.is_terminal:
            live.stop()

    # -- the claims -------------------------------------------------------------------------------------------------

    def _verdicts(self, found: Comparison) -> list[Verdict]:
        wrong, tally = found.wrong, self.load.tally
        longest, _, kind = tally.longest

        def none(claim: str, things: Sequence[str], what: str) -> Verdict:
            return Verdict(claim, not things, f"{len(things)} {what}")

        def none_of(claim: str, *names: str, among: int) -> Verdict:
            things = [thing for name in names for thing in wrong.get(name, ())]
            return none(claim, things, f"of {among:,}")

        judged = found.acknowledged + found.undone + found.cancelled_there + found.cancelled_not_there
        acknowledged = found.acknowledged + found.alone_acknowledged
        most = ACQUIRE_TIMEOUT + MARGIN
        return [
            none_of("nothing acknowledged is lost", "lost", among=acknowledged),
            none_of("nothing else appears, but what was reported as ambiguous", "appeared", among=judged),
            none_of("on_commit functions ran, once, if and only if the rows are there", "on_commit", among=judged),
            none_of("every write ended, none was half done", "never ended", "half done", among=self.load.ledger.last),
            self._memory_verdict(),
            none("no connection, session, task or thread is left", self.leftovers.found, "things"),
            none("asyncio's debug mode and Python complain of nothing", self.complaints.counted, "complaints"),
            Verdict(f"a call ends within {most} s", longest <= most, f"{longest:.1f} s ({kind})"),
            none("errors are the library's own, and answers are right", tally.unexpected, "others"),
            Verdict("both colours come back after both restarts", self._came_back(), f"{len(self.chaos.restarts)}"),
        ]

    def _came_back(self) -> bool:
        restarts = self.chaos.restarts
        return len(restarts) == 2 and all({ASYNC, BLOCKING} <= one.recovered.keys() for one in restarts)

    def _memory_verdict(self) -> Verdict:
        claim = "memory is flat after the first minute"
        memory = self.memory
        if not memory.long_enough:
            return Verdict(claim, None, f"{memory.samples[-1][1]:.0f} MB; too short a run to say")
        before, after = memory.after_warm_up, memory.at_end
        allowed = before * FLAT_SHARE
        figures = (
            f"{before:.1f} MB, then {after:.1f} MB ({allowed:.1f} more are allowed); {memory.slope:+.2f} MB a minute"
        )
        return Verdict(claim, after - before <= allowed, figures)

    def _details(self, found: Comparison) -> list[str]:
        wrong = {**found.wrong, "left": self.leftovers.found, "complaints": self.complaints.counted,
                 "unexpected": self.load.tally.unexpected}  # fmt: skip
        return [f"{name}: {line}" for name, lines in wrong.items() for line in lines[:SHOWN]]


def main(argv: Sequence[str]) -> int:
    """Run the soak on a server made for it; return the exit status."""
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else 140)
    os.environ["PYTHONASYNCIODEBUG"] = "1"  # for every loop there will be, the portal's too
    try:
        with private_server(SERVER_OPTIONS) as server:
            return Soak(options, server, console).run()
    except NoServer as reason:
        console.print(f"no private PostgreSQL server can be made here: {reason}", style="red")
        return 2


if __name__ == "__main__":
    if ARENAS not in os.environ:  # read when a process starts
        os.environ[ARENAS] = "2"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]])
    sys.exit(main(sys.argv[1:]))
