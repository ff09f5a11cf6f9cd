"""Duotone: an ORM in two colours, with Django's names. The public names, and nothing else.

Names are imported when they are first asked for, so that ``import orm`` costs next to nothing and a backend may import
parts of the library without pulling in the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
    from orm import errors, migrations, models
    from orm.config import configure, settings
    from orm.db.notifications.listener import anotify
    from orm.db.notifications.listener_blocking import notify
    from orm.db.notifications.public import listen
    from orm.db.observing.watched import capture_queries
    from orm.db.registry import DEFAULT_DB_ALIAS, databases, register_backend
    from orm.db.routing.replicas import ReplicaRouter
    from orm.db.transactions.atomic import arun_in_transaction
    from orm.db.transactions.atomic_blocking import run_in_transaction
    from orm.db.transactions.public import atomic, carry, independent, on_commit
    from orm.migrations.running import amigrate
    from orm.migrations.running_blocking import migrate
    from orm.models.apps import apps
    from orm.models.batch import batch
    from orm.models.schema import acreate_tables, adrop_tables, schema_editor
    from orm.models.schema_blocking import create_tables, drop_tables
    from orm.query.paging import Paginator
    from orm.sql.zones import timezone
else:
    _HOMES = {
        "acreate_tables": "orm.models.schema",
        "adrop_tables": "orm.models.schema",
        "amigrate": "orm.migrations.running",
        "anotify": "orm.db.notifications.listener",
        "apps": "orm.models.apps",
        "arun_in_transaction": "orm.db.transactions.atomic",
        "atomic": "orm.db.transactions.public",
        "batch": "orm.models.batch",
        "capture_queries": "orm.db.observing.watched",
        "carry": "orm.db.transactions.public",
        "configure": "orm.config",
        "create_tables": "orm.models.schema_blocking",
        "databases": "orm.db.registry",
        "DEFAULT_DB_ALIAS": "orm.db.registry",
        "drop_tables": "orm.models.schema_blocking",
        "independent": "orm.db.transactions.public",
        "listen": "orm.db.notifications.public",
        "migrate": "orm.migrations.running_blocking",
        "notify": "orm.db.notifications.listener_blocking",
        "on_commit": "orm.db.transactions.public",
        "Paginator": "orm.query.paging",
        "register_backend": "orm.db.registry",
        "ReplicaRouter": "orm.db.routing.replicas",
        "run_in_transaction": "orm.db.transactions.atomic_blocking",
        "schema_editor": "orm.models.schema",
        "settings": "orm.config",
        "timezone": "orm.sql.zones",
    }
    __getattr__, __dir__ = late_names(__name__, _HOMES, ("errors", "migrations", "models"))

__all__ = [
    "DEFAULT_DB_ALIAS",
    "Paginator",
    "ReplicaRouter",
    "acreate_tables",
    "adrop_tables",
    "amigrate",
    "anotify",
    "apps",
    "arun_in_transaction",
    "atomic",
    "batch",
    "capture_queries",
    "carry",
    "configure",
    "create_tables",
    "databases",
    "drop_tables",
    "errors",
    "independent",
    "listen",
    "migrate",
    "migrations",
    "models",
    "notify",
    "on_commit",
    "register_backend",
    "run_in_transaction",
    "schema_editor",
    "settings",
    "timezone",
]
