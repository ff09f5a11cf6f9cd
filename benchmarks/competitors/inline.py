"""Duotone with ``?inline=``: short statements of SQLite run on the event loop's thread."""

from __future__ import annotations

import orm
from benchmarks.competitors import Competitor, duotone
from benchmarks.workloads import Pane

BUDGET = "0.001"


class Async(duotone.Async):
    """As Duotone's async form, with the option."""

    label = "inline"

    async def open(self) -> None:
        await super().open()
        orm.configure(f"{orm.databases['default'].url}?inline={BUDGET}")


def competitor(pane: Pane) -> type[Competitor] | None:
    """Async on SQLite only."""
    return Async if (pane.database, pane.colour) == ("sqlite", "async") else None
