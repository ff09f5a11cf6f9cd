"""``connection.ops`` of ``django.db``: what expressions may ask, and the texts of savepoints and for people."""

from __future__ import annotations

from typing import Any

from orm.compat.django.query_log import filled
from orm.sql.operations import Operations


class LegacyOperations(Operations):
    """Answers of one database. What is not here raises AttributeError: SQL is the dialect's to write."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return a statement with its parameters in it, for people."""
        return filled(sql, params)

    def savepoint_create_sql(self, sid: str) -> str:
        """Return the statement that begins a savepoint."""
        return f"SAVEPOINT {self.quote_name(sid)}"

    def savepoint_commit_sql(self, sid: str) -> str:
        """Return the statement that ends a savepoint."""
        return f"RELEASE SAVEPOINT {self.quote_name(sid)}"

    def savepoint_rollback_sql(self, sid: str) -> str:
        """Return the statement that goes back to a savepoint."""
        return f"ROLLBACK TO SAVEPOINT {self.quote_name(sid)}"
