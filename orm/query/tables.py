"""Results as tables of columns, for Arrow and Polars: what each field is there, and how its values become a column.

Values go from the driver's rows into columns, a part at a time; there are no instances in between. UUIDs have a type
of their own in Arrow and are texts in Polars, JSON and hstore are JSON texts in both. What this module refuses: columns
that have no type there, ranges say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from orm.errors import DataError
from orm.query.hydrate import converters
from orm.query.layout import ComputedType, Layout
from orm.records import NamedTuple
from orm.sql import types
from orm.sql.dialect import Dialect

PART = 20_000
"""Rows that are held as rows at a time."""

Convert = Callable[[Sequence[Any]], Sequence[Any]]


class Arrow:
    """Makes tables of pyarrow. Raises ``ImportError``, naming the extra, where that is not installed."""

    name = "Arrow"

    def __init__(self) -> None:
        pa = self.library = imported("pyarrow", "arrow")
        self.types: dict[str, Any] = {
            "smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_(),
            "char": pa.string(), "text": pa.string(), "date": pa.date32(), "time": pa.time64("us"),
            "duration": pa.duration("us"), "float": pa.float64(), "uuid": pa.uuid(), "json": pa.string(),
            "hstore": pa.string(), "address": pa.string(), "binary": pa.binary(),
            "datetime": pa.timestamp("us", self.zone()),
        }  # fmt: skip

    @staticmethod
    def zone() -> str | None:
        """The zone of moments."""
        return None if types.default_zone is None else "UTC"

    def decimal(self, digits: int, places: int) -> Any:
        """Return the type of decimals with so many digits."""
        return (self.library.decimal128 if digits <= 38 else self.library.decimal256)(digits, places)

    def array(self, element: object) -> Any:
        """Return the type of lists."""
        return self.library.list_(element)

    def values(self, kind: str) -> Convert | None:
        """Return what is done to the Python values of a kind of column first."""
        return None

    def column(self, name: str, values: Sequence[object], type_: object) -> Any:
        """Return values as a column; without a type it is found out from them."""
        try:
            return self.library.array(values, type_)
        except (ValueError, TypeError, OverflowError) as error:  # pyarrow's own are of these classes
            raise DataError(f"the column {name!r} holds what is no {type_ or 'one type'} of Arrow: {error}") from error

    def table(self, names: Sequence[str], columns: Sequence[Sequence[object]], types_: Sequence[object]) -> Any:
        """Return a table of columns, each given in parts."""
        whole = [self.library.chunked_array(parts, type_) for parts, type_ in zip(columns, types_, strict=True)]
        return self.library.table(whole, names=list(names))


class Polars:
    """Makes data frames of polars. Raises ``ImportError``, naming the extra, where that is not installed."""

    name = "Polars"

    def __init__(self) -> None:
        pl = self.library = imported("polars", "polars")
        self.types: dict[str, Any] = {
            "smallint": pl.Int16(), "integer": pl.Int32(), "bigint": pl.Int64(), "boolean": pl.Boolean(),
            "char": pl.String(), "text": pl.String(), "date": pl.Date(), "time": pl.Time(),
            "duration": pl.Duration("us"), "float": pl.Float64(), "uuid": pl.String(), "json": pl.String(),
            "hstore": pl.String(), "address": pl.String(), "binary": pl.Binary(),
            "datetime": pl.Datetime("us", Arrow.zone()),
        }  # fmt: skip

    def decimal(self, digits: int, places: int) -> Any:
        """Return the type of decimals with so many digits; it has 38 at most."""
        return self.library.Decimal(min(digits, 38), places)

    def array(self, element: object) -> Any:
        """Return the type of lists."""
        return self.library.List(element)

    def values(self, kind: str) -> Convert | None:
        """Return what is done to the Python values of a kind of column first."""
        return _texts if kind == "uuid" else None

    def column(self, name: str, values: Sequence[object], type_: object) -> Any:
        """Return values as a column; without a type it is found out from them."""
        try:
            return self.library.Series(name, values, dtype=type_, strict=True)
        except (ValueError, TypeError, OverflowError, self.library.exceptions.PolarsError) as error:
            raise DataError(f"the column {name!r} holds what is no {type_ or 'one type'} of Polars: {error}") from error

    def table(self, names: Sequence[str], columns: Sequence[Sequence[object]], types_: Sequence[object]) -> Any:
        """Return a data frame of columns, each given in parts."""
        whole = []
        for name, parts, type_ in zip(names, columns, types_, strict=True):
            whole.append(self.library.concat(parts) if parts else self.library.Series(name, [], dtype=type_))
        return self.library.DataFrame(whole)


def imported(module: str, extra: str) -> Any:
    """Return an optional library. Raises ``ImportError``, which names the extra it is part of."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} is not installed: pip install duotone[{extra}]") from error


# -- from rows to columns ----------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """One column of a table.

    ``type`` is its type there; None: found out from all of its values, or ``empty`` where these are NULL. ``convert``
    is what is done to its values first.
    """

    name: str
    type: Any
    convert: Convert | None
    empty: Any


def columns_of(layout: Layout, names: Sequence[str], dialect: Dialect, maker: Arrow | Polars) -> list[Column]:
    """Return the columns of a result. Raises ``TypeError`` for a key of several columns, ``NotImplementedError``."""
    if layout.widths:
        raise TypeError("A key of several columns is no column of a table: name its columns")
    found = []
    for name, kind, convert in zip(names, layout.types, converters(layout, dialect), strict=True):
        type_, own = _type_of(name, kind, maker)
        if own is _json_texts:  # which come as such
            convert = None
        empty = type_
        if isinstance(kind, ComputedType) and kind.sql_type.kind == "decimal":
            empty, type_ = maker.decimal(38, getattr(kind.sql_type, "decimal_places", None) or 0), None
        found.append(Column(name, type_, _both(None if convert is None else _each(convert), own), empty))
    return found


def _type_of(name: str, kind: Any, maker: Arrow | Polars) -> tuple[Any, Convert | None]:
    """Return the type of a column, None where its values say it, and what is done to its Python values."""
    if isinstance(kind, ComputedType):
        kind = kind.sql_type
        if kind.kind in types.INTEGER_KINDS:
            return maker.types["bigint"], None
    kind = getattr(kind, "target_field", kind)
    if kind is None or getattr(kind, "from_db_value", None) is not None:
        return None, None
    if kind.kind == "decimal":
        digits = getattr(kind, "max_digits", None)
        return (None if digits is None else maker.decimal(digits, kind.decimal_places or 0)), None
    if kind.kind == "array":
        element, own = _type_of(name, kind.base_field, maker)
        return (None if element is None else maker.array(element)), None if own is None else _inside(own)
    if kind.kind not in maker.types:
        raise NotImplementedError(
            f"The column {name!r} ({kind.kind}) has no type in {maker.name}: leave it out with values(), or Cast() it"
        )
    return maker.types[kind.kind], _json_texts if kind.kind in ("json", "hstore") else maker.values(kind.kind)


def _both(first: Convert | None, second: Convert | None) -> Convert | None:
    if first is None or second is None:
        return first or second
    return lambda values: second(first(values))


def _each(convert: Any) -> Convert:
    if getattr(convert, "sees_null", False):
        return lambda values: [convert(value) for value in values]
    return lambda values: [None if value is None else convert(value) for value in values]


def _inside(convert: Convert) -> Convert:
    """Apply what is done to a column's values to those in its lists."""
    return lambda values: [None if value is None else convert(value) for value in values]


def _texts(values: Sequence[object]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


def _json_texts(values: Sequence[object]) -> list[str | None]:
    """Return JSON as its text, which is how drivers give it."""
    return [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values
    ]


class Table:
    """A table while its rows arrive."""

    def __init__(self, maker: Arrow | Polars, columns: Sequence[Column]) -> None:
        self.maker = maker
        self.columns = columns
        self._parts: list[list[Any]] = [[] for _ in columns]

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """Add some rows."""
        if not rows:
            return
        # The last columns of a row may be no part of the result.
        for column, parts, values in zip(self.columns, self._parts, zip(*rows, strict=True), strict=False):
            converted = values if column.convert is None else column.convert(values)
            if column.type is None:
                parts.extend(converted)
            else:
                parts.append(self.maker.column(column.name, converted, column.type))

    def made(self) -> Any:
        """Return the table."""
        types_: list[Any] = []
        columns: list[list[Any]] = []
        for column, parts in zip(self.columns, self._parts, strict=True):
            type_ = column.type
            if type_ is None:
                if all(value is None for value in parts):
                    type_ = column.empty
                parts = [self.maker.column(column.name, parts, type_)]
                type_ = getattr(parts[0], "type", None)
            columns.append(parts)
            types_.append(type_)
        return self.maker.table([column.name for column in self.columns], columns, types_)
