"""Telling how far bulk work has come: a function of the caller's, or a bar on a terminal (rich: the extra ``cli``)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any, Self

from orm.bridge.crossing import call


class Told:
    """A function of either kind that is told a number."""

    def __init__(self, tell: Callable[[int], Any]) -> None:
        self._tell = tell

    async def tell(self, done: int) -> None:
        """Say how much has been done so far."""
        await call(self._tell, done)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


class Bar(Told):
    """A bar on standard error. Raises ``ImportError``, naming the extra, where rich is not installed."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        try:
            rich: Any = import_module("rich.progress")
            console: Any = import_module("rich.console")
        except ImportError as error:
            raise ImportError("progress=True shows a bar with rich: pip install duotone[cli]") from error
        self._bar = rich.Progress(
            rich.TextColumn("{task.description}"),
            rich.BarColumn(),
            rich.TextColumn("{task.completed:,.0f} " + unit),
            rich.TimeElapsedColumn(),
            console=console.Console(file=sys.stderr),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(what, total=total)

    async def tell(self, done: int) -> None:
        self._bar.update(self._task, completed=done)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()


def progress_of(progress: object, what: str, total: int | None, unit: str = "rows") -> Told | None:
    """Return whom to tell; None where nobody wants to know. Raises ``TypeError`` for no bool and no function."""
    if progress is True:
        return Bar(what, total, unit)
    if progress is False:
        return None
    if not callable(progress):
        raise TypeError(
            f"progress is a function that takes a number, or True for a bar on a terminal, not {progress!r}"
        )
    return Told(progress)
