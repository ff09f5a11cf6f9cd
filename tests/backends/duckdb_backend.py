"""DuckDB as a backend: what somebody else writes to bring a database. Blocking only; the bridge does the async half.

A database is a file, ``duckdb:///file.db``, or memory. DuckDB opens a file once in a process, so all sessions of a
database are cursors of one connection.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from orm import errors
from orm.db.contract import Backend, Connection, Driver, Params, Row
from orm.db.url import DatabaseURL
from orm.sql import types
from orm.sql.dialect import Adapter, Capabilities, Dialect, Pattern, like_escape
from orm.sql.types import SQLType

T = TypeVar("T")

ERRORS: tuple[tuple[type[Exception], type[errors.Error]], ...] = (
    (duckdb.ConnectionException, errors.InterfaceError),
    (duckdb.IntegrityError, errors.IntegrityError),
    (duckdb.DataError, errors.DataError),
    (duckdb.ProgrammingError, errors.ProgrammingError),
    (duckdb.NotSupportedError, errors.NotSupportedError),
    (duckdb.InternalError, errors.InternalError),
    (duckdb.Error, errors.OperationalError),
)
KINDS = {
    "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT", "boolean": "BOOLEAN", "char": "VARCHAR",
    "text": "VARCHAR", "date": "DATE", "time": "TIME", "datetime": "TIMESTAMP", "duration": "INTERVAL",
    "float": "DOUBLE", "uuid": "UUID", "json": "JSON", "binary": "BLOB", "address": "VARCHAR",
}  # fmt: skip
PARTS = {"iso_year": "ISOYEAR", "week_day": "DOW", "iso_week_day": "ISODOW", "second": "SECOND"}
LIKE = {"contains": "%{}%", "startswith": "{}%", "endswith": "%{}", "exact": "{}"}


class DuckDBConnection(Connection):
    awaitable = False

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self._raw = raw
        self._usable = True
        self._open = False
        self._lock = threading.Lock()

    @property
    def is_usable(self) -> bool:
        return self._usable

    @property
    def in_transaction(self) -> bool:
        return self._open and self._usable

    def _call(self, work: Callable[..., T], *args: Any) -> T:
        if not self._usable:
            raise errors.InterfaceError("the connection is closed")
        try:
            with self._lock:
                return work(*args)
        except duckdb.Error as error:
            raise next(ours for theirs, ours in ERRORS if isinstance(error, theirs))(str(error)) from error

    def _fetch(self, sql: str, params: Params) -> tuple[list[str], list[Row]]:
        cursor = self._raw.execute(sql, list(params))
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    async def fetch(self, sql: str, params: Params = ()) -> Sequence[Row]:
        return self._call(self._fetch, sql, params)[1]

    async def fetch_named(self, sql: str, params: Params = ()) -> tuple[Sequence[str], Sequence[Row]]:
        return self._call(self._fetch, sql, params)

    async def execute(self, sql: str, params: Params = ()) -> int:
        names, rows = self._call(self._fetch, sql, params)
        return int(rows[0][0]) if names == ["Count"] and rows else -1

    async def execute_many(self, sql: str, rows: Iterable[Params]) -> int:
        own = not self._open
        if own:
            await self.begin()
        try:
            counts = [await self.execute(sql, row) for row in rows]
        except BaseException:
            if own:
                await self.rollback()
            raise
        if own:
            await self.commit()
        return sum(counts)

    async def execute_script(self, sql: str) -> None:
        self._call(self._raw.execute, sql)

    async def stream(self, sql: str, params: Params, chunk_size: int) -> AsyncGenerator[Sequence[Row], None]:
        result = self._call(self._raw.execute, sql, list(params))
        while rows := self._call(result.fetchmany, chunk_size):
            yield rows

    async def begin(self, *, isolation: str | None = None, read_only: bool = False, write: bool = True) -> None:
        if isolation not in (None, "snapshot"):
            raise errors.NotSupportedError(f"DuckDB isolates transactions by snapshot, not {isolation!r}")
        self._call(self._raw.execute, "BEGIN TRANSACTION READ ONLY" if read_only else "BEGIN")
        self._open = True

    async def commit(self) -> None:
        self._open = False
        self._call(self._raw.execute, "COMMIT")

    async def rollback(self) -> None:
        self._open = False
        self._call(self._raw.execute, "ROLLBACK")

    async def ping(self) -> None:
        self._call(self._raw.execute, "SELECT 1")

    async def close(self) -> None:
        self._usable = False
        with self._lock:
            self._raw.close()

    def terminate(self) -> None:
        self._usable = False
        if self._lock.acquire(blocking=False):
            self._raw.close()
            self._lock.release()
        else:
            self._raw.interrupt()


class DuckDBDriver(Driver):
    awaitable = False

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def connect(self, url: DatabaseURL) -> DuckDBConnection:
        # A named one in memory is shared, and so is a file: while a connection to it is open, in the whole process.
        place = ":memory:orm" if url.database == ":memory:" else str(Path(url.database).resolve())  # noqa: ASYNC240
        try:
            with self._lock:
                raw = duckdb.connect(place)
                raw.execute("CREATE SEQUENCE IF NOT EXISTS orm_keys")
                return DuckDBConnection(raw)
        except duckdb.Error as error:
            raise errors.OperationalError(f"can't open the DuckDB database {place}: {error}") from error


class DuckDBDialect(Dialect):
    name = "duckdb"
    version_query = "SELECT 'DuckDB ' || version()"
    capabilities = Capabilities(
        numbered_placeholders=True,
        typed_parameters=True,
        max_parameters=32767,
        savepoints=False,
        foreign_keys=False,
        distinct_on=True,
    )

    def placeholder(self, number: int) -> str:
        return f"${number}"

    def column_type(self, field: Any) -> str:
        if field.kind == "decimal":
            return f"DECIMAL({field.max_digits or 38}, {field.decimal_places if field.max_digits else 10})"
        return KINDS[field.kind]

    def adapter(self, sql_type: SQLType) -> Adapter | None:
        if sql_type.kind == "datetime":
            return lambda value: value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
        return json.dumps if sql_type.kind == "json" else None

    def converter(self, sql_type: SQLType) -> Adapter | None:
        if sql_type.kind == "datetime" and types.default_zone is not None:
            return lambda value: value.replace(tzinfo=datetime.UTC)
        return json.loads if sql_type.kind == "json" else None

    def pattern(self, lookup: str, sql_type: SQLType) -> Pattern:
        if lookup in ("regex", "iregex"):
            flag = "(?i)" if lookup == "iregex" else ""
            return Pattern("REGEXP_MATCHES({lhs}, %s)", lambda value: flag + value)
        operator, form = ("ILIKE", LIKE[lookup[1:]]) if lookup.startswith("i") else ("LIKE", LIKE[lookup])
        return Pattern(f"{{lhs}} {operator} %s ESCAPE '\\'", lambda value: form.format(like_escape(value)))

    def extract(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if part == "epoch":
            return f"FLOOR(EPOCH({sql}))::BIGINT"
        found = f"EXTRACT({PARTS.get(part, part.upper())} FROM {self._local(sql, sql_type, zone)})"
        return {"week_day": f"({found} + 1)", "microsecond": f"({found} %% 1000000)"}.get(part, found)

    def truncate(self, part: str, sql: str, sql_type: SQLType, zone: str | None) -> str:
        local = self._local(sql, sql_type, zone)
        if part in ("date", "time"):
            return f"({local})::{part}"
        if part == "datetime":
            return local
        if sql_type.kind == "date":
            return f"DATE_TRUNC('{part}', {sql})::DATE"
        if local == sql or part in ("minute", "second"):
            return f"DATE_TRUNC('{part}', {sql})"
        if part == "hour":  # by subtraction, so that the hour that comes twice stays two
            local = self._local("m", sql_type, zone)
            return f"LIST_TRANSFORM([{sql}], LAMBDA m: m - ({local} - DATE_TRUNC('hour', {local})))[1]"
        return f"(DATE_TRUNC('{part}', {local}) AT TIME ZONE {self.string_literal(zone or 'UTC')})::TIMESTAMP"

    def _local(self, sql: str, sql_type: SQLType, zone: str | None) -> str:
        if zone in (None, "UTC") or sql_type.kind != "datetime":
            return sql
        return f"({sql} AT TIME ZONE 'UTC' AT TIME ZONE {self.string_literal(zone)})"

    def combine(self, operator: str, lhs: str, rhs: str, lhs_kind: str | None, rhs_kind: str | None) -> str:
        if operator == "-" and lhs_kind == rhs_kind == "date":
            return f"TO_DAYS(({lhs} - {rhs})::INTEGER)"
        if operator == "#":
            return f"XOR({lhs}, {rhs})"
        return super().combine(operator, lhs, rhs, lhs_kind, rhs_kind)

    def generated_key_clause(self, field: Any) -> str:
        return "DEFAULT nextval('orm_keys')"


backend = Backend(name="duckdb", schemes=("duckdb",), dialect=DuckDBDialect(), blocking=DuckDBDriver())
