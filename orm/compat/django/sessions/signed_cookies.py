"""``SessionStore`` in its own key: the values, signed, are what a browser keeps as its cookie. Nothing is stored."""

from __future__ import annotations

from typing import Any

from orm.compat.django.sessions.base import SessionBase
from orm.compat.django.settings import settings
from orm.security.signing import dumps, loads

__all__ = ["SessionStore"]

SALT = "django.contrib.sessions.backends.signed_cookies"


class SessionStore(SessionBase):
    """A session whose key holds its values. Old keys cannot be taken back: whoever has one has the session."""

    def load(self) -> dict[str, Any]:
        """Read the key; one that was not signed here, or too long ago, has no values."""
        try:
            found: dict[str, Any] = loads(
                self.session_key or "", serializer=self.serializer, max_age=settings.SESSION_COOKIE_AGE, salt=SALT
            )
        except Exception:  # whatever a visitor may have sent instead: it is no session
            self.create()
            return {}
        return found

    async def aload(self) -> dict[str, Any]:
        """Read the key, as ``load`` does; nothing waits."""
        return self.load()

    def create(self) -> None:
        """Say that the key is to be sent to the browser."""
        self.modified = True

    async def acreate(self) -> None:
        """Say that the key is to be sent to the browser."""
        self.create()

    def save(self, must_create: bool = False) -> None:
        """Write the values into the key. ``must_create`` changes nothing: no other session can have it."""
        self._session_key = self._key_of_values()
        self.modified = True

    async def asave(self, must_create: bool = False) -> None:
        """Write the values into the key, as ``save`` does."""
        await self._aget_session()
        self.save()

    def exists(self, session_key: str | None = None) -> bool:
        """Return False: nothing is stored."""
        return False

    async def aexists(self, session_key: str | None = None) -> bool:
        """Return False: nothing is stored."""
        return False

    def delete(self, session_key: str | None = None) -> None:
        """Forget the key and the values; what a browser has it keeps until it is told otherwise."""
        self._session_key = ""
        self._session_cache = {}
        self.modified = True

    async def adelete(self, session_key: str | None = None) -> None:
        """Forget the key and the values."""
        self.delete(session_key)

    def cycle_key(self) -> None:
        """Sign the values anew."""
        self.save()

    async def acycle_key(self) -> None:
        """Sign the values anew."""
        await self.asave()

    def _key_of_values(self) -> str:
        return dumps(self._session, compress=True, salt=SALT, serializer=self.serializer)

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: nothing is stored."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """Do nothing: nothing is stored."""
