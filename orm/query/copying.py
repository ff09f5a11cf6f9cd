"""Rows in bulk: ``copy_in()`` and ``copy_out()``, by PostgreSQL's COPY where the database has such a thing.

``copying_blocking.py`` holds the generated blocking forms. Rows go in by parts, each a statement of one transaction, so
no more than a part is in memory. What this module refuses: models in several tables, and querysets that have been
narrowed before rows are copied in.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Sequence
from contextlib import aclosing, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from orm.altering import alters_data
from orm.bridge.guard import running_loop
from orm.bridge.nested import nested
from orm.bridge.one_by_one import OneByOne
from orm.db.contract import CopyTarget
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import DatabaseError
from orm.late import late_module
from orm.query import routed
from orm.query.key_names import has_keys, whole_names
from orm.query.plan import select_plan, statement_plan
from orm.query.reading import AwaitableReading
from orm.query.shape import root
from orm.sql.insert import Insert
from orm.sql.sources import ParameterRows

if TYPE_CHECKING:
    from orm.bridge import crossing
    from orm.bridge import source as source_of_rows
    from orm.bridge.source import Source
    from orm.db.database_blocking import Database
    from orm.query import copied_rows, csv_text, rows_progress
    from orm.query.copied_rows import Rows
    from orm.query.plan import Plan
    from orm.query.rows_progress import Told
    from orm.sql.dialect import Dialect
else:
    copied_rows = late_module("orm.query.copied_rows")
    crossing = late_module("orm.bridge.crossing")
    csv_text = late_module("orm.query.csv_text")
    rows_progress = late_module("orm.query.rows_progress")
    source_of_rows = late_module("orm.bridge.source")

M = TypeVar("M", covariant=True)

PART = 50_000
"""Rows that one COPY takes. Fewer would have client and server wait for each other more often."""
SMALL_PART = 5_000
"""Rows that one statement takes where the database has no COPY."""
OUT_PART = 5_000
"""Rows that are read at a time."""


class BinaryFile(Protocol):
    """Something to write bytes to; ``write`` may be a coroutine function."""

    def write(self, data: bytes, /) -> Any:
        """Write all of it."""


class TextFile(Protocol):
    """Something to write texts to."""

    def write(self, data: str, /) -> Any:
        """Write all of it."""


class AwaitableCopying(AwaitableReading[M]):
    """The part of a QuerySet that moves rows in bulk."""

    @alters_data
    async def acopy_in(
        self,
        rows: Iterable[object] | AsyncIterable[object],
        *,
        fields: Sequence[str] | None = None,
        progress: Callable[[int], object] | bool = False,
    ) -> int:
        """Insert many rows as fast as the database takes them, all or none; return how many there were.

        Parameters:
            rows: an iterable or async iterable of tuples, mappings or instances, all like the first one. It is walked
                once, a part at a time.
            fields: the names of what each row gives. Without, a mapping gives what its keys say, an instance all of
                its columns, a tuple all columns in the model's order but a key that the database counts. What rows
                don't give gets its default.
            progress: a function of either kind that is told after each part how many rows have been copied; True shows
                a bar on a terminal.

        It is a transaction, or part of the one that is open. Values are converted as ``save()`` does it; no ``save()``
        is called, no signal sent, and instances don't get their keys. Raises ``BadRow`` for a row that the fields
        refuse, and the database's error for one that the database does (``UnsendableText`` where a text is none in
        UTF-8); either names the row's number.
        """
        model: Any = self.model
        if self._shape is not root(model) or self._low or self._high is not None:
            raise TypeError(
                f"copy_in() adds rows, so it is no method of some of them: {model.__name__}.objects.copy_in()"
            )
        plan = model._meta.write_plan
        if plan.parents:
            raise NotImplementedError(
                f"{model._meta.label} lies in several tables, and COPY writes one: bulk_create() writes them all"
            )
        if isinstance(fields, str):
            raise TypeError(f"fields is a list of names, not one: [{fields!r}]")
        source = source_of_rows.Source(rows, "copy_in()")
        alias = (await routed.to_write(self)).db
        database = databases[alias]
        told = rows_progress.progress_of(progress, f"{model._meta.label}", source.total)
        size = PART if database.dialect.capabilities.copy else SMALL_PART
        try:
            with told if told is not None else nullcontext():
                async with atomic(using=alias):
                    return await self._copied(source, fields, database, told, size)
        finally:
            await source.close()

    async def _copied(
        self, source: Source, fields: Sequence[str] | None, database: Database, told: Told | None, size: int
    ) -> int:
        made: Rows | None = None
        done = 0
        while part := await source.take(size):
            if made is None:
                made = copied_rows.rows_like(self.model, part[0], fields, database.dialect)
            if made.kind == "instance":
                await _settle(made, part, database.alias)
            try:
                await copy_part(made, part, database)
            except Exception as error:
                told_error = told_row(made, part, done, error)
                if told_error is error:
                    raise
                raise told_error from error
            done += len(part)
            if told is not None:
                await told.tell(done)
            if len(part) < size:
                break
        return done

    def acopy_out(self, *, progress: Callable[[int], object] | bool = False) -> AsyncGenerator[tuple[Any, ...], None]:
        """Yield the rows as tuples while they arrive, with Python's values: all columns, or those ``values()`` chose.

        They come through a cursor at the server, whose rows the drivers decode in C, and take no more memory than a
        part of them does. ``acopy_out_csv()`` is quicker still where nobody needs to look at the rows.

        Parameters: ``progress`` as ``acopy_in``'s.
        """
        told = rows_progress.progress_of(progress, self.model.__name__, None)
        return OneByOne(self._tuples(told), "AwaitableCopying.acopy_out")

    async def _tuples(self, told: Told | None) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        chosen: Any = self._as_tuples()
        lists = nested(chosen._lists(OUT_PART))
        done = 0
        with told if told is not None else nullcontext():
            async with aclosing(lists):
                async for part in lists:
                    yield part
                    done += len(part)
                    if told is not None:
                        await told.tell(done)

    @overload
    async def acopy_out_csv(
        self, to: None = None, *, header: bool = True, progress: Callable[[int], object] | bool = False
    ) -> bytes: ...
    @overload
    async def acopy_out_csv(
        self, to: BinaryFile | TextFile, *, header: bool = True, progress: Callable[[int], object] | bool = False
    ) -> int: ...
    @overload
    async def acopy_out_csv(
        self,
        to: BinaryFile | TextFile | None = None,
        *,
        header: bool = True,
        progress: Callable[[int], object] | bool = False,
    ) -> bytes | int: ...
    async def acopy_out_csv(
        self,
        to: BinaryFile | TextFile | None = None,
        *,
        header: bool = True,
        progress: Callable[[int], object] | bool = False,
    ) -> bytes | int:
        """Write the rows as CSV in UTF-8, as the database spells the values; return how many, or the CSV itself.

        Parameters:
            to: a file opened for writing, of bytes or of text; an async one where its ``write`` is a coroutine
                function. None: the CSV is returned as bytes.
            header: whether the first line has the columns' names.
            progress: told how many bytes have been written, as ``acopy_in`` tells of rows.

        A NULL is an empty field, an empty text is ``""``. On PostgreSQL the bytes come from COPY and nobody looks at
        them on their way.
        """
        if to is not None and not hasattr(to, "write"):
            raise TypeError(f"copy_out_csv() writes to an open file, not to {to!r}: open(path, 'wb')")
        held = io.BytesIO() if to is None else None
        target: Any = to if held is None else held
        told = rows_progress.progress_of(progress, self.model.__name__, None, unit="bytes")
        writer = Writer(target, told)
        reader: Any = (await routed.to_read(self))._as_tuples()
        with told if told is not None else nullcontext():
            count = await reader._write_csv(writer, header)
        return count if held is None else held.getvalue()

    async def _write_csv(self, writer: Writer, header: bool) -> int:
        database = databases[self.db]
        dialect = database.dialect
        shape, values = self._sliced()
        plan: Plan = shape.plan(database, values, select_plan)
        layout = plan.layout
        assert layout is not None
        if layout.widths:
            raise TypeError("A key of several columns is no column of a table: name its columns")
        names = whole_names(layout.names, values) if has_keys(layout.names) else layout.names
        if header:
            await writer.write(csv_text.CSVWriter(dialect).line(names))
        if plan.sql is None:
            return 0
        if dialect.capabilities.copy and not layout.hidden:
            return await database.copy_out(plan.sql, plan.parameters(values), False, writer.write, self._timeout)
        text = csv_text.CSVWriter(dialect)
        count = 0
        lists: Any = nested(self._lists(OUT_PART))  # type: ignore[attr-defined]
        async with aclosing(lists):
            async for part in lists:
                await writer.write(text.lines(part))
                count += len(part)
        return count


class Writer:
    """Hands bytes to somebody's file, on the thread or loop of whoever gave it."""

    def __init__(self, to: Any, told: Told | None) -> None:
        self._write = to.write
        self._home = running_loop()
        self._told = told
        self._text = isinstance(to, io.TextIOBase)
        self._in_memory = isinstance(to, (io.BytesIO, io.StringIO))
        self._left = b""
        self._done = 0

    async def write(self, data: bytes) -> None:
        """Write a piece; one that ends within a line of text is kept until the rest is there."""
        self._done += len(data)
        given: Any = data
        if self._text:
            whole, newline, left = (self._left + data).rpartition(b"\n")
            self._left, given = left, (whole + newline).decode()
        if self._in_memory:
            self._write(given)
        elif self._home is None or running_loop() is self._home:
            await crossing.call(self._write, given)
        else:
            await crossing.on_loop(self._home, crossing.call(self._write, given))
        if self._told is not None:
            await self._told.tell(self._done)


async def _settle(made: Rows, instances: Sequence[object], alias: str) -> None:
    """Do what saving instances does before their row is written: files are stored, generic relations worked out."""
    plan = made.model._meta.write_plan
    for field in plan.virtual:
        for instance in instances:
            await field.asettle(instance, alias)
    for attname in plan.files:
        for instance in instances:
            await getattr(instance, attname).acommit()


async def copy_part(made: Rows, part: Sequence[Any], database: Database) -> None:
    """Copy some rows, all or nothing."""
    dialect = database.dialect
    columns = made.columns
    table = made.model._meta.db_table
    if dialect.capabilities.copy:
        names = [dialect.quote(field.column) for field in columns.fields]
        sql = dialect.copy_in(dialect.quote(table), names)
        await database.copy_in(sql, CopyTarget(table, columns.fields), map(made.make, part))
        return
    rows = list(map(made.make, part))
    plan = root(made.model).compiled(("copy part", columns, dialect), _one_row, table, columns.fields, dialect)
    sql = plan.sql or ""
    bound = rows if plan.bind is None else list(map(plan.bind, rows))
    try:
        async with atomic(using=database.alias):
            await database.execute_many(sql, bound)
    except DatabaseError as error:
        if copied_rows.is_about_rows(error):
            error.row = await _failing(sql, bound, database)
            error.column = next(iter(getattr(error, "columns", ())), None)
        raise


def _one_row(table: str, fields: tuple[Any, ...], dialect: Dialect) -> Plan:
    from_rows = ParameterRows(types=fields, count=1)
    return statement_plan(Insert(table=table, fields=fields, source=from_rows), dialect)


async def _failing(sql: str, rows: Sequence[Any], database: Database) -> int | None:
    """Return the number of the first row that the database refuses: half by half, since it does not say."""
    least, most = 0, len(rows)
    undone = _Undone()
    try:
        async with atomic(using=database.alias):
            while most - least > 1:
                middle = (least + most) // 2
                try:
                    async with atomic(using=database.alias):
                        await database.execute_many(sql, rows[least:middle])
                    least = middle
                except DatabaseError:
                    most = middle
            raise undone
    except _Undone:
        return most


class _Undone(Exception):
    """Undoes what was tried."""


def told_row(made: Rows, part: Sequence[object], done: int, error: Exception) -> Exception:
    """Return the error that names the row which could not be copied; others as they are."""
    if isinstance(error, DatabaseError) and error.row is not None:
        return copied_rows.numbered(error, made.model, done)
    if not copied_rows.is_about_rows(error):
        return error
    return made.bad(part, done) or error
