"""Functions of dates and times: parts (Extract…), cutting (Trunc…) and Now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.sql import types
from orm.sql.calls import Func
from orm.sql.lookups import EXTRACTS, Extract, TruncDate, TruncTime
from orm.sql.types import SQLType
from orm.sql.zones import InZone, LocalMoment

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

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: Any) -> tuple[str, Sequence[Any]]:
        source = self.source_expressions[0]
        sql, params = compiler.compile_value(source)
        field = source.output_field
        if field.kind not in ("date", "time", "datetime"):
            raise FieldError(f"{type(self).__name__} cuts dates and times, not a {field.kind}")
        zone = self.zone_for(field, compiler)
        wanted = self.output_field
        if wanted.kind == "date" and field.kind == "datetime":
            sql, field = connection.truncate("date", sql, field, zone), types.DATE
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
