"""Whom to ask: databases by alias, their pools, transactions, and the contract a backend fulfils."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
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
else:
    _HOMES = {
        "DEFAULT_DB_ALIAS": "orm.db.registry",
        "DatabaseURL": "orm.db.url",
        "atomic": "orm.db.transactions.public",
        "backends": "orm.db.registry",
        "databases": "orm.db.registry",
        "get_rollback": "orm.db.transactions.public",
        "in_atomic_block": "orm.db.transactions.public",
        "independent": "orm.db.transactions.public",
        "on_commit": "orm.db.transactions.public",
        "register_backend": "orm.db.registry",
        "set_rollback": "orm.db.transactions.public",
    }
    __getattr__, __dir__ = late_names(__name__, _HOMES)

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
