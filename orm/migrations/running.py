"""``orm.migrate()`` and ``await orm.amigrate()``: bring a database to where its models' history says it should be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from orm.db.limits import seconds_above_zero
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import ImproperlyConfigured
from orm.migrations import sources
from orm.migrations.executor import Plan
from orm.migrations.executor_blocking import MigrationExecutor
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.migration_blocking import Migration
from orm.migrations.operations.special import RunPython, RunSQL
from orm.models.applications import AppConfig
from orm.models.apps import apps
from orm.models.signals import Signal, post_migrate, pre_migrate
from orm.structures.public_names import import_name

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation


TWINS = ("aannounce_migrated", "amigrate", "aplan")

ZERO = "zero"
SHOWN = 36
"""How many characters a plan shows of SQL, and of a function's docstring."""
Target = tuple[str, str | None]


class UnknownTarget(ImproperlyConfigured):
    """What was asked for names no app or migration that is there, or several; the sentence says which there are."""


class ConflictingMigrations(UnknownTarget):
    """An app has several last migrations; the sentence names them."""


async def amigrate(
    app_label: str | None = None,
    migration_name: str | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
    fake: bool = False,
    fake_initial: bool = False,
    lock_timeout: float | None = None,
    lock_retries: int = 10,
    progress: Callable[..., object] | None = None,
    verbosity: int = 0,
    interactive: bool = False,
    stdout: Writer | None = None,
) -> list[str]:
    """Apply the migrations that are not applied yet, or go to one, forwards or backwards.

    Parameters:
        app_label: only this app's, with what they depend on.
        migration_name: the migration (or the beginning of its name) to go to; ``"zero"`` takes all of the app's back.
        using: the database's alias.
        fake: record the migrations without running them.
        fake_initial: record first migrations whose tables are there already.
        lock_timeout: seconds a statement waits for a lock of others, with everybody else waiting behind it; then its
            migration is rolled back, and tried again a little later. Concurrent builds wait as long as it takes.
        lock_retries: how often it is tried again.
        progress: called as ``progress(action, migration, fake)`` before and after each; and as ``progress("begin")``
            when the receivers of ``pre_migrate`` have been told.
        verbosity, interactive, stdout: what receivers of ``pre_migrate`` and ``post_migrate`` are told: how much to
            say (0 to 3), whether there is somebody to ask, and where to write.

    Returns the names of the migrations that were run, as ``app.name``, in order.

    Raises ``UnknownTarget``, ``InconsistentMigrationHistory``, ``NodeNotFoundError``, ``CircularDependencyError``,
    ``IrreversibleError``, or what the database raises, with a note on the operation and its SQL. What was recorded
    before stays true.
    """
    sources.import_models()
    executor = await prepared(using, progress, fake)
    executor.lock_timeout = seconds_above_zero("lock_timeout", lock_timeout)
    executor.lock_retries = lock_retries
    plan = executor.migration_plan(targets_of(executor.loader, app_label, migration_name))
    told: dict[str, object] = {
        "using": using, "plan": plan, "verbosity": verbosity, "interactive": interactive, "stdout": stdout,
    }  # fmt: skip
    heard = (stdout or sys.stdout) if verbosity > 1 else None
    # The models of a long history take long to make: only for those who listen.
    if pre_migrate.receivers:
        told["apps"] = executor.applied_state().whole_apps()
    await announce(pre_migrate, told, heard)
    if progress is not None:
        progress("begin")
    state = await executor.amigrate(None, plan=plan, fake=fake, fake_initial=fake_initial)
    if post_migrate.receivers:
        told["apps"] = state.whole_apps()
    await announce(post_migrate, told, heard)
    return [str(migration) for migration, _ in plan]


async def aannounce_migrated(using: str) -> None:
    """Tell each application that the tables are there, and may lack the rows it brings."""
    sources.import_models()
    await announce(post_migrate, {"using": using, "plan": [], "verbosity": 0, "interactive": False})


async def aplan(
    app_label: str | None = None,
    migration_name: str | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
    fake: bool = False,
) -> Plan:
    """What ``amigrate`` would run (or record, for ``fake``): migrations in order, each with whether it is taken back.

    Raises what ``amigrate`` raises.
    """
    sources.import_models()
    executor = await prepared(using, None, fake)
    return executor.migration_plan(targets_of(executor.loader, app_label, migration_name))


async def prepared(using: str, progress: Callable[..., object] | None, fake: bool = False) -> MigrationExecutor:
    """An executor whose history has been checked; with ``fake`` it may have gaps, since recording is what fills them.

    Raises what ``amigrate`` raises; ``ConflictingMigrations``.
    """
    database = databases[using]
    loader = MigrationLoader(database, load=False)
    await loader.abuild_graph()
    if not fake:
        await loader.acheck_consistent_history(database)
    conflicts = loader.conflicts_told()
    if conflicts:
        raise ConflictingMigrations(conflicts)
    own = import_name("orm") == "orm"
    return MigrationExecutor(database if own else databases.faces[using], progress, loader)


def targets_of(loader: MigrationLoader, app_label: str | None, migration_name: str | None) -> list[Target]:
    """Where to go, as the executor has it.

    Raises ``UnknownTarget``.
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
    except KeyError as error:
        raise UnknownTarget(error.args[0]) from None
    return [standing(loader, migration)]


def standing(loader: MigrationLoader, migration: Migration) -> tuple[str, str]:
    """Where a migration is in the graph: of a squashed one that the database has in part, the last that it replaces."""
    key = (migration.app_label, migration.name)
    if key in loader.graph.nodes or not migration.replaces:
        return key
    last = migration.replaces[-1]
    return last[0], last[1]


def in_plan(operation: AwaitableOperation, backwards: bool) -> str:
    """An operation in one line of a plan: what it does, and for SQL and functions the beginning of what they say."""
    sentence = f"{'Undo ' if backwards else ''}{operation.describe()}"
    if isinstance(operation, RunPython):
        function = operation.reverse_code if backwards else operation.code
        action = None if function is None else function.__doc__ or ""
        sentence = operation.describe()
    elif isinstance(operation, RunSQL):
        action = operation.reverse_sql if backwards else operation.sql
        sentence = operation.describe()
    else:
        return sentence
    if action is None:
        return f"{sentence} -> IRREVERSIBLE"
    line = " ".join(str(action).split())
    return f"{sentence} -> {line if len(line) <= SHOWN else line[: SHOWN - 1] + '…'}" if line else sentence


class Writer(Protocol):
    """A stream for text."""

    def write(self, text: str, /) -> object:
        """Write it."""


async def announce(signal: Signal, told: Mapping[str, object], heard: Writer | None = None) -> None:
    """Tell each application that migrations are about to run, or have; ``apps`` holds the models as they are then.

    Parameters: ``heard`` is where the names of the applications are written.
    """
    when = "pre" if signal is pre_migrate else "post"
    for config in list(apps.app_configs.values()) or sources.installed():
        if isinstance(config, AppConfig) and config.models_module is None:
            continue
        if heard is not None:
            heard.write(f"Running {when}-migrate handlers for application {config.label}\n")
        if signal.receivers:
            await signal.asend(config, app_config=config, **told)
