"""psycopg made to send parameters as asyncpg does: the server decides from the statement what type each has.

psycopg usually names a type after the Python value, so that ``substr(name, $1)`` with an int looks for a function that
takes a bigint. Here every parameter goes as text of unknown type, and one SQL text works with both drivers.
"""

from __future__ import annotations

import datetime
from typing import Any

from psycopg import ClientCursor, Connection
from psycopg import adapters as psycopg_adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper, Loader, PyFormat
from psycopg.pq import Format
from psycopg.types.string import TextLoader

from orm.sql import types
from orm_postgresql.spelling import PLAIN, array, interval


class _Unknown(Dumper):
    oid = 0


class Plain(_Unknown):
    """What is in ``PLAIN``."""

    def dump(self, obj: object) -> bytes:
        """Return the value's text."""
        return str(obj).encode()


class Truth(_Unknown):
    """bool"""

    def dump(self, obj: object) -> bytes:
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


_MOMENT: Any = psycopg_adapters.get_loader(psycopg_adapters.types["timestamptz"].oid, Format.TEXT)
"""How psycopg reads a timestamptz."""


_ADDRESSES: dict[str, Any] = {
    kind: psycopg_adapters.get_loader(psycopg_adapters.types[kind].oid, Format.TEXT) for kind in ("inet", "cidr")
}
"""How psycopg reads addresses and networks."""


class NaiveMoment(Loader):
    """Reads a timestamptz as the naive datetime it is in the session's zone."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._aware = _MOMENT(oid, context)

    def load(self, data: Buffer) -> datetime.datetime:
        """Return the datetime."""
        moment: datetime.datetime = self._aware.load(data)
        return moment.replace(tzinfo=None)


def prepare(raw: Connection[Any]) -> None:
    """Make one psycopg connection send and return values as asyncpg does.

    What the settings say of moments and addresses holds in SQL of the caller's too.
    """
    adapters = raw.adapters
    for kind in PLAIN:
        adapters.register_dumper(kind, Plain)
    adapters.register_dumper(bool, Truth)
    adapters.register_dumper(datetime.timedelta, Duration)
    adapters.register_dumper(list, Array)
    adapters.register_dumper(tuple, Array)
    adapters.register_loader("json", TextLoader)
    adapters.register_loader("jsonb", TextLoader)
    follow_settings(raw)


def follow_settings(raw: Connection[Any]) -> None:
    """Have cursors made from now on read moments and addresses as the settings say."""
    raw.adapters.register_loader("timestamptz", _MOMENT if types.kept_zone is None else NaiveMoment)
    for kind, usual in _ADDRESSES.items():
        raw.adapters.register_loader(kind, TextLoader if types.declared_types else usual)


def client_cursor(raw: Connection[Any]) -> ClientCursor[Any]:
    """Return a cursor that puts values into the text, with the spelling and types that are psycopg's own."""
    cursor = ClientCursor(raw)
    _as_psycopg_does(cursor)
    return cursor


def copying_cursor(raw: Connection[Any]) -> Any:
    """Return a cursor to copy rows with, in psycopg's own spelling: nobody infers types there, and it is C."""
    cursor = raw.cursor()
    _as_psycopg_does(cursor)
    return cursor


def _as_psycopg_does(cursor: Any) -> None:
    for kind in (*PLAIN, bool, datetime.timedelta, list, tuple):
        cursor.adapters.register_dumper(kind, psycopg_adapters.get_dumper(kind, PyFormat.TEXT))
