"""How PostgreSQL spells SQL; both drivers exchange the same values for it.

Parameters are numbered and typed by the server from the statement's text, so a parameter that stands alone gets a
cast. JSON travels as text (the column type is jsonb), everything else as Python's own types.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from typing import Any

from orm.errors import NotSupportedError, UnsendableText, advised
from orm.sql import ddl, types
from orm.sql.dialect import Adapter, Capabilities, Pattern, like_escape
from orm.sql.explanation import Plan
from orm.sql.types import SQLType
from orm_postgresql import spelling, table_functions
from orm_postgresql.answers import ANSWERS
from orm_postgresql.beside_writers import forms_of
from orm_postgresql.objects import PostgreSQLObjects
from orm_postgresql.plans import plan_of
from orm_postgresql.values import (
    AS_TEXT,
    RANGES,
    EachBound,
    Elements,
    InZone,
    Naive,
    ReadArray,
    ReadRange,
    named_type,
    read_address,
    read_hstore,
    write_address,
    write_hstore,
    write_json,
)

_TYPES = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "boolean": "boolean",
    "text": "text",
    "date": "date",
    "time": "time",
    "datetime": "timestamp with time zone",
    "duration": "interval",
    "float": "double precision",
    "uuid": "uuid",
    "json": "jsonb",
    "binary": "bytea",
    "regconfig": "regconfig",
    "address": "inet",
    **{kind: kind for kind in AS_TEXT},
}


def _text(value: str) -> str:
    """Return a text as it is. The server refuses the character NUL, after it was sent and a transaction is spoilt."""
    if isinstance(value, str) and "\x00" in value:
        raise UnsendableText(f"PostgreSQL's texts can't hold the character NUL (0x00): {value[:80]!r}")
    return value


_text.refuses = "\x00"  # type: ignore[attr-defined]  # which spares most texts the call, see Dialect.adapter


def _like(value: str) -> str:
    return like_escape(_text(value))


def _write_path(items: Sequence[str | int]) -> list[str]:
    return [_text(str(item)) for item in items]


def _texts(keys: Sequence[str]) -> list[str]:
    return [_text(key) for key in keys]


_ADAPTERS: dict[str, Adapter] = {
    "text": _text,
    "char": _text,
    "address": write_address,
    "json": write_json,
    "hstore": write_hstore,
    **dict.fromkeys(RANGES, str),
}


_CONVERTERS: dict[str, Adapter] = {
    "address": read_address,
    "hstore": read_hstore,
    **{kind: ReadRange(made) for kind, made in RANGES.items()},
}
_FUNCTION_NAMES = {"CHAR": "CHR", "INSTR": "STRPOS", "JSON_ARRAYAGG": "JSONB_AGG", "IFNULL": "COALESCE"}
_EXTRACTS = {
    "year": "EXTRACT(YEAR FROM {0})",
    "iso_year": "EXTRACT(ISOYEAR FROM {0})",
    "quarter": "EXTRACT(QUARTER FROM {0})",
    "month": "EXTRACT(MONTH FROM {0})",
    "week": "EXTRACT(WEEK FROM {0})",
    "week_day": "EXTRACT(DOW FROM {0}) + 1",
    "iso_week_day": "EXTRACT(ISODOW FROM {0})",
    "day": "EXTRACT(DAY FROM {0})",
    "hour": "EXTRACT(HOUR FROM {0})",
    "minute": "EXTRACT(MINUTE FROM {0})",
    "second": "FLOOR(EXTRACT(SECOND FROM {0}))",
    "microsecond": "MOD(EXTRACT(MICROSECONDS FROM {0})::bigint, 1000000)",
    "epoch": "FLOOR(EXTRACT(EPOCH FROM {0}))",
}
_TRUNCATES = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
_PATTERNS: dict[str, tuple[str, Adapter]] = {
    "contains": ("LIKE", lambda v: f"%{_like(v)}%"),
    "startswith": ("LIKE", lambda v: f"{_like(v)}%"),
    "endswith": ("LIKE", lambda v: f"%{_like(v)}"),
    "icontains": ("ILIKE", lambda v: f"%{_like(v)}%"),
    "istartswith": ("ILIKE", lambda v: f"{_like(v)}%"),
    "iendswith": ("ILIKE", lambda v: f"%{_like(v)}"),
    "iexact": ("ILIKE", _like),
    "regex": ("~", _text),
    "iregex": ("~*", _text),
}
_EXPLAIN_FORMATS = frozenset({"text", "xml", "json", "yaml"})
_EXPLAIN_OPTIONS = frozenset(
    {"analyze", "verbose", "costs", "settings", "generic_plan", "buffers"}
    | {"serialize", "wal", "timing", "summary", "memory"}
)

_COUNTED = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}
"""What columns whose values are counted hold: words for columns only, which no cast knows."""

_OWN_COLLATION = re.compile(
    r"default|ucs_basic|unicode|pg_\w+|POSIX|C(\.[\w-]+)?|[a-z]{2,3}(_[A-Z]{2})?(\.[\w-]+)?(@\w+)?|[a-z]{2,3}(-\w+)*-x-icu"
)
"""Names of collations that the server brings itself (``pg_collation``)."""
_CONCURRENTLY = re.compile(r"\s*(?:CREATE|DROP|REINDEX)\b[^\"']*\bCONCURRENTLY\b", re.IGNORECASE)
"""Statements that wait for every transaction there is, with nobody behind them."""


class PostgreSQLDialect(PostgreSQLObjects):
    """PostgreSQL 12 and later; UNIQUE NULLS NOT DISTINCT needs 15."""

    name = "postgresql"
    display_name = "PostgreSQL"
    plan_format = "json"
    answers = ANSWERS
    capabilities = Capabilities(
        numbered_placeholders=True,
        typed_parameters=True,
        array_parameters=True,
        max_parameters=32767,
        max_identifier_length=63,
        max_channel_length=63,
        group_by_primary_key=True,
        lateral=True,
        merge=True,
        delete_using=True,
        distinct_on=True,
        select_for_update=True,
        transaction_settings=True,
        nulls_largest=True,
        deferrable_unique=True,
        nulls_not_distinct=True,
        covering_indexes=True,
        updatable_views=True,
        concurrent_indexes=True,
        unvalidated_constraints=True,
        comments=True,
        virtual_columns=False,
        operator_classes=True,
        tablespaces=True,
        changing_ctes=True,
        copy=True,
        measured_plans=True,
    )

    def set_settings(self, number: int) -> str:
        return "SELECT " + ", ".join(f"set_config(${at}, ${at + 1}, true)" for at in range(1, 2 * number, 2))

    def read_settings(self, number: int) -> str:
        return "SELECT " + ", ".join(f"current_setting(${at}, true)" for at in range(1, number + 1))

    def placeholder(self, number: int) -> str:
        return f"${number}"

    def written_parameter(self, number: int, value: object) -> str:
        named = named_type(value)
        return f"${number}" if named is None else f"${number}::{named}"

    def notify_statement(self) -> str:
        return "SELECT pg_notify($1, $2)"

    def array_text(self, items: Sequence[object]) -> str:
        """Return a list as PostgreSQL reads arrays."""
        return spelling.array(list(items))

    def shown_value(self, value: object) -> str:
        if isinstance(value, (bool, int, str)) or (named := named_type(value)) is None:
            return super().shown_value(value)
        finite = not isinstance(value, float) or math.isfinite(value)
        return f"{super().shown_value(value)}::{named}" if finite else f"'{value}'::{named}"

    def binary_literal(self, data: bytes) -> str:
        return rf"E'\\x{data.hex()}'"

    def string_literal(self, text: str) -> str:
        """Return a quoted string that means the same whatever ``standard_conforming_strings`` is set to."""
        literal = super().string_literal(text)
        return "E" + literal.replace("\\", "\\\\") if "\\" in text else literal

    # -- types ------------------------------------------------------------------------------------------------------

    def column_type(self, field: Any) -> str:
        naive = types.default_zone is None and types.kept_zone is None
        if field.kind == "datetime" and naive:
            return "timestamp"
        if field.kind == "char":
            return self.sized_type("varchar", field.max_length) if field.max_length else "varchar"
        if field.kind == "decimal":
            digits, places = field.max_digits, field.decimal_places or 0
            return "numeric" if digits is None else self.sized_type("numeric", digits, places)
        if field.kind == "array":
            return f"{field.base_field.db_type(self)}[{field.size or ''}]"
        if field.kind == "tstzrange" and naive:
            return "tsrange"
        return _TYPES[field.kind]

    def cast_type(self, sql_type: SQLType) -> str:
        if sql_type.kind == "array":
            element = sql_type.base_field  # type: ignore[attr-defined]  # what makes a field one of arrays
            return f"{'numeric' if element.kind == 'decimal' else self.cast_type(element)}[]"
        own = sql_type.own_db_type(self)
        if own is not None:
            return _COUNTED.get(own.lower(), own)
        return "varchar" if sql_type.kind == "char" else self.column_type(sql_type)

    def cast_to_column(self, sql: str, sql_type: SQLType) -> str:
        """Return ``sql`` cast, a text cut to the length of its column; spelt as this database's own statements are."""
        sized = sql_type.kind == "char" and sql_type.own_db_type(self) is None
        return f"({sql})::{self.column_type(sql_type) if sized else self.cast_type(sql_type)}"

    def as_text(self, sql: str, sql_type: SQLType) -> str:
        """Return a value as text, an address without the network that a cast would add."""
        return f"HOST({sql})" if sql_type.kind == "address" else super().as_text(sql, sql_type)

    def tie(self, lhs: str, lhs_type: SQLType, rhs: str, rhs_type: SQLType) -> str:
        """Return that two columns are equal; what a text refers to is compared as text."""
        if (lhs_type.kind in types.TEXT_KINDS) != (rhs_type.kind in types.TEXT_KINDS):
            lhs, rhs = self.as_text(lhs, lhs_type), self.as_text(rhs, rhs_type)
        return f"{lhs} = {rhs}"

    def parameter(self, sql_type: SQLType | None) -> str:
        """Return a cast parameter; a decimal without its digits, which would round a value wider than the column."""
        if sql_type is None:
            return "%s"
        if sql_type.kind == "decimal":
            return "%s::numeric"
        return f"{self._sent(sql_type)}::{self.cast_type(sql_type)}"

    def parameter_beside(self, sql_type: SQLType | None) -> str:
        """Return a cast for what travels as text: beside a column of its type, asyncpg would want that type's value."""
        return "%s" if sql_type is None or self._sent(sql_type) == "%s" else self.parameter(sql_type)

    def _sent(self, sql_type: SQLType) -> str:
        """Return the parameter as it is sent: as text, as an array of texts, or as what the statement makes of it."""
        brackets = ""
        while sql_type.kind == "array":
            sql_type, brackets = sql_type.base_field, "[]"  # type: ignore[attr-defined]
        return f"%s::text{brackets}" if sql_type.kind in AS_TEXT else "%s"

    def adapter(self, sql_type: SQLType) -> Adapter | None:
        if sql_type.kind == "array":
            each = self.adapter(sql_type.base_field)  # type: ignore[attr-defined]
            return None if each is None else Elements(each)
        if types.kept_zone is not None and sql_type.kind in ("datetime", "tstzrange"):
            moment = InZone(types.kept_zone)
            bounds = EachBound(moment)
            return moment if sql_type.kind == "datetime" else lambda value: str(bounds(value))
        return _ADAPTERS.get(sql_type.kind)

    def converter(self, sql_type: SQLType) -> Adapter | None:
        if sql_type.kind == "array":
            element = sql_type.base_field  # type: ignore[attr-defined]
            each = self.converter(element)
            if isinstance(each, ReadArray) or element.own_db_type(self) is not None:
                return ReadArray(each)
            return None if each is None else Elements(each)
        if types.kept_zone is not None and sql_type.kind in ("datetime", "tstzrange"):
            naive = Naive(types.kept_zone)
            return naive if sql_type.kind == "datetime" else EachBound(naive)
        if sql_type.kind == "json":
            return self.json_reader(sql_type)
        return _CONVERTERS.get(sql_type.kind)

    def kept_zone(self) -> datetime.tzinfo | None:
        return types.kept_zone

    def session_settings(self) -> tuple[datetime.tzinfo | None, bool]:
        return types.kept_zone, types.declared_types

    # -- conditions ---------------------------------------------------------------------------------------------------

    def pattern(self, lookup: str, sql_type: SQLType) -> Pattern:
        operator, adapter = _PATTERNS[lookup]
        return Pattern(f"{{lhs}} {operator} %s", adapter)

    def pattern_expression(self, lookup: str, lhs: str, rhs: str) -> str:
        operator = _PATTERNS[lookup][0]
        if lookup in ("regex", "iregex"):
            return f"{lhs}::text {operator} {rhs}"
        escaped = f"REPLACE(REPLACE(REPLACE({rhs}, E'\\\\', E'\\\\\\\\'), '%%', E'\\\\%%'), '_', E'\\\\_')"
        before = "'%%' || " if lookup.endswith(("contains", "endswith")) else ""
        after = " || '%%'" if lookup.endswith(("contains", "startswith")) else ""
        return f"{lhs}::text {operator} {before}{escaped}{after}"

    def membership(self, lhs: str, sql_type: SQLType) -> Pattern | None:
        if not self.capabilities.array_parameters or sql_type.kind == "array" or self._sent(sql_type) != "%s":
            return None
        adapt = self.comparison_adapter(sql_type)
        if sql_type.kind in types.INTEGER_KINDS:
            element = "bigint"  # a narrow column is compared to any number, and finds none that is too wide for it
        else:
            element = "numeric" if sql_type.kind == "decimal" else self.cast_type(sql_type)
        sql = f"{{lhs}} = ANY(%s::{element}[])"
        if adapt is None:
            return Pattern(sql, list)
        return Pattern(sql, lambda values: [None if value is None else adapt(value) for value in values])

    # -- functions ----------------------------------------------------------------------------------------------------

    def function_name(self, name: str) -> str:
        return _FUNCTION_NAMES.get(name, name)

    def numeric_function(self, name: str, arguments: Sequence[tuple[str, str | None]]) -> str:
        """Return the function; ROUND to places, LOG to a base and MOD take no double precision.

        ROUND of double precision alone is there, but gives of two numbers that are as near the even one.
        """
        if name == "ROUND" and len(arguments) > 1:
            arguments = (arguments[0], (f"({arguments[1][0]})::integer", "integer"))
        takes_floats = name not in ("ROUND", "LOG", "MOD") or (len(arguments) < 2 and name != "ROUND")
        if takes_floats or all(kind != "float" for _, kind in arguments):
            return super().numeric_function(name, arguments)
        exact = [sql if kind in types.INTEGER_KINDS else f"({sql})::numeric" for sql, kind in arguments]
        return f"{name}({', '.join(exact)})::double precision"

    def digest(self, algorithm: str, sql: str) -> str:
        if algorithm == "SHA1":
            return f"ENCODE(DIGEST({sql}, 'sha1'), 'hex')"
        return f"ENCODE({algorithm}(CONVERT_TO({sql}, 'UTF8')), 'hex')"

    def json_array(self, items: Sequence[tuple[str, str | None]]) -> str:
        return f"JSONB_BUILD_ARRAY({', '.join(sql for sql, _ in items)})"

    def json_object(self, items: Sequence[tuple[str, str | None]]) -> str:
        return f"JSONB_BUILD_OBJECT({', '.join(sql for sql, _ in items)})"

    def extract(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if part != "epoch":  # an epoch is the same moment everywhere
            sql = self._local(sql, sql_type, zone)
        return f"({_EXTRACTS[part].format(sql)})::bigint"

    def truncate(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if sql_type.kind == "time":
            if part not in ("hour", "minute", "second"):
                raise NotSupportedError(f"a time can't be cut to its {part}")
            return f"DATE_TRUNC('{part}', {sql})::time"
        local = self._local(sql, sql_type, zone)
        if part in ("date", "time"):
            return f"({local})::{part}"
        if part == "datetime":
            return f"({local})"
        if part not in _TRUNCATES:
            raise NotSupportedError(f"PostgreSQL can't cut a {sql_type.kind} to its {part}")
        if sql_type.kind == "date":
            return f"DATE_TRUNC('{part}', {sql})::date"
        if local == sql:
            return f"DATE_TRUNC('{part}', {sql})"
        if part in ("hour", "minute", "second"):  # with the zone inside, so that the hour that comes twice stays two
            return f"DATE_TRUNC('{part}', {sql}, {self._zone(zone)})"
        return f"(DATE_TRUNC('{part}', {local}) AT TIME ZONE {self._zone(zone)})"

    def _local(self, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if zone is None or sql_type.kind != "datetime":
            return sql
        return f"{sql} AT TIME ZONE {self._zone(zone)}"

    def _zone(self, zone: str | None) -> str:
        """Return a zone's text. PostgreSQL reads a constant distance as POSIX does, to the west of UTC."""
        if zone is not None and zone[0] in "+-":
            zone = f"UTC{'-' if zone[0] == '+' else '+'}{zone[1:]}"
        return self.string_literal(zone or "UTC")

    def combine(self, operator: str, lhs: str, rhs: str, lhs_kind: str | None, rhs_kind: str | None) -> str:
        if operator == "-" and lhs_kind == "date" and rhs_kind == "date":
            return f"(({lhs} - {rhs}) * INTERVAL '1 day')"  # the difference of dates would be a bare number of days
        if operator == "^":
            return f"POWER({lhs}, {rhs})"
        if operator in ("<<", ">>"):
            return f"({lhs} {operator} {rhs}::integer)"
        if operator == "%%" and "float" in (lhs_kind, rhs_kind):
            return f"MOD({lhs}::numeric, {rhs}::numeric)"
        return super().combine(operator, lhs, rhs, lhs_kind, rhs_kind)

    def json_path(self, special: bool) -> Adapter:
        return _write_path

    def json_value(self, sql: str, path: str, *, as_text: bool, special: bool) -> str:
        return f"({sql} {'#>>' if as_text else '#>'} {path}::text[])"

    def json_exists(self, sql: str, path: str, *, special: bool) -> str:
        return f"({sql} #> {path}::text[]) IS NOT NULL"

    def json_comparable(self, sql: str, path: str, *, special: bool) -> tuple[str, Adapter]:
        return f"({sql} #> {path}::text[])", write_json

    def json_contains(self, lhs: str, rhs: str) -> str:
        return f"{lhs} @> {rhs}"

    def json_has_key(self, sql: str, key: str) -> str:
        return f"({sql} -> {key}::text) IS NOT NULL"

    def json_has_keys(self, sql: str, keys: str, *, every: bool) -> tuple[str, Adapter]:
        function = "BOOL_AND" if every else "BOOL_OR"
        has = f"SELECT {function}((given.value -> k) IS NOT NULL) FROM UNNEST(given.keys) AS k"
        return f"(SELECT ({has}) FROM (SELECT {sql} AS value, {keys}::text[] AS keys) AS given)", _texts

    # -- statements ---------------------------------------------------------------------------------------------------

    def for_update(self, *, nowait: bool, skip_locked: bool, of: Sequence[str], no_key: bool) -> str:
        if not self.capabilities.select_for_update:
            return super().for_update(nowait=nowait, skip_locked=skip_locked, of=of, no_key=no_key)
        parts = ["FOR NO KEY UPDATE" if no_key else "FOR UPDATE"]
        if of:
            parts.append("OF " + ", ".join(of))
        if nowait:
            parts.append("NOWAIT")
        if skip_locked:
            parts.append("SKIP LOCKED")
        return " ".join(parts)

    def copy_in(self, table: str, columns: Sequence[str]) -> str:
        return f"COPY {table} ({', '.join(columns)}) FROM STDIN".replace("%%", "%")

    def explain(self, format: str | None, options: dict[str, object]) -> str:
        parts = []
        if format is not None:
            if not isinstance(format, str) or format.lower() not in _EXPLAIN_FORMATS:
                known = ", ".join(sorted(name.upper() for name in _EXPLAIN_FORMATS))
                raise ValueError(f"{str(format).upper()} is not a recognized format. Allowed formats: {known}")
            parts.append(f"FORMAT {format.upper()}")
        unknown = sorted(name.upper() for name in options if name.lower() not in _EXPLAIN_OPTIONS)
        if unknown:
            known = ", ".join(sorted(_EXPLAIN_OPTIONS))
            raise advised(ValueError, f"Unknown options: {', '.join(unknown)}", f". Known: {known}")
        for name, value in options.items():
            parts.append(f"{name.upper()} {'true' if value else 'false'}")
        return f"EXPLAIN ({', '.join(parts)})" if parts else "EXPLAIN"

    def plan(self, rows: Sequence[Sequence[object]]) -> Plan:
        return plan_of(rows[0][0])

    def table_function(self, function: str, arguments: Sequence[str], alias: str, columns: Sequence[str]) -> str:
        return table_functions.as_table(function, arguments, alias, columns)

    def among_few(self, lhs: str, rows: str) -> str:
        # It expects hundreds of a recursive table, and reads all of a table to find the few of them; of an array, ten.
        return f"{lhs} = ANY(ARRAY{rows})"

    def array_rows(self, sql_types: Sequence[SQLType]) -> str | None:
        # unnest() opens arrays of arrays all the way, so a column of arrays can't come as one.
        if not self.capabilities.array_parameters or any(sql_type.kind == "array" for sql_type in sql_types):
            return None
        return f"UNNEST({', '.join(map(self._array_parameter, sql_types))})"

    def _array_parameter(self, sql_type: SQLType) -> str:
        # Decimals without their digits: the column itself refuses what is too wide, where the cast would round.
        if sql_type.kind == "decimal":
            return "%s::numeric[]"
        sent = "%s" if self._sent(sql_type) == "%s" else "%s::text[]"
        return f"{sent}::{self.cast_type(sql_type)}[]"

    def replication_state(self) -> str | None:
        # Nothing to replay and connected to its primary: up to date, however long ago the last change was.
        return (
            "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() "
            "AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 "
            "ELSE EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8"
        )

    def lock_waits(self) -> str | None:
        return (
            "SELECT pid, array_to_string(pg_blocking_pids(pid), ', '), "
            "EXTRACT(EPOCH FROM clock_timestamp() - query_start)::float8, wait_event, application_name "
            "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() ORDER BY query_start"
        )

    # -- schema -------------------------------------------------------------------------------------------------------

    def advisory_lock(self, key: int) -> tuple[str, str, str] | None:
        # Tenants' schemas don't wait for each other. Whoever waits in pg_advisory_lock() has a snapshot, which an index
        # that is built concurrently waits for in turn.
        number = f"{key:d} # hashtext(coalesce(current_schema()::text, ''))"
        taken, given = f"SELECT pg_try_advisory_lock({number})", f"SELECT pg_advisory_unlock({number})"
        return taken, given, "SELECT pg_sleep(0.2)"

    def limit_locks(self, seconds: float | None, statement: str = "") -> str | None:
        if seconds is None:
            return "SET lock_timeout = DEFAULT"
        return None if _CONCURRENTLY.match(statement) else f"SET lock_timeout = {max(1, round(seconds * 1000)):d}"

    def pause(self, seconds: float) -> str | None:
        return f"SELECT pg_sleep({seconds:f})"

    def sessions_held_up(self) -> str | None:
        waits = "NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        return f"SELECT count(DISTINCT pid) FROM pg_locks WHERE {waits}"

    def replicas_behind(self) -> str | None:
        """As positions in the write-ahead log; a role without ``pg_monitor`` sees those of no replica."""
        return (
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, "
            "(SELECT min(pg_wal_lsn_diff(replay_lsn, '0/0'))::bigint FROM pg_stat_replication)"
        )

    def settle_constraints(self) -> list[str]:
        return ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"]

    def now(self) -> str:
        """The moment the statement began: ``CURRENT_TIMESTAMP`` is when the transaction did (``TransactionNow``)."""
        return "STATEMENT_TIMESTAMP()"

    def implied_name(self, table: str, column: str, kind: str) -> str:
        """The server's ``ChooseConstraintName``: of table and column, the longer one is cut first."""
        table = ddl.unquoted(table)
        room = self.capabilities.max_identifier_length - len(kind) - (2 if column else 1)
        while len(table.encode()) + len(column.encode()) > room:
            if len(table.encode()) > len(column.encode()):
                table = table[:-1]
            else:
                column = column[:-1]
        return super().implied_name(table, column, kind)

    def pattern_index(self, field: Any) -> str | None:
        """Return the operator class that lets LIKE 'x%' use an index whatever the collation.

        There is none for a collation that takes different texts for equal, which only one that somebody made can do.
        """
        while field.is_relation:
            field = field.target_field
        collation = getattr(field, "db_collation", None)
        if collation and not _OWN_COLLATION.fullmatch(collation):
            return None
        return {"char": "varchar_pattern_ops", "text": "text_pattern_ops"}.get(field.kind)

    def _counter(self, table: str, column: str) -> str:
        return f"pg_get_serial_sequence({self.string_literal(table)}, {self.string_literal(column)})"

    def validate_constraint(self, table: str, name: str) -> str | None:
        return f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"

    def beside_writers(self, statement: str) -> list[tuple[str | None, str]]:
        return forms_of(statement)

    def counter_of(self, table: str, column: str) -> str | None:
        """Return a query for the sequence behind a serial or identity column."""
        return f"SELECT {self._counter(table, column)}"

    def change_generated_key(self, table: str, column: str, generated: bool) -> list[str]:
        """Return the statements; a key that is numbered from now on goes on after the rows there are."""
        statements = super().change_generated_key(table, column, generated)
        if not generated:
            return [*statements, f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT"]
        return [*statements, *self.number_on(table, column)]

    def empty_tables(self, tables: Sequence[str], counted: Sequence[str] = ()) -> Sequence[str]:
        restart = " RESTART IDENTITY" if counted else ""
        return [f"TRUNCATE {', '.join(tables)}{restart}"] if tables else []

    def number_on(self, table: str, column: str) -> list[str]:
        sequence = self._counter(table, column.strip(chr(34)))
        return [f"SELECT setval({sequence}, (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table}), false)"]
