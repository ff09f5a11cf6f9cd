"""``orm check``: does each configured database answer, in both colours, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from orm.bridge import portal, run
from orm.db.contract import Driver
from orm.db.registry import databases
from orm.errors import Error

ROUND_TRIPS = 5
BRIDGED = "through the bridge"


@dataclass(frozen=True)
class Finding:
    """What one database said in one colour. ``seconds`` is the median of a few round trips on an open connection."""

    alias: str
    url: str
    colour: str
    driver: str
    version: str = ""
    seconds: float = 0.0
    error: str = ""


def examine() -> Iterator[Finding]:
    """Yield a finding for each configured database and colour; what went wrong is in its ``error``."""
    for alias in databases:
        try:
            database = databases[alias]
        except Error as error:
            yield Finding(alias, "", "both", "", error=str(error))
            continue
        backend = database.backend
        yield _ask(alias, "awaitable", _name(backend.awaitable), portal.run)
        yield _ask(alias, "blocking", _name(backend.blocking), run)


def _ask(alias: str, colour: str, driver: str, wait: Callable[[Coroutine[object, None, object]], Any]) -> Finding:
    database = databases[alias]
    url = str(database.url)
    try:
        rows = wait(database.fetch(database.dialect.version_query))
        times = []
        for _ in range(ROUND_TRIPS):
            began = time.perf_counter()
            wait(database.fetch("SELECT 1"))
            times.append(time.perf_counter() - began)
    except (Error, OSError) as error:
        return Finding(alias, url, colour, driver, error=f"{type(error).__name__}: {error}")
    return Finding(alias, url, colour, driver, str(rows[0][0]), median(times))


def _name(driver: Driver | None) -> str:
    """Return where a driver comes from, or that the bridge supplies this colour."""
    return BRIDGED if driver is None else driver.module
