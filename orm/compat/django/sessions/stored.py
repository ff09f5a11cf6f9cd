"""What the stores of sessions share that keep values outside of the key: how a new one gets a key, and the cache's."""

from __future__ import annotations

from orm.caching import BaseCache
from orm.compat.django.cache import caches
from orm.compat.django.sessions.base import SessionBase
from orm.compat.django.sessions.errors import CreateError
from orm.compat.django.settings import settings

MOST_TRIES = 10_000


class StoredSession(SessionBase):
    """A session that is found by a key of its own. ``save(must_create=True)`` raises ``CreateError`` for one taken."""

    def create(self) -> None:
        """Store the session under a new key. Raises ``RuntimeError`` where the store takes none."""
        for _ in range(MOST_TRIES):
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:  # another one took the key in between
                continue
            self.modified = True
            return
        raise _unavailable()

    async def acreate(self) -> None:
        """Store the session under a new key. Raises ``RuntimeError`` where the store takes none."""
        for _ in range(MOST_TRIES):
            self._session_key = await self._aget_new_session_key()
            try:
                await self.asave(must_create=True)
            except CreateError:  # another one took the key in between
                continue
            self.modified = True
            return
        raise _unavailable()


class CachedSession(StoredSession):
    """A session that is in the cache SESSION_CACHE_ALIAS, under its key behind ``cache_key_prefix``."""

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

    def exists(self, session_key: str) -> bool:
        """Return whether the cache has a session of that key."""
        return bool(session_key) and self.cache_key_prefix + session_key in self._cache

    async def aexists(self, session_key: str) -> bool:
        """Return whether the cache has a session of that key."""
        return bool(session_key) and await self._cache.ahas_key(self.cache_key_prefix + session_key)

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


def _unavailable() -> RuntimeError:
    return RuntimeError("Unable to create a new session key. It is likely that the cache is unavailable.")
