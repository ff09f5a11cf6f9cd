"""``connection.ops``: what code outside of models asks of a backend: quoting, limits, and texts for LIKE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.compat.django.query_log import filled
from orm.sql.dialect import like_escape
from orm.sql.types import INTEGER_RANGES

if TYPE_CHECKING:
    from orm.db.database_blocking import Database

INTERNAL_TYPES = {
    "SmallIntegerField": "smallint", "IntegerField": "integer", "BigIntegerField": "bigint",
    "PositiveSmallIntegerField": "positive_smallint", "PositiveIntegerField": "positive_integer",
    "PositiveBigIntegerField": "positive_bigint", "SmallAutoField": "smallint", "AutoField": "integer",
    "BigAutoField": "bigint",
}  # fmt: skip


class LegacyOperations:
    """Answers of one database. What is not here raises AttributeError: SQL is the dialect's to write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def quote_name(self, name: str) -> str:
        """Return an identifier in quotes; one that is quoted stays as it is."""
        quoted = name.startswith('"') and name.endswith('"') and len(name) > 1
        return name if quoted else self._database.dialect.quote(name).replace("%%", "%")

    def max_name_length(self) -> int | None:
        """Return how long an identifier may be."""
        return self._database.dialect.capabilities.max_identifier_length

    def bulk_batch_size(self, fields: Any, objs: Any) -> int:
        """Return how many rows of so many columns one statement takes."""
        return max(1, self._database.dialect.capabilities.max_parameters // max(1, len(fields)))

    def integer_field_range(self, internal_type: str) -> tuple[int | None, int | None]:
        """Return the least and the greatest value of an integer field of that internal type."""
        low, high = INTEGER_RANGES[INTERNAL_TYPES[internal_type]]
        return low, high

    def prep_for_like_query(self, x: Any) -> str:
        """Return a text with LIKE's wildcards escaped."""
        return like_escape(str(x))

    prep_for_iexact_query = prep_for_like_query

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return a statement with its parameters in it, for people."""
        return filled(sql, params)

    def no_limit_value(self) -> int | None:
        """Return what LIMIT takes for no limit."""
        return None

    def pk_default_value(self) -> str:
        """Return what an INSERT has in place of a key the database makes."""
        return "DEFAULT"

    def savepoint_create_sql(self, sid: str) -> str:
        """Return the statement that begins a savepoint."""
        return f"SAVEPOINT {self.quote_name(sid)}"

    def savepoint_commit_sql(self, sid: str) -> str:
        """Return the statement that ends a savepoint."""
        return f"RELEASE SAVEPOINT {self.quote_name(sid)}"

    def savepoint_rollback_sql(self, sid: str) -> str:
        """Return the statement that goes back to a savepoint."""
        return f"ROLLBACK TO SAVEPOINT {self.quote_name(sid)}"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"connection.ops has no {name} here: it quotes names and knows limits; SQL is written by the dialect "
            "(orm.sql.dialect)."
        )
