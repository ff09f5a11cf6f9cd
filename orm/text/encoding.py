"""Text and bytes, and addresses (IRIs, URIs) in ASCII."""

from __future__ import annotations

import codecs
import datetime
import locale
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from orm.structures.lazy import Promise

PROTECTED = (NoneType, int, float, Decimal, datetime.datetime, datetime.date, datetime.time)
SAFE_IN_URI = "/#%[]=:;$&()+,!?*@'~"
RESERVED = frozenset(b"!#$%&'()*+,/:;=?@[] ")
"""Bytes that keep their percent escape when a URI is made readable (with those no text is shown as)."""


class DjangoUnicodeDecodeError(UnicodeDecodeError):
    """Bytes are no text; the sentence says which object they are."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)

    def __str__(self) -> str:
        return f"{super().__str__()}. You passed in {self.object!r} ({type(self.object)})"


def is_protected_type(obj: object) -> bool:
    """Return whether ``force_str(strings_only=True)`` leaves a value as it is."""
    return isinstance(obj, PROTECTED)


def force_str(s: object, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict") -> Any:
    """Return anything as text, a lazy one too.

    Raises ``DjangoUnicodeDecodeError`` for bytes that are none.
    """
    if type(s) is str or (strings_only and is_protected_type(s)):
        return s
    try:
        return str(s, encoding, errors) if isinstance(s, bytes) else str(s)
    except UnicodeDecodeError as error:
        raise DjangoUnicodeDecodeError(*error.args) from None


def smart_str(s: object, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict") -> Any:
    """Return anything as text; a lazy one stays lazy."""
    return s if isinstance(s, Promise) else force_str(s, encoding, strings_only, errors)


def force_bytes(s: object, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict") -> Any:
    """Return anything as bytes, a lazy text too."""
    if isinstance(s, bytes):
        return s if encoding == "utf-8" else s.decode("utf-8", errors).encode(encoding, errors)
    if strings_only and is_protected_type(s):
        return s
    return bytes(s) if isinstance(s, memoryview) else str(s).encode(encoding, errors)


def smart_bytes(s: object, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict") -> Any:
    """Return anything as bytes; a lazy text stays lazy."""
    return s if isinstance(s, Promise) else force_bytes(s, encoding, strings_only, errors)


def iri_to_uri(iri: object) -> Any:
    """Return an address with everything outside ASCII percent-encoded; None stays None."""
    return None if iri is None else quote(str(iri), safe=SAFE_IN_URI)


def uri_to_iri(uri: object) -> Any:
    """Return an address with the percent escapes of readable characters undone; None stays None."""
    if uri is None:
        return None
    parts = force_bytes(uri).split(b"%")
    out = [parts[0]]
    for part in parts[1:]:
        decoded = unquote_to_bytes(b"%" + part[:2]) if len(part) >= 2 else b""
        readable = len(decoded) == 1 and (decoded[0] > 127 or (decoded[0] > 32 and decoded[0] not in RESERVED))
        out.append(decoded + part[2:] if readable and decoded not in b'\x7f"<>\\^`{|}' else b"%" + part)
    return repercent_broken_unicode(b"".join(out)).decode()


def repercent_broken_unicode(path: bytes) -> bytes:
    """Return bytes with those percent-encoded that are no UTF-8."""
    done = []
    while True:
        try:
            path.decode()
        except UnicodeDecodeError as error:
            done += [path[: error.start], quote(path[error.start : error.end], safe=SAFE_IN_URI).encode()]
            path = path[error.end :]
        else:
            return b"".join([*done, path])


def escape_uri_path(path: str) -> str:
    """Return a path with the characters encoded that would end it (``?``, ``#``, ``;`` ...)."""
    return quote(path, safe="/:@&+$,-_.!~*'()")


def punycode(domain: str) -> str:
    """Return a domain in ASCII."""
    return domain.encode("idna").decode("ascii")


def filepath_to_uri(path: str | Path | None) -> Any:
    """Return a path of the file system as part of an address; None stays None."""
    return None if path is None else quote(str(path).replace("\\", "/"), safe="/~!*()'")


def get_system_encoding() -> str:
    """Return the encoding of the process's locale, ``ascii`` where it has none Python knows."""
    try:
        found = locale.getlocale()[1] or "ascii"
        codecs.lookup(found)
    except (LookupError, ValueError):
        return "ascii"
    return found


DEFAULT_LOCALE_ENCODING = get_system_encoding()
