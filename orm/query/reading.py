"""Results in other forms than a list of instances: pages, objects of other classes.

``reading_blocking.py`` holds the generated blocking forms. A coroutine here waits only inside what the queryset it is a
part of waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from orm.db.registry import databases
from orm.db.routing import routes
from orm.query import keyset, projection, routed
from orm.query.chain import Chain
from orm.query.faces import Faces
from orm.query.query import Query
from orm.sql.subqueries import Subquery

if TYPE_CHECKING:
    from orm.query.plan import Plan
    from orm.query.queryset_blocking import QuerySet
    from orm.query.shape import Shape

M = TypeVar("M", covariant=True)
T = TypeVar("T")


class AwaitableReading(Faces[M]):
    """The part of a QuerySet that gives results in other forms."""

    if TYPE_CHECKING:

        async def _rows(self, shape: Shape, values: tuple[Any, ...]) -> tuple[Plan, Sequence[Any]]: ...
        def _hydrated(self, plan: Plan, rows: Sequence[Any]) -> list[Any]: ...
        async def _prefetch(self, instances: list[Any]) -> None: ...

    def into(self, cls: type[T], /, **sources: Any) -> QuerySet[T]:
        """Return the rows as objects of a class: a dataclass, a ``NamedTuple``, a ``TypedDict``, or one of msgspec or
        pydantic.

        Parameters: each field of the class is a column, by its name (``author__name``) or as ``sources`` say: the name
        of another, or an expression. A field whose type is an enumeration holds its member.

        Raises ``FieldError`` for a field that is no column, ``TypeError`` for a class that is none of these, and for a
        field that is said to hold other values than its column does: ``int`` of a text, or of what may be NULL.
        """
        known: Any = cls
        form = projection.projection_of(known)
        sources = {name: Subquery(item) if isinstance(item, Chain) else item for name, item in sources.items()}
        chosen: Any = self._step("into", (form, sources), projection.choose_into, form, sources)
        return chosen  # type: ignore[no-any-return]

    def sql(self, *, pretty: bool = False) -> str:
        """Return the query's statement with its values put in, quoted, to be read or pasted into the database's shell.

        ``pretty`` breaks it into lines, with sqlparse (``pip install duotone[pretty]``). Raises ``EmptyResultSet`` for
        a query that is not sent, since no row can meet its conditions.
        """
        text = str(Query(self))
        if not pretty:
            return text
        try:
            sqlparse: Any = import_module("sqlparse")
        except ImportError as error:
            raise ImportError("sql(pretty=True) needs sqlparse: pip install duotone[pretty]") from error
        formatted: str = sqlparse.format(text, reindent=True)
        return formatted

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
        if routes.active:
            reader, plan, rows = await routed.rows_of(self, shape, values)
        else:
            plan, rows = await self._rows(shape, values)
        kept = list(rows[:size])
        if asked.backwards:
            kept.reverse()
        results = reader._hydrated(plan, kept)
        if self._prefetch_related_lookups:
            await self._prefetch(results)
        return keyset.page_of(kept, results, len(rows) > size, plan, cursors, asked)
