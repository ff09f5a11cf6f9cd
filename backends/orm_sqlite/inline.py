"""``?inline=0.001``: short statements run on the event loop's own thread, within a budget of seconds.

A hop to the connection's thread and back costs more than a get by key takes. So a SELECT that has a LIMIT, or that
finds its rows by keys, is run where it is asked for. SQLite itself stops it once it has used up the budget; then it is
run again in the thread, and so are those of the same text that follow, for ten budgets at first and four times as long
each time. Whenever a budget has gone by since, the others on the loop have a turn. What this module refuses:
everything else, such as any write, and a journal that makes readers wait.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from orm.errors import DatabaseError, ImproperlyConfigured
from orm_sqlite.errors import CAUGHT

if TYPE_CHECKING:
    from orm.db.contract import Params, Row
    from orm.db.url import DatabaseURL
    from orm_sqlite.session import Session

OPTION = "inline"
LONGEST = 0.1
"""Seconds that a budget may be; a loop that stands still for longer is not one."""

PAUSE, LONGEST_PAUSE = 10.0, 3600.0
"""How long a text that overran stays in the thread: so many budgets, four times as many each time, seconds at most. One
answer in time takes one overrun back, since it may have been the machine; so overruns take a tenth of the loop's time
at most."""

_STEP = re.compile(
    r"SEARCH \S+(?: AS \S+)? USING (?:INTEGER PRIMARY KEY \(rowid=\?\)|(?:COVERING )?INDEX (?P<index>\S+) "
    r"\((?P<terms>\w+=\?(?: AND \w+=\?)*)\))(?: LEFT-JOIN)?"
)
"""A step of a query plan that finds one row of a table, or those with some values in an index."""

_UNIQUE = """
    SELECT l.name, count(*) FROM sqlite_master AS m, pragma_index_list(m.name) AS l, pragma_index_info(l.name)
    WHERE m.type = 'table' AND l."unique" AND NOT l.partial GROUP BY l.name
"""
"""The unique indexes, and how many columns each has."""

_STEPS = 500
"""After how many of SQLite's steps the clock is looked at: some 10 µs where nothing has to be read from a disk."""
_MOST_TEXTS = 10_000


class Texts:
    """Which texts run on the loop's thread, learned by all connections of one database together."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._here_from: dict[str, float] = {}
        self._overruns: dict[str, int] = {}

    def runs_here(self, sql: str) -> bool | None:
        """Whether a text runs on the loop's thread now; None where that is not known yet."""
        moment = self._here_from.get(sql)
        return None if moment is None else moment == 0.0 or moment <= perf_counter()

    def keep(self, sql: str, is_short: bool) -> None:
        """Note whether a text is known to be short."""
        if len(self._here_from) >= _MOST_TEXTS:
            self._here_from.clear()
            self._overruns.clear()
        self._here_from[sql] = 0.0 if is_short else math.inf

    def took(self, sql: str, seconds: float, now: float) -> None:
        """Note how long a statement took that ran on the loop's thread."""
        if seconds > self.budget:
            overruns = self._overruns[sql] = min(self._overruns.get(sql, 0) + 1, 16)
            self._here_from[sql] = now + min(self.budget * PAUSE * 4.0 ** (overruns - 1), LONGEST_PAUSE)
        elif self._overruns and sql in self._overruns:
            overruns = self._overruns[sql] = self._overruns[sql] - 1
            if overruns <= 0:
                del self._overruns[sql]
                self._here_from[sql] = 0.0


class Inline:
    """One connection's way to run statements on the loop's thread."""

    def __init__(self, texts: Texts) -> None:
        self.runs_here = texts.runs_here
        self._texts = texts
        self._budget = texts.budget
        self._turn = self._deadline = perf_counter()

    def learn(self, session: Session, sql: str, params: Params) -> bool:
        """Find out, in the connection's thread, whether a text is known to be short."""
        is_short = sql.startswith("SELECT ") and (" LIMIT " in sql or _is_by_key(session, sql, params))
        self._texts.keep(sql, is_short)
        return is_short

    async def fetch(self, session: Session, sql: str, params: Params) -> Sequence[Row] | None:
        """Run a statement here and return its rows; None when it has to be run in the thread after all."""
        raw = session.raw
        began = perf_counter()
        self._deadline = began + self._budget
        raw.set_progress_handler(self._is_over, _STEPS)
        rows: list[Row] | None
        try:
            rows = raw.execute(sql, params).fetchall()
        except CAUGHT:
            rows = None  # stopped, or wrong, or locked out: the thread waits, and says what is wrong
        finally:
            raw.set_progress_handler(None, _STEPS)
        now = perf_counter()
        self._texts.took(sql, now - began, now)
        if now - self._turn > self._budget:
            await asyncio.sleep(0)  # who gets answers at once never waits, and others would never have their turn
            self._turn = perf_counter()
        return rows

    def _is_over(self) -> bool:
        return perf_counter() > self._deadline


def _is_by_key(session: Session, sql: str, params: Params) -> bool:
    """Whether SQLite finds each table's row by a key that only one row has."""
    try:
        plan = [str(row[-1]) for row in session.fetch(f"EXPLAIN QUERY PLAN {sql}", params)]
    except DatabaseError:
        return False  # running it says what is wrong
    steps = [_STEP.fullmatch(step) for step in plan]
    if not plan or None in steps:
        return False
    indexes = [(step["index"], step["terms"].count("=?")) for step in steps if step is not None and step["index"]]
    if not indexes:
        return True
    unique = {name: columns for name, columns in session.fetch(_UNIQUE)}  # noqa: C416
    return all(unique.get(name) == columns for name, columns in indexes)


_known: dict[tuple[str, str, str, float], Texts] = {}


def inline_of(url: DatabaseURL) -> Inline | None:
    """Return what runs a connection's short statements on the loop's thread; None unless the URL has the option.

    Raises ``ImproperlyConfigured`` for a budget that is none, and where readers wait for writers.
    """
    text = url.options.get(OPTION)
    if text is None:
        return None
    try:
        budget = float(text)
    except ValueError:
        budget = -1.0
    if not 0 <= budget <= LONGEST:
        raise ImproperlyConfigured(f"the SQLite option 'inline' is a number of seconds up to {LONGEST}, not {text!r}")
    if budget == 0:
        return None
    journal = str(url.options.get("journal_mode", "wal")).lower()
    if journal != "wal":
        raise ImproperlyConfigured(
            f"the SQLite option 'inline' needs journal_mode=wal: with {journal}, a reader waits for writers on the loop"
        )
    place = (url.folder, url.database, url.options.get("name", ""), budget)
    return Inline(_known.setdefault(place, Texts(budget)))
