"""``SessionStore`` in the cache SESSION_CACHE_ALIAS alone: what that forgets is gone."""

from __future__ import annotations

from typing import Any

from orm.caching import BaseCache
from orm.compat.django.cache import caches
from orm.compat.django.sessions.base import SessionBase
from orm.compat.django.sessions.errors import CreateError, UpdateError
from orm.compat.django.settings import settings

__all__ = ["KEY_PREFIX", "SessionStore"]

KEY_PREFIX = "django.contrib.sessions.cache"
MOST_TRIES = 10_000


class CachedSession(SessionBase):
    """A session that the cache has, under a key that begins with ``cache_key_prefix``."""

    cache_key_prefix: str

    def __init__(self, session_key: str | None = None) -> None:
        self._cache: BaseCache = caches[settings.SESSION_CACHE_ALIAS]
        super().__init__(session_key)

    @property
    def cache_key(self) -> str:
        """The session's key in the cache."""
        return self.cache_key_prefix + self._get_or_create_session_key()

    async def acache_key(self) -> str:
        """Return the session's key in the cache."""
        return self.cache_key_prefix + await self._aget_or_create_session_key()


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

    def exists(self, session_key: str) -> bool:
        """Return whether the cache has a session of that key."""
        return bool(session_key) and self.cache_key_prefix + session_key in self._cache

    async def aexists(self, session_key: str) -> bool:
        """Return whether the cache has a session of that key."""
        return bool(session_key) and await self._cache.ahas_key(self.cache_key_prefix + session_key)

    def create(self) -> None:
        """Store the session under a new key. Raises ``RuntimeError`` where the cache takes none."""
        for _ in range(MOST_TRIES):
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return
        raise _unavailable()

    async def acreate(self) -> None:
        """Store the session under a new key. Raises ``RuntimeError`` where the cache takes none."""
        for _ in range(MOST_TRIES):
            self._session_key = await self._aget_new_session_key()
            try:
                await self.asave(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return
        raise _unavailable()

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

    def delete(self, session_key: str | None = None) -> None:
        """Take the session of a key out of the cache, its own unless given."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            self._cache.delete(self.cache_key_prefix + key)

    async def adelete(self, session_key: str | None = None) -> None:
        """Take the session of a key out of the cache, its own unless given."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            await self._cache.adelete(self.cache_key_prefix + key)

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: the cache lets go of what has ended."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """Do nothing: the cache lets go of what has ended."""


def _unavailable() -> RuntimeError:
    return RuntimeError("Unable to create a new session key. It is likely that the cache is unavailable.")
