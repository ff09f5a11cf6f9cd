"""Functions of dates and times: parts (Extract…), cutting (Trunc…) and Now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.sql import types
from orm.sql.calls import Func
from orm.sql.lookups import EXTRACTS, Extract, TruncDate, TruncTime
from orm.sql.types import SQLType
from orm.sql.zones import DAYS, HOURS, MOMENT_FIELDS, InZone, LocalMoment, source_named

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect

ExtractYear, ExtractIsoYear = EXTRACTS["ExtractYear"], EXTRACTS["ExtractIsoYear"]
ExtractQuarter, ExtractMonth = EXTRACTS["ExtractQuarter"], EXTRACTS["ExtractMonth"]
ExtractWeek, ExtractDay = EXTRACTS["ExtractWeek"], EXTRACTS["ExtractDay"]
ExtractWeekDay, ExtractIsoWeekDay = EXTRACTS["ExtractWeekDay"], EXTRACTS["ExtractIsoWeekDay"]
ExtractHour, ExtractMinute, ExtractSecond = (EXTRACTS[f"Extract{part}"] for part in ("Hour", "Minute", "Second"))


class Now(Func):
    """The database's time at the start of the statement (of the transaction, where the database says so)."""

    template = "CURRENT_TIMESTAMP"
    arity = 0
    takes_extra = False

    def _infer_output_field(self) -> SQLType | None:
        return types.DATETIME

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: Any) -> tuple[str, Sequence[Any]]:
        return connection.now(), []


TRUNC_KINDS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
"""What a date or time can be cut to: the closed set that ``Trunc`` chooses from."""


class Trunc(InZone, Func):
    """A date or datetime cut to its year, quarter, month, week, day, hour, minute or second.

    A datetime is cut in ``tzinfo`` (a tzinfo or an IANA name), or else in the current zone, and read in that zone.
    """

    kind = ""
    takes_extra = False

    def __init__(
        self,
        expression: Any,
        kind: str | None = None,
        output_field: SQLType | None = None,
        tzinfo: datetime.tzinfo | str | None = None,
        **extra: Any,
    ) -> None:
        chosen = self.kind if kind is None else kind
        if chosen not in TRUNC_KINDS:
            raise ValueError(f"kind is one of {', '.join(TRUNC_KINDS)}, not {chosen!r}")
        super().__init__(expression, output_field=output_field, **extra)
        if kind is not None:
            self.kind = kind
        self.take_zone(tzinfo)

    @property
    def output_field(self) -> SQLType:
        """The type of the result: a datetime is one of the zone."""
        return self._in_zone(super().output_field)

    @property
    def output_field_or_none(self) -> SQLType | None:
        """The type of the result, or None where it can't be inferred."""
        found = super().output_field_or_none
        return None if found is None else self._in_zone(found)

    def _in_zone(self, found: SQLType) -> SQLType:
        zone = self.zone() if found.kind == "datetime" and not hasattr(found, "from_db_value") else None
        return found if zone is None or zone is types.UTC else LocalMoment(zone)

    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.source_expressions[0].output_field_or_none
        return source

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return this about a column.

        Raises ``TypeError`` for what is no date or time, and ``ValueError`` for a kind or type that it has not.
        """
        new = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        field = new.source_expressions[0].output_field_or_none
        if field is not None:  # an outer query's column has a type once it is known
            new.check_source(field)
        return new

    def check_source(self, field: SQLType) -> None:
        """Raise ``TypeError`` or ``ValueError`` where such a value can't be cut to this."""
        named = source_named(self.source_expressions[0])
        if field.kind not in ("date", "time", "datetime"):
            raise TypeError(f"{named} isn't a DateField, TimeField, or DateTimeField.")
        wanted = (self._output_field or field).kind
        if wanted not in ("date", "time", "datetime"):
            raise ValueError(f"output_field must be either DateField, TimeField, or DateTimeField, not of a {wanted}")
        other = {"date": HOURS, "time": DAYS}.get(field.kind, frozenset[str]())
        if self.kind in other or (field.kind != "datetime" and wanted != field.kind):
            result = MOMENT_FIELDS["datetime" if wanted == field.kind else wanted]
            raise ValueError(f"Cannot truncate {MOMENT_FIELDS[field.kind]} {named} to {result}.")

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: Any) -> tuple[str, Sequence[Any]]:
        source = self.source_expressions[0]
        sql, params = compiler.compile_value(source)
        field = source.output_field
        self.check_source(field)
        zone = self.zone_for(field, compiler)
        wanted = self.output_field.kind
        if field.kind == "datetime" and wanted != "datetime":  # a month of a date, an hour of a time of day
            if self.kind in (DAYS if wanted == "time" else HOURS):
                cut = connection.truncate(self.kind, sql, field, zone)
                return connection.truncate(wanted, cut, field, zone), params
            sql, field = connection.truncate(wanted, sql, field, zone), types.DATE if wanted == "date" else types.TIME
        return connection.truncate(self.kind, sql, field, zone), params


def _trunc(kind: str) -> type[Trunc]:
    attributes = {"kind": kind, "__doc__": f"A date or datetime cut to its {kind}.", "__module__": __name__}
    return type(f"Trunc{kind.capitalize()}", (Trunc,), attributes)


TruncYear, TruncQuarter, TruncMonth, TruncWeek = (_trunc(kind) for kind in ("year", "quarter", "month", "week"))
TruncDay, TruncHour, TruncMinute, TruncSecond = (_trunc(kind) for kind in ("day", "hour", "minute", "second"))

__all__ = [
    "Extract", "ExtractDay", "ExtractHour", "ExtractIsoWeekDay", "ExtractIsoYear", "ExtractMinute", "ExtractMonth",
    "ExtractQuarter", "ExtractSecond", "ExtractWeek", "ExtractWeekDay", "ExtractYear", "Now", "Trunc", "TruncDate",
    "TruncDay", "TruncHour", "TruncMinute", "TruncMonth", "TruncQuarter", "TruncSecond", "TruncTime", "TruncWeek",
    "TruncYear",
]  # fmt: skip
