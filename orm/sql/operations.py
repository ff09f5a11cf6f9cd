"""``connection.ops``: what expressions written by hand, and code outside of models, ask of a backend in Django's words:
quoting, limits, and texts for LIKE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.types import BIGINT, DATE, INTEGER, SMALLINT
from orm.sql.zones import DAYS

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect

INTEGER_FIELDS = {
    "SmallIntegerField": SMALLINT, "IntegerField": INTEGER, "BigIntegerField": BIGINT,
    "SmallAutoField": SMALLINT, "AutoField": INTEGER, "BigAutoField": BIGINT,
}  # fmt: skip
POSITIVE = "Positive"
"""What the internal types of fields that hold no negative number begin with."""


class Operations:
    """Answers of one database. What is not here raises AttributeError: SQL is the dialect's to write."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def quote_name(self, name: str) -> str:
        """Return an identifier in quotes; one that is quoted stays as it is."""
        quoted = name.startswith('"') and name.endswith('"') and len(name) > 1
        return name if quoted else self._dialect.quote(name).replace("%%", "%")

    def max_name_length(self) -> int | None:
        """Return how long an identifier may be."""
        return self._dialect.capabilities.max_identifier_length

    def bulk_batch_size(self, fields: Any, objs: Any) -> int:
        """Return how many rows of so many columns one statement takes."""
        return max(1, self._dialect.capabilities.max_parameters // max(1, len(fields)))

    def integer_field_range(self, internal_type: str) -> tuple[int | None, int | None]:
        """Return the least and the greatest value of an integer field of that internal type."""
        low, high = self._dialect.integer_range(INTEGER_FIELDS[internal_type.removeprefix(POSITIVE)])
        return (0 if internal_type.startswith(POSITIVE) else low), high

    def prep_for_like_query(self, x: Any) -> str:
        """Return a text with LIKE's wildcards escaped."""
        return self._dialect.like_escaped(str(x))

    prep_for_iexact_query = prep_for_like_query

    def for_update_sql(
        self, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = (), no_key: bool = False
    ) -> str:
        """Return the clause that locks rows; ``of`` are quoted names of tables."""
        return self._dialect.for_update(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)

    def date_extract_sql(self, lookup_type: str, sql: str, params: Sequence[Any] = ()) -> tuple[str, Sequence[Any]]:
        """Return a part of a date, and its parameters. Raises ``ValueError`` for what is no part of one."""
        known = DAYS - {"date"}
        if lookup_type not in known:
            raise ValueError(f"Invalid lookup type: {lookup_type!r}. A date has {', '.join(sorted(known))}")
        return self._dialect.extract(lookup_type, sql, DATE, None), params

    def limit_offset_sql(self, low_mark: int | None, high_mark: int | None) -> str:
        """Return the clause that cuts a result to the rows from ``low_mark`` up to before ``high_mark``."""
        low = int(low_mark or 0)
        return self._dialect.limit(None if high_mark is None else str(int(high_mark) - low), str(low) if low else None)

    def force_no_ordering(self) -> list[Any]:
        """Return what an ORDER BY needs where rows are wanted in no order: nothing."""
        return []

    def no_limit_value(self) -> int | None:
        """Return what LIMIT takes for no limit."""
        return None

    def pk_default_value(self) -> str:
        """Return what an INSERT has in place of a key the database makes."""
        return "DEFAULT"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"connection.ops has no {name} here: it quotes names and knows limits; SQL is written by the dialect "
            "(orm.sql.dialect)."
        )
