"""``SessionStore`` in the table of sessions, with a copy in the cache SESSION_CACHE_ALIAS for reading."""

from __future__ import annotations

from typing import Any

from orm.compat.django.sessions import db
from orm.compat.django.sessions.stored import CachedSession
from orm.late import LateLogger

__all__ = ["KEY_PREFIX", "SessionStore"]

KEY_PREFIX = "django.contrib.sessions.cached_db"

logger = LateLogger("django.contrib.sessions")


class SessionStore(CachedSession, db.SessionStore):
    """A session in a row, read from the cache where that has it. What the cache refuses is logged: the row counts."""

    cache_key_prefix = KEY_PREFIX

    def load(self) -> dict[str, Any]:
        """Read the cache, else the row, which then is in the cache too."""
        found = self._cache.get(self.cache_key)
        if found is None:
            row = self._live().first()
            found = self._values_of(row)
            if row is not None:
                self._cache.set(self.cache_key, found, self.get_expiry_age(expiry=row.expire_date))
        return dict(found)

    async def aload(self) -> dict[str, Any]:
        """Read the cache, else the row, which then is in the cache too."""
        found = await self._cache.aget(await self.acache_key())
        if found is None:
            row = await self._live().afirst()
            found = self._values_of(row)
            if row is not None:
                key, age = await self.acache_key(), self.get_expiry_age(expiry=row.expire_date)
                await self._cache.aset(key, found, age)
        return dict(found)

    def exists(self, session_key: str) -> bool:
        """Return whether the cache or the table has a session of that key."""
        return super().exists(session_key) or db.SessionStore.exists(self, session_key)

    async def aexists(self, session_key: str) -> bool:
        """Return whether the cache or the table has a session of that key."""
        return await super().aexists(session_key) or await db.SessionStore.aexists(self, session_key)

    def save(self, must_create: bool = False) -> None:
        """Store the values in the row, and then in the cache."""
        super().save(must_create)
        try:
            self._cache.set(self.cache_key, self._session, self.get_expiry_age())
        except Exception:
            logger.exception("Error saving to cache (%s)", self._cache)

    async def asave(self, must_create: bool = False) -> None:
        """Store the values in the row, and then in the cache."""
        await super().asave(must_create)
        try:
            await self._cache.aset(await self.acache_key(), self._session, self.get_expiry_age())
        except Exception:
            logger.exception("Error saving to cache (%s)", self._cache)

    def delete(self, session_key: str | None = None) -> None:
        """Delete the row, and the cache's copy."""
        db.SessionStore.delete(self, session_key)
        super().delete(session_key)

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete the row, and the cache's copy."""
        await db.SessionStore.adelete(self, session_key)
        await super().adelete(session_key)
