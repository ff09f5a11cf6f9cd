"""QuerySet: everything that asks or changes the database, written once as coroutines.

``queryset_blocking.py`` holds the generated blocking forms; use ``QuerySet`` from there. A coroutine here waits only
inside ``Database`` methods. Large results become objects in slices, so that an event loop can breathe between them.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from orm.bridge import breathe
from orm.bridge.crossing import call_form
from orm.bridge.guard import running_loop
from orm.bridge.nested import nested
from orm.bridge.one_by_one import OneByOne
from orm.bridge.overrides import complete
from orm.db.limited import LimitedDatabase
from orm.db.registry import databases
from orm.db.routing import routes
from orm.db.transactions.membership import refuse_lock_outside
from orm.db.transactions.public import atomic
from orm.errors import IntegrityError
from orm.query import change_query, routed, steps
from orm.query.chain import named_expressions
from orm.query.given import (
    called,
    check_chunk_size,
    creation_values,
    not_one,
    refuse_groups_without_key,
    unique_attribute,
)
from orm.query.insert_instances import bulk_insert, upsert_of
from orm.query.plan import Plan, select_plan, statement_plan
from orm.query.prefetch import load_lookups
from orm.query.query import Query
from orm.query.raw_blocking import RawQuerySet
from orm.query.reading import AwaitableReading
from orm.query.returning_blocking import Returning
from orm.query.shape import Shape
from orm.query.step_keys import filter_key, listed_filter_key, take_step
from orm.query.update_instances import bulk_update
from orm.sql.conditions import SCALARS
from orm.sql.nodes import Uncacheable
from orm.sql.types import OutOfRange

if TYPE_CHECKING:
    from typing import Self

    from orm.db.database_blocking import Database
    from orm.sql.conditions import Q

M = TypeVar("M", covariant=True)

UNTOUCHED = 3  # attributes of a queryset with nothing but a model, a shape and values: the others are the class's
FEW = 200  # rows of a stream that become objects at a time: quicker than thousands, which fall out of the caches
CHUNK_SIZE = 2000  # rows of a stream that are held at a time
SLICE = 500  # rows that become objects before others may run


class AwaitableQuerySet(AwaitableReading[M]):
    """A query for instances of a model: chained without waiting, run when its results are asked for.

    ``await queryset`` gives the list; ``async for`` and ``for`` go through it; slices, ``len()`` and ``bool()`` work in
    blocking code. Results are kept; ``all()`` gives a copy that asks again.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        complete(cls)

    if not TYPE_CHECKING:  # QuerySet["Book"] is for type checkers; at run time it is the class itself

        def __class_getitem__(cls, model: Any) -> Any:
            return cls

    NOT_TWINNED = ("__aiter__",)  # __iter__ is one of the Faces: it gives what is loaded without asking the bridge

    # -- running -------------------------------------------------------------------------------------------------------

    async def _rows(self, shape: Shape, values: tuple[Any, ...]) -> tuple[Plan, Sequence[Any]]:
        database: Database | LimitedDatabase = databases[self._using or "default"]
        if self._timeout is not None:
            database = self._doors()
        plan = shape.plans.get(database.dialect) or shape.plan(database.dialect, values, select_plan)
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
        if self._result_cache is None:
            shape, values = self._sliced()
            reader = self
            if routes.active:
                reader, plan, rows = await routed.rows_of(self, shape, values)
            else:
                plan, rows = await self._rows(shape, values)
            if len(rows) > SLICE:
                found: list[Any] = []
                peers: list[Any] | None = [] if self._fetch_mode == "peers" else None
                left = list(reversed(rows))
                del rows
                while left:  # rows are given up as they are used: freeing all of them at the end would hold up the loop
                    part = left[: -SLICE - 1 : -1]
                    del left[-SLICE:]
                    found += reader._hydrated(plan, part, peers)
                    await breathe()
            else:
                found = reader._hydrated(plan, rows)
            self._result_cache = found
        if self._prefetch_related_lookups and not self._prefetch_done:
            await self._prefetch(self._result_cache)
            self._prefetch_done = True
        return self._result_cache

    async def _prefetch(self, instances: list[Any]) -> None:
        if instances and self._shape.select.values is None:  # chosen values have no attributes for what is loaded
            await load_lookups(instances, self._prefetch_related_lookups, self._timeout)

    def _hydrated(self, plan: Plan, rows: Sequence[Any], peers: list[Any] | None = None) -> list[Any]:
        """Return the rows as results. ``peers`` collects the siblings of a result that comes in several parts."""
        if self._fetch_mode == "one" and (self._using is None or self._using == "default"):
            found = plan.hydrate(rows)
            if self._known_related is not None:
                self._tie(found)
            return plan.named(found, self._values) if plan.keyed else found
        layout = plan.layout
        if layout is None or layout.kind != "model":
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

    def _tie(self, instances: list[Any]) -> None:
        """Give instances found through a relation the object they were found through."""
        assert self._known_related is not None
        name, attname, known = self._known_related
        for instance in instances:
            attributes = getattr(instance, "__dict__", None)
            if attributes is not None and name not in attributes and attributes.get(attname) in known:
                attributes[name] = known[attributes[attname]]

    def __await__(self) -> Generator[Any, Any, list[M]]:
        return self.afetch_all().__await__()

    async def __aiter__(self) -> AsyncIterator[M]:
        for item in await self.afetch_all():
            yield item

    @property
    def query(self) -> Query:
        """The statement this query sends, for reading: ``str(queryset.query)``."""
        return Query(self)

    @query.setter
    def query(self, query: Query) -> None:
        """Ask what another query asks: one that was pickled, say."""
        query.copy_to(self)
        self._result_cache = None
        self._prefetch_done = False

    # -- one row -------------------------------------------------------------------------------------------------------

    async def aget(self, *args: Any, **kwargs: Any) -> M:
        """Return the one row that meets the conditions.

        Raises the model's ``DoesNotExist`` for none and ``MultipleObjectsReturned`` for several.
        """
        return await self._aget(args, kwargs)

    async def _aget(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> M:
        if len(kwargs) == 1 and not args and len(self.__dict__) == UNTOUCHED and not routes.active:
            # Nearly every get(), and a third quicker than what _get_any() does for any of them.
            [(name, value)] = kwargs.items()
            if type(value) in SCALARS and (known := self._shape.gets.get(name)) is not None:
                database = databases["default"]
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

    async def _get_any(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> M:
        if self._low or self._high is not None or self._shape.select.combination is not None:
            return await self._get_among(args, kwargs)
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
        if len(kwargs) == 1 and not (args or shape.select.lock or plan.keyed or plan.sql is None):
            self._shape.remember_get(step, *kwargs.items())
        if len(rows) == 1:
            found = reader._hydrated(plan, rows)
            if self._prefetch_related_lookups:
                await self._prefetch(found)
            return found[0]  # type: ignore[no-any-return]
        raise not_one(self.model, len(rows), args, kwargs)

    async def _get_among(self, args: Sequence[Any], kwargs: dict[str, Any]) -> M:
        if args or kwargs:
            self._uncut("filter a query")
            self._uncombined("get")
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
        return await (ordered.reverse() if last else ordered)._slice(slice(0, 1)).aget()

    # -- questions about all rows --------------------------------------------------------------------------------------

    async def _one_row(self, name: str, arguments: Any, change: Any, *args: Any) -> tuple[Plan, Any]:
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
        return (await self._one_row("count", (), steps.count))[1] or 0

    async def aexists(self) -> bool:
        """Return whether there is any row."""
        if self._result_cache is not None:
            return bool(self._result_cache)
        return (await self._one_row("exists", (), steps.exists))[1] is not None

    async def acontains(self, obj: Any) -> bool:
        """Return whether an instance is among the rows."""
        if self._shape.select.values is not None:
            raise TypeError("Cannot call QuerySet.contains() after .values() or .values_list().")
        if not hasattr(obj, "_meta"):
            raise TypeError("'obj' must be a model instance.")
        model: Any = self.model
        if obj._meta.concrete_model is not model._meta.concrete_model:
            return False
        if obj.pk is None:
            raise ValueError("QuerySet.contains() cannot be used on unsaved objects.")
        if self._result_cache is not None:
            return obj in self._result_cache
        return await self.filter(pk=obj.pk).aexists()

    async def aaggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return values computed over all rows, by name: ``aaggregate(Avg("age"))`` gives ``{"age__avg": …}``."""
        aggregates = named_expressions(args, kwargs, "aggregate", "aggregates")
        if not aggregates:
            return {}
        named = self._with_whole_names()
        _, row = await named._one_row("aggregate", aggregates, steps.aggregate, aggregates)
        if row is None:
            known = {name: getattr(item, "value_over_nothing", NotImplemented) for name, item in aggregates.items()}
            if NotImplemented not in known.values():
                return known
            asked = named._step("over nothing", (), steps.over_nothing)
            _, row = await asked._one_row("aggregate", aggregates, steps.aggregate, aggregates)
        return row  # type: ignore[no-any-return]

    async def ain_bulk(self, id_list: Iterable[Any] | None = None, *, field_name: str = "pk") -> dict[Any, M]:
        """Return instances by key, or by another unique field: all, or those whose key is in ``id_list``."""
        self._uncut("use 'limit' or 'offset' with in_bulk()", "")
        if self._shape.select.values is not None:
            raise TypeError("in_bulk() cannot be used with values() or values_list().")
        name = unique_attribute(self.model, field_name)
        if id_list is None:
            queryset = self._clone()
        else:
            keys = list(id_list)
            if not keys:
                return {}
            queryset = self.filter(**{f"{field_name}__in": keys})
        return {getattr(item, name): item for item in await queryset.order_by()}

    async def aexplain(self, *, format: str | None = None, **options: Any) -> str:
        """Return the database's own account of how it would run this query: a tree of steps, one in a line.

        Parameters: ``format`` and ``options`` are the database's: ``analyze=True`` runs it on PostgreSQL, and says what
        each step took. Raises ``ValueError`` for those it does not have.
        """
        database = (await routed.to_read(self) if routes.active else self)._doors()
        shape, values = self._sliced()
        plan = shape.plan(database.dialect, values, select_plan)
        if plan.sql is None:
            return "no query is sent: the conditions can't be met"
        rows = await database.fetch(f"{database.dialect.explain(format, options)} {plan.sql}", plan.parameters(values))
        return database.dialect.explained(rows)

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
                if self._prefetch_related_lookups or self._fetch_mode == "peers":
                    found = reader._hydrated(plan, rows)  # those that are loaded for together
                    del rows
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
        plan = shape.plan(database.dialect, values, select_plan)
        if plan.sql is None:
            return
        if shape.select.lock is not None:
            refuse_lock_outside(databases[self.db])
        stream = nested(database.stream(plan.sql, plan.parameters(values), chunk_size))
        async with aclosing(stream):
            async for rows in stream:
                yield self, plan, rows
                del rows

    # -- new rows ------------------------------------------------------------------------------------------------------

    async def acreate(self, **kwargs: Any) -> M:
        """Make an instance, save it and return it."""
        return await self._acreate(kwargs)

    async def _acreate(self, values: dict[str, Any]) -> M:
        model: Any = self.model
        meta = model._meta
        if meta.has_custom_init:
            instance = model(**values)
        else:  # as rows become instances: what __init__() would do beside this concerns those who override it
            instance = object.__new__(model)
            meta.initialiser(instance, **values)
        alias = (await routed.to_write(self)).db if routes.active else self._using or "default"
        if meta.overrides_save:
            await call_form(instance.asave, force_insert=True, using=alias)
        else:
            await instance.asave(force_insert=True, using=alias)
        return instance  # type: ignore[no-any-return]

    async def aget_or_create(self, defaults: Mapping[str, Any] | None = None, **kwargs: Any) -> tuple[M, bool]:
        """Return the row that meets the conditions, and False; or a new one made of them and ``defaults``, and True.

        Safe when others do the same at the same time, given a unique constraint on the conditions.
        """
        if routes.active and self._using is None:
            return await AwaitableQuerySet.aget_or_create(await routed.to_write(self), defaults, **kwargs)
        model: Any = self.model
        try:
            return await self.aget(**kwargs), False
        except model.DoesNotExist:
            params = creation_values(self.model, kwargs, defaults)
        try:
            async with atomic(using=self.db):
                return await call_form(self.acreate, **params), True
        except IntegrityError:
            found = await self.filter(**kwargs)._slice(slice(0, 2)).afetch_all()
            if len(found) == 1:
                return found[0], False
            raise  # the violation was about something else

    async def aupdate_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[M, bool]:
        """Update the row that meets the conditions with ``defaults``, or make one; return it and whether it is new."""
        if routes.active and self._using is None:
            writer = await routed.to_write(self)
            return await AwaitableQuerySet.aupdate_or_create(writer, defaults, create_defaults, **kwargs)
        model: Any = self.model
        changes_ = called(defaults or {})
        async with atomic(using=self.db):
            locked = self.select_for_update() if databases[self.db].dialect.capabilities.select_for_update else self
            created = create_defaults if create_defaults is not None else defaults
            instance, is_new = await locked.aget_or_create(created, **kwargs)
            if is_new:
                return instance, True
            fresh: Any = instance
            for name, value in changes_.items():
                setattr(fresh, name, value)
            concrete = {f.name for f in model._meta.concrete_fields}
            if changes_ and all(name in concrete for name in changes_):
                automatic = [f.name for f in model._meta.concrete_fields if getattr(f, "auto_now", False)]
                await call_form(fresh.asave, using=self.db, update_fields={*changes_, *automatic})
            else:
                await call_form(fresh.asave, using=self.db)
            return instance, False

    async def abulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | Mapping[str, Any] | None = None,
        unique_fields: Collection[str] | None = None,
        update_condition: Q | None = None,
    ) -> list[M]:
        """Insert many instances with as few statements as possible, all or none; return them with their keys.

        ``ignore_conflicts`` leaves out rows that exist; ``update_conflicts`` updates ``update_fields`` of them, found
        by ``unique_fields``: to the values of the new row, or to what a mapping says, where ``F("n")`` is the row that
        exists and ``Excluded("n")`` the new one. ``update_condition`` says which rows are updated, the others stay as
        they are; keys don't come back then. Nothing here calls ``save()`` or sends its signals.
        """
        instances = list(objs)
        alias = (await routed.to_write(self) if routes.active else self).db
        upsert = upsert_of(
            self.model, alias, ignore_conflicts, update_conflicts, update_fields, unique_fields, update_condition
        )
        await bulk_insert(self.model, instances, using=alias, batch_size=batch_size, upsert=upsert)
        return instances

    async def ainsert_from(self, rows: Any, *, fields: Sequence[str] = (), ignore_conflicts: bool = False) -> int:
        """Insert the rows of another queryset, in one statement that no row leaves the database for.

        Parameters: ``rows`` has chosen its columns with ``values()``, whose names are those of the fields they go to,
        unless ``fields`` names others in their order; what is not named gets its default.
        ``ignore_conflicts`` leaves out rows that exist.

        Returns how many rows were inserted. Nothing here calls ``save()`` or sends its signals.
        """
        shape, values = change_query.inserting(self.model, rows, fields, ignore_conflicts)
        writer = await routed.to_write(self) if routes.active else self
        return await writer._run(shape, values)

    # -- changed rows --------------------------------------------------------------------------------------------------

    async def aupdate(self, **kwargs: Any) -> int:
        """Set fields of all rows in one statement, to values or expressions; return how many rows matched."""
        self._check_change("update")
        if not kwargs:
            return 0
        extra: list[Any] = []
        try:
            key: Any = ("update", change_query.assignments_key(kwargs, extra))
        except Uncacheable:
            key = None
        shape, prepared = self._shape.advance(key, extra, change_query.update_rows, kwargs)
        self._result_cache = None
        writer = await routed.to_write(self) if routes.active else self
        if shape.statement is None:
            return await change_query.update_tables(writer, kwargs)
        return await writer._run(shape, self._values + prepared)

    def _check_change(self, what: Literal["update", "delete"]) -> None:
        """Refuse to change the rows of a query that does not tell them from others. Raises ``TypeError``."""
        if what == "update":
            self._uncut("update a query")
        self._uncut("use 'limit' or 'offset' with delete()", "")
        self._uncombined(what)
        if what == "update":
            return
        if self._shape.select.values is not None:
            raise TypeError("Cannot call delete() after .values() or .values_list()")
        if self._shape.select.distinct_on:
            raise TypeError("Cannot call delete() after .distinct(*fields).")

    def returning(self, *names: str) -> Returning[M]:
        """Return the changes of these rows that give the changed rows: ``returning("id").update(done=True)``.

        Parameters: ``names`` are fields of the model; the rows are then named tuples. Without names the rows are
        instances.

        Raises ``FieldError`` for a name that is no column of the model's table.
        """
        return Returning(self, names)

    async def _run(self, shape: Shape, values: tuple[Any, ...]) -> int:
        database = self._doors()
        plan = shape.plan(database.dialect, values, statement_plan)
        if plan.sql is None:
            return 0
        return await database.execute(plan.sql, plan.parameters(values))

    async def abulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Write these fields of many instances with as few statements as possible; return how many rows matched."""
        alias = (await routed.to_write(self) if routes.active else self).db
        return await bulk_update(self.model, list(objs), list(fields), using=alias, batch_size=batch_size)

    async def adelete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows, and what depends on them as each relation's ``on_delete`` says.

        Returns how many rows were deleted, in all and by model label.
        """
        self._check_change("delete")
        model: Any = self.model
        rows = await routed.to_write(self) if routes.active else self
        deleted: tuple[int, dict[str, int]] = await model._meta.deleter(rows)
        self._result_cache = None
        return deleted

    async def _raw_delete(self, using: str | None = None) -> int:
        """Delete the rows alone, with one statement and no signals; return how many there were."""
        queryset = self if using is None else self.using(using)
        shape, prepared = queryset._shape.advance(("delete",), (), change_query.delete_rows)
        return await queryset._run(shape, queryset._values + prepared)

    # -- and besides ---------------------------------------------------------------------------------------------------

    def raw(self, raw_query: str, params: Any = (), translations: Mapping[str, str] | None = None) -> RawQuerySet[M]:
        """Return instances made from SQL written by hand: see ``orm.query.raw``."""
        rows: RawQuerySet[M] = RawQuerySet(self.model, raw_query, params, translations, using=self._using)
        rows._hints = self._hints
        rows._prefetch_related_lookups = self._prefetch_related_lookups
        return rows

    @classmethod
    def as_manager(cls) -> Any:
        """Return a manager with this class's methods."""
        # By name: a queryset may not import models, and managers are imported when somebody asks for them.
        return import_module("orm.models.managers").manager_from_queryset(cls)


__all__ = ["AwaitableQuerySet"]
