"""Signed values: text that can be read by anybody and changed by nobody without the secret key. Django's formats."""

from __future__ import annotations

import base64
import datetime
import json
import time
import zlib
from typing import Any

from orm.config import settings
from orm.security.crypto import constant_time_compare, salted_hmac

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=")


class BadSignature(Exception):
    """A signature does not fit its value."""


class SignatureExpired(BadSignature):
    """A signature is older than it may be."""


def b62_encode(number: int) -> str:
    """Return a whole number in base 62."""
    if number == 0:
        return "0"
    sign, rest, digits = ("-" if number < 0 else ""), abs(number), ""
    while rest:
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return sign + digits


def b62_decode(text: str) -> int:
    """Return the number a text in base 62 says."""
    number = 0
    for digit in text.removeprefix("-"):
        number = number * 62 + BASE62.index(digit)
    return -number if text.startswith("-") else number


def b64_encode(data: bytes) -> bytes:
    """Return bytes in base 64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).strip(b"=")


def b64_decode(data: bytes) -> bytes:
    """Return the bytes of a text in base 64 for addresses, without padding."""
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))


def base64_hmac(salt: Any, value: Any, key: Any, algorithm: str = "sha1") -> str:
    """Return the digest of a value under a key and a salt, in base 64 for addresses.

    Raises ``InvalidAlgorithm`` for an algorithm that is not known.
    """
    return b64_encode(salted_hmac(salt, value, key, algorithm=algorithm).digest()).decode()


class JSONSerializer:
    """Values as compact JSON in Latin-1."""

    def dumps(self, obj: object) -> bytes:
        """Return a value as bytes."""
        return json.dumps(obj, separators=(",", ":")).encode("latin-1")

    def loads(self, data: bytes) -> Any:
        """Return the value of bytes."""
        return json.loads(data.decode("latin-1"))


class Signer:
    """Signs texts.

    Parameters: ``key`` is the setting ``secret_key`` unless given, ``sep`` stands before the signature, ``salt`` keeps
    signatures of different uses apart, ``fallback_keys`` are keys of old, good for reading: the setting
    ``secret_key_fallbacks`` unless given.
    """

    def __init__(
        self,
        *,
        key: Any = None,
        sep: str = ":",
        salt: str | None = None,
        algorithm: str | None = None,
        fallback_keys: Any = None,
    ) -> None:
        self.key = settings.secret_key if key is None else key
        self.fallback_keys = tuple(settings.secret_key_fallbacks if fallback_keys is None else fallback_keys)
        self.sep = sep
        self.salt = salt or f"django.core.signing.{type(self).__name__}"
        self.algorithm = algorithm or "sha256"
        if not sep or set(sep) <= ALLOWED:
            raise ValueError(f"Unsafe Signer separator: {sep!r} (cannot be empty or consist of only A-z0-9-_=)")

    def signature(self, value: Any, key: Any = None) -> str:
        """Return the signature of a value."""
        return base64_hmac(f"{self.salt}signer", value, self.key if key is None else key, self.algorithm)

    def sign(self, value: object) -> str:
        """Return a value with its signature."""
        return f"{value}{self.sep}{self.signature(value)}"

    def unsign(self, value: object) -> str:
        """Return the value of a signed text.

        Raises ``BadSignature`` where it was not signed with one of the keys, ``TypeError`` for what is no text.
        """
        if not isinstance(value, str):
            raise TypeError(f"{value!r} must be a str instance.")
        if self.sep not in value:
            raise BadSignature(f'No "{self.sep}" found in value')
        signed, _, signature = value.rpartition(self.sep)
        for key in (self.key, *self.fallback_keys):
            if constant_time_compare(signature, self.signature(signed, key)):
                return signed
        raise BadSignature(f'Signature "{signature}" does not match')

    def sign_object(self, obj: object, serializer: Any = JSONSerializer, compress: bool = False) -> str:
        """Return any value that has a form in JSON, signed; compressed where that is shorter and asked for."""
        data = serializer().dumps(obj)
        packed = zlib.compress(data) if compress else data
        shorter = compress and len(packed) < len(data) - 1
        text = b64_encode(packed if shorter else data).decode()
        return self.sign(f".{text}" if shorter else text)

    def unsign_object(self, signed_obj: str, serializer: Any = JSONSerializer, **kwargs: object) -> Any:
        """Return the value of ``sign_object``. Raises as ``unsign``."""
        text = self.unsign(signed_obj, **kwargs).encode()
        data = b64_decode(text.removeprefix(b"."))
        return serializer().loads(zlib.decompress(data) if text.startswith(b".") else data)


class TimestampSigner(Signer):
    """Signs texts with the moment of signing."""

    def timestamp(self) -> str:
        """Return this moment, in seconds, in base 62."""
        return b62_encode(int(time.time()))

    def sign(self, value: object) -> str:
        """Return a value with the moment and its signature."""
        return super().sign(f"{value}{self.sep}{self.timestamp()}")

    def unsign(self, value: object, max_age: float | datetime.timedelta | None = None) -> str:
        """Return the value of a signed text.

        Parameters: ``max_age`` is how old it may be, in seconds or as a timedelta.

        Raises ``SignatureExpired`` for one that is older, and as ``Signer.unsign``.
        """
        signed, _, stamp = super().unsign(value).rpartition(self.sep)
        if max_age is not None:
            limit = max_age.total_seconds() if isinstance(max_age, datetime.timedelta) else max_age
            age = time.time() - b62_decode(stamp)
            if age > limit:
                raise SignatureExpired(f"Signature age {age} > {limit} seconds")
        return signed


def dumps(
    obj: object,
    key: object = None,
    salt: str = "django.core.signing",
    serializer: object = JSONSerializer,
    compress: bool = False,
) -> str:
    """Return a value that has a form in JSON as signed text, fit for addresses."""
    return TimestampSigner(key=key, salt=salt).sign_object(obj, serializer=serializer, compress=compress)


def loads(
    s: str,
    key: object = None,
    salt: str = "django.core.signing",
    serializer: object = JSONSerializer,
    max_age: object = None,
    fallback_keys: object = None,
) -> Any:
    """Return the value of ``dumps``. Raises ``BadSignature``, or ``SignatureExpired`` past ``max_age``."""
    signer = TimestampSigner(key=key, salt=salt, fallback_keys=fallback_keys)
    return signer.unsign_object(s, serializer=serializer, max_age=max_age)
