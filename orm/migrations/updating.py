"""Changing migrations that are there: new changes taken into the last one, one made shorter, old records forgotten."""

from __future__ import annotations

import os

from orm.migrations.autodetector import Changes, MigrationAutodetector
from orm.migrations.graph import Key
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.making import MakingError, Written, declared, put, written
from orm.migrations.migration_blocking import Migration
from orm.migrations.optimizer import MigrationOptimizer
from orm.migrations.writer import MigrationWriter
from orm.records import NamedTuple


class Updated(NamedTuple):
    """A last migration that took in what is new: its file, and the old one's path where that goes."""

    file: Written
    left: str | None


def updated(
    loader: MigrationLoader, changes: Changes, name: str | None = None, *, include_header: bool = True
) -> list[Updated]:
    """Take detected changes into the last migration of each app, and optimize it.

    Parameters: ``loader`` knows what the database has; ``name`` takes the place of the name that is made.

    Raises ``MakingError`` for an app without migrations, and for a last one that is applied, squashed, or depended on.
    """
    done = []
    for label, migrations in changes.items():
        if not migrations:
            continue
        last = _last(loader, label)
        operations = [*last.operations, *(one for migration in migrations for one in migration.operations)]
        made = type("Migration", (Migration,), {"atomic": last.atomic, "initial": last.initial})(last.name, label)
        made.operations = MigrationOptimizer().optimize(operations, label)
        given = [*last.dependencies, *(one for migration in migrations for one in migration.dependencies)]
        own = {(label, last.name)} | {(label, migration.name) for migration in migrations}
        made.dependencies = list(dict.fromkeys(declared(one) for one in given if tuple(one) not in own))
        made.run_before = list(last.run_before)
        number = MigrationAutodetector.parse_number(last.name) or 1
        made.name = f"{number:04}_{name or made.suggest_name()}"
        old = MigrationWriter(last).path
        if made.name == last.name:
            made.name = f"{made.name}_updated"  # never in the place of a file that others may have
        done.append(Updated(written(made, include_header=include_header), old))
    return done


def _last(loader: MigrationLoader, label: str) -> Migration:
    leaves = loader.graph.leaf_nodes(label)
    if not leaves:
        raise MakingError(f"App {label} has no migration, cannot update last migration.")
    last: Migration = loader.graph.nodes[leaves[0]]
    if last.replaces:
        raise MakingError(f"Cannot update squash migration '{last}'.")
    if leaves[0] in loader.applied_migrations:
        raise MakingError(f"Cannot update applied migration '{last}'.")
    depending = [str(one) for one in loader.disk_migrations.values() if leaves[0] in map(tuple, one.dependencies)]
    if depending:
        listed = ", ".join(f"'{one}'" for one in depending)
        raise MakingError(f"Cannot update migration '{last}' that migrations {listed} depend on.")
    return last


def write_updated(one: Updated) -> None:
    """Write the new file, and delete the old one."""
    put(one.file)
    if one.left is not None and one.left != one.file.path:
        os.remove(one.left)


class Optimized(NamedTuple):
    """A migration made shorter, and how many operations it had and has."""

    file: Written
    before: int
    after: int


def optimized(loader: MigrationLoader, label: str, prefix: str, *, include_header: bool = True) -> Optimized:
    """An app's migration with fewer operations, where they come to the same. Where functions of its file have to be
    copied by hand, a new one that replaces it.

    Raises ``AmbiguityError``, ``KeyError`` as ``get_migration_by_prefix``; ``MakingError`` for a squashed migration
    with such functions.
    """
    migration = loader.get_migration_by_prefix(label, prefix)
    operations = MigrationOptimizer().optimize(list(migration.operations), label)
    before = len(migration.operations)
    migration.operations = operations
    migration.dependencies = [declared(one) for one in migration.dependencies]
    file = written(migration, include_header=include_header)
    if file.needs_porting and before != len(operations):
        if migration.replaces:
            raise MakingError(
                "Migration will require manual porting but is already a squashed migration.\nTransition to a normal "
                "migration first: delete the ones it replaces, and its 'replaces'."
            )
        made = type("Migration", (Migration,), {"atomic": migration.atomic, "initial": migration.initial})(
            f"{migration.name}_optimized", label
        )
        made.operations, made.dependencies = operations, migration.dependencies
        made.replaces, made.run_before = [(label, migration.name)], list(migration.run_before)
        file = written(made, include_header=include_header)
    return Optimized(file, before, len(operations))


def ahead(loader: MigrationLoader) -> list[str]:
    """Migrations that the database has and that are later than any there is here: the code is older than it."""
    replaced = {tuple(one) for migration in loader.disk_migrations.values() for one in migration.replaces}
    last: dict[str, int] = {}
    for app, name in loader.disk_migrations:
        last[app] = max(last.get(app, 0), MigrationAutodetector.parse_number(name) or 0)
    return sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations) - replaced
        if app in last and (MigrationAutodetector.parse_number(name) or 0) > last[app]
    )


class Prunable(NamedTuple):
    """Records of migrations that are gone, and squashed migrations that keep them from being forgotten."""

    gone: list[Key]
    kept_for: list[str]


def prunable(loader: MigrationLoader, label: str) -> Prunable:
    """The records of an app whose migrations are no longer on disk."""
    there = set(loader.disk_migrations)
    gone = sorted(key for key in loader.applied_migrations if key[0] == label and key not in there)
    kept_for = sorted(
        str(one) for one in loader.disk_migrations.values()
        if one.app_label == label and any(tuple(replaced) in gone for replaced in one.replaces)
    )  # fmt: skip
    return Prunable(gone, kept_for)
