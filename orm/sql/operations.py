"""``connection.ops``: what expressions written by hand, and code outside of models, ask of a backend in Django's words:
quoting, limits, and texts for LIKE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.sql.types import (
    BIGINT,
    DATE,
    DATETIME,
    DECIMAL,
    FIELD_NAMES,
    INTEGER,
    SMALLINT,
    TEXT,
    TIME,
    UNKNOWN,
    SQLType,
)
from orm.sql.zones import DAYS, HOURS

if TYPE_CHECKING:
    import datetime
    import decimal

    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
else:
    from orm.late import decimal

INTEGER_FIELDS = {
    "SmallIntegerField": SMALLINT, "IntegerField": INTEGER, "BigIntegerField": BIGINT,
    "SmallAutoField": SMALLINT, "AutoField": INTEGER, "BigAutoField": BIGINT,
}  # fmt: skip
COMPARED = {"exact": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
MATCHES = (
    "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex",
)  # fmt: skip
"""The lookups that match text."""
_CUT_DAYS = frozenset({"year", "quarter", "month", "week", "day"})
_CUT_HOURS = frozenset({"hour", "minute", "second"})
POSITIVE = "Positive"
"""What the internal types of fields that hold no negative number begin with."""


def operators_of(dialect: Dialect) -> dict[str, str]:
    """Return the operator of each lookup that compares, with ``%s`` for the parameter."""
    found = {name: f"{sign} %s" for name, sign in COMPARED.items()}
    for name in MATCHES:
        sql = dialect.pattern(name, TEXT).sql
        if sql.startswith("{lhs} "):
            found[name] = sql.removeprefix("{lhs} ")
    return found


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

    def bulk_batch_size(self, fields: Any, objs: object) -> int:
        """Return how many rows of so many columns one statement takes."""
        return max(1, self._dialect.capabilities.max_parameters // max(1, len(fields)))

    def integer_field_range(self, internal_type: str) -> tuple[int | None, int | None]:
        """Return the least and the greatest value of an integer field of that internal type."""
        low, high = self._dialect.integer_range(INTEGER_FIELDS[internal_type.removeprefix(POSITIVE)])
        return (0 if internal_type.startswith(POSITIVE) else low), high

    def prep_for_like_query(self, x: object) -> str:
        """Return a text with LIKE's wildcards escaped."""
        return self._dialect.like_escaped(str(x))

    prep_for_iexact_query = prep_for_like_query

    def for_update_sql(
        self, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = (), no_key: bool = False
    ) -> str:
        """Return the clause that locks rows; ``of`` are quoted names of tables."""
        return self._dialect.for_update(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)

    def date_extract_sql(self, lookup_type: str, sql: str, params: Sequence[object] = ()) -> Rendered:
        """Return a part of a date, and its parameters. Raises ``ValueError`` for what is no part of one."""
        known = DAYS - {"date"}
        if lookup_type not in known:
            raise ValueError(f"Invalid lookup type: {lookup_type!r}. A date has {', '.join(sorted(known))}")
        return self._dialect.extract(lookup_type, sql, DATE, None), params

    def time_extract_sql(self, lookup_type: str, sql: str, params: Sequence[object] = ()) -> Rendered:
        """Return a part of a time of day, and its parameters. Raises ``ValueError`` for what is no part of one."""
        if lookup_type not in HOURS - {"time"}:
            raise ValueError(f"Invalid lookup type: {lookup_type!r}. A time has {', '.join(sorted(HOURS - {'time'}))}")
        return self._dialect.extract(lookup_type, sql, TIME, None), params

    def datetime_extract_sql(
        self, lookup_type: str, sql: str, params: Sequence[object], tzname: str | None
    ) -> Rendered:
        """Return a part of a moment in a zone, and its parameters. Raises ``ValueError`` for what is no part of one."""
        known = (DAYS | HOURS) - {"date", "time"}
        if lookup_type not in known:
            raise ValueError(f"Invalid lookup type: {lookup_type!r}. A moment has {', '.join(sorted(known))}")
        return self._dialect.extract(lookup_type, sql, DATETIME, tzname), params

    def date_trunc_sql(
        self, lookup_type: str, sql: str, params: Sequence[object], tzname: str | None = None
    ) -> Rendered:
        """Return a date cut to its year, quarter, month or week, and its parameters."""
        return self._cut(lookup_type, _CUT_DAYS, sql, DATE, tzname), params

    def datetime_trunc_sql(self, lookup_type: str, sql: str, params: Sequence[object], tzname: str | None) -> Rendered:
        """Return a moment cut to a part of it in a zone, and its parameters."""
        return self._cut(lookup_type, _CUT_DAYS | _CUT_HOURS, sql, DATETIME, tzname), params

    def time_trunc_sql(
        self, lookup_type: str, sql: str, params: Sequence[object], tzname: str | None = None
    ) -> Rendered:
        """Return a time of day cut to its hour, minute or second, and its parameters."""
        return self._cut(lookup_type, _CUT_HOURS, sql, TIME, tzname), params

    def datetime_cast_date_sql(self, sql: str, params: Sequence[object], tzname: str | None) -> Rendered:
        """Return the day of a moment in a zone, and its parameters."""
        return self._dialect.truncate("date", sql, DATETIME, tzname), params

    def datetime_cast_time_sql(self, sql: str, params: Sequence[object], tzname: str | None) -> Rendered:
        """Return the time of day of a moment in a zone, and its parameters."""
        return self._dialect.truncate("time", sql, DATETIME, tzname), params

    def _cut(self, part: str, known: frozenset[str], sql: str, kind: SQLType, tzname: str | None) -> str:
        if part not in known:
            raise ValueError(f"Invalid lookup type: {part!r}. What can be cut to: {', '.join(sorted(known))}")
        return self._dialect.truncate(part, sql, kind, tzname)

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """Return what the left side of a lookup needs, with ``%s`` for it: a match of text needs a text."""
        if lookup_type not in MATCHES:
            return "%s"
        named = {name: kind for kind, name in FIELD_NAMES.items()}
        kind = named.get(internal_type or "")
        return self._dialect.as_text("%s", UNKNOWN if kind is None else SQLType(kind))

    def combine_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        """Return the arithmetic expression of operands, which is worked out from the left."""
        first, *others = sub_expressions
        for other in others:
            first = self._dialect.combine(connector, first, other, None, None)
        return first

    def adapt_datefield_value(self, value: object) -> datetime.date | None:
        """Return a date as it is bound. Raises ``ValueError`` and ``TypeError`` for what can't be one."""
        found: datetime.date | None = DATE.get_prep_value(value)
        return found

    def adapt_datetimefield_value(self, value: object) -> datetime.datetime | None:
        """Return a moment as it is bound. Raises ``ValueError`` and ``TypeError`` for what can't be one."""
        found: datetime.datetime | None = DATETIME.get_prep_value(value)
        return found

    def adapt_timefield_value(self, value: object) -> datetime.time | None:
        """Return a time of day as it is bound. Raises ``ValueError`` and ``TypeError`` for what can't be one."""
        found: datetime.time | None = TIME.get_prep_value(value)
        return found

    def adapt_decimalfield_value(
        self, value: object, max_digits: int | None = None, decimal_places: int | None = None
    ) -> decimal.Decimal | None:
        """Return a decimal as a column of so many digits and places holds it.

        Raises ``decimal.InvalidOperation`` for one with more digits.
        """
        number: decimal.Decimal | None = DECIMAL.get_prep_value(value)
        if number is None or decimal_places is None:
            return number
        context = decimal.Context(prec=max_digits or decimal.MAX_PREC)
        return number.quantize(decimal.Decimal(1).scaleb(-decimal_places), context=context)

    def adapt_ipaddressfield_value(self, value: str | None) -> str | None:
        """Return an address as it is bound: an empty one is NULL."""
        return value or None

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
