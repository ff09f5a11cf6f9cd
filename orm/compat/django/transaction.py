"""``django.db.transaction``: Duotone's transactions under the names scripts use.

Blocks and hooks are the library's own. Leaving autocommit mode is refused: connections are shared through a pool, where
a transaction without a block would have no owner.
"""

from __future__ import annotations

from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from orm.bridge import run
from orm.compat.django.connection import LegacyConnection, connections
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.transactions.public import atomic, get_rollback, on_commit, set_rollback, transaction_block
from orm.db.transactions.savepoints import release_savepoint, roll_back_to_savepoint, set_savepoint
from orm.errors import NotSupportedError, TransactionManagementError

__all__ = [
    "TransactionManagementError",
    "atomic",
    "clean_savepoints",
    "commit",
    "get_autocommit",
    "get_connection",
    "get_rollback",
    "on_commit",
    "rollback",
    "savepoint",
    "savepoint_commit",
    "savepoint_rollback",
    "set_autocommit",
    "set_rollback",
]

if TYPE_CHECKING:
    from orm.db.transactions.block import Block

_numbers = count(1)
_marks: WeakKeyDictionary[Block, dict[str, int]] = WeakKeyDictionary()
"""Of each block its savepoints set by hand, and how many ``on_commit`` functions it had then."""

_BLOCKS_ONLY = "Transactions are blocks here: use `with transaction.atomic():`; leaving it by an exception rolls back."


def get_connection(using: str | None = None) -> LegacyConnection:
    """Return ``connections[using]``."""
    return connections[using or DEFAULT_DB_ALIAS]


def get_autocommit(using: str | None = None) -> bool:
    """Return whether statements commit by themselves: outside of ``atomic`` blocks they do."""
    return not get_connection(using).in_atomic_block


def set_autocommit(autocommit: bool, using: str | None = None) -> None:
    """Accept what is so already.

    Raises ``NotSupportedError`` for ``False``.
    """
    if not autocommit:
        raise NotSupportedError(_BLOCKS_ONLY)
    get_connection(using)


def commit(using: str | None = None) -> None:
    """Accept what is so already: outside of blocks every statement has committed by itself.

    Raises ``TransactionManagementError`` inside a block, which commits at its end.
    """
    _refuse_inside_a_block(using)


def rollback(using: str | None = None) -> None:
    """Accept what is so already: outside of blocks there is nothing to undo.

    Raises ``TransactionManagementError`` inside a block, which rolls back when it is left by an exception.
    """
    _refuse_inside_a_block(using)


def _refuse_inside_a_block(using: str | None) -> None:
    if get_connection(using).in_atomic_block:
        raise TransactionManagementError(f"This is forbidden when an 'atomic' block is active. {_BLOCKS_ONLY}")


def savepoint(using: str | None = None) -> str | None:
    """Set a savepoint in the current block, and return its name: for ``savepoint_commit`` or ``savepoint_rollback``.

    Does nothing outside of ``atomic``, and on a database without savepoints, as Django's.
    """
    block = transaction_block(using)
    if block is None or not block.database.dialect.capabilities.savepoints:
        return None
    name = f"s{get_ident()}_x{next(_numbers)}"
    run(set_savepoint(block, name, block.limit))
    _marks.setdefault(block, {})[name] = len(block.hooks)
    return name


def savepoint_commit(sid: str | None, using: str | None = None) -> None:
    """Keep what was done since a savepoint."""
    block = transaction_block(using)
    if block is not None and sid is not None:
        _taken(block, sid)
        run(release_savepoint(block, sid))


def savepoint_rollback(sid: str | None, using: str | None = None) -> None:
    """Undo what was done since a savepoint, and forget the ``on_commit`` functions given since.

    A block that an error since then has doomed goes on: what failed is undone.
    """
    block = transaction_block(using)
    if block is not None and sid is not None:
        del block.hooks[_taken(block, sid) :]
        run(roll_back_to_savepoint(block, sid))
        set_rollback(False, using)


def clean_savepoints(using: str | None = None) -> None:
    """Accept what is so already: no two savepoints have the same name."""
    get_connection(using)


def _taken(block: Block, sid: str) -> int:
    """Forget a savepoint; return how many ``on_commit`` functions there were when it was set."""
    try:
        return _marks.get(block, {}).pop(sid)
    except KeyError:
        raise TransactionManagementError(
            f"There is no savepoint {sid!r} in this block: it was released or rolled back already, or it belongs to "
            "another block."
        ) from None
