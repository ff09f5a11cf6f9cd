"""Counts the statements that pass a database's door: real statements, watched on their way."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from orm.db.database import AwaitableDatabase

WATCHED = ("fetch", "fetch_named", "run_written", "execute", "execute_many", "execute_script", "insert", "stream")


class Queries(list[str]):
    """The SQL of the statements that ran inside its ``with`` block; transaction control takes another door."""

    def __init__(self) -> None:
        super().__init__()
        self._originals: dict[str, Callable[..., Any]] = {}

    def __enter__(self) -> Queries:
        self.clear()
        for name in WATCHED:
            self._originals[name] = vars(AwaitableDatabase)[name]
            setattr(AwaitableDatabase, name, self._watched(self._originals[name]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for name, original in self._originals.items():
            setattr(AwaitableDatabase, name, original)

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def run(database: Any, sql: str, *rest: Any, **options: Any) -> Any:
            self.append(sql)
            return original(database, sql, *rest, **options)

        return run
