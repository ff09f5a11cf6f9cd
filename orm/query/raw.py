"""Raw queries: instances made from SQL written by hand.

``Author.objects.raw("SELECT * FROM author WHERE age > %s", [30])``. Columns are matched to fields by name
(``translations`` maps others), what matches no field becomes an attribute, what is missing is loaded when asked for.
``%s`` and ``%(name)s`` are placeholders; values are always bound.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from orm.bridge import run
from orm.db.registry import databases
from orm.db.routing import routes
from orm.errors import FieldDoesNotExist
from orm.query.hydrate import reader_of
from orm.query.prefetch import aprefetch_related_objects
from orm.sql.parameters import bind

M = TypeVar("M", covariant=True)


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
        self.raw_query = raw_query
        self.params = params or ()
        self.translations = dict(translations or {})
        self._using = using
        self._result_cache: list[M] | None = None
        self._columns: list[str] = []
        self._prefetch_related_lookups: tuple[Any, ...] = ()
        self._hints: dict[str, Any] | None = None

    def prefetch_related(self, *lookups: Any) -> Any:
        """Load related objects of the results, each in one further query; ``None`` undoes it."""
        new = self.using(self._using)
        new._prefetch_related_lookups = () if lookups == (None,) else self._prefetch_related_lookups + lookups
        return new

    @property
    def db(self) -> str:
        """The alias of the database the query runs on."""
        if self._using is not None or not routes.active:
            return self._using or "default"
        return routes.to_read(self.model, self._hints)

    def using(self, alias: str | None) -> Any:
        """Return the same query for another database."""
        new = type(self)(self.model, self.raw_query, self.params, self.translations, using=alias)
        new._prefetch_related_lookups = self._prefetch_related_lookups
        new._hints = self._hints
        return new

    async def afetch_all(self) -> list[M]:
        """Run the query unless it has run, and return the list of instances, which is kept."""
        if self._result_cache is None:
            alias = self._using or (await routes.for_reading(self.model, self._hints) if routes.active else "default")
            database = databases[alias]
            text, params = bind(database.dialect, self.raw_query, self.params or None)
            columns, rows = await database.fetch_named(text, params)
            self._result_cache = self._made(columns, rows, database)
            if self._prefetch_related_lookups and self._result_cache:
                await aprefetch_related_objects(self._result_cache, *self._prefetch_related_lookups)
        return self._result_cache

    def _made(self, columns: Sequence[str], rows: Sequence[Any], database: Any) -> list[M]:
        model: Any = self.model
        opts = model._meta
        by_column = {field.column: field for field in opts.concrete_fields}
        names = self._columns = [self.translations.get(column, column) for column in columns]
        fields = [by_column.get(name) or opts.names.get(name) for name in names]
        fields = [field if field is not None and field.concrete else None for field in fields]
        if rows and opts.pk not in fields:
            raise FieldDoesNotExist(f"Raw query must include the primary key ({opts.pk.column}) of {opts.object_name}")
        converters = [reader_of(field, database.dialect) if field is not None else None for field in fields]
        made: list[M] = []
        for row in rows:
            values = [
                value if convert is None or (value is None and not hasattr(convert, "sees_null")) else convert(value)
                for convert, value in zip(converters, row, strict=True)
            ]
            own = [(f.attname, v) for f, v in zip(fields, values, strict=True) if f is not None]
            instance = model.from_db(database.alias, [name for name, _ in own], [value for _, value in own])
            for name, field, value in zip(names, fields, values, strict=True):
                if field is None:
                    setattr(instance, name, value)
            made.append(instance)
        return made

    def __await__(self) -> Generator[Any, Any, list[M]]:
        return self.afetch_all().__await__()

    async def __aiter__(self) -> AsyncIterator[M]:
        for item in await self.afetch_all():
            yield item

    def __getitem__(self, key: int | slice) -> Any:
        """One of the results, or several: the query is run whole, as its text says, and the list is cut.

        Raises ``SynchronousOnlyOperation`` on an event loop's thread while the results are not loaded: await it first.
        """
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

    def __repr__(self) -> str:
        shown = self.raw_query
        if self.params:
            try:
                shown = self.raw_query % (self.params if isinstance(self.params, Mapping) else tuple(self.params))
            except (TypeError, ValueError, KeyError):
                shown = f"{self.raw_query} {self.params!r}"  # they don't fit, which running it will say
        return f"<RawQuerySet: {shown}>"
