"""Comparisons of the year of a date: told by its first and last moment, so that an index on the column serves."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from orm.sql import types
from orm.sql.expressions import Slot
from orm.sql.functions.moments import ExtractIsoYear, ExtractYear
from orm.sql.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, Lookup
from orm.sql.nodes import Param, Rendered

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Adapter


class _Bound:
    """Makes the first or last moment of a year, in the zone the extraction speaks of when the query is sent.

    A year that no date has becomes the end of time it lies beyond. The bounds of ``exact`` are then ``crossed``, and no
    row lies between them.
    """

    def __init__(self, extract: Any, kind: str, *, last: bool, crossed: bool, adapter: Adapter | None) -> None:
        self.extract = extract
        self.kind = kind
        self.last = last
        self.crossed = crossed
        self.adapter = adapter

    def __call__(self, year: int) -> Any:
        bound = self._bound(year)
        return bound if self.adapter is None else self.adapter(bound)

    def _bound(self, year: int) -> datetime.date:
        if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
            later = (year > datetime.MAXYEAR) if not self.crossed else not self.last
            day = datetime.date.max if later else datetime.date.min
        else:
            day = self._day(year)
        if self.kind == "date":
            return day
        moment = datetime.datetime.combine(day, datetime.time.max if self.last else datetime.time.min)
        zone = self.extract.zone()
        if zone is None:
            return moment
        try:
            return moment.replace(tzinfo=zone).astimezone(types.UTC)
        except OverflowError:
            return moment.replace(tzinfo=types.UTC)

    def _day(self, year: int) -> datetime.date:
        if self.extract.part == "year":
            return datetime.date(year, 12, 31) if self.last else datetime.date(year, 1, 1)
        if not self.last:
            return datetime.date.fromisocalendar(year, 1, 1)
        if year == datetime.MAXYEAR:
            return datetime.date.max
        return datetime.date.fromisocalendar(year + 1, 1, 1) - datetime.timedelta(days=1)


class _YearLookup(Lookup):
    """A comparison of the year to a number; ``form`` says which moments the column is compared to."""

    form: ClassVar[str]

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        source = self.lhs.lhs
        kind = source.output_field.kind
        if not isinstance(self.rhs, Slot) or kind not in ("date", "datetime"):
            return super().as_sql(compiler, connection)
        sql, params = compiler.compile(source)
        adapter = connection.adapter(source.output_field)
        placeholder = connection.parameter(source.output_field)
        bounds = [
            Param(self.rhs.index, _Bound(self.lhs, kind, last=last, crossed="AND" in self.form, adapter=adapter))
            for name, last in (("first", False), ("last", True))
            if name in self.form
        ]
        return f"{sql} {self.form.format(first=placeholder, last=placeholder)}", [*params, *bounds]


class YearExact(_YearLookup, Exact):
    """The year is this one."""

    form = "BETWEEN {first} AND {last}"


class YearGt(_YearLookup, GreaterThan):
    """The year is a later one."""

    form = "> {last}"


class YearGte(_YearLookup, GreaterThanOrEqual):
    """The year is this one or a later one."""

    form = ">= {first}"


class YearLt(_YearLookup, LessThan):
    """The year is an earlier one."""

    form = "< {first}"


class YearLte(_YearLookup, LessThanOrEqual):
    """The year is this one or an earlier one."""

    form = "<= {last}"


for _extract in (ExtractYear, ExtractIsoYear):
    _extract.class_lookups = {lookup.lookup_name: lookup for lookup in (YearExact, YearGt, YearGte, YearLt, YearLte)}
