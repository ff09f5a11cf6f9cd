"""``SessionBase``: a visitor's values by name, in both forms; read when first asked for, and kept by a subclass.

Awaitable forms read the session and then do what the plain ones do, so that a subclass overrides the plain ones alone.
What reaches the store (``load``, ``save``, ``exists``, ``create``, ``delete``, ``clear_expired``) is blocking code in a
subclass that gives nothing else, and its awaitable form runs it in a thread.
"""

from __future__ import annotations

import datetime
import string
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from functools import partial
from typing import Any

from orm.bridge import crossing
from orm.compat.django import timezone
from orm.compat.django.sessions.errors import CreateError, UpdateError
from orm.compat.django.settings import settings
from orm.late import LateLogger
from orm.security.crypto import get_random_string
from orm.security.signing import BadSignature, JSONSerializer, dumps, loads
from orm.structures.loading import import_string

__all__ = ["VALID_KEY_CHARS", "CreateError", "SessionBase", "UpdateError"]

VALID_KEY_CHARS = string.ascii_lowercase + string.digits
KEY_LENGTH = 32
SHORTEST_KEY = 8
SALT = "django.contrib.sessions.SessionStore"
EXPIRY = "_session_expiry"
"""The name under which a session keeps when it ends, where that is not the settings' to say."""
_NOT_GIVEN: Any = object()

logger = LateLogger("django.security.SuspiciousSession")


class SessionBase:
    """A session: a mapping of names to values, with a key and an end.

    Parameters: ``session_key`` is the key of one that is there; without one it is new. A key of fewer than 8 letters
    counts for none.
    """

    TEST_COOKIE_NAME = "testcookie"
    TEST_COOKIE_VALUE = "worked"

    def __init__(self, session_key: str | None = None) -> None:
        self._session_key = session_key
        self.accessed = False
        self.modified = False
        self._session_cache: dict[str, Any] | None = None
        self.serializer = _serializer()

    # -- the key -------------------------------------------------------------------------------------------------------

    @property
    def session_key(self) -> str | None:
        """The key; None for a session that was not saved."""
        return self._session_key

    @property
    def _session_key(self) -> str | None:
        return self._key

    @_session_key.setter
    def _session_key(self, value: str | None) -> None:
        self._key = value if value and len(value) >= SHORTEST_KEY else None

    def _get_new_session_key(self) -> str:
        """Return a key that no session has."""
        while self.exists(key := get_random_string(KEY_LENGTH, VALID_KEY_CHARS)):
            pass
        return key

    async def _aget_new_session_key(self) -> str:
        while await self.aexists(key := get_random_string(KEY_LENGTH, VALID_KEY_CHARS)):
            pass
        return key

    def _get_or_create_session_key(self) -> str:
        if self._key is None:
            self._key = self._get_new_session_key()
        return self._key

    async def _aget_or_create_session_key(self) -> str:
        if self._key is None:
            self._key = await self._aget_new_session_key()
        return self._key

    # -- values --------------------------------------------------------------------------------------------------------

    def _get_session(self, no_load: bool = False) -> dict[str, Any]:
        """Return the values, read where they were not yet; with ``no_load`` a session not read has none."""
        self.accessed = True
        if self._session_cache is None:
            self._session_cache = {} if self.session_key is None or no_load else self.load()
        return self._session_cache

    async def _aget_session(self, no_load: bool = False) -> dict[str, Any]:
        self.accessed = True
        if self._session_cache is None:
            self._session_cache = {} if self.session_key is None or no_load else await self.aload()
        return self._session_cache

    @property
    def _session(self) -> dict[str, Any]:
        return self._get_session()

    def __contains__(self, key: object) -> bool:
        return key in self._session

    def __getitem__(self, key: str) -> Any:
        return self._session[key]

    def __setitem__(self, key: str, value: object) -> None:
        self._session[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self._session[key]
        self.modified = True

    async def aset(self, key: str, value: object) -> None:
        """Give a name a value."""
        await self._aget_session()
        self[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a name, else ``default``."""
        return self._session.get(key, default)

    async def aget(self, key: str, default: Any = None) -> Any:
        """Return the value of a name, else ``default``."""
        await self._aget_session()
        return self.get(key, default)

    def pop(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """Take a name out and return its value, else ``default``. Raises ``KeyError`` without either."""
        self.modified = self.modified or key in self._session
        return self._session.pop(key) if default is _NOT_GIVEN else self._session.pop(key, default)

    async def apop(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """Take a name out and return its value, else ``default``. Raises ``KeyError`` without either."""
        await self._aget_session()
        return self.pop(key, default)

    def setdefault(self, key: str, value: Any) -> Any:
        """Return the value of a name, and give it this one where it has none."""
        if key not in self._session:
            self[key] = value
        return self._session[key]

    async def asetdefault(self, key: str, value: Any) -> Any:
        """Return the value of a name, and give it this one where it has none."""
        await self._aget_session()
        return self.setdefault(key, value)

    def update(self, dict_: Mapping[str, Any]) -> None:
        """Take over names and values."""
        self._session.update(dict_)
        self.modified = True

    async def aupdate(self, dict_: Mapping[str, Any]) -> None:
        """Take over names and values."""
        await self._aget_session()
        self.update(dict_)

    def has_key(self, key: str) -> bool:
        """Return whether a name has a value."""
        return key in self

    async def ahas_key(self, key: str) -> bool:
        """Return whether a name has a value."""
        await self._aget_session()
        return self.has_key(key)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._session.keys()

    async def akeys(self) -> KeysView[str]:
        """Return the names."""
        await self._aget_session()
        return self.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._session.values()

    async def avalues(self) -> ValuesView[Any]:
        """Return the values."""
        await self._aget_session()
        return self.values()

    def items(self) -> ItemsView[str, Any]:
        """Return names with their values."""
        return self._session.items()

    async def aitems(self) -> ItemsView[str, Any]:
        """Return names with their values."""
        await self._aget_session()
        return self.items()

    def clear(self) -> None:
        """Forget all values, without reading them."""
        self._session_cache = {}
        self.accessed = self.modified = True

    def is_empty(self) -> bool:
        """Return whether there is neither a key nor a value."""
        return not self._key and not self._session_cache

    def set_test_cookie(self) -> None:
        """Keep a value that the next request looks for."""
        self[self.TEST_COOKIE_NAME] = self.TEST_COOKIE_VALUE

    async def aset_test_cookie(self) -> None:
        """Keep a value that the next request looks for."""
        await self.aset(self.TEST_COOKIE_NAME, self.TEST_COOKIE_VALUE)

    def test_cookie_worked(self) -> bool:
        """Return whether that value is there."""
        return bool(self.get(self.TEST_COOKIE_NAME) == self.TEST_COOKIE_VALUE)

    async def atest_cookie_worked(self) -> bool:
        """Return whether that value is there."""
        await self._aget_session()
        return self.test_cookie_worked()

    def delete_test_cookie(self) -> None:
        """Take that value out."""
        del self[self.TEST_COOKIE_NAME]

    async def adelete_test_cookie(self) -> None:
        """Take that value out."""
        await self._aget_session()
        self.delete_test_cookie()

    # -- how values are written ----------------------------------------------------------------------------------------

    @property
    def key_salt(self) -> str:
        """What keeps the signatures of sessions apart from others."""
        return SALT

    def encode(self, session_dict: Mapping[str, Any]) -> str:
        """Return values as they are stored: signed, and compressed where that is shorter."""
        return dumps(session_dict, salt=self.key_salt, serializer=self.serializer, compress=True)

    def decode(self, session_data: str) -> dict[str, Any]:
        """Return the values of what was stored; none where they were not signed here, or can't be read."""
        try:
            found: dict[str, Any] = loads(session_data, salt=self.key_salt, serializer=self.serializer)
        except BadSignature:
            logger.warning("Session data corrupted")
            return {}
        except ValueError:  # written with another serializer
            return {}
        return found

    # -- the end -------------------------------------------------------------------------------------------------------

    def get_session_cookie_age(self) -> int:
        """Return how many seconds a session lasts."""
        return int(settings.SESSION_COOKIE_AGE)

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return in how many seconds the session ends.

        Parameters: ``modification`` is the moment that is counted from (now), ``expiry`` the end, as a moment, as
        seconds, or None for the settings'; the session's own unless given.
        """
        modification = kwargs.get("modification", _NOT_GIVEN)
        expiry = kwargs["expiry"] if "expiry" in kwargs else self.get(EXPIRY)
        if not expiry:
            return self.get_session_cookie_age()
        end = _moment(expiry)
        if not isinstance(end, datetime.datetime):
            return int(end)
        left = end - (timezone.now() if modification is _NOT_GIVEN else modification)
        return left.days * 86400 + left.seconds

    async def aget_expiry_age(self, **kwargs: Any) -> int:
        """Return in how many seconds the session ends, as ``get_expiry_age`` does."""
        await self._aget_session()
        return self.get_expiry_age(**kwargs)

    def get_expiry_date(self, **kwargs: Any) -> datetime.datetime:
        """Return when the session ends. Parameters: as of ``get_expiry_age``."""
        modification: datetime.datetime = kwargs["modification"] if "modification" in kwargs else timezone.now()
        end = _moment(kwargs["expiry"] if "expiry" in kwargs else self.get(EXPIRY))
        if isinstance(end, datetime.datetime):
            return end
        return modification + datetime.timedelta(seconds=end or self.get_session_cookie_age())

    async def aget_expiry_date(self, **kwargs: Any) -> datetime.datetime:
        """Return when the session ends, as ``get_expiry_date`` does."""
        await self._aget_session()
        return self.get_expiry_date(**kwargs)

    def set_expiry(self, value: datetime.datetime | datetime.timedelta | int | None) -> None:
        """Say when the session ends: at a moment, after a time or so many seconds without a change, with the browser
        (0), or as the settings say (None)."""
        if value is None:
            self.pop(EXPIRY, None)
            return
        if isinstance(value, datetime.timedelta):
            value = timezone.now() + value
        self[EXPIRY] = value.isoformat() if isinstance(value, datetime.datetime) else value

    async def aset_expiry(self, value: datetime.datetime | datetime.timedelta | int | None) -> None:
        """Say when the session ends, as ``set_expiry`` does."""
        await self._aget_session()
        self.set_expiry(value)

    def get_expire_at_browser_close(self) -> bool:
        """Return whether the session ends with the browser."""
        expiry = self.get(EXPIRY)
        return bool(settings.SESSION_EXPIRE_AT_BROWSER_CLOSE if expiry is None else expiry == 0)

    async def aget_expire_at_browser_close(self) -> bool:
        """Return whether the session ends with the browser."""
        await self._aget_session()
        return self.get_expire_at_browser_close()

    # -- the store -----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Forget the values, delete what is stored, and begin anew without a key."""
        self.clear()
        self.delete()
        self._session_key = None

    async def aflush(self) -> None:
        """Forget the values, delete what is stored, and begin anew without a key."""
        self.clear()
        await self.adelete()
        self._session_key = None

    def cycle_key(self) -> None:
        """Store the same values under a new key."""
        data, before = self._session, self.session_key
        self.create()
        self._session_cache = data
        if before:
            self.delete(before)

    async def acycle_key(self) -> None:
        """Store the same values under a new key."""
        data, before = await self._aget_session(), self.session_key
        await self.acreate()
        self._session_cache = data
        if before:
            await self.adelete(before)

    def exists(self, session_key: str) -> bool:
        """Return whether a session of that key is stored."""
        raise self._missing("exists")

    async def aexists(self, session_key: str) -> bool:
        """Return whether a session of that key is stored."""
        found: bool = await crossing.call(partial(self.exists, session_key))
        return found

    def create(self) -> None:
        """Store the session under a new key."""
        raise self._missing("create")

    async def acreate(self) -> None:
        """Store the session under a new key."""
        await crossing.call(self.create)

    def save(self, must_create: bool = False) -> None:
        """Store the values. Raises ``CreateError`` for ``must_create`` where the key is taken, ``UpdateError`` where
        the session is gone."""
        raise self._missing("save")

    async def asave(self, must_create: bool = False) -> None:
        """Store the values, as ``save`` does."""
        await crossing.call(partial(self.save, must_create))

    def delete(self, session_key: str | None = None) -> None:
        """Delete what is stored under a key, the session's own unless given."""
        raise self._missing("delete")

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete what is stored under a key, the session's own unless given."""
        await crossing.call(partial(self.delete, session_key))

    def load(self) -> dict[str, Any]:
        """Read what is stored and return it; a session that is not stored loses its key."""
        raise self._missing("load")

    async def aload(self) -> dict[str, Any]:
        """Read what is stored and return it; a session that is not stored loses its key."""
        found: dict[str, Any] = await crossing.call(self.load)
        return found

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the sessions that have ended."""
        raise cls._missing("clear_expired")

    @classmethod
    async def aclear_expired(cls) -> None:
        """Delete the sessions that have ended."""
        await crossing.call(cls.clear_expired)

    @classmethod
    def _missing(cls, method: str) -> NotImplementedError:
        return NotImplementedError(f"subclasses of SessionBase must provide a {method}() method")


def _serializer() -> Any:
    """Return what makes bytes of values: SESSION_SERIALIZER's, and JSON in a program without Django's settings."""
    settings.load()
    return import_string(settings.SESSION_SERIALIZER) if settings.configured else JSONSerializer


def _moment(expiry: Any) -> Any:
    """Return a stored end as a moment where it is one."""
    return datetime.datetime.fromisoformat(expiry) if isinstance(expiry, str) else expiry
