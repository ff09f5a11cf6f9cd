"""How the demo shows that it is alive: a progress bar on a terminal, one plain line for each step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class Reporter:
    """Writes to ``console``; one step is open at a time."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str) -> None:
        """One line, on a terminal or not."""
        self.console.print(text, highlight=False)

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Advance]:
        """A step of ``total`` units; the block calls what it is given with how many more are done."""
        started = time.perf_counter()
        done = 0
        if self.console.is_terminal:
            columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console) as progress:
                task = progress.add_task(title, total=total)
                yield lambda count: progress.update(task, advance=count)
            return

        def advance(count: int) -> None:
            nonlocal done
            done += count

        yield advance
        self.say(f"{title:<28} {done:>9,} of {total:,} in {time.perf_counter() - started:.2f} s")
