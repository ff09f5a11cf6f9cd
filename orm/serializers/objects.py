"""``DeserializedObject``: an object that was read, and what of it has to wait for later ones."""

from __future__ import annotations

from typing import Any

from orm.bridge import crossing
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.errors import ObjectDoesNotExist
from orm.serializers.errors import DeserializationError
from orm.serializers.references import Reference


class AwaitableDeserializedObject:
    """An object that was read and is not saved yet.

    ``object`` is the instance; ``m2m_data`` are the keys of its many-to-many relations, by name; ``deferred_fields``
    are those whose natural keys no row had so far, with the keys.
    """

    def __init__(
        self, obj: Any, m2m_data: dict[str, list[Any]] | None = None, deferred_fields: dict[Any, Any] | None = None
    ) -> None:
        self.object = obj
        self.m2m_data = m2m_data
        self.deferred_fields = deferred_fields

    def __repr__(self) -> str:
        return f"<DeserializedObject: {self.object._meta.label}(pk={self.object.pk})>"

    async def asave(self, save_m2m: bool = True, using: str | None = None, **kwargs: Any) -> None:
        """Write the object as it was read: no ``save()`` of the model's own, no ``auto_now``, its own table only.

        Parameters: ``save_m2m`` also sets the many-to-many relations; further ones are those of ``save_base``.
        """
        await self.object.asave_base(raw=True, using=using, **kwargs)
        if self.m2m_data and save_m2m:
            for name, keys in self.m2m_data.items():
                await getattr(self.object, name).aset(keys)
        # To save it again without reading it again leaves the relations as they are by then.
        self.m2m_data = None

    async def asave_deferred_fields(self, using: str | None = None) -> None:
        """Look up what had to wait, now that all objects are saved, and save the object again.

        Raises ``DeserializationError`` where a natural key still has no row.
        """
        held = self.object
        self.m2m_data = {}
        for field, value in (self.deferred_fields or {}).items():
            reference = Reference(field, using or DEFAULT_DB_ALIAS)
            try:
                if field.many_to_many:
                    self.m2m_data[field.name] = [
                        reference.key_of(await crossing.call(reference.find, *one)) if reference.is_natural(one)
                        else reference.plain(one)
                        for one in value
                    ]  # fmt: skip
                else:
                    setattr(held, field.attname, reference.key_of(await crossing.call(reference.find, *value)))
            except (ObjectDoesNotExist, ValueError, TypeError) as error:
                raise DeserializationError.WithData(error, held._meta.label_lower, held.pk, value) from error
        self.deferred_fields = None
        await self.asave(using=using)
