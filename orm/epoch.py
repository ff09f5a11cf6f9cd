"""The epoch: what was worked out from settings, lookups, signals, fields and backends holds until one of these changes.

Whoever changes one of them calls ``epoch.advance(Reason…)``; whoever keeps what was worked out forgets it then. Nothing
else makes anything forget. What is being worked out while the epoch advances is used once and not kept: its maker
compares ``epoch.number`` before and after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum


class Reason(Enum):
    """What has changed."""

    SETTINGS = "settings"
    LOOKUPS = "lookups"
    SIGNALS = "signals that are sent while instances are made"
    FIELDS = "the fields of a model"
    BACKENDS = "backends"


class Epoch:
    """A number that only grows, and those who forget when it does."""

    __slots__ = ("_listeners", "_lock", "number")

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()
        self._listeners: list[tuple[Callable[[], None], tuple[Reason, ...]]] = []

    def listen(self, forget: Callable[[], None], *reasons: Reason) -> None:
        """Call ``forget`` whenever one of these has changed; none named: whatever has."""
        self._listeners.append((forget, reasons or tuple(Reason)))

    def advance(self, reason: Reason) -> None:
        """Say that something has changed."""
        with self._lock:
            self.number += 1
        for forget, reasons in self._listeners:
            if reason in reasons:
                forget()


epoch = Epoch()
