"""Changes that give the rows they changed: ``Task.objects.filter(done=True).returning("id").update(done=False)``.

One statement with RETURNING, so what comes back is what was changed and nothing else, whoever writes beside it. What
this module refuses: columns of other tables, and databases without RETURNING.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from orm.altering import alters_data
from orm.db.transactions.public import atomic
from orm.errors import FieldError
from orm.query import change_query, routed
from orm.query.bulk_insert import bulk_insert
from orm.query.chain import Chain
from orm.query.insert_manner import Wanted, upsert_of
from orm.query.layout import Layout, finish
from orm.query.plan import Plan, returning_plan
from orm.query.shape import Shape, root
from orm.query.update_instances import bulk_update
from orm.sql.select import Output
from orm.structures.arguments import listed, listed_names

if TYPE_CHECKING:
    from orm.sql.conditions import Q

M = TypeVar("M", covariant=True)


class AwaitableReturning(Generic[M]):
    """The changes of a queryset's rows that give the changed rows. Made by ``QuerySet.returning()``.

    Rows are instances of the model, or where columns were named, named tuples of these.
    """

    def __init__(self, queryset: Any, names: tuple[str, ...]) -> None:
        self._queryset = queryset
        self._names = names
        model = queryset.model
        self._outputs, self._layout = root(model).compiled(("returned", names), returned, model, names)

    def __repr__(self) -> str:
        return f"<Returning {', '.join(self._names) or 'instances'} of {self._queryset.model.__name__}>"

    @alters_data
    async def aupdate(self, **kwargs: object) -> list[Any]:
        """Set fields of all rows in one statement, to values or expressions; return the rows as they are then.

        Raises what ``QuerySet.update()`` raises, and ``NotSupportedError`` where the database has no RETURNING.
        """
        queryset = self._queryset
        queryset._check_change("update")
        if not kwargs:
            return []
        assignments = change_query.by_columns(queryset.model, kwargs)
        shape, values = change_query.updating(queryset, assignments, self._names, self._outputs)
        if shape.statement is None:
            raise NotImplementedError(
                f"{queryset.model.__name__} lies in several tables: returning() is about columns of one; update one "
                "table's columns through its own model"
            )
        queryset._result_cache = None
        return await self._changed(shape, values)

    @alters_data
    async def adelete(self) -> list[Any]:
        """Delete the rows, and what depends on them as each relation's ``on_delete`` says; return what they were.

        Raises what ``QuerySet.delete()`` raises, and ``NotSupportedError`` where the database has no RETURNING.
        """
        queryset = self._queryset
        queryset._check_change("delete")
        queryset._result_cache = None
        if queryset.model._meta.goes_alone:
            key = ("delete", self._names)
            shape, prepared = queryset._shape.advance(key, (), change_query.delete_rows, self._outputs)
            return await self._changed(shape, queryset._values + prepared)
        writer = await routed.to_write(queryset)
        async with atomic(using=writer.db):
            chosen = writer.values_list(*self._names, named=True) if self._names else writer.all()
            rows: list[Any] = list(await chosen)
            await writer.adelete()
        return rows

    @alters_data
    async def ainsert_from(self, rows: Any, *, fields: Sequence[str] = (), ignore_conflicts: bool = False) -> list[Any]:
        """Insert the rows of another queryset, as ``QuerySet.insert_from()``; return the new rows."""
        shape, values = change_query.inserting(self._queryset.model, rows, fields, ignore_conflicts, self._outputs)
        return await self._changed(shape, values)

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
    ) -> list[Any]:
        """Insert many instances, as ``QuerySet.bulk_create()``; return the rows that were inserted or updated.

        Rows that exist and stay as they are don't come back. The given instances get their keys as ever.

        Raises what ``QuerySet.bulk_create()`` raises, ``NotSupportedError`` where the database has no RETURNING, and
        ``NotImplementedError`` for a model of several tables.
        """
        queryset = await routed.to_write(self._queryset)
        upsert = upsert_of(
            queryset.model,
            queryset.db,
            ignore_conflicts,
            update_conflicts,
            update_fields,
            unique_fields,
            update_condition,
        )
        wanted = Wanted(self._names, self._outputs, self._layout)
        await bulk_insert(
            queryset.model,
            list(listed("bulk_create()", objs, "a list of instances")),
            using=queryset.db,
            batch_size=batch_size,
            upsert=upsert,
            wanted=wanted,
        )
        return self._found(queryset, wanted)

    @alters_data
    async def abulk_update(
        self, objs: Iterable[object], fields: Iterable[str], batch_size: int | None = None
    ) -> list[Any]:
        """Write these fields of many instances, as ``QuerySet.bulk_update()``; return the rows that were written.

        Raises what ``QuerySet.bulk_update()`` raises, ``NotSupportedError`` where the database has no RETURNING, and
        ``NotImplementedError`` for a model of several tables.
        """
        queryset = await routed.to_write(self._queryset)
        wanted = Wanted(self._names, self._outputs, self._layout)
        names = listed_names("bulk_update(fields=…)", fields)
        await bulk_update(queryset, objs, names, using=queryset.db, batch_size=batch_size, wanted=wanted)
        return self._found(queryset, wanted)

    @staticmethod
    def _found(queryset: Any, wanted: Wanted) -> list[Any]:
        found: list[Any] = [] if wanted.plan is None else queryset._hydrated(wanted.plan, wanted.rows)
        return found

    async def _changed(self, shape: Shape, values: tuple[Any, ...]) -> list[Any]:
        queryset = await routed.to_write(self._queryset)
        database = queryset._doors()
        plan: Plan = shape.plan(database, values, partial(returning_plan, layout=self._layout))
        if plan.sql is None:
            return []
        rows: Sequence[Any] = await database.fetch(plan.sql, plan.parameters(values))
        found: list[Any] = queryset._hydrated(plan, rows)
        return found


def returned(model: Any, names: tuple[str, ...]) -> tuple[tuple[Output, ...], Layout]:
    """Return the columns of a model's table as the result of a statement that changes it, and what they become.

    Raises ``FieldError`` for a name that is no column of that table.
    """
    rows: Chain[Any] = Chain(model)
    select, layout = finish((rows.values_list(*names, named=True) if names else rows)._shape.select)
    if len(select.joins) > 1:
        raise FieldError(f"returning() gives columns of {model.__name__}'s own table, not all of {', '.join(names)}")
    return select.outputs or (), layout
