"""The manager behind a generic relation: the rows that refer to one instance, and how to change them.

The twin is generated; import it from ``related_blocking``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from orm.altering import alters_data
from orm.bridge.crossing import call_form
from orm.contrib.contenttypes.models import ContentType
from orm.db.transactions.public import atomic
from orm.models.relations.many import InstanceManager

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.query.queryset_blocking import QuerySet

M = TypeVar("M", bound="AwaitableModel")


class AwaitableGenericRelatedManager(InstanceManager[M]):
    """The rows whose generic key refers to one instance: ``bookmark.tags``."""

    def _key(self) -> Any:
        key = self.instance.pk
        if key is None:
            raise ValueError(f"{self.instance!r} has no key yet, so it has no {self._name}; save it first.")
        return self.link.field.object_field.to_python(key)

    def _narrowed(self, rows: Any = None) -> QuerySet[M]:
        field = self.link.field
        related: QuerySet[M] = self._every_row() if rows is None else rows
        if self.instance.pk is None:
            return related.none()
        condition = field.type_condition(type(self.instance), related.db)
        return related.filter(**condition, **{field.object_field.attname: self._key()})

    async def _reference(self) -> dict[str, Any]:
        """Return the values that make a row refer to the instance."""
        field = self.link.field
        manager = ContentType.objects.db_manager(self._alias)
        kind = await manager.aget_for_model(self.instance, field.for_concrete_model)
        return {field.content_type_field_name: kind, field.object_field.attname: self._key()}

    def _tell(self, obj: object) -> Any:
        """Let a row know the instance it refers to, where it has an attribute for it."""
        key = self.link.field.generic_key
        if key is not None:
            obj.__dict__[key.name] = self.instance
        return obj

    @alters_data
    async def acreate(self, **values: Any) -> M:
        """Create a row that refers to the instance, and return it."""
        self._forget()
        return self._tell(await call_form(super().acreate, **{**values, **await self._reference()}))  # type: ignore[no-any-return]

    @alters_data
    async def aget_or_create(self, defaults: Mapping[str, Any] | None = None, **lookups: Any) -> tuple[M, bool]:
        """Return the related row that matches, created if there is none, and whether it was created."""
        self._forget()
        return await call_form(super().aget_or_create, defaults, **{**lookups, **await self._reference()})

    @alters_data
    async def aupdate_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **lookups: Any,
    ) -> tuple[M, bool]:
        """Update the related row that matches, or create it; return it and whether it was created."""
        self._forget()
        reference = await self._reference()
        return await call_form(super().aupdate_or_create, defaults, create_defaults, **{**lookups, **reference})

    @alters_data
    async def aadd(self, *objs: M, bulk: bool = True) -> None:
        """Make rows refer to the instance: one UPDATE, or with ``bulk=False`` a save of each (which sends signals)."""
        self._forget()
        for obj in objs:
            self._check_instance(obj)
        if bulk and any(obj._state.adding or obj._state.db != self._alias for obj in objs):
            wrong = next(obj for obj in objs if obj._state.adding or obj._state.db != self._alias)
            raise ValueError(f"{wrong!r} instance isn't saved. Use bulk=False or save the object first.")
        if not objs:
            return
        reference = await self._reference()
        for obj in objs:
            for name, value in reference.items():
                setattr(obj, name, value)
            self._tell(obj)
        if bulk:
            rows = self.model._base_manager.using(self._alias)
            await rows.filter(pk__in=[obj.pk for obj in objs]).aupdate(**reference)
            return
        async with atomic(using=self._alias, savepoint=False):
            for obj in objs:
                await call_form(obj.asave, using=self._alias)

    @alters_data
    async def aremove(self, *objs: M, bulk: bool = True) -> None:
        """Delete those of the rows that refer to the instance."""
        if objs:
            await self._delete(self._narrowed().filter(pk__in=[obj.pk for obj in objs]), bulk)

    @alters_data
    async def aclear(self, *, bulk: bool = True) -> None:
        """Delete every row that refers to the instance."""
        await self._delete(self._narrowed(), bulk)

    async def _delete(self, rows: Any, bulk: bool) -> None:
        self._forget()
        rows = rows.using(self._alias)
        if bulk:
            await rows.adelete()
            return
        async with atomic(using=self._alias, savepoint=False):
            for obj in await rows:
                await call_form(obj.adelete)

    @alters_data
    async def aset(self, objs: Iterable[M], *, bulk: bool = True, clear: bool = False) -> None:
        """Make exactly these rows refer to the instance; those that no longer do are deleted."""
        wanted = list(objs)
        async with atomic(using=self._alias, savepoint=False):
            if clear:
                await self.aclear(bulk=bulk)
                await self.aadd(*wanted, bulk=bulk)
                return
            present = list(await self._narrowed().using(self._alias))
            await self.aremove(*(obj for obj in present if obj not in wanted), bulk=bulk)
            await self.aadd(*(obj for obj in wanted if obj not in present), bulk=bulk)
