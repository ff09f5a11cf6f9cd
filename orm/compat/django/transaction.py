"""``django.db.transaction``: Duotone's transactions under the names scripts use.

Blocks and hooks are the library's own. Leaving autocommit mode is refused: connections are shared through a pool, where
a transaction without a block would have no owner.
"""

from __future__ import annotations

from typing import NoReturn

from orm.compat.django.connection import LegacyConnection, connections
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.transactions.public import atomic, get_rollback, on_commit, set_rollback
from orm.errors import NotSupportedError, TransactionManagementError

__all__ = [
    "TransactionManagementError",
    "atomic",
    "commit",
    "get_autocommit",
    "get_connection",
    "get_rollback",
    "on_commit",
    "rollback",
    "savepoint",
    "set_autocommit",
    "set_rollback",
]

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


def savepoint(using: str | None = None) -> NoReturn:
    """Refused: a nested block is a savepoint."""
    raise NotSupportedError(_BLOCKS_ONLY + " A nested `atomic` is a savepoint.")
