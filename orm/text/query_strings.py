"""Parts of addresses: query strings, and numbers and bytes in letters that need no quoting."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode as encoded

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = 13  # digits of a number of 64 bits


def urlencode(query: Mapping[str, object] | Iterable[tuple[str, object]], doseq: bool = False) -> str:
    """Return names and values as a query string; with ``doseq`` each of several values is one of its own.

    Raises ``TypeError`` for None, which a query string can't say.
    """
    lists = getattr(query, "lists", None)  # a mapping with several values for a key
    pairs: Any = query.items() if isinstance(query, Mapping) else query
    doseq = doseq or lists is not None
    said: list[tuple[str, str | bytes]] = []
    for key, value in pairs if lists is None else lists():
        several = doseq and not isinstance(value, (str, bytes)) and isinstance(value, Iterable)
        values = list(value) if several else [value]
        if None in values:
            raise TypeError(
                f"Cannot encode None for key {key!r} in a query string. Did you mean to pass an empty string or omit "
                "the value?"
            )
        said += [(key, each if isinstance(each, (str, bytes)) else str(each)) for each in values]
    return encoded(said)


def http_date(epoch_seconds: float | None = None) -> str:
    """Return a moment, in seconds since 1970 (now if None), as HTTP writes it (RFC 9110, section 5.6.7)."""
    return formatdate(epoch_seconds, usegmt=True)


def base36_to_int(s: str) -> int:
    """Return the number that digits and letters stand for. Raises ``ValueError`` for more than 13 of them."""
    if len(s) > LONGEST:
        raise ValueError("Base36 input too large")
    return int(s, 36)


def int_to_base36(i: int) -> str:
    """Return a number in digits and letters. Raises ``ValueError`` for a negative one."""
    if i < 0:
        raise ValueError("Negative base36 conversion input.")
    found = ""
    while True:
        i, digit = divmod(i, len(DIGITS))
        found = DIGITS[digit] + found
        if not i:
            return found


def urlsafe_base64_encode(s: bytes) -> str:
    """Return bytes in letters that addresses can hold, without the padding."""
    return base64.urlsafe_b64encode(s).rstrip(b"\n=").decode("ascii")


def urlsafe_base64_decode(s: str | bytes) -> bytes:
    """Return the bytes again. Raises ``ValueError`` for what is no such text."""
    text = s.encode() if isinstance(s, str) else s
    try:
        return base64.urlsafe_b64decode(text.ljust(len(text) + len(text) % 4, b"="))
    except (LookupError, binascii.Error) as error:
        raise ValueError(error) from error
