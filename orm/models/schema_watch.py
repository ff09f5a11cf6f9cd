"""Who looks at the statements of a schema editor while they run."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Runs statements and looks what they do: ``step`` is which migration's which operation (``app.0002_name:3``)."""

    async def run(self, step: str, sql: str, params: object) -> None:
        """Run a statement."""

    async def end(self, step: str) -> None:
        """Hear that an operation has ended, inside the transaction that it ran in."""
