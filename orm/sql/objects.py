"""How one database spells what stands beside its tables: views, triggers, policies, partitions, extensions, collations.

Names come in quoted and in the compiler's form, bodies and queries as they were written. Views are standard SQL; what
a database has not is refused with a sentence, but extensions and collations, which only some need, are None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from orm.errors import NotSupportedError
from orm.records import NamedTuple


class TriggerText(NamedTuple):
    """What a trigger of one database is made of, as ``create_trigger`` takes it, but with single per cent signs."""

    timing: str
    events: tuple[str, ...]
    body: str
    condition: str | None = None


class LockQueries(NamedTuple):
    """Queries that show which locks a session has on tables and indexes; ``{session}`` stands for its number."""

    session: str
    """The number of the session that asks."""
    newest: str
    """The number of the newest table or index: those with a higher one came later."""
    locks: str
    """Transaction, number and name of what is locked, mode, and whether the session has it (or waits for it)."""
    waiting: str
    """How many locks the session waits for, of any kind."""
    hold: str
    """What lets a transaction look as if it had written to ``{tables}``."""


class ObjectSpelling:
    """The part of a dialect that makes and drops them."""

    name: str

    def _without(self, what: str) -> NoReturn:
        raise NotSupportedError(f"{self.name} has no {what}.")

    def create_view(self, name: str, query: str, materialized: bool) -> str:
        """Return the statement that makes a view. Raises ``NotSupportedError``."""
        if materialized:
            self._without("materialized views")
        return f"CREATE VIEW {name} AS {query}"

    def drop_view(self, name: str, materialized: bool) -> str:
        """Return the statement that drops a view."""
        return f"DROP {'MATERIALIZED ' if materialized else ''}VIEW {name}"

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
        """Return the statements that make a trigger which runs ``body``. Raises ``NotSupportedError``."""
        self._without("triggers")

    def drop_trigger(self, table: str, name: str) -> list[str]:
        """Return the statements that drop a trigger."""
        return [f"DROP TRIGGER {name}"]

    def follow(
        self, table: str, key: Sequence[str], source: str, target: str, sql_type: str, *, lenient: bool
    ) -> list[TriggerText]:
        """Return triggers that give the column ``target`` what is written to ``source``, as a value of ``sql_type``;
        ``lenient`` gives NULL for what is none. Names are quoted. Raises ``NotSupportedError``.
        """
        self._without("triggers that keep columns in step")

    def mirror(self, table: str, key: Sequence[str], old: str, new: str) -> list[TriggerText]:
        """Return triggers that give either of two columns what the other is given. Raises ``NotSupportedError``."""
        self._without("triggers that keep columns in step")

    def row_security(self, table: str, enabled: bool, force: bool) -> list[str]:
        """Return the statements that turn row-level security of a table on or off. Raises ``NotSupportedError``."""
        self._without("row-level security")

    def create_policy(
        self,
        table: str,
        name: str,
        command: str,
        roles: Sequence[str],
        using: str | None,
        check: str | None,
        restrictive: bool,
    ) -> str:
        """Return the statement that makes a policy. Raises ``NotSupportedError``."""
        self._without("row-level security")

    def drop_policy(self, table: str, name: str) -> str:
        """Return the statement that drops a policy."""
        return f"DROP POLICY {name} ON {table}"

    def partitioned(self, kind: str, columns: str) -> str:
        """Return the end of CREATE TABLE that partitions it. Raises ``NotSupportedError``."""
        self._without("partitions")

    def create_partition(self, table: str, name: str, values: str) -> str:
        """Return the statement that makes a partition of a table. Raises ``NotSupportedError``."""
        self._without("partitions")

    def drop_partition(self, name: str) -> str:
        """Return the statement that drops a partition with its rows. Raises ``NotSupportedError``."""
        self._without("partitions")

    def create_extension(self, name: str) -> str | None:
        """Return the statement that adds an extension unless it is there; None where there are none."""
        return None

    def drop_extension(self, name: str) -> str | None:
        """Return the statement that drops an extension if it is there."""
        return None

    def create_collation(self, name: str, locale: str, provider: str, deterministic: bool) -> str | None:
        """Return the statement that makes a collation (``locale`` is a literal); None where none can be made."""
        return None

    def drop_collation(self, name: str) -> str | None:
        """Return the statement that drops a collation; None where none can be made."""
        return None
