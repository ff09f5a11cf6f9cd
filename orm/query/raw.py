"""Raw queries: instances made from SQL written by hand.

``Author.objects.raw("SELECT * FROM author WHERE age > %s", [30])``. Columns are matched to fields by name
(``translations`` maps others), what matches no field becomes an attribute, what is missing is loaded when asked for.
``%s`` and ``%(name)s`` are placeholders, ``%%`` is a percent sign (with ``params=None`` the text is sent as it is);
values are always bound.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from orm.bridge import run
from orm.bridge.one_by_one import OneByOne
from orm.config import DEFAULT_ALIAS
from orm.db.registry import databases
from orm.db.routing import routes
from orm.errors import FieldDoesNotExist, advised
from orm.query.hydrate import reader_of
from orm.query.prefetch import aprefetch_related_objects
from orm.sql.parameters import bind
from orm.structures.arguments import checked_alias, checked_sql, listed, mapped

if TYPE_CHECKING:
    from orm.db.database_blocking import Database

FEW = 200
"""Rows that become instances at a time where they are not kept."""

M = TypeVar("M", covariant=True)


class RawQuery:
    """A text of SQL with its parameters; ``str()`` of it has both in one, unquoted, for people to read."""

    def __init__(self, sql: str, params: Any) -> None:
        self.sql = sql
        self.params = params

    def __str__(self) -> str:
        if not self.params:
            return self.sql
        try:
            return self.sql % (self.params if isinstance(self.params, Mapping) else tuple(self.params))
        except (TypeError, ValueError, KeyError):
            return f"{self.sql} {self.params!r}"  # they don't fit, which running it will say

    def __repr__(self) -> str:
        return f"<RawQuery: {self}>"


class AwaitableRawQuerySet(Generic[M]):
    """Instances of a model from a raw query: ``await``, ``async for`` and ``for`` run it."""

    def __init__(
        self,
        model: type[M],
        raw_query: str,
        params: Any = (),
        translations: Mapping[str, str] | None = None,
        using: str | None = None,
    ) -> None:
        self.model = model
        self.raw_query = checked_sql("raw()", raw_query)
        if params is not None and not isinstance(params, (tuple, list, Mapping, str)):
            params = tuple(listed("raw(params=…)", params, "a list, a tuple or a dict of values"))
        self.params = params if params is not None else ()
        self.translations = dict(mapped("raw(translations=…)", translations, "a dict of columns and names of fields"))
        self._using = checked_alias(using)
        self._verbatim = params is None
        self._result_cache: list[M] | None = None
        self._columns: list[str] = []
        self._prefetch_related_lookups: tuple[Any, ...] = ()
        self._hints: dict[str, Any] | None = None

    def prefetch_related(self, *lookups: object) -> Any:
        """Load related objects of the results, each in one further query; ``None`` undoes it."""
        new = self.using(self._using)
        new._prefetch_related_lookups = () if lookups == (None,) else self._prefetch_related_lookups + lookups
        return new

    @property
    def db(self) -> str:
        """The alias of the database the query runs on."""
        if self._using is not None or not routes.active:
            return self._using or DEFAULT_ALIAS
        return routes.to_read(self.model, self._hints)

    def using(self, alias: str | None) -> Self:
        """Return the same query for another database."""
        params = None if self._verbatim else self.params
        new = type(self)(self.model, self.raw_query, params, self.translations, using=alias)
        new._prefetch_related_lookups = self._prefetch_related_lookups
        new._hints = self._hints
        return new

    async def afetch_all(self) -> list[M]:
        """Run the query unless it has run, and return the list of instances, which is kept."""
        if self._result_cache is None:
            columns, rows, database = await self._fetched()
            self._result_cache = self._made(columns, rows, database)
            if self._prefetch_related_lookups and self._result_cache:
                await aprefetch_related_objects(self._result_cache, *self._prefetch_related_lookups)
        return self._result_cache

    async def _fetched(self) -> tuple[Sequence[str], Sequence[Any], Database]:
        alias = self._using or (await routes.for_reading(self.model, self._hints) if routes.active else DEFAULT_ALIAS)
        database = databases[alias]
        text, params = bind(database.dialect, self.raw_query, self.params or None)
        if not self.params and not self._verbatim:
            text = text.replace("%%", "%")  # without parameters a single percent sign stands for itself, too
        return (*await database.fetch_named(text, params), database)

    def aiterator(self) -> AsyncGenerator[M, None]:
        """Yield the instances without keeping them: the query runs anew, and few of its rows are instances at a time.

        The rows come all at once.
        """
        return OneByOne(self._lists(), "AwaitableRawQuerySet.aiterator")

    async def _lists(self) -> AsyncGenerator[list[M], None]:
        columns, rows, database = await self._fetched()
        for start in range(0, len(rows), FEW):
            made = self._made(columns, rows[start : start + FEW], database)
            if self._prefetch_related_lookups:
                await aprefetch_related_objects(made, *self._prefetch_related_lookups)
            yield made
            del made

    def _made(self, columns: Sequence[str], rows: Sequence[Any], database: Any) -> list[M]:
        model: Any = self.model
        opts: Any = model._meta
        by_column = {field.column: field for field in opts.concrete_fields}
        names = self._columns = [self.translations.get(column, column) for column in columns]
        found = [by_column.get(name) or opts.names.get(name) for name in names]
        fields: list[Any] = [field if field is not None and field.concrete else None for field in found]
        if rows and opts.pk not in fields:
            said = "Raw query must include the primary key"
            raise advised(FieldDoesNotExist, said, f" ({opts.pk.column}) of {opts.object_name}")
        converters = [reader_of(field, database.dialect) if field is not None else None for field in fields]
        # from_db() takes a model's columns in the model's order; of a column that comes twice the first one counts.
        own: list[tuple[str, int]] = [
            (field.attname, fields.index(field)) for field in opts.concrete_fields if field in fields
        ]
        own_names = [name for name, _ in own]
        further = [(name, at) for at, (name, field) in enumerate(zip(names, fields, strict=True)) if field is None]
        made: list[M] = []
        for row in rows:
            values = [
                value if convert is None or (value is None and not hasattr(convert, "sees_null")) else convert(value)
                for convert, value in zip(converters, row, strict=True)
            ]
            instance = model.from_db(database.alias, own_names, [values[at] for _, at in own])
            for name, at in further:
                setattr(instance, name, values[at])
            made.append(instance)
        return made

    def __await__(self) -> Generator[object, None, list[M]]:
        return self.afetch_all().__await__()

    async def __aiter__(self) -> AsyncIterator[M]:
        for item in await self.afetch_all():
            yield item

    @overload
    def __getitem__(self, key: int) -> M: ...
    @overload
    def __getitem__(self, key: slice) -> list[M]: ...
    def __getitem__(self, key: int | slice) -> M | list[M]:
        """One of the results, or several: the query is run whole, as its text says, and the list is cut.

        Raises ``SynchronousOnlyOperation`` on an event loop's thread while the results are not loaded: await it first.
        """
        if not isinstance(key, (int, slice)):
            raise TypeError(f"RawQuerySet indices must be integers or slices, not {type(key).__name__}.")
        return self._loaded()[key]

    def _loaded(self) -> list[M]:
        return run(self.afetch_all()) if self._result_cache is None else self._result_cache

    @property
    def columns(self) -> list[str]:
        """What the query's columns are called, in its order and after the translations; runs it unless it has run."""
        self._loaded()
        return self._columns

    def __len__(self) -> int:
        return len(self._loaded())

    def __bool__(self) -> bool:
        return bool(self._loaded())

    @property
    def query(self) -> RawQuery:
        """The text and its parameters, for people to read."""
        return RawQuery(self.raw_query, self.params)

    def __repr__(self) -> str:
        return f"<RawQuerySet: {self.query}>"
