"""Which foreign key a COMMIT failed for: SQLite's error does not say, and the transaction still holds the rows.

A statement outside of a transaction is undone before anybody can look, so its error says how to be told.
"""

from __future__ import annotations

import sqlite3
import threading

from orm.errors import IntegrityError, advised

FAILED = "FOREIGN KEY constraint failed"
PATIENCE = 1.0
"""Seconds that a look through the tables may take: it reads every row that refers to another."""

FOUND = """
SELECT broken."table", broken.rowid, broken.parent, broken.fkid,
       (SELECT group_concat(k."from") FROM pragma_foreign_key_list(broken."table") AS k WHERE k.id = broken.fkid)
FROM pragma_foreign_key_check AS broken LIMIT 20
"""


def undone() -> IntegrityError:
    """Return the error of a statement outside of a transaction."""
    advice = ". SQLite does not say which; within atomic() the error at the end of the block does."
    return advised(IntegrityError, FAILED, advice)


def named(raw: sqlite3.Connection, error: IntegrityError) -> IntegrityError:
    """Return the error of a COMMIT with a row that refers to none, and the table and columns if all such rows agree.

    The transaction must still be open. Rows that others left so, with foreign keys off, are found as well: only what
    is in the tables is said.
    """
    timer = threading.Timer(PATIENCE, raw.interrupt)
    timer.start()
    try:
        rows = raw.execute(FOUND).fetchall()
    except sqlite3.Error:  # too many rows to look through: the error stays as it is
        return error
    finally:
        timer.cancel()
    if not rows:
        return error
    table, number, parent, _, columns = rows[0]
    row = "" if number is None else f" of the row with rowid {number}"
    told = advised(IntegrityError, FAILED, f": {table}.{columns}{row} refers to no row of {parent}.")
    if all((row[0], row[3]) == (table, rows[0][3]) for row in rows):
        told.table, told.columns = table, tuple(columns.split(","))
    return told
