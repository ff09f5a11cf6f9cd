"""PostgreSQL's errors as Duotone's, by SQLSTATE, the same for both drivers.

The classes follow PEP 249's sense of them; SQLSTATEs are those of PostgreSQL's documentation, appendix A.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from orm import errors

if TYPE_CHECKING:
    from orm_postgresql.options import Settings


class Place(NamedTuple):
    """The fields of an error report that name things (PostgreSQL's protocol, "Error and Notice Message Fields")."""

    constraint: str | None
    table: str | None
    column: str | None
    detail: str | None


_BY_CLASS: dict[str, type[errors.DatabaseError]] = {
    "08": errors.OperationalError,
    "0A": errors.NotSupportedError,
    "21": errors.ProgrammingError,
    "22": errors.DataError,
    "23": errors.IntegrityError,
    "24": errors.InternalError,
    "25": errors.InternalError,
    "26": errors.ProgrammingError,
    "28": errors.OperationalError,
    "2B": errors.InternalError,
    "2D": errors.InternalError,
    "34": errors.OperationalError,
    "3B": errors.OperationalError,
    "3D": errors.ProgrammingError,
    "3F": errors.ProgrammingError,
    "40": errors.OperationalError,
    "42": errors.ProgrammingError,
    "44": errors.ProgrammingError,
    "53": errors.OperationalError,
    "54": errors.OperationalError,
    "55": errors.OperationalError,
    "57": errors.OperationalError,
    "58": errors.OperationalError,
    "F0": errors.InternalError,
    "XX": errors.InternalError,
}
_BY_STATE: dict[str, type[errors.DatabaseError]] = {
    "08007": errors.AmbiguousCommit,
    "25006": errors.OperationalError,  # write in a read-only transaction: SQLite's is one of these too
    "55P03": errors.LockNotAvailable,
    "40002": errors.IntegrityError,
    "40003": errors.AmbiguousCommit,  # what distributed engines say when they can't know, of single statements too
}


_RETRYABLE = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the transaction lost against another one."""


_MISSING_TABLE, _MISSING_COLUMN = "42P01", "42703"
_KEY = re.compile(r"\((.*?)\)=\(", re.DOTALL)
"""The columns in the detail of a unique or foreign key violation, whatever the language: ``Key (a, b)=(1, 2) ...``."""
_COLUMN = re.compile(r'(\w+|"(?:[^"]|"")+")(?:, |$)')

_NAMED_BY_A_WRITE = 2
"""What the sentence about a row that refers to nothing names: its table, and the constraint."""


def columns_of(place: Place, said: str) -> tuple[str, ...]:
    """Return the columns of ``place.table`` that the server named: none where it named expressions.

    ``said`` is the server's sentence. It names two things, table and constraint, where a row refers to nothing, and
    three where a row is still referenced, the other one's table as well.
    """
    if place.column:
        return (place.column,)
    detail = place.detail or ""
    named = said.partition("\n")[0].count('"') // 2
    if place.table and detail.rstrip(".").endswith(f'"{place.table}"') and named != _NAMED_BY_A_WRITE:
        return ()  # a row is still referenced from this table: the key that is named is the other table's
    key = _KEY.search(detail)
    if key is None or _COLUMN.sub("", key[1]):
        return ()
    return tuple(name.strip('"').replace('""', '"') for name in _COLUMN.findall(key[1]))


def error_of(sqlstate: str, text: str, place: Place) -> errors.DatabaseError:
    """Return the exception for a SQLSTATE, what the server said, and where it said that it was."""
    kind = _BY_STATE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2], errors.DatabaseError)
    if sqlstate in (_MISSING_TABLE, _MISSING_COLUMN):
        error = errors.missing(kind, text, column=sqlstate == _MISSING_COLUMN, joint="\n")
    else:
        error = kind(text)
    if isinstance(error, errors.IntegrityError):
        error.constraint, error.table = place.constraint or None, place.table or None
        error.columns = columns_of(place, text)
    error.retryable = sqlstate in _RETRYABLE
    return error


def connect_error(error: BaseException, settings: Settings) -> errors.Error:
    """Return the one error for a session that could not be opened: where, as whom, and why; never the password."""
    reason = str(error).strip() or type(error).__name__
    if isinstance(error, TimeoutError) and not str(error):
        reason = "no answer in time; raise the URL's 'connect_timeout' (seconds), or see whether the server runs there"
    if settings.password:
        reason = reason.replace(settings.password, "***")
    absent = f'database "{settings.database}" does not exist'  # a driver that reads this knows no SQLSTATE
    if getattr(error, "sqlstate", None) == "3D000" or absent in reason:
        reason += " (make it, with the program createdb or the statement CREATE DATABASE, or mend the URL)"
    place = f"{settings.host}:{settings.port}, database {settings.database!r} as user {settings.user!r}"
    return errors.OperationalError(f"can't connect to PostgreSQL at {place}: {reason}")
