"""Who is measured. Every module here defines ``competitor(pane)`` and classes with the same methods.

A competitor is one library on one database in one colour. Each workload is a method of the same name that takes how
many operations to run and returns how many rows they yielded or touched; in the async colour it is a coroutine
function. Only ``stall`` returns the rows themselves. What a library doesn't offer, its class doesn't
define.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar, Final

from benchmarks.data import Place
from benchmarks.workloads import Pane

RIVALS: Final = {
    "yara": "yara-orm",
    "hare": "hare-orm",
    "oxyde": "oxyde",
    "djanorm": "djanorm[sqlite,postgresql]",
    "iceaxe": "iceaxe",
}
"""Libraries that need an environment of their own (a newer Python, other versions), and what pip calls them."""

NAMES: Final = ("raw", "duotone", "inline", "django", "sqlalchemy", "tortoise", "piccolo", "peewee", *RIVALS)
PACKAGES: Final = {
    "raw": "psycopg",
    "duotone": "orm",
    "django": "django",
    "sqlalchemy": "sqlalchemy",
    "tortoise": "tortoise",
    "piccolo": "piccolo",
    "peewee": "peewee",
    "inline": "orm",
    "yara": "yara_orm",
    "hare": "hare",
    "oxyde": "oxyde",
    "djanorm": "dorm",
    "iceaxe": "iceaxe",
}

Waits = Coroutine[Any, Any, None] | None


class Competitor:
    """What the worker calls besides the workloads. Each of the three may be a coroutine function."""

    label: ClassVar[str]

    def __init__(self, place: Place, pane: Pane) -> None:
        self.place = place
        self.pane = pane

    def open(self) -> Waits:
        """Connect; what a program does once."""
        return None

    def prepare(self, workload: str, count: int) -> Waits:
        """Make ready what ``workload`` takes as given, outside the measured time."""
        return None

    def close(self) -> Waits:
        """Let go of every connection."""
        return None
