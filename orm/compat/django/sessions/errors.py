"""What goes wrong with sessions."""

from __future__ import annotations

from orm.errors import BadRequest, SuspiciousOperation

__all__ = ["CreateError", "InvalidSessionKey", "SessionInterrupted", "SuspiciousSession", "UpdateError"]


class InvalidSessionKey(SuspiciousOperation):
    """A session's key has letters that none has."""


class SuspiciousSession(SuspiciousOperation):
    """A session's data may have been changed by others."""


class SessionInterrupted(BadRequest):
    """For programs of the web: the session was deleted while it was used."""


class CreateError(Exception):
    """There is a session with that key already."""


class UpdateError(Exception):
    """The session that was to be saved is gone."""
