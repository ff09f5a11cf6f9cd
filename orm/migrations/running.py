"""``orm.migrate()`` and ``await orm.amigrate()``: bring a database to where its models' history says it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import ImproperlyConfigured
from orm.migrations import sources
from orm.migrations.executor import Plan
from orm.migrations.executor_blocking import MigrationExecutor
from orm.migrations.loader_blocking import MigrationLoader
from orm.models.apps import apps
from orm.models.signals import post_migrate, pre_migrate

TWINS = ("aannounce_migrated", "amigrate", "aplan")

ZERO = "zero"
Target = tuple[str, str | None]


class UnknownTarget(ImproperlyConfigured):
    """What was asked for names no app or migration that is there, or several; the sentence says which there are."""


async def amigrate(
    app_label: str | None = None,
    migration_name: str | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
    fake: bool = False,
    fake_initial: bool = False,
    progress: Callable[..., Any] | None = None,
) -> list[str]:
    """Apply the migrations that are not applied yet, or go to one, forwards or backwards.

    Parameters:
        app_label: only this app's, with what they depend on.
        migration_name: the migration (or the beginning of its name) to go to; ``"zero"`` takes all of the app's back.
        using: the database's alias.
        fake: record the migrations without running them.
        fake_initial: record first migrations whose tables are there already.
        progress: called as ``progress(action, migration, fake)`` before and after each.

    Returns the names of the migrations that were run, as ``app.name``, in order.

    Raises: UnknownTarget, InconsistentMigrationHistory, NodeNotFoundError, CircularDependencyError, IrreversibleError,
    or what the database raises, with a note on the operation and its SQL. What was recorded before stays true.
    """
    sources.import_models()
    executor = await prepared(using, progress)
    plan = executor.migration_plan(targets_of(executor.loader, app_label, migration_name))
    await announce(pre_migrate, executor, plan, using, fake)
    await executor.amigrate(None, plan=plan, fake=fake, fake_initial=fake_initial)
    await announce(post_migrate, executor, plan, using, fake)
    return [str(migration) for migration, _ in plan]


async def aannounce_migrated(using: str) -> None:
    """Tell each application that the tables are there, and may lack the rows it brings."""
    sources.import_models()
    await announce(post_migrate, None, [], using, False)


async def aplan(
    app_label: str | None = None, migration_name: str | None = None, *, using: str = DEFAULT_DB_ALIAS
) -> Plan:
    """What ``amigrate`` would run: migrations in order, each with whether it is taken back.

    Raises: as ``amigrate``.
    """
    executor = await prepared(using, None)
    return executor.migration_plan(targets_of(executor.loader, app_label, migration_name))


async def prepared(using: str, progress: Callable[..., Any] | None) -> MigrationExecutor:
    """An executor whose history has been checked.

    Raises: as ``amigrate``; UnknownTarget where an app has several last migrations.
    """
    database = databases[using]
    loader = MigrationLoader(database, load=False)
    await loader.abuild_graph()
    await loader.acheck_consistent_history(database)
    conflicts = loader.detect_conflicts()
    if conflicts:
        told = "; ".join(f"{', '.join(names)} in {label}" for label, names in conflicts.items())
        raise UnknownTarget(
            f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({told}).\nTo fix them run "
            "'orm makemigrations --merge'."
        )
    return MigrationExecutor(database, progress, loader)


def targets_of(loader: MigrationLoader, app_label: str | None, migration_name: str | None) -> list[Target]:
    """Where to go, as the executor has it.

    Raises: UnknownTarget.
    """
    if app_label is None:
        if migration_name is not None:
            raise UnknownTarget("A migration's name needs the label of its app before it.")
        return list(loader.graph.leaf_nodes())
    if app_label not in loader.migrated_apps:
        known = ", ".join(sorted(loader.migrated_apps)) or "none"
        if app_label in loader.unmigrated_apps:
            raise UnknownTarget(f"App {app_label!r} does not have migrations. Apps that have: {known}.")
        raise UnknownTarget(f"No installed app with label {app_label!r}. Apps with migrations: {known}.")
    if migration_name is None:
        return [key for key in loader.graph.leaf_nodes() if key[0] == app_label]
    if migration_name == ZERO:
        return [(app_label, None)]
    try:
        migration = loader.get_migration_by_prefix(app_label, migration_name)
    except KeyError:
        names = ", ".join(name for label, name in sorted(loader.disk_migrations) if label == app_label)
        raise UnknownTarget(
            f"Cannot find a migration matching '{migration_name}' from app '{app_label}'. There are {names or 'none'}."
        ) from None
    return [(app_label, migration.name)]


async def announce(signal: Any, executor: MigrationExecutor | None, plan: Plan, using: str, fake: bool) -> None:
    """Tell each application that migrations are about to run, or have."""
    if not signal.receivers:
        return
    for config in list(apps.app_configs.values()) or sources.installed():
        await signal.asend(config, app_config=config, using=using, plan=plan, verbosity=0, interactive=False)
