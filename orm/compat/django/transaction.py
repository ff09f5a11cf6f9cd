"""``django.db.transaction``: Duotone's transactions under the names scripts use.

Blocks and hooks are the library's own. Leaving autocommit mode opens a transaction in the caller's context: ``manual``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from orm.compat.django.connection import LegacyConnection
from orm.compat.django.connections import connections
from orm.compat.django.savepoints import savepoint, savepoint_commit, savepoint_rollback
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.db.transactions.public import atomic
from orm.errors import TransactionManagementError

__all__ = [
    "TransactionManagementError",
    "atomic",
    "clean_savepoints",
    "commit",
    "get_autocommit",
    "get_connection",
    "get_rollback",
    "mark_for_rollback_on_error",
    "non_atomic_requests",
    "on_commit",
    "rollback",
    "savepoint",
    "savepoint_commit",
    "savepoint_rollback",
    "set_autocommit",
    "set_rollback",
]

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def get_connection(using: str | None = None) -> LegacyConnection:
    """Return ``connections[using]``."""
    return connections[using or DEFAULT_DB_ALIAS]


def get_autocommit(using: str | None = None) -> bool:
    """Return whether statements commit by themselves: outside of ``atomic`` blocks they do, unless that was changed."""
    return get_connection(using).get_autocommit()


def set_autocommit(autocommit: bool, using: str | None = None) -> None:
    """Say whether statements commit by themselves, in the caller's context; else ``commit`` and ``rollback`` do.

    What is open is committed when autocommit begins again. Raises ``TransactionManagementError`` inside a block.
    """
    get_connection(using).set_autocommit(autocommit)


def commit(using: str | None = None) -> None:
    """Commit, where autocommit is off; elsewhere every statement has committed by itself.

    Raises ``TransactionManagementError`` inside a block, which commits at its end.
    """
    get_connection(using).commit()


def rollback(using: str | None = None) -> None:
    """Roll back, where autocommit is off; elsewhere there is nothing to undo.

    Raises ``TransactionManagementError`` inside a block, which rolls back when it is left by an exception.
    """
    get_connection(using).rollback()


def on_commit(func: Callable[[], object], using: str | None = None, robust: bool = False) -> None:
    """Call a function after the commit, as ``orm.on_commit`` does.

    Raises ``TransactionManagementError`` outside of ``atomic`` blocks while autocommit is off.
    """
    get_connection(using).on_commit(func, robust)


def get_rollback(using: str | None = None) -> bool:
    """Return whether the innermost block will be rolled back. Raises ``TransactionManagementError`` outside."""
    return get_connection(using).get_rollback()


def set_rollback(rollback: bool, using: str | None = None) -> None:
    """Say whether the innermost block is rolled back. Raises ``TransactionManagementError`` outside."""
    get_connection(using).set_rollback(rollback)


@overload
def non_atomic_requests(using: ViewT) -> ViewT: ...
@overload
def non_atomic_requests(using: str | None = None) -> Callable[[ViewT], ViewT]: ...


def non_atomic_requests(using: Any = None) -> Any:
    """Mark a view, as ``ATOMIC_REQUESTS`` asks for; nothing here serves requests, so this is for whoever does."""
    if callable(using):
        return _marked(using, DEFAULT_DB_ALIAS)
    return lambda view: _marked(view, using or DEFAULT_DB_ALIAS)


def _marked(view: ViewT, alias: str) -> ViewT:
    aliases: set[str] = vars(view).setdefault("_non_atomic_requests", set())
    aliases.add(alias)
    return view


@contextmanager
def mark_for_rollback_on_error(using: str | None = None) -> Iterator[None]:
    """Have an error inside roll back the block around it, where there is one, also when somebody catches the error."""
    try:
        yield
    except Exception:
        if get_connection(using).in_atomic_block:
            set_rollback(True, using)
        raise


def clean_savepoints(using: str | None = None) -> None:
    """Accept what is so already: no two savepoints have the same name."""
    get_connection(using)
