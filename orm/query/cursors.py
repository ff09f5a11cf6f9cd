"""Cursors: a place in an ordering as a text that goes out to clients and comes back.

It holds the values of the ordering's terms and a signature made with the setting ``secret_key``, the model and the
ordering: it fits no other one. Whoever has a cursor can read its values. What this module refuses: what was not signed
so, and values whose type has no form here.
"""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from orm.errors import InvalidCursor
from orm.late import late_module

signing: Any = late_module("orm.security.signing")  # which imports hashlib
PLAIN = (type(None), bool, int, float, str)

WRITTEN: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    datetime.datetime: ("datetime", datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    datetime.date: ("date", datetime.date.isoformat, datetime.date.fromisoformat),
    datetime.time: ("time", datetime.time.isoformat, datetime.time.fromisoformat),
    datetime.timedelta: (
        "duration",
        lambda value: f"{value.days} {value.seconds} {value.microseconds}",
        lambda text: datetime.timedelta(*map(int, text.split())),
    ),
    decimal.Decimal: ("decimal", str, decimal.Decimal),
    uuid.UUID: ("uuid", str, uuid.UUID),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
}
"""What JSON has no form for: the name of the type there, how a value is written, and how it is read."""

READ = {name: read for name, _, read in WRITTEN.values()}


class Cursors:
    """Makes and reads the cursors of one ordering, which ``about`` describes: the same text in every process."""

    def __init__(self, about: str) -> None:
        self._signer = signing.Signer(sep=".", salt=f"orm.query.cursors {about}")

    def write(self, values: Sequence[object]) -> str:
        """Return the cursor of a row. Raises ``TypeError`` for a value that has no form in it."""
        data = json.dumps([_written(value) for value in values], separators=(",", ":"), ensure_ascii=False)
        signed: str = self._signer.sign(signing.b64_encode(data.encode("utf-8", "surrogatepass")).decode())
        return signed

    def read(self, cursor: str) -> list[Any]:
        """Return the values of a cursor. Raises ``InvalidCursor``."""
        if not isinstance(cursor, str):
            raise TypeError(f"A cursor is a text that a page gave, not {cursor!r}")
        try:
            data = signing.b64_decode(self._signer.unsign(cursor).encode())
            return [_read(item) for item in json.loads(data.decode("utf-8", "surrogatepass"))]
        except (signing.BadSignature, ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
            raise InvalidCursor(
                "This cursor was not made by a page of this model in this ordering, or was changed since."
            ) from error


def _written(value: object) -> object:
    if isinstance(value, PLAIN):
        return value
    for cls, (name, write, _) in WRITTEN.items():
        if isinstance(value, cls):
            return [name, write(value)]
    raise TypeError(f"A page can't be ordered by {value!r}: a cursor has no form for values of {type(value).__name__}")


def _read(item: Any) -> object:
    if isinstance(item, PLAIN):
        return item
    name, text = item
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text")
    return READ[name](text)
