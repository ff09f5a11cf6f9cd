"""``DatabaseCache``: a cache in a table, which several processes share.

Its table is Django's: ``cache_key``, ``value`` (pickled, as base64) and ``expires``; ``cache_model`` declares it,
outside the models of the project. Routers are asked with that model. The twin is generated; import it from
``table_blocking``.
"""

from __future__ import annotations

import base64
import datetime
import pickle
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from orm.caching.base import DEFAULT_TIMEOUT, BaseCache
from orm.config import settings
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import IntegrityError
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.fields import CharField, DateTimeField, TextField
from orm.query.queryset_blocking import QuerySet

FOR_GOOD = datetime.datetime(9999, 12, 31, 23, 59, 59)


@cache
def cache_model(table: str) -> Any:
    """Return the model of a cache's table: ``CacheEntry`` of the application ``django_cache``, as routers know it."""
    options = type("Meta", (), {"app_label": "django_cache", "apps": Apps(), "db_table": table})
    declare: Any = type(Model)
    return declare(
        "CacheEntry",
        (Model,),
        {
            "__module__": __name__,
            "Meta": options,
            "cache_key": CharField(max_length=255, primary_key=True),
            "value": TextField(),
            "expires": DateTimeField(db_index=True),
        },
    )


class AwaitableDatabaseCache(BaseCache):
    """A cache whose values are rows of a table, made by ``createcachetable``.

    Parameters: ``table`` is the table's name, ``params`` as of ``BaseCache``. Of more than ``MAX_ENTRIES`` rows those
    that have ended go first, and then one in ``CULL_FREQUENCY``, in the order of their keys.
    """

    def __init__(self, table: str, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.cache_model_class = cache_model(table)
        self._rows: QuerySet[Any] = self.cache_model_class.objects.all()

    def _entry(self, key: str, value: object, timeout: object) -> Any:
        pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return self.cache_model_class(
            cache_key=key, value=base64.b64encode(pickled).decode("ascii"), expires=self._end(timeout)
        )

    def _end(self, timeout: object) -> datetime.datetime:
        seconds = self.get_backend_timeout(timeout)
        zone = datetime.UTC if settings.use_tz else None
        return FOR_GOOD.replace(tzinfo=zone) if seconds is None else datetime.datetime.fromtimestamp(seconds, zone)

    # -- what a cache gives --------------------------------------------------------------------------------------------

    async def aadd(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value unless the key has one; return whether it is kept."""
        made = self.make_and_validate_key(key, version)
        entry = self._entry(made, value, timeout)
        await self._amake_room()
        try:
            async with atomic(await routes.for_writing(None, self.cache_model_class)):
                await self._rows.abulk_create([entry])
        except IntegrityError:
            ended = self._rows.filter(cache_key=made, expires__lte=_now())
            return bool(await ended.aupdate(value=entry.value, expires=entry.expires))
        return True

    async def aget(self, key: object, default: object = None, version: object = None) -> Any:
        """Return the value of a key."""
        return (await self.aget_many([key], version)).get(key, default)

    async def aset(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> None:
        """Keep a value."""
        made = self.make_and_validate_key(key, version)
        entry = self._entry(made, value, timeout)
        await self._amake_room()
        await self._rows.abulk_create(
            [entry], update_conflicts=True, unique_fields=["cache_key"], update_fields=["value", "expires"]
        )

    async def atouch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: object = None) -> bool:
        """Keep a value for longer; return whether there is one."""
        living = self._rows.filter(cache_key=self.make_and_validate_key(key, version), expires__gt=_now())
        return bool(await living.aupdate(expires=self._end(timeout)))

    async def adelete(self, key: object, version: object = None) -> bool:
        """Forget a value; return whether there was one."""
        rows = self._rows.filter(cache_key=self.make_and_validate_key(key, version))
        return bool((await rows.adelete())[0])

    async def aclear(self) -> None:
        """Forget everything."""
        await self._rows.adelete()

    # -- what takes one statement --------------------------------------------------------------------------------------

    async def ahas_key(self, key: object, version: object = None) -> bool:
        """Return whether a key has a value."""
        made = self.make_and_validate_key(key, version)
        return bool(await self._rows.filter(cache_key=made, expires__gt=_now()).aexists())

    async def aget_many(self, keys: Iterable[object], version: object = None) -> dict[Any, Any]:
        """Return the values of those keys that have one; rows that have ended are deleted."""
        asked = {self.make_and_validate_key(key, version): key for key in keys}
        if not asked:
            return {}
        now, stored, ended = _now(), {}, []
        entries = self._rows.filter(cache_key__in=list(asked))
        async for made, value, expires in entries.values_list("cache_key", "value", "expires"):
            if expires > now:
                stored[made] = pickle.loads(base64.b64decode(value))
            else:
                ended.append(made)
        if ended:
            await self._rows.filter(cache_key__in=ended, expires__lte=now).adelete()
        return {key: stored[made] for made, key in asked.items() if made in stored}

    async def adelete_many(self, keys: Iterable[Any], version: object = None) -> None:
        """Forget values."""
        made = [self.make_and_validate_key(key, version) for key in keys]
        if made:
            await self._rows.filter(cache_key__in=made).adelete()

    async def _amake_room(self) -> None:
        if await self._rows.acount() <= self._max_entries:
            return
        if self._cull_frequency == 0:
            await self._rows.adelete()
            return
        await self._rows.filter(expires__lte=_now()).adelete()
        left = await self._rows.acount()
        if left > self._max_entries:
            first = self._rows.order_by("cache_key").values_list("cache_key", flat=True)[: left // self._cull_frequency]
            await self._rows.filter(cache_key__in=[key async for key in first]).adelete()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC if settings.use_tz else None)
