"""A server that vanished without a word is found by TCP: how soon, and setting it on both drivers' sockets.

A peer whose machine, container or network is gone sends nothing, so whoever waits for its answer waits for ever, unless
the system asks (keepalive) and counts how long what was sent stays unacknowledged (``TCP_USER_TIMEOUT``). What this
module leaves alone: Unix sockets, and whatever the platform does not offer.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any

OPTIONS = frozenset({"keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "tcp_user_timeout"})
"""libpq's names. Times are whole seconds but for ``tcp_user_timeout``, which here is in seconds too."""

_IDLE = getattr(socket, "TCP_KEEPIDLE", None) or getattr(socket, "TCP_KEEPALIVE", None)  # (the latter on macOS)
_INTERVAL = getattr(socket, "TCP_KEEPINTVL", None)
_COUNT = getattr(socket, "TCP_KEEPCNT", None)
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


@dataclass(frozen=True)
class Keepalive:
    """When a silent peer is taken for gone: with these defaults after some 30 seconds, whatever one waits for.

    0 is the system's own value, which may be hours.
    """

    on: bool = True
    idle: int = 10
    """Seconds of silence after which the peer is asked for a sign of life."""
    interval: int = 5
    """Seconds between such questions."""
    count: int = 4
    """Questions without an answer after which the peer is gone."""
    user_timeout: float = 30.0
    """Seconds that what was sent may stay unacknowledged. Where the platform has it, it holds instead of ``count``."""

    def for_libpq(self) -> dict[str, int]:
        """The same as libpq's parameters."""
        return {
            "keepalives": int(self.on),
            "keepalives_idle": self.idle,
            "keepalives_interval": self.interval,
            "keepalives_count": self.count,
            "tcp_user_timeout": round(self.user_timeout * 1000),
        }

    def set_on(self, given: Any) -> None:
        """Set the options of an event loop's socket (each kind of loop wraps it in its own way).

        Raises ``OSError`` for values the system does not take.
        """
        if given is None or given.family not in (socket.AF_INET, socket.AF_INET6):
            return
        tcp = socket.IPPROTO_TCP
        wanted: list[tuple[int, int | None, int]] = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(self.on))]
        if self.on:
            wanted += [(tcp, _IDLE, self.idle), (tcp, _INTERVAL, self.interval), (tcp, _COUNT, self.count)]
        wanted.append((tcp, _USER_TIMEOUT, round(self.user_timeout * 1000)))
        with socket.socket(fileno=os.dup(given.fileno())) as own:
            for level, option, value in wanted:
                if option is not None and (value or option == socket.SO_KEEPALIVE):
                    own.setsockopt(level, option, value)
