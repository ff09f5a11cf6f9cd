"""Functions of dates and times: parts (Extract…), cutting (Trunc…) and Now."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.errors import advised
from orm.sql import types
from orm.sql.calls import Func
from orm.sql.expressions import Expression
from orm.sql.references import Outer
from orm.sql.transforms import Transform, registered
from orm.sql.types import SQLType
from orm.sql.zones import (
    DAYS,
    HOURS,
    MOMENT_FIELDS,
    LocalMoment,
    MomentOfDate,
    current_zone,
    name_of,
    source_named,
    zone_named,
    zoneinfo,
)

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver


class InZone(Func):
    """A function of a moment that speaks of the days and hours of ``tzinfo``, or else of the current zone."""

    tzinfo: datetime.tzinfo | None = None
    takes_extra: ClassVar[bool] = False

    def check_source(self, sql_type: SQLType) -> None:
        """Raise ``TypeError`` or ``ValueError`` where a value of this type has not what is asked of it."""
        raise NotImplementedError(f"{type(self).__name__} says of which types it is a function, in check_source().")

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Self:
        """Return this about a column. Raises as ``check_source()`` does."""
        new = self.with_parts_resolved(query, allow_joins, reuse, summarize, for_save)
        source = new.source_expressions[0].output_field_or_none
        if source is not None:  # an outer query's column has a type once it is known
            new.check_source(source)
        return new

    def map(self, change: Callable[[Expression], Expression]) -> Self:
        """Return this with other arguments; those of an outer query are known then. Raises as ``check_source()``."""
        new = super().map(change)
        if new is not self and isinstance(self.source_expressions[0], Outer):
            source = new.source_expressions[0].output_field_or_none
            if source is not None:
                new.check_source(source)
        return new

    def take_zone(self, tzinfo: Any) -> None:
        """Keep the zone that was given, if one was. Raises ``TypeError`` or ``ValueError`` for what is none."""
        if tzinfo is not None:
            self.tzinfo = zone_named(tzinfo)

    def zone(self) -> datetime.tzinfo | None:
        """Return the zone, or None when datetimes are naive."""
        return None if types.default_zone is None else self.tzinfo or current_zone()

    def zone_for(self, sql_type: SQLType, compiler: Compiler) -> str | None:
        """Return the zone's name for a value of this type, or None where no zone matters.

        Where it is the current zone, the compiler is told that the text depends on that.

        Raises ``ValueError`` when a zone was given for what is no datetime.
        """
        if sql_type.kind != "datetime":
            if self.tzinfo is not None:
                raise ValueError("tzinfo can only be used with DateTimeField.")
            return None
        if self.tzinfo is None:
            compiler.depends_on_zone = True
        zone = self.zone() or compiler.dialect.kept_zone()
        return None if zone is None else name_of(zone)


MOMENT_PARTS = frozenset(
    {"year", "iso_year", "quarter", "month", "week", "week_day", "iso_week_day", "day"}
    | {"hour", "minute", "second", "microsecond", "epoch"}
)
"""What can be taken out of a date or time: the closed set that ``Extract`` chooses from."""


class Extract(InZone, Transform):
    """A part of a date or time as an integer; subclasses name the part."""

    part: str = ""
    takes_extra: ClassVar[bool] = False

    def __init__(
        self,
        expression: Any,
        lookup_name: str | None = None,
        tzinfo: datetime.tzinfo | str | None = None,
        **extra: Any,
    ) -> None:
        part = self.part if lookup_name is None else lookup_name
        if not part:
            raise ValueError("lookup_name must be provided")
        if not isinstance(part, str) or part not in MOMENT_PARTS:
            raise ValueError(f"lookup_name is one of {', '.join(sorted(MOMENT_PARTS))}, not {part!r}")
        super().__init__(expression, **extra)
        if lookup_name is not None:
            self.part = self.lookup_name = lookup_name
        self.take_zone(tzinfo)

    def _infer_output_field(self) -> SQLType | None:
        return types.INTEGER

    def check_source(self, sql_type: SQLType) -> None:
        """Raise ``ValueError`` where this part is none of such a value."""
        kind = sql_type.kind
        if kind not in MOMENT_FIELDS:
            said = "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField."
            raise advised(ValueError, said, f" {source_named(self.lhs)} is a {kind}")
        if kind == "date" and self.part in HOURS:
            raise ValueError(f"Cannot extract time component {self.part!r} from DateField {source_named(self.lhs)}.")
        if self.part in DAYS - {"day"} and kind in ("time", "duration"):
            raise ValueError(
                f"Cannot extract component {self.part!r} from {MOMENT_FIELDS[kind]} {source_named(self.lhs)}."
            )

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        sql_type = self.lhs.output_field
        self.check_source(sql_type)
        return connection.extract(self.part, sql, sql_type, self.zone_for(sql_type, compiler)), params


def _extract(part: str, name: str, *kinds: str) -> type[Extract]:
    named = {"part": part, "lookup_name": part}
    attributes = {**named, "__doc__": f"The {part} of a date or time.", "__module__": __name__}
    return registered(*kinds)(type(name, (Extract,), attributes))


ExtractYear = _extract("year", "ExtractYear", "date", "datetime")
ExtractIsoYear = _extract("iso_year", "ExtractIsoYear", "date", "datetime")
ExtractQuarter = _extract("quarter", "ExtractQuarter", "date", "datetime")
ExtractMonth = _extract("month", "ExtractMonth", "date", "datetime")
ExtractWeek = _extract("week", "ExtractWeek", "date", "datetime")
ExtractWeekDay = _extract("week_day", "ExtractWeekDay", "date", "datetime")
ExtractIsoWeekDay = _extract("iso_week_day", "ExtractIsoWeekDay", "date", "datetime")
ExtractDay = _extract("day", "ExtractDay", "date", "datetime")
ExtractHour = _extract("hour", "ExtractHour", "time", "datetime")
ExtractMinute = _extract("minute", "ExtractMinute", "time", "datetime")
ExtractSecond = _extract("second", "ExtractSecond", "time", "datetime")


class TruncateTransform(InZone, Transform):
    """A datetime's date or time of day."""

    result: ClassVar[SQLType] = types.DATE
    takes_extra: ClassVar[bool] = False
    missing_from: ClassVar[str] = "time"  # the kind of value that has nothing of the result

    def __init__(self, expression: Any, tzinfo: datetime.tzinfo | str | None = None, **extra: Any) -> None:
        super().__init__(expression, **extra)
        self.take_zone(tzinfo)

    def _infer_output_field(self) -> SQLType | None:
        return self.result

    def check_source(self, sql_type: SQLType) -> None:
        """Raise ``TypeError`` or ``ValueError`` where such a value holds nothing of the result."""
        named = source_named(self.lhs)
        if sql_type.kind not in ("date", "time", "datetime"):
            raise TypeError(f"{named} isn't a DateField, TimeField, or DateTimeField.")
        if sql_type.kind == self.missing_from:
            source, result = MOMENT_FIELDS[sql_type.kind], MOMENT_FIELDS[self.result.kind]
            raise ValueError(f"Cannot truncate {source} {named} to {result}.")

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        sql_type = self.lhs.output_field
        self.check_source(sql_type)
        if sql_type.kind == self.result.kind:
            return sql, params
        return connection.truncate(self.lookup_name, sql, sql_type, self.zone_for(sql_type, compiler)), params


@registered("datetime")
class TruncDate(TruncateTransform):
    """The date of a datetime, in the configured zone."""

    lookup_name = "date"


@registered("datetime")
class TruncTime(TruncateTransform):
    """The time of day of a datetime, in the configured zone."""

    lookup_name = "time"
    result = types.TIME
    missing_from = "date"


class Now(Func):
    """The database's time at the start of the statement (of the transaction, where the database says so)."""

    template = "CURRENT_TIMESTAMP"
    arity = 0
    takes_extra = False

    def _infer_output_field(self) -> SQLType | None:
        return types.DATETIME

    def as_sql(self, compiler: Compiler, connection: Dialect, **extra_context: object) -> Rendered:
        """Return the database's own words, or what a subclass says in ``extra_context``."""
        return super().as_sql(compiler, connection, **extra_context) if extra_context else (connection.now(), [])


TRUNC_KINDS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
"""What a date or time can be cut to: the closed set that ``Trunc`` chooses from."""


class Trunc(InZone):
    """A date or datetime cut to its year, quarter, month, week, day, hour, minute or second.

    A datetime is cut in ``tzinfo`` (a tzinfo or an IANA name), or else in the current zone, and read in that zone.
    """

    kind = ""
    takes_extra: ClassVar[bool] = False

    def __init__(
        self,
        expression: object,
        kind: str | None = None,
        output_field: SQLType | None = None,
        tzinfo: datetime.tzinfo | str | None = None,
        **extra: object,
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

    @property
    def cut_to_days(self) -> bool:
        """Whether the result is the beginning of a day, or of several, in a zone that is not UTC."""
        return self.kind in DAYS and isinstance(self.output_field_or_none, LocalMoment)

    def _in_zone(self, found: SQLType) -> SQLType:
        plain = isinstance(found, MomentOfDate) or not hasattr(found, "from_db_value")
        zone = self.zone() if found.kind == "datetime" and plain else None
        if zone is types.UTC and not types.same_everywhere and self.tzinfo is None:
            zone = zoneinfo.ZoneInfo("UTC")  # the form in which Django's own setting is
        return found if zone is None or zone is types.UTC else LocalMoment(zone)

    def _infer_output_field(self) -> SQLType | None:
        source: SQLType | None = self.source_expressions[0].output_field_or_none
        return source

    def check_source(self, sql_type: SQLType) -> None:
        """Raise ``TypeError`` or ``ValueError`` where such a value can't be cut to this."""
        named = source_named(self.source_expressions[0])
        if sql_type.kind not in ("date", "time", "datetime"):
            raise TypeError(f"{named} isn't a DateField, TimeField, or DateTimeField.")
        wanted = (self._output_field or sql_type).kind
        if wanted not in ("date", "time", "datetime"):
            said = "output_field must be either DateField, TimeField, or DateTimeField"
            raise advised(ValueError, said, f", not of a {wanted}")
        other = {"date": HOURS, "time": DAYS}.get(sql_type.kind, frozenset[str]())
        if self.kind in other or (sql_type.kind != "datetime" and wanted != sql_type.kind):
            result = MOMENT_FIELDS["datetime" if wanted == sql_type.kind else wanted]
            raise ValueError(f"Cannot truncate {MOMENT_FIELDS[sql_type.kind]} {named} to {result}.")

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
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
