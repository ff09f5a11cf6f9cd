"""psycopg made to send parameters as asyncpg does: the server decides from the statement what type each has.

psycopg usually names a type after the Python value, so that ``substr(name, $1)`` with an int looks for a function that
takes a bigint. Here every parameter goes as text of unknown type, and one SQL text works with both drivers.
"""

from __future__ import annotations

import datetime
from typing import Any

from psycopg import ClientCursor, Connection
from psycopg import adapters as psycopg_adapters
from psycopg.adapt import Dumper, PyFormat
from psycopg.types.string import TextLoader

from orm_postgresql.spelling import PLAIN, array, interval


class _Unknown(Dumper):
    oid = 0


class Plain(_Unknown):
    """What is in ``PLAIN``."""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return str(obj).encode()


class Truth(_Unknown):
    """bool"""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return b"t" if obj else b"f"


class Duration(_Unknown):
    """timedelta"""

    def dump(self, obj: Any) -> bytes:
        """Return the value's text."""
        return interval(obj).encode()


class Array(_Unknown):
    """list: the elements spelled as the dumpers above spell them."""

    def dump(self, obj: Any) -> bytes:
        """Return the array's text."""
        return array(obj).encode()


def prepare(raw: Connection[Any]) -> None:
    """Make one psycopg connection send and return values as asyncpg does."""
    adapters = raw.adapters
    for kind in PLAIN:
        adapters.register_dumper(kind, Plain)
    adapters.register_dumper(bool, Truth)
    adapters.register_dumper(datetime.timedelta, Duration)
    adapters.register_dumper(list, Array)
    adapters.register_dumper(tuple, Array)
    adapters.register_loader("json", TextLoader)
    adapters.register_loader("jsonb", TextLoader)


def client_cursor(raw: Connection[Any]) -> ClientCursor[Any]:
    """Return a cursor that puts values into the text, with the spelling and types that are psycopg's own."""
    cursor = ClientCursor(raw)
    for kind in (*PLAIN, bool, datetime.timedelta, list, tuple):
        cursor.adapters.register_dumper(kind, psycopg_adapters.get_dumper(kind, PyFormat.TEXT))
    return cursor
