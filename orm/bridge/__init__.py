"""Where the colours meet: the only room with threads and event loops.

``run`` and ``iterate`` are what generated twins call, ``drive`` is the trick behind them, ``breathe`` lets an event
loop serve others during long work.
"""

from __future__ import annotations

from orm.bridge.drive import breathe, drive, iterate, run

__all__ = ["breathe", "drive", "iterate", "run"]
