"""Random texts, comparison in constant time, keyed digests, and key stretching."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Callable
from typing import Any

from orm.config import settings
from orm.text.encoding import force_bytes

RANDOM_STRING_CHARS = string.ascii_letters + string.digits


class InvalidAlgorithm(ValueError):
    """hashlib has no algorithm of that name."""


def salted_hmac(
    key_salt: str | bytes, value: str | bytes, secret: str | bytes | None = None, *, algorithm: str = "sha1"
) -> hmac.HMAC:
    """Return the HMAC of ``value`` under a key made of ``key_salt`` and ``secret`` (the setting ``secret_key``).

    Raises ``InvalidAlgorithm`` for one hashlib does not have.
    """
    key = force_bytes(key_salt) + force_bytes(settings.secret_key if secret is None else secret)
    try:
        digest = hashlib.new(algorithm, key).digest()
    except ValueError as error:
        raise InvalidAlgorithm(f"{algorithm!r} is not an algorithm accepted by the hashlib module.") from error
    return hmac.new(digest, msg=force_bytes(value), digestmod=algorithm)


def get_random_string(length: int, allowed_chars: str = RANDOM_STRING_CHARS) -> str:
    """Return ``length`` characters drawn from ``allowed_chars`` by the system's source for secrets."""
    return "".join(secrets.choice(allowed_chars) for _ in range(length))


def get_random_secret_key() -> str:
    """Return 50 characters fit for the setting SECRET_KEY."""
    return get_random_string(50, "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)")


def constant_time_compare(val1: object, val2: object) -> bool:
    """Return whether two texts are equal, in a time that does not tell where they differ."""
    return secrets.compare_digest(force_bytes(val1), force_bytes(val2))


def pbkdf2(
    password: str | bytes,
    salt: str | bytes,
    iterations: int,
    dklen: int = 0,
    digest: Callable[..., Any] | None = None,
) -> bytes:
    """Return PBKDF2 (RFC 8018) of a password; ``digest`` is SHA-256 unless another is given."""
    name = (digest or hashlib.sha256)().name
    return hashlib.pbkdf2_hmac(name, force_bytes(password), force_bytes(salt), iterations, dklen or None)
