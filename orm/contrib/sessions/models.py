"""``Session``: what a visitor's requests share, signed, until a moment."""

from __future__ import annotations

import datetime
from typing import Any

from orm import models
from orm.models.managers import Manager
from orm.structures.loading import import_string

STORE = "orm.compat.django.sessions.db.SessionStore"
"""Who writes and reads sessions: a part of the names of Django's, which are above this one."""


class BaseSessionManager(Manager[Any]):
    """The manager ``Session.objects``."""

    use_in_migrations = True

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return a session's data as its store writes it."""
        return str(self.model.get_session_store_class()().encode(session_dict))

    def save(self, session_key: str, session_dict: dict[str, Any], expire_date: datetime.datetime) -> Any:
        """Store a session, in blocking code, and return its row; one without data is deleted."""
        row = self.model(session_key=session_key, session_data=self.encode(session_dict), expire_date=expire_date)
        if session_dict:
            row.save()
        else:
            row.delete()
        return row


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

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the class that reads and writes the data of these rows."""
        raise NotImplementedError("subclasses of AbstractBaseSession must provide get_session_store_class()")

    def get_decoded(self) -> dict[str, Any]:
        """Return the session's data; nothing where its signature is wrong."""
        found: dict[str, Any] = self.get_session_store_class()().decode(self.session_data)
        return found


class SessionManager(BaseSessionManager):
    """The manager ``Session.objects``."""


class Session(AbstractBaseSession):
    """One visitor's session."""

    objects = SessionManager()

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the class that reads and writes the data of these rows."""
        return import_string(STORE)

    class Meta(AbstractBaseSession.Meta):
        app_label = "sessions"
        db_table = "django_session"
