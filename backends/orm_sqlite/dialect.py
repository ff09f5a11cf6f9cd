"""How SQLite spells SQL. How values lie in its storage classes is said in ``orm_sqlite.storage``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from orm.errors import DatabaseError, NotSupportedError, ProgrammingError, advised
from orm.sql import types
from orm.sql.dialect import Adapter, Capabilities, FunctionBeside, NewKey, Pattern
from orm.sql.explanation import Plan, Step
from orm.sql.types import SQLType
from orm_sqlite import declared, table_functions
from orm_sqlite.answers import ANSWERS
from orm_sqlite.objects import SQLiteObjects
from orm_sqlite.patterns import GLOBS, checked_regex
from orm_sqlite.statements import writes
from orm_sqlite.storage import (
    ADAPTERS,
    CONVERTERS,
    EXACT_DIGITS,
    decimal_reader,
    float_writer,
    read_aware,
    read_computed_decimal,
    read_naive,
    write_json,
    write_naive,
)

_COLUMN_TYPES = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "boolean": "bool",
    "text": "text",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "duration": "bigint",
    "float": "real",
    "uuid": "char(32)",
    "json": "text",
    "binary": "blob",
    "address": "char(39)",
}
_CAST_TYPES = {
    "smallint": "INTEGER",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "boolean": "INTEGER",
    "duration": "INTEGER",
    "float": "REAL",
    "decimal": "NUMERIC",
    "binary": "BLOB",
}
_FUNCTION_NAMES = {
    "CHAR_LENGTH": "LENGTH",
    "CHARACTER_LENGTH": "LENGTH",
    "CHR": "CHAR",
    "GREATEST": "MAX",
    "LEAST": "MIN",
    "POSITION": "INSTR",
    "STRPOS": "INSTR",
    "SUBSTRING": "SUBSTR",
    "STRING_AGG": "GROUP_CONCAT",
    "JSONB_AGG": "JSON_GROUP_ARRAY",
    "POWER": "ORM_POWER",
    "RIGHT": "ORM_RIGHT",
    "ASCII": "UNICODE",
}
_DECIMAL_FUNCTIONS = {"+": "ORM_DECIMAL_ADD", "-": "ORM_DECIMAL_SUBTRACT", "*": "ORM_DECIMAL_MULTIPLY"}
_DIVIDING_FUNCTIONS = {"/": "ORM_DECIMAL_DIVIDE", "%%": "ORM_DECIMAL_REMAINDER", "^": "ORM_DECIMAL_POWER"}
_FUNCTIONS_OF_TWO = {"MOD": "ORM_DECIMAL_REMAINDER", "POWER": "ORM_DECIMAL_POWER"}
_EXACT_FUNCTIONS = {"ABS": "ORM_DECIMAL_ABS", "CEIL": "ORM_DECIMAL_CEIL", "FLOOR": "ORM_DECIMAL_FLOOR"}
_AS_DECIMALS = " COLLATE ORM_DECIMAL"
_DATE_PLACES = {"year": (1, 4), "month": (6, 2), "day": (9, 2)}
_TIME_PLACES = {"hour": (12, 2), "minute": (15, 2), "second": (18, 2)}


class SQLiteDialect(SQLiteObjects):
    """SQLite 3.35 and later (RETURNING)."""

    name = "sqlite"
    display_name = "SQLite"
    answers = ANSWERS
    capabilities = Capabilities(
        max_parameters=32766,
        max_identifier_length=1000,
        group_by_primary_key=True,
        combinator_parentheses=False,
        forward_references=True,
        one_writer=True,
        ends_at_errors=False,
        fetch_without_rows=True,
        closed_cursor=ProgrammingError,
        new_key=NewKey.LAST_ROW_ID,  # a third of the time of RETURNING: docs/decisions/0005
        alter_columns=False,
    )
    version_query = "SELECT 'SQLite ' || sqlite_version()"

    def __init__(self) -> None:
        self._arrows = sqlite3.sqlite_version_info >= (3, 38)

    def writes(self, sql: str) -> bool:
        return writes(sql)

    # -- types ------------------------------------------------------------------------------------------------------

    def column_type(self, field: Any) -> str:
        if field.kind == "char":
            return self.sized_type("varchar", field.max_length) if field.max_length else "varchar"
        if field.kind == "decimal":
            if _is_number(field):
                return self.sized_type("decimal", field.max_digits, field.decimal_places or 0)
            return "text COLLATE ORM_DECIMAL"
        if getattr(field, "auto", False):
            return "integer"  # only a column declared INTEGER is the row's own number
        positive = " unsigned" if getattr(field, "positive", False) else ""
        return _COLUMN_TYPES[field.kind] + positive

    def referring_type(self, column_type: str) -> str:
        return column_type.removesuffix(" unsigned")  # which speaks of a CHECK that the column referred to has

    def cast_type(self, sql_type: SQLType) -> str:
        return _CAST_TYPES.get(sql_type.kind, "TEXT")

    def cast(self, sql: str, sql_type: SQLType) -> str:
        if sql_type.kind == "boolean":
            return f"(CAST({sql} AS INTEGER) <> 0)"
        if sql_type.kind == "date":
            return f"SUBSTR({sql}, 1, 10)"  # text after SUBSTR, and the day of a datetime
        return super().cast(sql, sql_type)

    def date_as_moment(self, sql: str) -> str:
        return f"({sql} || ' 00:00:00')"  # both are text

    def integer_range(self, sql_type: SQLType) -> tuple[int, int]:
        """Return 64 bits: SQLite gives a number the bytes it needs, whatever its column was declared as."""
        return types.LEAST, types.MOST

    def adapter(self, sql_type: SQLType) -> Adapter | None:
        if sql_type.kind == "datetime" and types.default_zone is None:
            return write_naive
        return float_writer(sql_type) if sql_type.kind == "float" else ADAPTERS.get(sql_type.kind)

    def converter(self, sql_type: SQLType) -> Adapter | None:
        """Return the conversion; datetimes follow the ``use_tz`` setting as it is when a query is first compiled."""
        if sql_type.kind == "datetime":
            aware, naive = (read_aware, read_naive) if not types.declared_types else declared.MOMENT_READERS
            return aware if types.default_zone is not None else naive
        if types.declared_types and sql_type.kind in declared.READERS:
            return declared.READERS[sql_type.kind]
        if sql_type.kind == "decimal":
            return decimal_reader(sql_type.decimal_places)
        if sql_type.kind == "float" and sql_type.model is None:
            return float  # a computed value has no column whose affinity would make it one
        if sql_type.kind == "json":
            return self.json_reader(sql_type)
        return CONVERTERS.get(sql_type.kind)

    def session_settings(self) -> bool:
        return types.declared_types

    def computed_decimal(self, sql_type: SQLType) -> Adapter | None:
        """Return the conversion; without ``same_everywhere`` a number keeps the 15 digits that Django reads of it."""
        return self.converter(sql_type) if types.same_everywhere else read_computed_decimal

    # -- conditions ---------------------------------------------------------------------------------------------------

    def pattern(self, lookup: str, sql_type: SQLType) -> Pattern:
        """Return the match. LIKE knows no case but ASCII's, so GLOB matches, either case spelled as ``[aA]``.

        Without ``same_everywhere`` LIKE matches, in its own way. A UUID is kept without hyphens, so parts of one are
        found whichever way they are written.
        """
        pattern = self._text_pattern(lookup, sql_type)
        adapt = pattern.adapter
        if sql_type.kind != "uuid" or adapt is None or lookup in ("regex", "iregex"):
            return pattern
        return Pattern(pattern.sql, lambda v: adapt(str(v).replace("-", "")))

    def part(self, lookup: str, sql: str, sql_type: SQLType) -> str:
        return f"REPLACE({sql}, '-', '')" if sql_type.kind == "uuid" and lookup not in ("regex", "iregex") else sql

    def _text_pattern(self, lookup: str, sql_type: SQLType) -> Pattern:
        if lookup == "regex":
            return Pattern("{lhs} REGEXP %s", checked_regex)
        if lookup == "iregex":
            return Pattern("{lhs} REGEXP %s", lambda v: f"(?i){checked_regex(v)}")
        if not types.same_everywhere:
            return super().pattern(lookup, sql_type)
        if lookup == "contains":
            return Pattern("INSTR({lhs}, %s) > 0", str)
        return Pattern("{lhs} GLOB %s", GLOBS[lookup])

    def pattern_expression(self, lookup: str, lhs: str, rhs: str) -> str:
        if lookup == "regex":
            return f"{lhs} REGEXP {rhs}"
        if lookup == "iregex":
            return f"{lhs} REGEXP ('(?i)' || {rhs})"
        if not types.same_everywhere:
            return super().pattern_expression(lookup, lhs, rhs)
        if lookup.startswith("i"):
            lookup, lhs, rhs = lookup[1:], f"ORM_FOLD({lhs})", f"ORM_FOLD({rhs})"
        if lookup == "exact":
            return f"{lhs} = {rhs}"
        if lookup == "contains":
            return f"INSTR({lhs}, {rhs}) > 0"
        # GLOB, its special characters in brackets, names each side once: either may hold parameters.
        escaped = f"REPLACE(REPLACE(REPLACE({rhs}, '[', '[[]'), '*', '[*]'), '?', '[?]')"
        return f"{lhs} GLOB ({escaped} || '*')" if lookup == "startswith" else f"{lhs} GLOB ('*' || {escaped})"

    def membership(self, lhs: str, sql_type: SQLType) -> Pattern | None:
        if sql_type.kind in ("binary", "json"):  # JSON holds no bytes, and JSON values compare as values
            return None
        if not sql_type.compares_prepared:  # the field may make anything of a value, also what JSON can't hold
            return None
        adapt = self.adapter(sql_type)
        if adapt is None and sql_type.kind in types.TEXT_KINDS:
            value = "CASE type WHEN 'array' THEN ORM_ONLY(value) ELSE value END"
            return Pattern(f"{{lhs}} IN (SELECT {value} FROM json_each(%s))", _write_texts)
        if adapt is None:
            return Pattern("{lhs} IN (SELECT value FROM json_each(%s))", json.dumps)

        def dump(values: Any) -> str:
            text = json.dumps([None if value is None else adapt(value) for value in values])
            # JSON has no infinity, but numbers too large to be anything else.
            return text.replace("Infinity", "1e999") if sql_type.kind in ("float", "decimal") else text

        # IN applies no affinity to a subquery's values, so what lies as text has to come as text.
        is_text = lhs.endswith(_AS_DECIMALS) or (
            sql_type.kind == "decimal" and sql_type.max_digits is not None and not _is_number(sql_type)
        )
        value = "CAST(value AS TEXT)" if is_text else "value"
        return Pattern(f"{{lhs}} IN (SELECT {value} FROM json_each(%s))", dump)

    # -- functions ----------------------------------------------------------------------------------------------------

    def function_name(self, name: str) -> str:
        return _FUNCTION_NAMES.get(name, name)

    def json_array(self, items: Sequence[tuple[str, str | None]]) -> str:
        return f"JSON_ARRAY({', '.join(_as_json(*item) for item in items)})"

    def json_object(self, items: Sequence[tuple[str, str | None]]) -> str:
        return f"JSON_OBJECT({', '.join(_as_json(*item) for item in items)})"

    def extract(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if sql_type.kind == "duration":
            if part != "epoch":
                said = "Extract requires native DurationField database support."
                raise advised(ValueError, said, " Of a duration SQLite gives only the epoch part, its whole seconds")
            return f"({sql} / 1000000)"
        if sql_type.kind == "time":
            places = {name: (start - 11, length) for name, (start, length) in _TIME_PLACES.items()}
            if part == "microsecond":
                return f"CAST(SUBSTR({sql} || '.000000', 10, 6) AS INTEGER)"
            if part not in places:
                raise NotSupportedError(f"a time has no {part}")
            return _slice(sql, *places[part])
        if zone in (None, "UTC") or sql_type.kind == "date":
            zone = None
            if part in _DATE_PLACES:
                return _slice(sql, *_DATE_PLACES[part])
            if part in _TIME_PLACES and sql_type.kind == "datetime":
                return _slice(sql, *_TIME_PLACES[part])
        return f"ORM_EXTRACT('{part}', {sql}, {self._zone(zone)})"

    def truncate(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if sql_type.kind == "time":
            length = {"hour": 2, "minute": 5, "second": 8}.get(part)
            if length is None:
                raise NotSupportedError(f"a time can't be cut to its {part}")
            return f"(SUBSTR({sql}, 1, {length}) || '{'00:00:00'[length:]}')"
        is_date = sql_type.kind == "date"
        if zone in (None, "UTC") or is_date:
            zone = None
            length = {"year": 4, "month": 7, "day": 10, "hour": 13, "minute": 16, "second": 19}.get(part)
            if part == "date":
                return f"SUBSTR({sql}, 1, 10)"
            if part == "time" and not is_date:
                return f"SUBSTR({sql}, 12)"
            if part == "datetime":
                return sql
            if length is not None:
                rest = "0001-01-01 00:00:00"[length : 10 if is_date else 19]
                return f"(SUBSTR({sql}, 1, {min(length, 10 if is_date else 19)}) || '{rest}')"
        return f"ORM_TRUNCATE('{part}', {sql}, {self._zone(zone)})"

    def _zone(self, zone: str | None) -> str:
        return "NULL" if zone is None else self.string_literal(zone)

    def combine(self, operator: str, lhs: str, rhs: str, lhs_kind: str | None, rhs_kind: str | None) -> str:
        kinds = (lhs_kind, rhs_kind)
        moments = {"date", "time", "datetime"}
        if operator == "-" and lhs_kind in moments and rhs_kind in moments:
            return f"ORM_SUBTRACT_MOMENTS({lhs}, {rhs})"
        if operator in ("+", "-") and lhs_kind in moments and rhs_kind == "duration":
            return f"ORM_ADD_DURATION({lhs}, {'-' if operator == '-' else ''}({rhs}))"
        if operator == "+" and lhs_kind == "duration" and rhs_kind in moments:
            return f"ORM_ADD_DURATION({lhs}, {rhs})"
        if operator in _DECIMAL_FUNCTIONS and "decimal" in kinds and "float" not in kinds:
            return f"{_DECIMAL_FUNCTIONS[operator]}({lhs}, {rhs})"
        if operator in _DIVIDING_FUNCTIONS and "decimal" in kinds and "float" not in kinds and types.same_everywhere:
            return f"{_DIVIDING_FUNCTIONS[operator]}({lhs}, {rhs})"
        if operator == "%%" and not {"decimal", "float"}.isdisjoint(kinds) and types.same_everywhere:
            return f"MOD({lhs}, {rhs})"  # SQLite's operator is for whole numbers, and cuts others to such
        if operator not in ("+", "-") and "duration" in kinds and not moments.isdisjoint(kinds):
            raise DatabaseError(f"Invalid connector for timedelta: {operator}. Moments and durations are added.")
        if operator == "/" and ("decimal" in kinds or ("float" in kinds and types.same_everywhere)):
            return f"(CAST({lhs} AS REAL) / {rhs})"  # SQLite keeps 5.00 as the integer 5, and 5 / 2 is 2
        if operator == "^":
            return f"ORM_POWER({lhs}, {rhs})"
        if operator == "#":
            return f"ORM_XOR({lhs}, {rhs})"
        return super().combine(operator, lhs, rhs, lhs_kind, rhs_kind)

    def numeric_function(self, name: str, arguments: Sequence[tuple[str, str | None]]) -> str:
        kinds = {kind for _, kind in arguments}
        if types.same_everywhere and "decimal" in kinds and "float" not in kinds:
            if name in _FUNCTIONS_OF_TWO:
                return f"{_FUNCTIONS_OF_TWO[name]}({', '.join(sql for sql, _ in arguments)})"
            if name in _EXACT_FUNCTIONS:
                return f"{_EXACT_FUNCTIONS[name]}({arguments[0][0]})"
            if name == "ROUND":
                return self.round_to_tens([*arguments, ("0", "integer")][:2])
        return super().numeric_function(name, arguments)

    def round_to_tens(self, arguments: Sequence[tuple[str, str | None]]) -> str:
        """Return a function of ours: SQLite's ROUND takes places below 0 for 0."""
        return f"ORM_DECIMAL_ROUND({', '.join(sql for sql, _ in arguments)})"

    def check_computing(self, sql_type: SQLType) -> None:
        if sql_type.kind in types.MOMENT_KINDS:
            raise NotSupportedError(
                "You cannot use Sum, Avg, StdDev, and Variance aggregations on date/time fields in sqlite3 since "
                "date/time is saved as text."
            )

    def computing_aggregate(self, name: str, sql_type: SQLType) -> str:
        if sql_type.kind != "decimal" or (name == "AVG" and not types.same_everywhere):
            return name
        return f"ORM_DECIMAL_{name}"

    def computed_as_compared(self, sql: str, sql_type: SQLType) -> str:
        """Return a decimal as text: with many digits it is text anyway, which SQLite takes for more than any number."""
        return f"CAST({sql} AS TEXT){_AS_DECIMALS}" if sql_type.kind == "decimal" else sql

    def computed_as_ordered(self, sql: str, sql_type: SQLType) -> Sequence[str]:
        """Return a decimal as a number first: its digits are compared, in Python, where that is not enough."""
        if sql_type.kind != "decimal":
            return (sql,)
        return f"CAST({sql} AS REAL)", self.computed_as_compared(sql, sql_type)

    def stored(self, sql: str, field: SQLType, given: str | None) -> str:
        """Return a decimal with its column's places, the day of a moment, and so on, as others do by themselves."""
        if field.kind == "date":
            return f"SUBSTR({sql}, 1, 10)"
        if field.kind == "datetime" and given == "date":
            return self.date_as_moment(sql)
        if field.kind == "time" and given == "datetime":
            return self.truncate("time", sql, types.DATETIME, None)
        if field.kind == "decimal" and field.decimal_places is not None and types.same_everywhere:
            return f"ORM_DECIMAL_ROUND({sql}, {int(field.decimal_places)})"
        if field.kind in types.INTEGER_KINDS and types.same_everywhere:
            return self._whole(sql, given)
        return sql

    def convert(self, sql: str, sql_type: SQLType, given: str | None) -> str:
        if sql_type.kind == "datetime" and given == "date":
            return self.date_as_moment(sql)
        if given == "json" and sql_type.kind in types.TEXT_KINDS:
            return self.cast_to_column(sql if types.same_everywhere else _scalar_as_text(sql), sql_type)
        if given == "json" and sql_type.kind != "json":
            sql = self.json_ordering(sql)
        if sql_type.kind in types.INTEGER_KINDS and types.same_everywhere:
            sql = self._whole(sql, given)
        return self.cast_to_column(sql, sql_type)

    def _whole(self, sql: str, given: str | None) -> str:
        """Return a number as a whole one, the nearest as elsewhere: SQLite keeps 2.5 in a column of integers."""
        if given == "decimal":
            return f"CAST(ORM_DECIMAL_ROUND({sql}, 0) AS INTEGER)"
        return f"ORM_NEAREST_EVEN({sql})" if given == "float" else sql

    def json_path(self, special: bool) -> Adapter:
        return _write_special_path if special else _write_path

    def json_value(self, sql: str, path: str, *, as_text: bool, special: bool) -> str:
        if special:
            part = f"ORM_JSON_PART({sql}, {path})"
            return _scalar_as_text(part) if as_text else part
        if as_text:
            return f"({_json_text(sql, path)})"  # no subquery: it may stand in an index
        if self._arrows:
            return f"({sql} -> {path})"
        kind = "JSON_TYPE(whole, place)"
        return (
            f"(SELECT CASE WHEN {kind} IS NULL THEN NULL WHEN {kind} IN ('true', 'false', 'null') THEN {kind} "
            f"ELSE JSON_QUOTE(JSON_EXTRACT(whole, place)) END FROM (SELECT {sql} AS whole, {path} AS place))"
        )

    def json_exists(self, sql: str, path: str, *, special: bool) -> str:
        return f"{'ORM_JSON_PART' if special else 'JSON_TYPE'}({sql}, {path}) IS NOT NULL"

    def json_comparable(self, sql: str, path: str, *, special: bool) -> tuple[str, Adapter]:
        if special:
            return f"JSON_EXTRACT(ORM_JSON_PART({sql}, {path}), {_WHOLE})", _json_scalar
        return f"JSON_EXTRACT({sql}, {path})", _json_scalar

    def json_ordering(self, sql: str) -> str:
        return f"JSON_EXTRACT({sql}, {_WHOLE})"

    def json_contains(self, lhs: str, rhs: str) -> str:
        return f"ORM_JSON_CONTAINS({lhs}, {rhs})"

    def json_has_key(self, sql: str, key: str) -> str:
        # The keys of a list are its numbers, which equal no text. JSON_EACH cuts keys at NUL.
        has = "EXISTS (SELECT 1 FROM JSON_EACH(whole) AS own WHERE own.key = asked)"
        looked = f"CASE WHEN INSTR(whole, {_NUL}) THEN ORM_JSON_HAS_KEY(whole, asked) ELSE {has} END"
        return f"(SELECT {looked} FROM (SELECT {sql} AS whole, {key} AS asked))"

    def json_has_keys(self, sql: str, keys: str, *, every: bool) -> tuple[str, Adapter]:
        has = "EXISTS (SELECT 1 FROM JSON_EACH(given.whole) AS own WHERE own.key = asked.value)"
        which = f"SELECT {'MIN' if every else 'MAX'}({has}) FROM JSON_EACH(given.keys) AS asked"
        with_nul = f"ORM_JSON_HAS_{'ALL' if every else 'ANY'}(given.whole, given.keys)"
        looked = f"CASE WHEN INSTR(given.whole || given.keys, {_NUL}) THEN {with_nul} ELSE ({which}) END"
        return f"(SELECT {looked} FROM (SELECT {sql} AS whole, {keys} AS keys) AS given)", write_json

    def random(self) -> str:
        """Return a number from 0 up to 1, which is never reached: the lower 53 bits of SQLite's, over 2 to the 53rd."""
        return "((RANDOM() & 9007199254740991) / 9007199254740992.0)"

    def now(self) -> str:
        return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')"

    def json_exact(self, lhs: str, rhs: str) -> str:
        return f"ORM_JSON_EQUAL({lhs}, {rhs})"

    # -- statements ---------------------------------------------------------------------------------------------------

    def limit(self, limit: str | None, offset: str | None) -> str:
        return super().limit("-1" if limit is None and offset is not None else limit, offset)

    def for_update(self, *, nowait: bool, skip_locked: bool, of: Sequence[str], no_key: bool) -> str:
        """Return nothing: a writing transaction holds SQLite's one lock from its beginning, so every row is its own."""
        return ""

    def explain(self, format: str | None, options: dict[str, object]) -> str:
        if format is not None:
            raise ValueError(f"{str(format).upper()} is not a recognized format. SQLite does not support any formats.")
        if options:
            said = f"Unknown options: {', '.join(sorted(options))}"
            raise advised(ValueError, said, ". SQLite explains without any.")
        return "EXPLAIN QUERY PLAN"

    def explained(self, rows: Sequence[Sequence[object]]) -> str:
        """Return the steps as a tree: each row is a step's number, that of the one it is part of, and what it does."""
        depths: dict[Any, int] = {}
        lines: list[str] = []
        for number, parent, _, detail in rows:
            depths[number] = depths.get(parent, -1) + 1
            lines.append(f"{'  ' * depths[number]}{detail}")
        return "\n".join(lines)

    def plan(self, rows: Sequence[Sequence[Any]]) -> Plan:
        below: dict[Any, list[tuple[Any, str]]] = {}
        for number, parent, _, detail in rows:
            below.setdefault(parent, []).append((number, detail))

        def steps(parent: object) -> tuple[Step, ...]:
            return tuple(Step(detail, steps=steps(number)) for number, detail in below.get(parent, ()))

        return Plan(steps(0))

    def value_table(self, rows: Sequence[str], alias: str, columns: Sequence[str]) -> str:
        """Return rows as a table. SQLite names the columns of VALUES itself: column1, column2..."""
        named = ", ".join(f"column{number} AS {column}" for number, column in enumerate(columns, start=1))
        return f"(SELECT {named} FROM (VALUES {', '.join(rows)})) AS {alias}"

    def table_function(self, function: str, arguments: Sequence[str], alias: str, columns: Sequence[str]) -> str:
        return table_functions.as_table(function, arguments, alias, columns)

    def function_beside(self, function: str, alias: str, columns: Sequence[str]) -> FunctionBeside:
        return table_functions.beside(function, alias, columns)

    # -- schema -------------------------------------------------------------------------------------------------------

    def generated_key_clause(self, field: object) -> str:
        return "AUTOINCREMENT"

    def json_check(self, column: str) -> str | None:
        """Say it as Django does: that a column of text holds JSON is seen by nothing else, also by ``inspectdb``."""
        return f"(JSON_VALID({column}) OR {column} IS NULL)"

    def suspend_foreign_keys(self) -> tuple[str, str, str] | None:
        return "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON", "PRAGMA foreign_keys"

    def empty_tables(self, tables: Sequence[str], counted: Sequence[str] = ()) -> Sequence[str]:
        names = ", ".join(self.string_literal(name[1:-1].replace('""', '"')) for name in counted)
        restart = [f"UPDATE sqlite_sequence SET seq = 0 WHERE name IN ({names})"] if counted else []
        return [*super().empty_tables(tables, counted), *restart]

    def around_rename(self) -> tuple[str, str] | None:
        """Return what keeps a rename from being carried into views, triggers and foreign keys that name the table."""
        return "PRAGMA legacy_alter_table = ON", "PRAGMA legacy_alter_table = OFF"

    def comment_on_table(self, table: str, comment: str) -> str | None:
        return None

    def comment_on_column(self, table: str, column: str, comment: str) -> str | None:
        return None

    def adds_in_place(self, field: Any) -> bool:
        """Return whether ADD COLUMN takes a field: no key, nothing unique, no default that has to be computed."""
        if field.primary_key or field.unique or getattr(field, "generated", False):
            return False
        if field.has_db_default:
            return field.null and not hasattr(field.db_default, "resolve_expression") and not field.is_relation
        return field.null and field.get_default() is None


def _as_json(sql: str, kind: str | None) -> str:
    """Return a value as SQLite's JSON functions take it: JSON is text to them, and a boolean a number."""
    if kind == "json":
        return f"JSON({sql})"
    return f"JSON(CASE ({sql}) WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)" if kind == "boolean" else sql


def _is_number(sql_type: SQLType) -> bool:
    return sql_type.max_digits is not None and sql_type.max_digits <= EXACT_DIGITS


def _slice(sql: str, start: int, length: int) -> str:
    return f"CAST(SUBSTR({sql}, {start}, {length}) AS INTEGER)"


def _json_scalar(value: object) -> object:
    """Return what JSON_EXTRACT makes of a value. Refuses what JSON does not have, and what has no order in SQLite."""
    if isinstance(value, (list, tuple, dict)):
        raise NotSupportedError(f"SQLite has no order of JSON's lists and objects: nothing is above or below {value!r}")
    written = write_json(value)
    return int(value) if isinstance(value, bool) else value if isinstance(value, (str, int, float)) else written


_WHOLE = "'$'"
_NUL = "'\\u0000'"
"""How a JSON text writes the character NUL."""


def _scalar_as_text(sql: str) -> str:
    """Return the text of JSON that may be an expression with parameters, so that it is written once."""
    return f"(SELECT {_json_text('part', _WHOLE)} FROM (SELECT {sql} AS part))"


def _json_text(sql: str, place: str) -> str:
    """Return a JSON scalar as text. SQLite's own form of true and false is 1 and 0."""
    return (
        f"CASE JSON_TYPE({sql}, {place}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
        f"ELSE CAST(JSON_EXTRACT({sql}, {place}) AS TEXT) END"
    )


def _write_path(items: Sequence[str | int]) -> str:
    """Return a path in SQLite's path language; its keys have nothing that JSON escapes."""
    return "$" + "".join(_json_step(item) for item in items)


def _json_step(item: str | int) -> str:
    if isinstance(item, str):
        return f'."{item}"'
    return f"[{item}]" if item >= 0 else f"[#{item}]"


def _write_texts(texts: Sequence[object]) -> str:
    """Return a list as JSON; a text with a NUL, at which json_each() cuts it off, lies in an array of its own."""
    written = json.dumps(texts)
    if "\\u0000" in written:
        return json.dumps([[text] if isinstance(text, str) and "\0" in text else text for text in texts])
    return written


def _write_special_path(items: Sequence[str | int]) -> str:
    """Return a path for ORM_JSON_PART: SQLite compares a path's key with the text of the JSON, escapes and all."""
    return json.dumps(list(items))


# -- patterns ----------------------------------------------------------------------------------------------------------
