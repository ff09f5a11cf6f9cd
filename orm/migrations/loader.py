"""Reads migrations from their files and what has been applied from the database, and makes the graph of them.

A squashed migration stands in the graph for those it replaces when none or all of them are applied; otherwise they
stand there themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib import import_module, reload
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from orm.bridge import run
from orm.bridge.collecting import collector_paused
from orm.config import DEFAULT_ALIAS
from orm.db.registry import databases
from orm.migrations import sources
from orm.migrations.exceptions import (
    AmbiguityError,
    BadMigrationError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from orm.migrations.graph import MigrationGraph
from orm.migrations.migration_blocking import Migration
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.migrations.state import ProjectState
from orm.models.schema_editor_blocking import SchemaEditor
from orm.structures.loading import plain_modules

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.models.schema_declared import NamesByRule


Key = tuple[str, str]


class AwaitableMigrationLoader:
    """The migrations on disk, and in a database.

    Parameters: ``connection`` is a database (or anything with its ``alias``), or None for what is on disk only.
    ``ignore_no_migrations`` takes an empty package for an app without migrations. ``replace_migrations`` False leaves
    squashed migrations out. ``load`` builds the graph at once, in blocking code; ``abuild_graph`` does it in any.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        connection: object,
        load: bool = True,
        ignore_no_migrations: bool = False,
        replace_migrations: bool = True,
    ) -> None:
        self.connection = connection
        self.disk_migrations: dict[Key, Migration] = {}
        self.applied_migrations: dict[Key, Any] = {}
        self.unmigrated_apps: set[str] = set()
        self.migrated_apps: set[str] = set()
        self.graph = MigrationGraph()
        self.replacements: dict[Key, Migration] = {}
        self.ignore_no_migrations = ignore_no_migrations
        self.replace_migrations = replace_migrations
        if load:
            run(self.abuild_graph())

    # -- from disk -------------------------------------------------------------------------------------------------

    @classmethod
    def migrations_module(cls, app_label: str) -> tuple[str | None, bool]:
        """The module of an app's migrations, and whether the settings name it."""
        return sources.migrations_module(app_label)

    def load_disk(self) -> None:
        """Read the migrations of every installed application.

        Raises ``BadMigrationError`` for a file without a class ``Migration``.
        """
        self.disk_migrations = {}
        self.unmigrated_apps = set()
        self.migrated_apps = set()
        for label in sources.labels():
            name, explicit = self.migrations_module(label)
            module = self._package(label, name, explicit)
            if module is None or name is None:
                self.unmigrated_apps.add(label)
                continue
            self.migrated_apps.add(label)
            with sources.known_files(module):
                for one in [one for one in plain_modules(module.__path__) if one[0] not in "_~"]:
                    self._read(label, f"{name}.{one}", one)

    def _package(self, label: str, name: str | None, explicit: bool) -> ModuleType | None:
        """The package of an app's migrations; None where it has none."""
        if name is None:
            return None
        was_loaded = name in sys.modules
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            if (explicit and self.ignore_no_migrations) or (not explicit and error.name in (name, None)):
                return None
            raise
        if not hasattr(module, "__path__"):
            return None
        if getattr(module, "__file__", None) is None and not isinstance(module.__path__, list):
            return None  # a folder without __init__.py: a mistake more often than meant
        return reload(module) if was_loaded else module

    def _read(self, label: str, path: str, name: str) -> None:
        try:
            module = import_module(path)
        except ImportError as error:
            if "bad magic number" in str(error):
                raise ImportError(
                    f"Couldn't import {path!r} as it appears to be a stale .pyc file. Remove the file and try again."
                ) from error
            raise
        except SyntaxError as error:
            raise BadMigrationError(
                f"Migration {name} in app {label} can't be read: {error.filename}, line {error.lineno}: {error.msg}."
            ) from error
        if not hasattr(module, "Migration"):
            raise BadMigrationError(
                f"Migration {name} in app {label} has no Migration class: what is no migration belongs elsewhere, or "
                "has a name that begins with an underscore."
            )
        self.disk_migrations[label, name] = self._checked(module.Migration, label, name)

    @staticmethod
    def _checked(found: object, label: str, name: str) -> Migration:
        """Make the migration that a file has; raises BadMigrationError where it can't be one."""
        here = f"Migration {name} in app {label}"
        if not (isinstance(found, type) and issubclass(found, Migration)):
            raise BadMigrationError(f"{here}: its class Migration is to inherit from migrations.Migration.")
        for attribute in ("operations", "dependencies", "run_before", "replaces"):
            held = getattr(found, attribute)
            if not isinstance(held, (list, tuple)):
                raise BadMigrationError(f"{here}: {attribute} is a list, not {held!r}.")
            for one in held if attribute != "operations" else ():
                if not (isinstance(one, (list, tuple)) and len(one) == 2):
                    raise BadMigrationError(
                        f"{here}: {attribute} holds {one!r}, where a pair of app label and name belongs, like "
                        f"({label!r}, '0001_initial')."
                    )
        return found(name, label)

    def get_migration(self, app_label: str, name_prefix: str) -> Migration:
        """The migration of exactly this name; raises KeyError."""
        found: Migration = self.graph.nodes[app_label, name_prefix]
        return found

    def get_migration_by_prefix(self, app_label: str, name_prefix: str) -> Migration:
        """The migration whose name begins so.

        Raises ``AmbiguityError`` where several do, ``KeyError`` where none does.
        """
        found = [
            (label, name) for label, name in self.disk_migrations if label == app_label and name.startswith(name_prefix)
        ]
        if len(found) > 1:
            exact = [key for key in found if key[1] == name_prefix]
            if len(exact) == 1:
                return self.disk_migrations[exact[0]]
            names = ", ".join(sorted(name for _, name in found))
            raise AmbiguityError(
                f"There is more than one migration for '{app_label}' with the prefix '{name_prefix}': {names}. Give "
                "more of the name."
            )
        if not found:
            names = ", ".join(sorted(name for label, name in self.disk_migrations if label == app_label)) or "none"
            raise KeyError(
                f"Cannot find a migration matching '{name_prefix}' from app '{app_label}'. There are {names}."
            )
        return self.disk_migrations[found[0]]

    # -- the graph -------------------------------------------------------------------------------------------------

    def check_key(self, key: Key, current_app: str) -> Key | None:
        """What a dependency on ``__first__`` or ``__latest__`` means; None for one on an app without migrations.

        Raises ``ValueError`` for an app that is not there.
        """
        if (key[1] not in ("__first__", "__latest__")) or key in self.graph:
            return key
        if key[0] == current_app or key[0] in self.unmigrated_apps:
            return None  # of its own app, or always there
        if key[0] in self.migrated_apps:
            try:
                nodes = self.graph.root_nodes(key[0]) if key[1] == "__first__" else self.graph.leaf_nodes(key[0])
                return nodes[0]
            except IndexError:
                if self.ignore_no_migrations:
                    return None
                raise ValueError(f"Dependency on app with no migrations: {key[0]}") from None
        raise ValueError(f"Dependency on unknown app: {key[0]}")

    def add_internal_dependencies(self, key: Key, migration: Migration) -> None:
        """Note what a migration depends on within its app."""
        for parent in migration.dependencies:
            if parent[0] == key[0] and parent[1] != "__first__":
                self.graph.add_dependency(migration, key, tuple(parent), skip_validation=True)

    def add_external_dependencies(self, key: Key, migration: Migration) -> None:
        """Note what a migration depends on in other apps, and what of others it comes before."""
        for parent in migration.dependencies:
            if parent[0] == key[0]:
                continue
            found = self.check_key(tuple(parent), key[0])
            if found is not None:
                self.graph.add_dependency(migration, key, found, skip_validation=True)
        for child in migration.run_before:
            found = self.check_key(tuple(child), key[0])
            if found is not None:
                self.graph.add_dependency(migration, found, key, skip_validation=True)

    async def abuild_graph(self) -> None:
        """Read disk and database, and build the graph.

        Raises ``NodeNotFoundError`` for a dependency that is not there, ``CircularDependencyError``.
        """
        with collector_paused:  # a long history is many objects, none of which is garbage
            self.load_disk()
        if self.connection is None:
            self.applied_migrations = {}
        else:
            self.applied_migrations = await MigrationRecorder(self.connection).aapplied_migrations()
        self.graph = MigrationGraph()
        self.replacements = {}
        for key, migration in self.disk_migrations.items():
            self.graph.add_node(key, migration)
            if migration.replaces:
                self.replacements[key] = migration
        for key, migration in self.disk_migrations.items():
            self.add_internal_dependencies(key, migration)
        for key, migration in self.disk_migrations.items():
            self.add_external_dependencies(key, migration)
        if self.replace_migrations:
            done: set[Key] = set()
            for key in list(self.replacements):
                self.replace_migration(key, done)
        try:
            self.graph.validate_consistency()
        except NodeNotFoundError as error:
            self._explain(error)
            raise
        self.graph.ensure_not_cyclic()

    def replace_migration(self, key: Key, done: set[Key]) -> None:
        """Put a squashed migration in the place of those it replaces (or them in its), after those it replaces that
        are squashed themselves.
        """
        if key in done:
            return
        done.add(key)
        migration = self.replacements[key]
        for replaced in map(tuple, migration.replaces):
            if replaced in self.replacements:
                self.replace_migration(replaced, done)
        applied = [tuple(target) in self.applied_migrations for target in migration.replaces]
        if all(applied):
            self.applied_migrations[key] = migration
        else:
            self.applied_migrations.pop(key, None)
        replaced_keys = [tuple(target) for target in migration.replaces]
        if all(applied) or not any(applied):
            self.graph.remove_replaced_nodes(key, replaced_keys)
        else:
            self.graph.remove_replacement_node(key, replaced_keys)

    def _explain(self, error: NodeNotFoundError) -> None:
        """Say of a missing migration that a squashed one, which can't be used yet, would replace it."""
        candidates = [
            f"{key[0]}.{key[1]}"
            for key, migration in self.replacements.items()
            if error.node in map(tuple, migration.replaces)
        ]
        label = error.node[0]
        there = sorted(name for app, name in self.disk_migrations if app == label)
        if not candidates:
            has = f"{label} has {', '.join(there)}" if there else f"no installed app {label!r} has migrations"
            raise NodeNotFoundError(
                f"{error.message}: {has}. Mend the dependency, or bring that migration back.", error.node, error.origin
            ) from error
        if candidates and not any(f"{error.node[0]}.{error.node[1]}" == one for one in candidates):
            tries = ", ".join(candidates)
            raise NodeNotFoundError(
                f"Migration {error.origin} depends on nonexistent node ('{error.node[0]}', '{error.node[1]}'). Django "
                f"tried to replace migration {error.node[0]}.{error.node[1]} with any of [{tries}] but wasn't able to "
                "because some of the replaced migrations are already applied.",
                error.node,
            ) from error

    async def acheck_consistent_history(self, connection: AwaitableDatabase) -> None:
        """Raise InconsistentMigrationHistory where a migration is applied and one it depends on is not."""
        applied = await MigrationRecorder(connection).aapplied_migrations()
        for key in applied:
            if key not in self.graph.nodes:
                continue
            for parent in self.graph.node_map[key].parents:
                if parent.key in applied:
                    continue
                if parent.key in self.replacements and all(
                    tuple(one) in applied for one in self.replacements[parent.key].replaces
                ):
                    continue
                raise InconsistentMigrationHistory(
                    f"Migration {key[0]}.{key[1]} is applied before its dependency {parent.key[0]}.{parent.key[1]} on "
                    f"database '{connection.alias}'. If the database has what {parent.key[1]} makes, record it: "
                    f"migrate {parent.key[0]} {parent.key[1]} --fake."
                )

    def detect_conflicts(self) -> dict[str, list[str]]:
        """The apps with more than one last migration, and the names of those."""
        seen: dict[str, str] = {}
        conflicts: dict[str, list[str]] = {}
        for app_label, name in self.graph.leaf_nodes():
            if app_label in seen:
                conflicts.setdefault(app_label, [seen[app_label]]).append(name)
            else:
                seen[app_label] = name
        return {label: sorted(names) for label, names in conflicts.items()}

    def conflicts_told(self, labels: Collection[str] = ()) -> str:
        """What to say where an app (of these, or any) has several last migrations; empty where none has."""
        found = {label: names for label, names in self.detect_conflicts().items() if not labels or label in labels}
        if not found:
            return ""
        told = "; ".join(f"{', '.join(names)} in {label}" for label, names in found.items())
        return (
            f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({told}).\nTo fix them run "
            "'orm makemigrations --merge'."
        )

    def project_state(self, nodes: Any = None, at_end: bool = True) -> ProjectState:
        """The state after some migrations, or all."""
        return self.graph.make_state(nodes=nodes, at_end=at_end, real_apps=self.unmigrated_apps)

    async def acollect_sql(
        self,
        plan: list[tuple[Migration, bool]],
        connection: object | None = None,
        names: NamesByRule | None = None,
    ) -> list[str]:
        """The statements that a plan of (migration, backwards) would run, with comments; nothing is run.

        Parameters: ``connection`` is the database they are for, if not the loader's; ``names`` says how constraints
        that are dropped get their names: without it, from the database as it is.
        """
        statements: list[str] = []
        state: ProjectState | None = None
        connection = connection or self.connection or databases[DEFAULT_ALIAS]
        for migration, backwards in plan:
            async with SchemaEditor(connection, collect_sql=True, atomic=migration.atomic) as editor:
                editor.names = names
                if state is None:
                    state = self.project_state((migration.app_label, migration.name), at_end=False)
                if not backwards:
                    state = await migration.aapply(state, editor, collect_sql=True)
                else:
                    state = await migration.aunapply(state, editor, collect_sql=True)
            statements += editor.collected_sql
        return statements
