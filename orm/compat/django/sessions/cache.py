"""``SessionStore`` in the cache SESSION_CACHE_ALIAS alone: what that forgets is gone."""

from __future__ import annotations

from typing import Any

from orm.compat.django.sessions.errors import CreateError, UpdateError
from orm.compat.django.sessions.stored import CachedSession

__all__ = ["KEY_PREFIX", "SessionStore"]

KEY_PREFIX = "django.contrib.sessions.cache"


class SessionStore(CachedSession):
    """A session in the cache, which lets go of it when it ends."""

    cache_key_prefix = KEY_PREFIX

    def load(self) -> dict[str, Any]:
        """Read the session; where the cache does not have it, its key is none any more."""
        return self._values_of(self._cache.get(self.cache_key))

    async def aload(self) -> dict[str, Any]:
        """Read the session; where the cache does not have it, its key is none any more."""
        return self._values_of(await self._cache.aget(await self.acache_key()))

    def _values_of(self, found: dict[str, Any] | None) -> dict[str, Any]:
        if found is None:
            self._session_key = None
            return {}
        return found

    def save(self, must_create: bool = False) -> None:
        """Store the values. Raises ``CreateError`` for ``must_create`` where the key is taken, ``UpdateError`` where
        the session is gone."""
        if self.session_key is None:
            self.create()
            return
        key, values = self.cache_key, self._get_session(no_load=must_create)
        if must_create:
            if not self._cache.add(key, values, self.get_expiry_age()):
                raise CreateError
        elif self._cache.get(key) is None:
            raise UpdateError
        else:
            self._cache.set(key, values, self.get_expiry_age())

    async def asave(self, must_create: bool = False) -> None:
        """Store the values, as ``save`` does."""
        if self.session_key is None:
            await self.acreate()
            return
        key, values = await self.acache_key(), await self._aget_session(no_load=must_create)
        if must_create:
            if not await self._cache.aadd(key, values, await self.aget_expiry_age()):
                raise CreateError
        elif await self._cache.aget(key) is None:
            raise UpdateError
        else:
            await self._cache.aset(key, values, await self.aget_expiry_age())

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: the cache lets go of what has ended."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """Do nothing: the cache lets go of what has ended."""
