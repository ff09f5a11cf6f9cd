"""What stands beside tables in SQLite: triggers and indexes."""

from __future__ import annotations

from collections.abc import Sequence

from orm.errors import NotSupportedError
from orm.sql.dialect import Dialect


class SQLiteObjects(Dialect):
    """The part of the dialect that makes and drops them."""

    def create_trigger(
        self,
        table: str,
        name: str,
        timing: str,
        events: Sequence[str],
        body: str,
        condition: str | None,
        each_row: bool,
    ) -> list[str]:
        """Return the trigger. Raises NotSupportedError for several events, and for one that runs for a statement."""
        if len(events) != 1 or not each_row or "TRUNCATE" in events:
            raise NotSupportedError(f"A trigger of {self.name} runs for each row, on one of INSERT, UPDATE or DELETE.")
        when = f" WHEN {condition}" if condition is not None else ""
        return [f"CREATE TRIGGER {name} {timing} {events[0]} ON {table} FOR EACH ROW{when} BEGIN {body}; END"]

    def drop_index(self, table: str, name: str, *, concurrently: bool = False) -> str:
        return f"DROP INDEX IF EXISTS {name}"

    def rename_index(self, table: str, old: str, new: str) -> str | None:
        return None
