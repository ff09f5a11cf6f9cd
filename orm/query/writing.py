"""New and changed rows: what a queryset writes.

``writing_blocking.py`` holds the generated blocking forms. A coroutine here waits only inside what the queryset it is a
part of waits for. What this module refuses: changing the rows of a query that does not tell them from others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from orm.altering import alters_data
from orm.bridge.crossing import call_form
from orm.config import DEFAULT_ALIAS
from orm.db.registry import databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic, note_failed_write
from orm.errors import IntegrityError, ValidationError
from orm.late import late_module
from orm.query import change_query, routed
from orm.query.copying import AwaitableCopying
from orm.query.given import called, creation_values
from orm.query.plan import statement_plan
from orm.query.shape import Shape
from orm.structures.arguments import check_names, listed, listed_names

if TYPE_CHECKING:
    from orm.db.database_blocking import Database
    from orm.db.limited_database import LimitedDatabase
    from orm.query import bulk_insert, insert_manner, merge, returning_blocking, update_instances
    from orm.query.merge import Merging
    from orm.query.returning_blocking import Returning
    from orm.sql.conditions import Q
else:
    bulk_insert = late_module("orm.query.bulk_insert")
    insert_manner = late_module("orm.query.insert_manner")
    merge = late_module("orm.query.merge")
    returning_blocking = late_module("orm.query.returning_blocking")
    update_instances = late_module("orm.query.update_instances")

M = TypeVar("M", covariant=True)


class AwaitableWriting(AwaitableCopying[M]):
    """The part of a QuerySet that writes."""

    if TYPE_CHECKING:

        async def aget(self, *args: object, **kwargs: object) -> M: ...
        async def afetch_all(self) -> list[M]: ...
        def _doors(self) -> Database | LimitedDatabase: ...

    # -- new rows ------------------------------------------------------------------------------------------------------

    @alters_data
    async def acreate(self, **kwargs: Any) -> M:
        """Make an instance, save it and return it."""
        return await self._acreate(kwargs)

    async def _acreate(self, values: dict[str, object]) -> M:
        model: Any = self.model
        meta = model._meta
        if meta.has_custom_init:
            instance = model(**values)
        else:  # as rows become instances: what __init__() would do beside this concerns those who override it
            instance = object.__new__(model)
            meta.initialiser(instance, **values)
        alias = (await routed.to_write(self)).db if routes.active else self._using or DEFAULT_ALIAS
        if meta.overrides_save:
            await call_form(instance.asave, force_insert=True, using=alias)
        else:
            await instance._asave((), True, False, alias, None)
        return instance  # type: ignore[no-any-return]

    @alters_data
    async def aget_or_create(self, defaults: Mapping[str, Any] | None = None, **kwargs: Any) -> tuple[M, bool]:
        """Return the row that meets the conditions, and False; or a new one made of them and ``defaults``, and True.

        Safe when others do the same at the same time, given a unique constraint on the conditions.
        """
        if routes.active and self._using is None:
            return await AwaitableWriting.aget_or_create(await routed.to_write(self), defaults, **kwargs)
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

    @alters_data
    async def aupdate_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> tuple[M, bool]:
        """Update the row that meets the conditions with ``defaults``, or make one; return it and whether it is new."""
        if routes.active and self._using is None:
            writer = await routed.to_write(self)
            return await AwaitableWriting.aupdate_or_create(writer, defaults, create_defaults, **kwargs)
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
            concrete = {name for f in model._meta.concrete_fields if not f.primary_key for name in (f.name, f.attname)}
            if changes_ and concrete.issuperset(changes_):
                automatic = [f.name for f in model._meta.concrete_fields if getattr(f, "auto_now", False)]
                await call_form(fresh.asave, using=self.db, update_fields={*changes_, *automatic})
            else:
                await call_form(fresh.asave, using=self.db)
            return instance, False

    @alters_data
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
        they are, and only what was written has its key then, where ``unique_fields`` are not updated. Nothing here
        calls ``save()`` or sends its signals.
        """
        instances = list(listed("bulk_create()", objs, "a list of instances"))
        alias = (await routed.to_write(self)).db
        upsert = insert_manner.upsert_of(
            self.model, alias, ignore_conflicts, update_conflicts, update_fields, unique_fields, update_condition
        )
        await bulk_insert.bulk_insert(self.model, instances, using=alias, batch_size=batch_size, upsert=upsert)
        return instances

    async def ainsert_from(self, rows: object, *, fields: Sequence[str] = (), ignore_conflicts: bool = False) -> int:
        """Insert the rows of another queryset, in one statement that no row leaves the database for.

        Parameters: ``rows`` has chosen its columns with ``values()``, whose names are those of the fields they go to,
        unless ``fields`` names others in their order; what is not named gets its default.
        ``ignore_conflicts`` leaves out rows that exist.

        Returns how many rows were inserted. Nothing here calls ``save()`` or sends its signals.
        """
        shape, values = change_query.inserting(self.model, rows, fields, ignore_conflicts)
        writer = await routed.to_write(self)
        return await writer._run(shape, values)

    @alters_data
    async def amerge(self, rows: object, *, on: Mapping[str, str], when: Sequence[Merging], name: str = "given") -> int:
        """Compare the model's rows with those of another queryset, and change, delete or insert, in one statement.

        Parameters:
            rows: the queryset, whose columns are named ``given__<column>`` in what follows (``name`` says otherwise).
            on: which fields equal which of its columns: ``{"key": "key"}``.
            when: what is done, each a ``Matched(condition)`` or ``NotMatched(condition)`` with an action; the first
                whose condition holds for a row is the one.

        Returns how many rows were inserted, changed or deleted. Nothing here calls ``save()``, sends signals or follows
        the ``on_delete`` rules of relations. Raises ``NotSupportedError`` where the database has no MERGE.
        """
        shape, values = merge.merging(self, name, rows, on, when)
        writer = await routed.to_write(self)
        return await writer._run(shape, values)

    # -- changed rows --------------------------------------------------------------------------------------------------

    @alters_data
    async def aupdate(self, **kwargs: object) -> int:
        """Set fields of all rows in one statement, to values or expressions; return how many rows matched."""
        self._check_change("update")
        if not kwargs:
            return 0
        model: Any = self.model
        assignments = change_query.by_columns(model, kwargs)
        try:
            shape, values = change_query.updating(self, assignments)
        except (TypeError, ValueError, ValidationError) as error:
            note_failed_write(error, self.db)
            raise
        self._result_cache = None
        writer = await routed.to_write(self)
        if shape.statement is None:
            return await change_query.update_tables(writer, assignments)
        return await writer._run(shape, values)

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
        return returning_blocking.Returning(self, tuple(check_names("returning()", names)))

    async def _run(self, shape: Shape, values: tuple[object, ...]) -> int:
        database = self._doors()
        plan = shape.plan(database, values, statement_plan)
        if plan.sql is None:
            return 0
        return await database.execute(plan.sql, plan.parameters(values))

    @alters_data
    async def abulk_update(self, objs: Iterable[object], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Write these fields of many instances with as few statements as possible; return how many rows matched.

        Rows outside the conditions of this queryset are not written.
        """
        alias = (await routed.to_write(self)).db
        names = listed_names("bulk_update(fields=…)", fields)
        return await update_instances.bulk_update(self, objs, names, using=alias, batch_size=batch_size)

    @alters_data
    async def adelete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows, and what depends on them as each relation's ``on_delete`` says.

        Returns how many rows were deleted, in all and by model label.
        """
        self._check_change("delete")
        model: Any = self.model
        rows = await routed.to_write(self)
        deleted: tuple[int, dict[str, int]] = await model._meta.deleter(rows)
        self._result_cache = None
        return deleted

    @alters_data
    async def _araw_delete(self, using: str | None = None) -> int:
        """Delete the rows alone, with one statement and no signals; return how many there were."""
        queryset = self if using is None else self.using(using)
        shape, prepared = queryset._shape.advance(("delete",), (), change_query.delete_rows)
        return await queryset._run(shape, queryset._values + prepared)
