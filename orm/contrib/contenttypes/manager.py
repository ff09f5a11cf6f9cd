"""The manager of content types: from a model to its row, made at need and remembered; from a key to the model.

Rows are remembered for each database until ``clear_cache()``. The twin is generated; import it from
``manager_blocking``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.routing import routes
from orm.db.transactions.public import atomic, in_atomic_block
from orm.errors import IntegrityError
from orm.models.managers import BaseManager

if TYPE_CHECKING:
    from orm.contrib.contenttypes.models import ContentType
    from orm.models.base import AwaitableModel
    from orm.query.queryset_blocking import QuerySet

Key = tuple[str, str]


class AwaitableContentTypes(BaseManager["ContentType"]):
    """What the manager ``ContentType.objects`` knows of content types, beside a manager's own methods."""

    use_in_migrations = True
    _cache: dict[str, dict[Any, ContentType]]
    """What was read, by alias; there by model (the labels of app and model) and by key. Packages look here first."""

    def __init__(self) -> None:
        self._cache = {}

    def clear_cache(self) -> None:
        """Forget the rows read so far; for when rows of the table have gone."""
        self._cache.clear()

    @staticmethod
    def _key_of(model: Any, for_concrete_model: bool) -> Key:
        meta = model._meta
        if for_concrete_model:
            meta = meta.concrete_model._meta
        return meta.app_label, meta.model_name

    @property
    def _alias(self) -> str:
        if self._db is None and routes.active:
            return routes.to_read(self.model, {})
        return self._db or DEFAULT_DB_ALIAS

    def known(
        self, model: type[AwaitableModel], for_concrete_model: bool = True, using: str | None = None
    ) -> ContentType | None:
        """Return the content type of a model (or an instance) if it was read before, without asking the database."""
        return self._cache.get(using or self._alias, {}).get(self._key_of(model, for_concrete_model))

    def _keep(self, found: ContentType, alias: str) -> ContentType:
        known = self._cache.setdefault(alias, {})
        known[found.app_label, found.model] = known[found.pk] = found
        return found

    def _on(self, alias: str) -> QuerySet[ContentType]:
        return self.get_queryset().using(alias)

    async def aget_by_natural_key(self, app_label: str, model: str) -> ContentType:
        """Return the content type called so. Raises ``ContentType.DoesNotExist``."""
        alias = self._alias
        found = self._cache.get(alias, {}).get((app_label, model))
        if found is None:
            found = self._keep(await self._on(alias).aget(app_label=app_label, model=model), alias)
        return found

    async def aget_for_model(self, model: type[AwaitableModel], for_concrete_model: bool = True) -> ContentType:
        """Return the content type of a model or an instance; its row is made if there is none.

        ``for_concrete_model`` False gives a proxy a content type of its own.
        """
        alias = self._alias
        key = self._key_of(model, for_concrete_model)
        found = self._cache.get(alias, {}).get(key)
        if found is not None:
            return found
        found = await self._on(alias).filter(app_label=key[0], model=key[1]).afirst()
        return await self._amade(alias, key) if found is None else self._keep(found, alias)

    async def _amade(self, alias: str, key: Key) -> ContentType:
        """Return a content type that was not found; its row is made, unless another did it meanwhile."""
        writer = self._on(self._db or (routes.to_write(self.model, {}) if routes.active else alias))
        values = {"app_label": key[0], "model": key[1]}
        try:
            async with atomic(using=writer.db):
                found = await writer.acreate(**values)
        except IntegrityError:
            found = await writer.aget(**values)
        if not in_atomic_block(alias):  # a row that may be rolled back is not remembered
            self._keep(found, alias)
        return found

    async def aget_for_models(self, *models: object, for_concrete_models: bool = True) -> dict[Any, ContentType]:
        """Return the content types of several models, by model, with one query for those not read before.

        Rows are made for models that have none.
        """
        alias = self._alias
        keys = {model: self._key_of(model, for_concrete_models) for model in models}
        known = {key: self._cache.get(alias, {}).get(key) for key in keys.values()}
        missing = [key for key, found in known.items() if found is None]
        if missing:
            labels = {label for label, _ in missing}
            names = {name for _, name in missing}
            for found in await self._on(alias).filter(app_label__in=labels, model__in=names):
                if (found.app_label, found.model) in known:
                    known[found.app_label, found.model] = self._keep(found, alias)
        made = {key: found or await self._amade(alias, key) for key, found in known.items()}
        return {model: made[key] for model, key in keys.items()}

    async def aget_for_id(self, id: object) -> ContentType:
        """Return the content type with a key. Raises ``ContentType.DoesNotExist``."""
        alias = self._alias
        found = self._cache.get(alias, {}).get(id)
        if found is None:
            found = self._keep(await self._on(alias).aget(pk=id), alias)
        return found
