"""Results in other forms than a list of instances: pages, objects of other classes.

``reading_blocking.py`` holds the generated blocking forms. A coroutine here waits only inside what the queryset it is a
part of waits for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from orm.db.registry import databases
from orm.db.routing import routes
from orm.errors import DataError
from orm.late import late_module, sqlparse
from orm.query import routed
from orm.query.chain import Chain
from orm.query.faces import Faces
from orm.query.iterables import ModelIterable, gone_through
from orm.query.key_names import has_keys, whole_names
from orm.query.layout import loaded_names
from orm.query.plan import select_plan
from orm.query.query import Query
from orm.sql.select import RowForm

if TYPE_CHECKING:
    import polars
    import pyarrow

    from orm.query import keyset, projection, tables
    from orm.query.plan import Plan
    from orm.query.queryset_blocking import QuerySet
    from orm.query.shape import Shape
    from orm.sql import subqueries
else:
    keyset = late_module("orm.query.keyset")
    projection = late_module("orm.query.projection")
    subqueries = late_module("orm.sql.subqueries")
    tables = late_module("orm.query.tables")

M = TypeVar("M", covariant=True)
T = TypeVar("T")


class AwaitableReading(Faces[M]):
    """The part of a QuerySet that gives results in other forms."""

    if TYPE_CHECKING:

        async def _rows(self, shape: Shape, values: tuple[object, ...]) -> tuple[Plan, Sequence[Any]]: ...
        def _hydrated(self, plan: Plan, rows: Sequence[object]) -> list[Any]: ...
        async def _prefetch(self, instances: list[object]) -> None: ...
        def _chunks(self, chunk_size: int) -> AsyncGenerator[tuple[Any, Plan, Sequence[Any]], None]: ...

    def into(self, cls: type[T], /, **sources: object) -> QuerySet[T]:
        """Return the rows as objects of a class: a dataclass, a ``NamedTuple``, a ``TypedDict``, or one of msgspec or
        pydantic.

        Parameters: each field of the class is a column, by its name (``author__name``) or as ``sources`` say: the name
        of another, or an expression. A field whose type is an enumeration holds its member.

        Raises ``FieldError`` for a field that is no column, ``TypeError`` for a class that is none of these, and for a
        field that is said to hold other values than its column does: ``int`` of a text, or of what may be NULL.
        """
        if not isinstance(cls, type):
            raise TypeError(f"into() takes a class, not {cls!r}")
        known: Any = cls
        form = projection.projection_of(known)
        sources = {
            name: subqueries.Subquery(item) if isinstance(item, Chain) else item for name, item in sources.items()
        }
        chosen: Any = self._step("into", (form, sources), projection.choose_into, form, sources)
        return chosen  # type: ignore[no-any-return]

    def sql(self, *, pretty: bool = False) -> str:
        """Return the query's statement with its values put in, quoted, to be read or pasted into the database's shell.

        ``pretty`` breaks it into lines. Raises ``EmptyResultSet`` for a query that is not sent, since no row can meet
        its conditions.
        """
        text = str(Query(self))
        if pretty:
            text = sqlparse.format(text, reindent=True)
        return text

    async def apage(self, *, after: str | None = None, before: str | None = None, size: int = 50) -> keyset.Page[M]:
        """Return up to ``size`` rows in the query's order, from its start or from a place in it.

        Parameters: ``after`` and ``before`` are cursors: ``page.next`` or ``page.previous`` of a page, or one of
        ``page.cursors``. With ``before`` alone these are the last rows before that place. The order is the query's, by
        key where rows are equal in it; rows that come or go elsewhere in between change nothing.

        Raises ``InvalidCursor`` for a text that no page of this model and ordering gave, ``ValueError`` for a size
        below one and for a random order, ``NotSupportedError`` after ``union()`` or ``distinct()`` with names.
        """
        self._uncut("take a page of a query")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"size is the number of rows on a page, 1 or more, not {size!r}")
        ordered = self._step("order uniquely", (), keyset.order_uniquely)
        cursors = keyset.cursors_of(ordered._shape, ordered._values, databases[self.db].dialect)
        start, end = (None if cursor is None else cursors.read(cursor) for cursor in (after, before))
        asked = keyset.Asked(start, end, size + 1)
        shape, values = keyset.sought(ordered._shape, ordered._values, asked)
        reader: Any = self
        try:
            if routes.active:
                reader, plan, rows = await routed.rows_of(self, shape, values)
            else:
                plan, rows = await self._rows(shape, values)
        except DataError as error:
            raise keyset.unsendable(asked, error) from error
        kept = list(rows[:size])
        if asked.backwards:
            kept.reverse()
        results = reader._hydrated(plan, kept)
        if self._iterable_class is not ModelIterable and plan.of_models:
            results = await gone_through(reader, results)
        if self._prefetch_related_lookups:
            await self._prefetch(results)
        return keyset.page_of(kept, results, len(rows) > size, plan, cursors, asked)

    def _as_tuples(self) -> Any:
        """Return this query with tuples for results."""
        select = self._shape.select
        if select.values is None:
            if select.loading is None:
                return self.values_list()
            return self.values_list(*loaded_names(select), *select.selected)
        if select.result is RowForm.TUPLE:
            return self
        return self._step("as tuples", (), _as_tuples)

    async def aarrow(self) -> pyarrow.Table:
        """Return the rows as a table of Arrow, with the types of the fields: all columns, or those that ``values()``,
        ``only()`` or ``defer()`` chose.

        Moments are in UTC, decimals have the digits of their column, JSON is text. Needs pyarrow (``pip install
        duotone[arrow]``). Raises ``ImportError`` without it, ``NotImplementedError`` for a column that has no type
        there, ``DataError`` for a value that its type can't hold.
        """
        table: pyarrow.Table = await self._table(tables.Arrow())
        return table

    async def apolars(self) -> polars.DataFrame:
        """Return the rows as a data frame of Polars, with the types of the fields: all columns, or those that
        ``values()``, ``only()`` or ``defer()`` chose.

        As ``aarrow``; UUIDs are texts. Needs polars (``pip install duotone[polars]``).
        """
        frame: polars.DataFrame = await self._table(tables.Polars())
        return frame

    async def _table(self, maker: tables.Arrow | tables.Polars) -> Any:
        reader = self._as_tuples()
        shape, values = reader._sliced()
        database = databases[reader.db]
        layout = shape.plan(database, values, select_plan).layout
        names = whole_names(layout.names, values) if has_keys(layout.names) else layout.names
        table = tables.Table(maker, tables.columns_of(layout, names, database.dialect, maker))
        chunks = routed.chunks_of(reader, tables.PART) if routes.active else reader._chunks(tables.PART)
        async with aclosing(chunks):
            async for _, _, rows in chunks:
                table.add(rows)
        return table.made()


def _as_tuples(builder: Any) -> None:
    builder.select.result = RowForm.TUPLE
