"""What ``orm migrate`` says while it works: a line for each migration, and a bar for a long operation at a terminal."""

from __future__ import annotations

from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orm.cli.output import Tone, console, say


class Teller:
    """Hears of each step of the migrations: ``progress`` of ``orm.migrate``."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __call__(self, action: str, migration: Any = None, what: Any = False) -> None:
        if action == "operation_progress":
            self._advance(what)
            return
        self.close()
        if action == "apply_start":
            say(f"  Applying {migration}...")
        elif action == "unapply_start":
            say(f"  Unapplying {migration}...")
        elif action == "lock_missed":
            say(f"    A lock was not to be had in time ({what}); trying again")
        elif action in ("apply_success", "unapply_success"):
            say(f"    {'FAKED' if what else 'OK'}", Tone.OPEN if what else Tone.DONE)

    def _advance(self, progress: Any) -> None:
        """Show rows, rows in a second and time left; where nobody watches, only that it is done."""
        if not console.is_terminal:
            if progress.done >= progress.total:
                say(f"    {progress.done:,} rows, {progress.rate:,.0f} in a second")
            return
        if self._bar is None:
            columns = (
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} rows/s"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[waits_for]}"),
            )
            self._bar = Progress(*columns, console=console)
            self._bar.add_task("", total=progress.total, rate="", waits_for="")
            self._bar.start()
        task = self._bar.tasks[0]
        waits_for = f"waits for {progress.waits_for}" if progress.waits_for else ""
        self._bar.update(
            task.id, completed=progress.done, total=progress.total, rate=f"{progress.rate:,.0f}", waits_for=waits_for
        )

    def close(self) -> None:
        """Leave the bar as it is, also when what it shows has failed."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
