"""A session's data in the form Django's database sessions have: compressed JSON with time and signature."""

from __future__ import annotations

from typing import Any

from orm.security.signing import BadSignature, dumps, loads

SALT = "django.contrib.sessions.SessionStore"


def encode(session: dict[str, Any]) -> str:
    """Return a session's data as it is stored."""
    return dumps(session, salt=SALT, compress=True)


def decode(stored: str) -> dict[str, Any]:
    """Return a session's data; nothing where its signature is wrong."""
    try:
        found: dict[str, Any] = loads(stored, salt=SALT)
    except BadSignature:
        return {}
    return found
