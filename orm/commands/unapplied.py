"""Migrations that are not applied: what a command that needs them says before it runs."""

from __future__ import annotations

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import ImproperlyConfigured
from orm.migrations import sources
from orm.migrations.executor_blocking import MigrationExecutor


def unapplied(using: str = DEFAULT_DB_ALIAS) -> list[tuple[str, str]]:
    """Return application and name of each migration that a database lacks; none where no database is configured."""
    try:
        database = databases[using]
    except ImproperlyConfigured:
        return []
    sources.import_models()
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in plan]
