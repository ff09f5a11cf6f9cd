"""Counts the statements that reach a database, whichever way they take: real connections, watched."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from orm.db.contract import Connection

WATCHED = ("fetch", "fetch_named", "execute", "execute_many", "execute_script", "stream")
NOT_QUERIES = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def connection_classes(base: type[Any] = Connection) -> list[type[Any]]:
    """The backends' own connection classes; the bridge's adapters pass statements on and would count them twice."""
    found = []
    for cls in base.__subclasses__():
        found += connection_classes(cls)
        if not cls.__module__.startswith("orm."):
            found.append(cls)
    return found


class Queries(list[str]):
    """The SQL of the statements that ran inside its ``with`` block, transaction control left out."""

    def __init__(self) -> None:
        super().__init__()
        self._restore: list[tuple[type[Any], str, Any]] = []
        self._inside: set[int] = set()

    def __enter__(self) -> Queries:
        self.clear()
        for cls in connection_classes():
            for name in WATCHED:
                if name in vars(cls):
                    self._restore.append((cls, name, vars(cls)[name]))
                    setattr(cls, name, self._watched(vars(cls)[name], name == "stream"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        for cls, name, original in self._restore:
            setattr(cls, name, original)
        self._restore.clear()

    def _note(self, sql: str) -> None:
        if not sql.lstrip().upper().startswith(NOT_QUERIES):
            self.append(sql)

    def _watched(self, original: Callable[..., Any], streams: bool) -> Callable[..., Any]:
        def stream(connection: Any, sql: str, *rest: Any, **options: Any) -> Any:
            self._note(sql)
            return original(connection, sql, *rest, **options)

        async def run(connection: Any, sql: str, *rest: Any, **options: Any) -> Any:
            # A method that is made of another one counts once.
            if id(connection) in self._inside:
                return await original(connection, sql, *rest, **options)
            self._note(sql)
            self._inside.add(id(connection))
            try:
                return await original(connection, sql, *rest, **options)
            finally:
                self._inside.discard(id(connection))

        return stream if streams else run
