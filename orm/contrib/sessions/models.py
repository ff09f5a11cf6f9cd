"""``Session``: what a visitor's requests share, signed, until a moment."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.contrib.sessions.data import decode, encode
from orm.models.managers import Manager


class BaseSessionManager(Manager[Any]):
    """The manager ``Session.objects``."""

    use_in_migrations = True

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return a session's data as it is stored."""
        return encode(session_dict)


class AbstractBaseSession(models.Model):
    """A session's key, data and end."""

    session_key = models.CharField("session key", max_length=40, primary_key=True)
    session_data = models.TextField("session data")
    expire_date = models.DateTimeField("expire date", db_index=True)

    objects = BaseSessionManager()

    class Meta:
        abstract = True
        verbose_name = "session"
        verbose_name_plural = "sessions"

    def __str__(self) -> str:
        return self.session_key

    def get_decoded(self) -> dict[str, Any]:
        """Return the session's data; nothing where its signature is wrong."""
        return decode(self.session_data)


class SessionManager(BaseSessionManager):
    """The manager ``Session.objects``."""


class Session(AbstractBaseSession):
    """One visitor's session."""

    objects = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        app_label = "sessions"
        db_table = "django_session"
