"""What stands beside tables in SQLite: triggers and indexes."""

from __future__ import annotations

from collections.abc import Sequence

from orm.errors import NotSupportedError
from orm.sql.dialect import Dialect
from orm.sql.objects import TriggerText


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
        """Return the trigger. Raises ``NotSupportedError`` for several events or one of a whole statement."""
        if len(events) != 1 or not each_row or "TRUNCATE" in events:
            raise NotSupportedError(f"A trigger of {self.name} runs for each row, on one of INSERT, UPDATE or DELETE.")
        when = f" WHEN {condition}" if condition is not None else ""
        return [f"CREATE TRIGGER {name} {timing} {events[0]} ON {table} FOR EACH ROW{when} BEGIN {body}; END"]

    def follow(
        self, table: str, key: Sequence[str], source: str, target: str, sql_type: str, *, lenient: bool
    ) -> list[TriggerText]:
        """A trigger can't change the row that is written, only write it again: so they come after it."""
        update = f"UPDATE {table} SET {target} = NEW.{source} WHERE {_this_row(key)}"
        return [
            TriggerText("AFTER", ("INSERT",), update),
            TriggerText("AFTER", ("UPDATE",), update, f"NEW.{source} IS NOT OLD.{source}"),
        ]

    def mirror(self, table: str, key: Sequence[str], old: str, new: str) -> list[TriggerText]:
        """Whoever writes knows one of the two: what an UPDATE changed, and what an INSERT gives, is what counts."""
        changed = f"CASE WHEN NEW.{new} IS NOT OLD.{new} THEN NEW.{new} ELSE NEW.{old} END"

        def both(value: str) -> str:
            return f"UPDATE {table} SET {old} = {value}, {new} = {value} WHERE {_this_row(key)}"

        return [
            TriggerText("AFTER", ("INSERT",), both(f"coalesce(NEW.{new}, NEW.{old})")),
            TriggerText(
                "AFTER", ("UPDATE",), both(changed), f"NEW.{new} IS NOT OLD.{new} OR NEW.{old} IS NOT OLD.{old}"
            ),
        ]

    def drop_index(self, table: str, name: str, *, concurrently: bool = False) -> str:
        return f"DROP INDEX IF EXISTS {name}"

    def rename_index(self, table: str, old: str, new: str) -> str | None:
        return None


def _this_row(key: Sequence[str]) -> str:
    return " AND ".join(f"{column} = NEW.{column}" for column in key)
