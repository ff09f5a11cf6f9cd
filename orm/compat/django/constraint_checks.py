"""Turning the checks of foreign keys off for a while, where a database can: on one connection, held for that while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orm.bridge import run
from orm.db.transactions.public import in_atomic_block

if TYPE_CHECKING:
    from orm.db.connection_blocking import ConnectionBlock
    from orm.db.database_blocking import Database

held: dict[str, ConnectionBlock] = {}
"""The connection whose checks are off, by alias."""


def disable(database: Database) -> bool:
    """Turn the checks off; return whether they are. Inside a transaction they stay as they are."""
    switch = database.dialect.suspend_foreign_keys()
    if switch is None:
        return False
    if in_atomic_block(database.alias):
        return not run(database.fetch(switch[2], ()))[0][0]
    if database.alias not in held:
        block = held[database.alias] = database.connection()
        block.__enter__()
        run(database.execute(switch[0], ()))
    return True


def enable(database: Database) -> None:
    """Turn the checks on again."""
    block = held.pop(database.alias, None)
    switch = database.dialect.suspend_foreign_keys()
    if block is None or switch is None:
        return
    try:
        run(database.execute(switch[1], ()))
    finally:
        block.__exit__(None, None, None)


@contextlib.contextmanager
def disabled(database: Database) -> Iterator[None]:
    """Turn the checks off inside the block."""
    done = disable(database)
    try:
        yield
    finally:
        if done:
            enable(database)
