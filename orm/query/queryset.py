"""QuerySet: everything that asks or changes the database, written once as coroutines.

``queryset_blocking.py`` holds the generated blocking forms; use ``QuerySet`` from there. A coroutine here waits only
inside ``Database`` methods. Large results become objects in slices, so that an event loop can breathe between them.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Mapping, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from orm.bridge import breathe, run
from orm.bridge.collecting import WORTH_A_PAUSE, collector_paused
from orm.bridge.guard import running_loop
from orm.bridge.nested import nested
from orm.bridge.one_by_one import OneByOne
from orm.bridge.overrides import complete, is_generated, name_methods_after
from orm.config import DEFAULT_ALIAS
from orm.db.limited_database import LimitedDatabase
from orm.db.registry import databases
from orm.db.routing import routes
from orm.db.transactions.membership import refuse_lock_outside
from orm.late import late_module
from orm.query import one_row, routed, steps
from orm.query.given import (
    check_chunk_size,
    not_one,
    refuse_groups_without_key,
    unique_attribute,
)
from orm.query.iterables import ModelIterable, gone_through
from orm.query.plan import Plan, select_plan
from orm.query.query import Query
from orm.query.shape import Shape
from orm.query.step_keys import filter_key, listed_filter_key, take_step
from orm.query.writing import AwaitableWriting
from orm.sql.conditions import SCALARS
from orm.sql.select import RowForm
from orm.sql.types import OutOfRange

if TYPE_CHECKING:
    from typing import Self

    from orm.bridge import crossing
    from orm.db.database_blocking import Database
    from orm.query import explaining, named_expressions, prefetch, raw_blocking
    from orm.query.raw_blocking import RawQuerySet
    from orm.sql.described import ModelClass
    from orm.sql.explanation import Explanation

    Q = TypeVar("Q")

    class ManagerFrom(Generic[Q]):
        """How type checkers see what ``as_manager()`` gives: the model's attribute has the queryset's methods."""

        def __get__(self, instance: None, owner: Any) -> Q: ...
else:
    crossing = late_module("orm.bridge.crossing")
    explaining = late_module("orm.query.explaining")
    named_expressions = late_module("orm.query.named_expressions")
    prefetch = late_module("orm.query.prefetch")
    raw_blocking = late_module("orm.query.raw_blocking")

M = TypeVar("M", covariant=True)

UNTOUCHED = 3  # attributes of a queryset with nothing but a model, a shape and values: the others are the class's
FEW = 200  # rows of a stream that become objects at a time: quicker than thousands, which fall out of the caches
CHUNK_SIZE = 2000  # rows of a stream that are held at a time


class AwaitableQuerySet(AwaitableWriting[M]):
    """A query for instances of a model: chained without waiting, run when its results are asked for.

    ``await queryset`` gives the list; ``async for`` and ``for`` go through it; slices, ``len()`` and ``bool()`` work in
    blocking code. Results are kept; ``all()`` gives a copy that asks again.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        complete(cls)
        if is_generated(cls):
            name_methods_after(cls)
        cls._has_own_fetch = cls._fetch_all is not AwaitableQuerySet._fetch_all

    if not TYPE_CHECKING:  # QuerySet["Book"] is for type checkers; at run time it is the class itself

        def __class_getitem__(cls, model: ModelClass) -> Any:
            return cls

    _has_own_fetch = False
    NOT_TWINNED = ("__aiter__",)  # __iter__ is one of the Faces: it gives what is loaded without asking the bridge

    # -- running -------------------------------------------------------------------------------------------------------

    async def _rows(self, shape: Shape, values: tuple[object, ...]) -> tuple[Plan, Sequence[Any]]:
        database: Database | LimitedDatabase = databases[self._using or DEFAULT_ALIAS]
        if self._timeout is not None:
            database = self._doors()
        plan = shape.plans.get(database.dialect) or shape.plan(database, values, select_plan)
        if plan.sql is None:
            return plan, ()
        if shape.select.lock is not None:
            refuse_lock_outside(databases[self.db])
        return plan, await database.fetch(plan.sql, values if plan.bind is None else plan.bind(values))

    def _doors(self) -> Database | LimitedDatabase:
        """Where this query's statements go: the database, or its doors with a limit of time."""
        database = databases[self.db]
        return database if self._timeout is None else LimitedDatabase(database, self._timeout)

    async def afetch_all(self) -> list[M]:
        """Run the query unless it has run, and return the list of results, which is kept."""
        if self._has_own_fetch:
            await crossing.call(self._fetch_all)
            return self._result_cache or []
        return await self._filled()

    async def _filled(self) -> list[M]:
        if self._result_cache is None:
            shape, values = self._sliced()
            reader = self
            if routes.active:
                reader, plan, rows = await routed.rows_of(self, shape, values)
            else:
                plan, rows = await self._rows(shape, values)
            if len(rows) > WORTH_A_PAUSE:
                at_once = plan.rows_at_once
                found: list[Any] = []
                peers: list[Any] | None = [] if self._fetch_mode == "peers" else None
                with collector_paused:
                    if len(rows) <= at_once:
                        found = reader._hydrated(plan, rows, peers)
                    else:
                        # Rows are given up as they are used: freeing all at the end would hold up the loop.
                        left = list(reversed(rows))
                        del rows
                        while left:
                            part = left[: -at_once - 1 : -1]
                            del left[-at_once:]
                            found += reader._hydrated(plan, part, peers)
                            await breathe()
            else:
                found = reader._hydrated(plan, rows)
            if self._iterable_class is not ModelIterable and plan.of_models:
                found = await gone_through(reader, found)
            self._result_cache = found
        if self._prefetch_related_lookups and not self._prefetch_done:
            await self._prefetch(self._result_cache)
            self._prefetch_done = True
        return self._result_cache

    def _fetch_all(self) -> None:
        """Run the query unless it has run: the name under which classes written for Django override that."""
        run(self._filled())

    async def _prefetch(self, instances: list[object]) -> None:
        if instances and self._shape.select.values is None:  # chosen values have no attributes for what is loaded
            await prefetch.load_lookups(instances, self._prefetch_related_lookups, self._timeout)

    def _hydrated(self, plan: Plan, rows: Sequence[object], peers: list[object] | None = None) -> list[Any]:
        """Return the rows as results. ``peers`` collects the siblings of a result that comes in several parts."""
        if self._fetch_mode == "one" and (self._using is None or self._using == DEFAULT_ALIAS):
            found = plan.hydrate(rows)
            if self._known_related is not None:
                self._tie(found)
            return plan.named(found, self._values) if plan.keyed else found
        layout = plan.layout
        if layout is None or layout.kind is not RowForm.MODEL:
            found = plan.hydrate(rows)
            return plan.named(found, self._values) if plan.keyed else found
        if peers is None and self._fetch_mode == "peers":
            peers = []
        meta: Any = self.model
        state_class, alias, mode = meta._meta.state_class, self.db, self._fetch_mode
        found = plan.hydrate_with_state(rows, lambda: state_class(False, alias, mode, peers))
        if peers is not None:
            peers.extend(map(weakref.ref, found))
        if self._known_related is not None:
            self._tie(found)
        return found

    def _tie(self, instances: list[object]) -> None:
        """Tell instances what is known of them: the object they were found through, say."""
        for known in self._known_related or ():
            known.tie(instances)

    @property
    def _gives_what_it_makes(self) -> bool:
        """Whether the results are the instances that its rows become, and nothing happens to these in between."""
        own = self._has_own_fetch or self._iterable_class is not ModelIterable
        return not (own or self._prefetch_related_lookups)

    def __await__(self) -> Generator[object, None, list[M]]:
        return self.afetch_all().__await__()

    def __aiter__(self) -> AsyncIterator[M]:
        return self._walk()

    async def _walk(self) -> AsyncGenerator[M, None]:
        for item in await self.afetch_all():
            yield item

    @property
    def query(self) -> Query:
        """The statement this query sends, for reading: ``str(queryset.query)``."""
        return Query(self)

    @query.setter
    def query(self, query: Query) -> None:
        """Ask what another query asks: one that was pickled, say."""
        if not isinstance(query, Query):
            raise TypeError(f"The query of a QuerySet is that of another one (its query attribute), not {query!r}")
        query.copy_to(self)
        if self._shape.select.values is not None:  # as in Django, whatever rows the other queryset gave
            dicts = self._step("as dicts", (), steps.as_dicts)
            self._shape, self._values = dicts._shape, dicts._values
        self._result_cache = None
        self._prefetch_done = False

    # -- one row -------------------------------------------------------------------------------------------------------

    async def aget(self, *args: object, **kwargs: object) -> M:
        """Return the one row that meets the conditions.

        Raises the model's ``DoesNotExist`` for none and ``MultipleObjectsReturned`` for several.
        """
        return await self._aget(args, kwargs)

    async def _aget(self, args: tuple[object, ...], kwargs: dict[str, object]) -> M:
        if len(kwargs) == 1 and not args and len(self.__dict__) == UNTOUCHED and not routes.active:
            # Nearly every get(), and a third quicker than what _get_any() does for any of them.
            [(name, value)] = kwargs.items()
            known = self._shape.gets.get(name)
            if known is not None and type(value) in SCALARS and not self._has_own_fetch:
                database = databases[DEFAULT_ALIAS]
                plan = known.shape.plans.get(database.dialect)
                values = self._values
                try:
                    values += known.prepared(value)
                except OutOfRange:  # compared to a number that no row has, it is another query
                    plan = None
                if plan is not None:
                    rows = await database.fetch(plan.sql, values if plan.bind is None else plan.bind(values))
                    if len(rows) == 1:
                        return plan.hydrate(rows)[0]  # type: ignore[no-any-return]
                    raise not_one(self.model, len(rows), args, kwargs)
        return await self._get_any(args, kwargs)

    async def _get_any(self, args: tuple[object, ...], kwargs: dict[str, object]) -> M:
        if self._low or self._high is not None or self._shape.select.combination is not None:
            return await self._get_among(args, kwargs)
        if self._has_own_fetch:
            return await self.filter(*args, **kwargs)._slice(slice(0, steps.MAX_FOUND))._get_among((), {})
        key, values = filter_key(False, args, kwargs)
        step = ("get", key) if key else None
        if step is None or step in self._shape.steps:
            shape, prepared = self._shape.advance(step, values, steps.get_one, args, kwargs)
        else:
            shape, prepared = self._shape.advance_named(
                step, values, lambda listing: ("get", listed_filter_key(False, args, kwargs, listing)), steps.get_one,
                args, kwargs,
            )  # fmt: skip
        reader = self
        if routes.active:
            reader, plan, rows = await routed.rows_of(self, shape, self._values + prepared)
        else:
            plan, rows = await self._rows(shape, self._values + prepared)
        if len(kwargs) == 1 and not (args or shape.select.lock or shape.only_on or plan.keyed or plan.sql is None):
            self._shape.remember_get(step, *kwargs.items())
        if len(rows) == 1:
            found = reader._hydrated(plan, rows)
            if self._iterable_class is not ModelIterable and plan.of_models:
                found = await gone_through(reader, found)
            if self._prefetch_related_lookups:
                await self._prefetch(found)
            return found[0]  # type: ignore[no-any-return]
        raise not_one(self.model, len(rows), args, kwargs)

    async def _get_among(self, args: Sequence[object], kwargs: dict[str, object]) -> M:
        if args or kwargs:
            self._uncut("filter a query")
            steps.refuse_combined(self._shape.select, "get(...) with filters")
        found = await self._clone().afetch_all()
        if len(found) == 1:
            return found[0]
        raise not_one(self.model, len(found), args, kwargs)

    async def afirst(self) -> M | None:
        """Return the first row, by key when the query has no order; None when there is none."""
        ordered = self if self.ordered else self._by_key("first")
        found = ordered._result_cache
        if found is None:
            found = await ordered._slice(slice(0, 1)).afetch_all()
        return found[0] if found else None

    async def alast(self) -> M | None:
        """Return the last row, by key when the query has no order; None when there is none."""
        ordered = self.reverse() if self.ordered else self._by_key("last").reverse()
        found = await ordered._slice(slice(0, 1)).afetch_all()
        return found[0] if found else None

    def _by_key(self, what: str) -> Self:
        if self._low or self._high is not None:
            return self
        refuse_groups_without_key(self, what)
        return self.order_by("pk")

    async def alatest(self, *fields: str) -> M:
        """Return the row that comes last by these fields (or Meta.get_latest_by). Raises ``DoesNotExist``."""
        return await self._extreme(fields, last=True)

    async def aearliest(self, *fields: str) -> M:
        """Return the row that comes first by these fields (or Meta.get_latest_by). Raises ``DoesNotExist``."""
        return await self._extreme(fields, last=False)

    async def _extreme(self, fields: Sequence[str], last: bool) -> M:
        model: Any = self.model
        chosen = fields or model._meta.get_latest_by or ()
        chosen = (chosen,) if isinstance(chosen, str) else chosen
        if not chosen:
            raise ValueError(
                "earliest() and latest() require either fields as positional arguments or 'get_latest_by' "
                "in the model's Meta."
            )
        self._uncut("change a query")
        ordered = self.order_by(*chosen)
        found = await (ordered.reverse() if last else ordered)._slice(slice(0, 1)).afetch_all()
        if not found:
            raise not_one(self.model, 0, chosen, {}, "latest" if last else "earliest")
        return found[0]

    # -- questions about all rows --------------------------------------------------------------------------------------

    async def _one_row(self, name: str, arguments: Any, change: Any, *args: object) -> tuple[Plan, Any]:
        shape, values = self._sliced()
        shape, prepared = take_step(shape, name, arguments, (), change, *args)
        if routes.active:
            _, plan, rows = await routed.rows_of(self, shape, values + prepared)
        else:
            plan, rows = await self._rows(shape, values + prepared)
        return plan, plan.hydrate(rows)[0] if rows else None

    async def acount(self) -> int:
        """Return how many rows there are."""
        if self._result_cache is not None:
            return len(self._result_cache)
        return (await self._one_row("count", (), one_row.count))[1] or 0

    async def aexists(self) -> bool:
        """Return whether there is any row."""
        if self._result_cache is not None:
            return bool(self._result_cache)
        return (await self._one_row("exists", (), one_row.exists))[1] is not None

    async def acontains(self, obj: Any) -> bool:
        """Return whether an instance is among the rows."""
        if self._shape.select.values is not None:
            raise TypeError("Cannot call QuerySet.contains() after .values() or .values_list().")
        model: Any = self.model
        meta: Any = getattr(obj, "_meta", None)
        if type(meta) is not type(model._meta):
            raise TypeError("'obj' must be a model instance.")
        if meta.concrete_model is not model._meta.concrete_model:
            return False
        if obj.pk is None:
            raise ValueError("QuerySet.contains() cannot be used on unsaved objects.")
        if self._result_cache is not None:
            return obj in self._result_cache
        self._uncombined("contains")
        return await self.filter(pk=obj.pk).aexists()

    async def aaggregate(self, *args: object, **kwargs: object) -> dict[str, Any]:
        """Return values computed over all rows, by name: ``aaggregate(Avg("age"))`` gives ``{"age__avg": …}``."""
        aggregates = named_expressions.named_expressions(args, kwargs, "aggregate", "aggregates")
        if not aggregates:
            return {}
        if args and kwargs:  # those with names come first, as Django gives them
            aggregates = {**{name: aggregates[name] for name in kwargs}, **aggregates}
        named = self._with_whole_names()
        _, row = await named._one_row("aggregate", aggregates, one_row.aggregate, aggregates)
        if row is None:
            known = {name: getattr(item, "value_over_nothing", NotImplemented) for name, item in aggregates.items()}
            if NotImplemented not in known.values():
                return known
            asked = named._step("over nothing", (), one_row.over_nothing)
            _, row = await asked._one_row("aggregate", aggregates, one_row.aggregate, aggregates)
        return row  # type: ignore[no-any-return]

    async def ain_bulk(self, id_list: Iterable[object] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """Return instances by key, or by another unique field: all, or those whose key is in ``id_list``."""
        self._uncut("use 'limit' or 'offset' with in_bulk()", "")
        if self._shape.select.values is not None:
            raise TypeError("in_bulk() cannot be used with values() or values_list().")
        name = unique_attribute(self, field_name)
        if id_list is None:
            queryset = self._clone()
        else:
            if not isinstance(id_list, Iterable):
                raise TypeError(f"in_bulk() takes a list of keys, not {id_list!r}")
            keys = list(id_list)
            if not keys:
                return {}
            queryset = self.filter(**{f"{field_name}__in": keys})
        return {getattr(item, name): item for item in await queryset}

    async def aexplain(self, *, format: str | None = None, **options: object) -> Explanation:
        """Return how the database would run this query: a text, a tree with one step in a line, and its parts.

        Parameters: ``analyze=True`` runs the query and says what it took, on PostgreSQL what each step did. Further
        ``options`` are the database's. ``format`` is one of its formats, and what it answers comes as it is.

        The text has ``nodes``, all steps with their rows and times (in milliseconds), and ``total_time``. Raises
        ``ValueError`` for a format or option that the database does not have.
        """
        return await explaining.explain(await routed.to_read(self), format, options)

    # -- many rows, few at a time --------------------------------------------------------------------------------------

    def aiterator(self, chunk_size: int | None = None) -> AsyncGenerator[M, None]:
        """Yield the results while they arrive, through a server-side cursor, without keeping them.

        ``chunk_size`` is the number of rows held at a time: 2000, unless given. Blocking code must give it after
        ``prefetch_related()``, whose queries it counts.
        """
        if running_loop() is None:
            check_chunk_size(chunk_size, required=bool(self._prefetch_related_lookups))
        return OneByOne(self._lists(chunk_size), "AwaitableQuerySet.aiterator")

    async def _lists(self, chunk_size: int | None) -> AsyncGenerator[list[M], None]:
        """Yield lists of results while they arrive."""
        check_chunk_size(chunk_size)
        chunk_size = CHUNK_SIZE if chunk_size is None else chunk_size
        chunks = nested(routed.chunks_of(self, chunk_size) if routes.active else self._chunks(chunk_size))
        async with aclosing(chunks):
            async for reader, plan, rows in chunks:
                changed = self._iterable_class is not ModelIterable and plan.of_models
                if self._prefetch_related_lookups or self._fetch_mode == "peers" or changed:
                    found = reader._hydrated(plan, rows)  # those that are loaded for together
                    del rows
                    if changed:
                        found = await gone_through(reader, found, chunk_size)
                    if self._prefetch_related_lookups:
                        await self._prefetch(found)
                    yield found
                    del found
                    continue
                for start in range(0, len(rows), FEW):
                    yield reader._hydrated(plan, rows[start : start + FEW])
                del rows

    async def _chunks(self, chunk_size: int) -> AsyncGenerator[tuple[Self, Plan, Sequence[Any]], None]:
        """Yield lists of rows while they arrive, with what makes results of them."""
        database = self._doors()
        shape, values = self._sliced()
        plan = shape.plan(database, values, select_plan)
        if plan.sql is None:
            return
        if shape.select.lock is not None:
            refuse_lock_outside(databases[self.db])
        stream = nested(database.stream(plan.sql, plan.parameters(values), chunk_size))
        async with aclosing(stream):
            async for rows in stream:
                yield self, plan, rows
                del rows

    # -- and besides ---------------------------------------------------------------------------------------------------

    def raw(
        self,
        raw_query: str,
        params: object = (),
        translations: Mapping[str, str] | None = None,
        using: str | None = None,
    ) -> RawQuerySet[M]:
        """Return instances made from SQL written by hand: see ``orm.query.raw``.

        Parameters: ``using`` is the alias of the database that runs it; None means that of this queryset.
        """
        alias = self._using if using is None else using
        rows: RawQuerySet[M] = raw_blocking.RawQuerySet(self.model, raw_query, params, translations, using=alias)
        rows._hints = self._hints
        rows._prefetch_related_lookups = self._prefetch_related_lookups
        return rows

    @classmethod
    def as_manager(cls: type[Q]) -> ManagerFrom[Q]:
        """Return a manager with this class's methods."""
        # By name: a queryset may not import models, and managers are imported when somebody asks for them.
        manager: ManagerFrom[Q] = import_module("orm.models.managers").manager_from_queryset(cls)
        return manager


__all__ = ["AwaitableQuerySet"]
