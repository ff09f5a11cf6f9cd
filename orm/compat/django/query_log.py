"""``connection.queries``: the last statements of one database, kept while DEBUG or ``force_debug_cursor`` says so."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from orm.db.observing.watched import CapturedQueries, QueryRecord

LIMIT = 9000
"""How many statements are kept: the last ones."""


class QueryLog(CapturedQueries):
    """Hears statements as a capture does, and keeps them as Django shows them: ``{"sql": ..., "time": ...}``."""

    def __init__(self, using: str) -> None:
        super().__init__(using)
        self.kept: deque[dict[str, Any]] = deque(maxlen=LIMIT)

    def append(self, record: QueryRecord) -> None:
        """Keep one statement, with its parameters put into the text, for people to read."""
        if record.many:
            text = f"{len(record.params)} times: {record.sql}"
        else:
            text = filled(record.sql, record.params)
        self.kept.append({"sql": text, "time": f"{record.seconds:.3f}"})

    def listen(self, wanted: bool) -> None:
        """Begin or stop to hear what this context runs."""
        if wanted and not self.open:
            self.__enter__()
        elif self.open and not wanted:
            self.__exit__(None, None, None)


_MARK = re.compile(r"%%|%(\(\w+\))?s")


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else "NULL" if value is None else str(value)


def filled(sql: str, params: Any) -> str:
    """Return a statement with its parameters in it, for people: never to be run."""
    if not params:
        return sql
    if isinstance(params, Mapping):
        return _MARK.sub(lambda mark: "%" if mark[1] is None else _shown(params.get(mark[1][1:-1])), sql)
    shown = [_shown(value) for value in params]
    text = sql
    if "%s" in text:
        taken = iter(shown)
        return _MARK.sub(lambda mark: "%" if mark[0] == "%%" else next(taken, "%s"), text)
    if "?" in text:
        for value in shown:
            text = text.replace("?", value, 1)
        return text
    for number in range(len(shown), 0, -1):
        text = text.replace(f"${number}", shown[number - 1])
    return text
