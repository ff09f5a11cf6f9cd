"""COPY, as far as it is the same for both drivers: how rows become its text, and how a query's values get into it.

COPY takes no parameters. The values of a query that is copied out are bound by ``set_config`` to settings of the
transaction, and the statement reads them from there, so none becomes SQL text. What this module refuses: nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from orm_postgresql.dialect import PostgreSQLDialect
from orm_postgresql.spelling import spelled
from orm_postgresql.values import AS_TEXT

if TYPE_CHECKING:
    from orm.db.contract import Connection, CopyTarget, Params
    from orm.errors import DatabaseError

PART = 1 << 18
"""Bytes of CSV that are handed on at a time, as far as they come."""
ROWS = 500
"""Rows whose text is sent at a time."""

_DIALECT = PostgreSQLDialect()
_PREPARED = "duotone_copied"
_SETTING = "duotone.copied_{}"
_MARK = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"|/\*.*?\*/|\$(\d+)""", re.DOTALL)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


# -- in ----------------------------------------------------------------------------------------------------------------


def known_to_asyncpg(fields: Sequence[object]) -> bool:
    """Whether asyncpg has a binary form for the values of these columns: not for what travels as text with a cast, nor
    for columns or values that are a user's own affair."""
    return all(map(_is_known, fields))


def _is_known(field: Any) -> bool:
    field = getattr(field, "target_field", field)
    if field.own_db_type(_DIALECT) is not None or field.takes_lists:
        return False
    return _is_known(field.base_field) if field.kind == "array" else field.kind not in AS_TEXT


async def text_of(rows: Iterable[Params]) -> AsyncIterator[bytes]:
    """Yield rows in COPY's text format (PostgreSQL's documentation, COPY, "Text Format")."""
    lines: list[str] = []
    for row in rows:
        lines.append("\t".join(map(_spelled, row)))
        if len(lines) >= ROWS:
            yield _joined(lines)
            lines.clear()
    if lines:
        yield _joined(lines)


def _joined(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _spelled(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\\\x" + bytes(value).hex()
    text: str = spelled(value)
    return text.translate(_ESCAPES)


def note_row(error: DatabaseError, context: str | None, target: CopyTarget) -> None:
    """Note on an error which row the server was at, and which column: ``COPY name, line 3, column age: "x"``.

    The words before the number and the column are in the server's language.
    """
    found = re.search(rf"COPY {re.escape(target.table)}, \D*(\d+)(?:, \w+ (\w+))?", context or "")
    if found is None:
        return
    error.row = int(found[1])
    named = [found[2], *getattr(error, "columns", ())]
    error.column = next((name for name in named if name in target.columns), None)


# -- out ---------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def written_out(connection: Connection, sql: str, params: Params, header: bool) -> AsyncIterator[str]:
    """Give a query as COPY can take it, in a transaction as long as it has values; of a blocking connection the whole
    statement."""
    own = bool(params) and not connection.in_transaction
    if own:
        await connection.begin(read_only=True)
    try:
        query = await _bound(connection, sql, params) if params else sql
        yield query if connection.awaitable else f"COPY ({query}) TO STDOUT (FORMAT CSV, HEADER {str(header).upper()})"
    except BaseException:
        if own and connection.is_usable and connection.in_transaction:
            await connection.rollback()
        raise
    if own:
        await connection.commit()


async def _bound(connection: Connection, sql: str, params: Params) -> str:
    """Bind the values of a query to settings; return the query that reads them."""
    await connection.execute_script(f"PREPARE {_PREPARED} AS {sql}")
    types = "SELECT unnest(parameter_types)::text FROM pg_prepared_statements WHERE name = $1::text"
    kinds = [kind for (kind,) in await connection.fetch(types, [_PREPARED])]
    await connection.execute_script(f"DEALLOCATE {_PREPARED}")
    set_all = ", ".join(
        f"set_config('{_SETTING.format(number)}', ${number}::{kind}::text, true)"
        for number, kind in enumerate(kinds, start=1)
    )
    await connection.fetch(f"SELECT {set_all}", params)

    def read(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]  # text and names in quotes
        number = int(match[1])
        if params[number - 1] is None:
            return f"NULL::{kinds[number - 1]}"
        return f"current_setting('{_SETTING.format(number)}')::{kinds[number - 1]}"

    return _MARK.sub(read, sql)


def parts(blocks: Iterable[Any]) -> Iterator[bytes]:
    """Yield what comes row by row in larger pieces."""
    gathered = bytearray()
    for block in blocks:
        gathered += block
        if len(gathered) >= PART:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


class Gathered:
    """Hands on in larger pieces what asyncpg gives it."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._write = write
        self._gathered = bytearray()
        self.failure: Exception | None = None
        """What the other end has raised, which is not to be taken for an error of the connection."""

    async def __call__(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) >= PART:
            await self.flush()

    async def flush(self) -> None:
        """Hand on what is left."""
        if self._gathered:
            try:
                await self._write(bytes(self._gathered))
            except Exception as error:
                self.failure = error
                raise
            self._gathered.clear()
