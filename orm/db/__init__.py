"""Whom to ask: databases by alias, their pools, transactions, and the contract a backend fulfils."""

from __future__ import annotations

from orm.db.registry import DEFAULT_DB_ALIAS, backends, databases, register_backend
from orm.db.transactions.public import (
    atomic,
    get_rollback,
    in_atomic_block,
    independent,
    on_commit,
    set_rollback,
)
from orm.db.url import DatabaseURL

__all__ = [
    "DEFAULT_DB_ALIAS",
    "DatabaseURL",
    "atomic",
    "backends",
    "databases",
    "get_rollback",
    "in_atomic_block",
    "independent",
    "on_commit",
    "register_backend",
    "set_rollback",
]
