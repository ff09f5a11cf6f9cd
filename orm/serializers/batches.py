"""Objects on their way into the database: many of one model in one statement."""

from __future__ import annotations

from typing import Any

from orm.db.transactions.public import atomic
from orm.errors import Error
from orm.models.raw_writing import is_watched, write_raw
from orm.models.signals import m2m_changed
from orm.serializers.references import has_natural_key

SIZE = 2000


class AwaitableBatch:
    """Gathers objects that were read, and writes them in the order they came."""

    def __init__(self, using: str) -> None:
        self._using = using
        self._model: Any = None
        self._alone = False
        self._waiting: list[Any] = []

    async def aadd(self, one: Any) -> None:
        """Take an object; it is written when the batch is full, or another model's object comes."""
        model = type(one.object)
        if model is not self._model:
            await self.aflush()
            self._model = model
            # What others find by its natural key has to be there when they look.
            self._alone = has_natural_key(model) or is_watched(model)
        self._waiting.append(one)
        if self._alone or len(self._waiting) >= SIZE:
            await self.aflush()

    async def aflush(self) -> None:
        """Write what is waiting.

        Raises the database's error, which names the object it is about.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if len(waiting) > 1:
            try:
                async with atomic(using=self._using):
                    await self._write(waiting)
                return
            except (Error, ValueError, TypeError):
                for one in waiting:  # one of them; which one is said below
                    one.object._state.adding = True
        for one in waiting:
            await self._write_one(one)

    async def _write_one(self, one: Any) -> None:
        try:
            await self._write([one])
        except (Error, ValueError, TypeError) as error:
            held = one.object
            error.args = (f"Could not load {held._meta.label}(pk={held.pk}): {error}",)
            raise

    async def _write(self, group: list[Any]) -> None:
        await write_raw([one.object for one in group], self._using)
        for field in self._model._meta.many_to_many:
            given = [one for one in group if field.name in (one.m2m_data or {})]
            if given:
                await self._relate(field, given)
        for one in group:
            one.m2m_data = None

    async def _relate(self, field: Any, group: list[Any]) -> None:
        """Set one many-to-many relation of objects."""
        through = field.remote_field.through
        if not through._meta.auto_created or m2m_changed.has_listeners(through) or field.remote_field.symmetrical:
            for one in group:
                await getattr(one.object, field.name).aset(one.m2m_data[field.name])
            return
        near, far = (
            through._meta.get_field(name).attname for name in (field.m2m_field_name(), field.m2m_reverse_field_name())
        )
        rows = through._base_manager.using(self._using)
        await rows.filter(**{f"{near}__in": [one.object.pk for one in group]}).adelete()
        made = [
            through(**{near: one.object.pk, far: key})
            for one in group
            for key in dict.fromkeys(one.m2m_data[field.name])
        ]
        if made:
            await rows.abulk_create(made)
