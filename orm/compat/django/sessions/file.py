"""``SessionStore`` in files of a folder, SESSION_FILE_PATH, or that for temporary ones.

What this module refuses: a folder that is not there, and a key that names another file than a session's.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import tempfile
from typing import Any

from orm.compat.django import timezone
from orm.compat.django.sessions.base import EXPIRY, VALID_KEY_CHARS
from orm.compat.django.sessions.errors import CreateError, InvalidSessionKey, UpdateError
from orm.compat.django.sessions.stored import StoredSession
from orm.compat.django.settings import settings
from orm.errors import ImproperlyConfigured

__all__ = ["SessionStore"]


class SessionStore(StoredSession):
    """A session in a file, which is replaced as a whole: who reads it meanwhile finds one or the other.

    Awaitable forms run these in a thread.
    """

    def __init__(self, session_key: str | None = None) -> None:
        self.storage_path = self._get_storage_path()
        self.file_prefix = str(settings.SESSION_COOKIE_NAME)
        super().__init__(session_key)

    @classmethod
    def _get_storage_path(cls) -> str:
        place = str(settings.SESSION_FILE_PATH or tempfile.gettempdir())
        if not os.path.isdir(place):
            raise ImproperlyConfigured(
                f"The session storage path {place!r} doesn't exist. Please set your SESSION_FILE_PATH setting to an "
                "existing directory in which Django can store session data."
            )
        return place

    def _key_to_file(self, session_key: str | None = None) -> str:
        """Return the file of a key, the session's own unless given. Raises ``InvalidSessionKey`` for what is none."""
        key = self._get_or_create_session_key() if session_key is None else session_key
        if not set(key) <= set(VALID_KEY_CHARS):
            raise InvalidSessionKey("Invalid characters in session key")
        return os.path.join(self.storage_path, self.file_prefix + key)

    def _last_modification(self) -> datetime.datetime:
        changed = os.stat(self._key_to_file()).st_mtime
        return datetime.datetime.fromtimestamp(changed, tz=datetime.UTC if settings.USE_TZ else None)

    def _expiry_date(self, session_data: dict[str, Any]) -> datetime.datetime:
        return self.get_expiry_date(modification=self._last_modification(), expiry=session_data.get(EXPIRY))

    def load(self) -> dict[str, Any]:
        """Read the file of a session; without one the key is none any more, and one that has ended begins anew."""
        found = self._read()
        if found is None:
            self.create()
        return found or {}

    def _read(self) -> dict[str, Any] | None:
        """Return what the file holds, None for a session that has ended, whose file is deleted."""
        try:
            with open(self._key_to_file(), encoding="ascii") as file:
                text = file.read()
            found = self.decode(text) if text else {}
            if not text or self._expiry_date(found) > timezone.now():
                return found
        except (OSError, InvalidSessionKey, UnicodeDecodeError):
            self._session_key = None
            return {}
        self.delete()
        return None

    def exists(self, session_key: str) -> bool:
        """Return whether there is a file of that key."""
        return os.path.exists(self._key_to_file(session_key))

    def save(self, must_create: bool = False) -> None:
        """Store the values. Raises ``CreateError`` for ``must_create`` where the key is taken, ``UpdateError`` where
        the session is gone."""
        if self.session_key is None:
            return self.create()
        values, name = self._get_session(no_load=must_create), self._key_to_file()
        try:
            os.close(os.open(name, os.O_WRONLY | (os.O_EXCL | os.O_CREAT if must_create else 0), 0o600))
        except FileExistsError:
            raise CreateError from None
        except FileNotFoundError:
            if must_create:
                raise
            raise UpdateError from None
        handle, written = tempfile.mkstemp(dir=self.storage_path, prefix=f"{os.path.basename(name)}_out_")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(self.encode(values))
            os.replace(written, name)
        except BaseException:
            os.unlink(written)
            raise

    def delete(self, session_key: str | None = None) -> None:
        """Delete the file of a key, the session's own unless given."""
        key = self.session_key if session_key is None else session_key
        if key is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._key_to_file(key))

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the files of sessions that have ended."""
        prefix = str(settings.SESSION_COOKIE_NAME)
        for name in os.listdir(cls._get_storage_path()):
            if name.startswith(prefix):
                cls(name.removeprefix(prefix))._read()
