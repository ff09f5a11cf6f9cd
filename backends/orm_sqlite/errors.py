"""sqlite3's exceptions as Duotone's.

SQLite says almost everything with ``OperationalError``, so the error code decides, and for its catch-all code the text;
but where Django's answers are wanted (``same_everywhere``), what has that code stays an ``OperationalError``.
"""

from __future__ import annotations

import re
import sqlite3

from orm import errors
from orm.sql import types

_MISSING_TABLE = "no such table"
_MISSING_COLUMN = re.compile("no such column|table .* has no column named")
_WRONG_VALUE = ("integer overflow", "malformed json", "bad json path", "json path error")

_BY_CLASS: tuple[tuple[type[Exception], type[errors.Error]], ...] = (
    (sqlite3.DataError, errors.DataError),
    (sqlite3.ProgrammingError, errors.ProgrammingError),
    (sqlite3.NotSupportedError, errors.NotSupportedError),
    (sqlite3.InternalError, errors.InternalError),
    (sqlite3.OperationalError, errors.OperationalError),
    (sqlite3.InterfaceError, errors.InterfaceError),
    (sqlite3.DatabaseError, errors.DatabaseError),
    (OverflowError, errors.DataError),
    (UnicodeError, errors.UnsendableText),
)

CAUGHT = (sqlite3.Error, OverflowError, UnicodeError)
"""What a statement may raise: sqlite3's own errors, and Python's for values that no column can hold."""


def is_busy(error: BaseException) -> bool:
    """Whether the statement did nothing because another connection holds the lock, so that it may be tried again.

    A read transaction that can't become a write transaction any more (``SQLITE_BUSY_SNAPSHOT``) is not meant:
    trying again can't help there.
    """
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def busy(code: int, text: str, waited: float) -> errors.Error:
    """Return the error for a lock that another connection holds: the transaction may be run again from its start."""
    if code == sqlite3.SQLITE_BUSY_SNAPSHOT:
        why = (
            "another connection wrote after this transaction had begun to read, so it can't write any more; run it "
            "again from its start"
        )
    else:
        why = (
            f"waited {waited:.1f} s for another connection's transaction to end; make transactions shorter, or raise "
            "the URL's 'timeout' option (seconds)"
        )
    error = errors.OperationalError(f"{text}: {why}")
    error.retryable = True
    return error


def forked_from_writer(error: BaseException) -> errors.Error:
    """Return the error for the lock of a transaction that the parent process was in when it forked this one."""
    return errors.OperationalError(
        f"{error}: this process was forked while its parent was writing to the database, and SQLite takes that "
        "transaction for one of this process's own, which never ends here. It can read, but not write. Fork outside of "
        "atomic() (a process pool starts its workers at first use), or start it with 'spawn' or 'forkserver'."
    )


def integrity_error(text: str) -> errors.IntegrityError:
    """Return the exception for what SQLite said of a constraint: ``UNIQUE constraint failed: book.title, book.year``.

    After the colon stand the columns, ``index 'name'`` for an index over expressions, or the name of a CHECK; of a
    foreign key there is nothing (https://www.sqlite.org/rescode.html, "SQLITE_CONSTRAINT").
    """
    error = errors.IntegrityError(text)
    kind, _, what = text.partition(" constraint failed: ")
    if kind == "CHECK":
        error.constraint = what
    elif what.startswith("index '"):
        error.constraint = what.removeprefix("index '").removesuffix("'")
    elif kind in ("UNIQUE", "NOT NULL"):
        # A table whose own name holds a point is told apart by its columns having none.
        places = [place.rpartition(".") for place in what.split(", ")]
        error.table = places[0][0] or None
        error.columns = tuple(column for _, _, column in places)
    return error


def calls(sql: str, name: str) -> bool:
    """Whether a statement takes rows from a function of that name: SQLite calls one that is missing a table."""
    return re.search(rf"(?:\bFROM|\bJOIN|,)\s*[\"`\[]?{re.escape(name)}[\"`\]]?\s*\(", sql, re.IGNORECASE) is not None


def translate(error: BaseException, waited: float = 0.0, sql: str = "") -> errors.Error:
    """Return Duotone's exception for one of ``CAUGHT``.

    ``waited`` is how long a lock was waited for, in seconds, ``sql`` the statement where there is one.
    """
    code = getattr(error, "sqlite_errorcode", None)
    text = str(error)
    if isinstance(error, OverflowError):
        return errors.DataError("a number is too large for SQLite, whose integers have 64 bits")
    if code == sqlite3.SQLITE_ERROR:
        same = types.same_everywhere
        kind = errors.ProgrammingError if same else errors.OperationalError
        if text == "malformed JSON" and ("ORM_SERIES(" in sql or "counted(value, stop, step)" in sql):
            return errors.DataError(f"{text}, or the step of a GenerateSeries is 0, which it must not be.")
        if text.startswith(_MISSING_TABLE) and calls(sql, name := text.partition(": ")[2]):
            text = f"{text}. {name}() is called as a function that gives rows, and this SQLite has none of that name."
        elif text.startswith(_MISSING_TABLE):
            return errors.missing(kind, text)
        elif _MISSING_COLUMN.match(text):
            return errors.missing(kind, text, column=True)
        elif same and text.lower().startswith(_WRONG_VALUE):
            return errors.DataError(text)
        return kind(text)
    if code is not None and code & 0xFF == sqlite3.SQLITE_BUSY:
        return busy(code, text, waited)
    if code == sqlite3.SQLITE_TOOBIG and "ORM_SERIES(" in sql:
        text = f"{text}. A GenerateSeries that is joined for each row may have a million numbers on SQLite."
    if code == sqlite3.SQLITE_INTERRUPT:
        return errors.OperationalError("the statement was interrupted")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in text.lower():
        return errors.InterfaceError(text)
    if isinstance(error, sqlite3.IntegrityError):
        return integrity_error(text)
    for driver_class, own_class in _BY_CLASS:
        if isinstance(error, driver_class):
            return own_class(text)
    return errors.DatabaseError(text)
