"""``connection.queries`` and the logger ``django.db.backends``: what runs while DEBUG or ``force_debug_cursor`` is on.

Transaction control is among it, as in Django. Nothing here is imported or runs while neither says so.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from orm.db.observing.watched import QueryRecord, audience
from orm.late import LateLogger

LIMIT = 9000
"""How many statements are kept: the last ones."""

logger = LateLogger("django.db.backends")


class QueryLog:
    """The last statements of one database, as Django shows them: ``{"sql": ..., "time": ...}``."""

    def __init__(self, alias: str) -> None:
        self.kept: deque[dict[str, Any]] = deque(maxlen=LIMIT)
        self.forced: ContextVar[bool] = ContextVar(f"django.queries.{alias}", default=False)
        """Whether this context, and what it is carried to, is heard while DEBUG is off."""

    def force(self, wanted: bool) -> None:
        """Begin or stop to hear what this context runs."""
        if wanted is not self.forced.get():
            self.forced.set(wanted)
            hearing.count(1 if wanted else -1)

    def hear(self, record: QueryRecord) -> None:
        """Keep one statement, with its parameters put into the text for people to read, and log it."""
        if not (self.forced.get() or hearing.debug):
            return
        if record.many:
            logged = marked(record.sql)
            shown = f"{len(record.params)} times: {logged}"
        else:
            shown = logged = filled(record.sql, record.params)
        self.kept.append({"sql": shown, "time": f"{record.seconds:.3f}"})
        details = {"duration": record.seconds, "sql": logged, "params": record.params, "alias": record.alias}
        logger.debug("(%.3f) %s; args=%s; alias=%s", record.seconds, logged, record.params, record.alias, extra=details)


logs: dict[str, QueryLog] = {}


def log_of(alias: str) -> QueryLog:
    """Return the log of a database."""
    log = logs.get(alias)
    if log is None:
        log = logs.setdefault(alias, QueryLog(alias))
    return log


def hear(record: QueryRecord) -> None:
    """Give a statement to the log of its database."""
    log_of(record.alias).hear(record)


class Hearing:
    """Whether statements are heard: while DEBUG is on, or a context forces it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.debug = False
        """What the setting DEBUG is."""
        self._forced = 0

    def follow(self, debug: bool) -> None:
        """The setting DEBUG is what it is."""
        with self._lock:
            before, self.debug = self._wanted, debug
            self._change(before)

    def count(self, more: int) -> None:
        """So many contexts more force it."""
        with self._lock:
            before = self._wanted
            self._forced += more
            self._change(before)

    @property
    def _wanted(self) -> bool:
        return self.debug or self._forced > 0

    def _change(self, before: bool) -> None:
        if before is not self._wanted:
            if self._wanted:
                audience.add(hear, control=True)
            else:
                audience.remove(hear)


hearing = Hearing()

_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*["]"""
_FORMAT = re.compile(r"%%|%(\(\w+\))?s")
_NUMBERED = re.compile(rf"{_QUOTED}|\$(\d+)")
_QUESTIONS = re.compile(rf"{_QUOTED}|(\?)")


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else "NULL" if value is None else str(value)


def marked(sql: str) -> str:
    """Return a driver's statement with ``%s`` for its places."""
    style = _NUMBERED if _has_marks(_NUMBERED, sql) else _QUESTIONS
    return style.sub(lambda mark: mark[0] if mark[1] is None else "%s", sql)


def filled(sql: str, params: Any) -> str:
    """Return a statement with its parameters in it, for people: never to be run."""
    if not params:
        return sql
    if isinstance(params, Mapping):
        return _FORMAT.sub(lambda mark: "%" if mark[1] is None else _shown(params.get(mark[1][1:-1])), sql)
    shown = [_shown(value) for value in params]
    taken = iter(shown)
    if "%s" in sql:
        return _FORMAT.sub(lambda mark: "%" if mark[0] == "%%" else next(taken, "%s"), sql)
    if _has_marks(_NUMBERED, sql):
        return _NUMBERED.sub(lambda mark: mark[0] if mark[1] is None else _numbered(shown, mark), sql)
    return _QUESTIONS.sub(lambda mark: mark[0] if mark[1] is None else next(taken, "?"), sql)


def _numbered(shown: list[str], mark: re.Match[str]) -> str:
    number = int(mark[1])
    return shown[number - 1] if 0 < number <= len(shown) else mark[0]


def _has_marks(style: re.Pattern[str], sql: str) -> bool:
    return any(mark[1] is not None for mark in style.finditer(sql))
