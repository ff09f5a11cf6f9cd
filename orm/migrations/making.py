"""Making migrations: changes detected against what is on disk, empty ones, merges and squashes; and writing them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from orm.bridge.collecting import collector_paused
from orm.config import settings
from orm.errors import Error
from orm.migrations import sources
from orm.migrations.autodetector import Changes, MigrationAutodetector
from orm.migrations.dependencies import SETTING
from orm.migrations.graph import Key
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.migration_blocking import Migration
from orm.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState
from orm.migrations.optimizer import MigrationOptimizer
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.state import ProjectState
from orm.migrations.writer import MigrationWriter
from orm.models.apps import apps
from orm.records import NamedTuple


class NothingToMerge(Error):
    """No app has several last migrations."""


class MakingError(Error):
    """What was asked for can't be made; the sentence says why, and what can be."""


class Written(NamedTuple):
    """A migration and the file it was (or would be) written to."""

    migration: Any
    path: str
    text: str
    needs_porting: bool = False
    """Whether functions of other migrations' files have to be copied into it by hand."""


def from_disk() -> MigrationLoader:
    """The migrations on disk, without a database, checked for conflicts by nobody."""
    sources.import_models()
    return MigrationLoader(None, ignore_no_migrations=True)


def refuse_unknown(labels: Iterable[str]) -> None:
    """Raise MakingError for labels of no installed application."""
    known = sources.labels()
    for label in labels:
        if label not in known:
            listed = ", ".join(known) or "none; set installed_apps in [tool.orm]"
            raise MakingError(f"No installed app with label '{label}'. Installed: {listed}.")


def refuse_conflicts(loader: MigrationLoader, labels: Collection[str] = ()) -> None:
    """Raise MakingError where an app has several last migrations."""
    conflicts = loader.conflicts_told(labels)
    if conflicts:
        raise MakingError(conflicts)


def detect(
    loader: MigrationLoader,
    questioner: MigrationQuestioner,
    labels: Collection[str] = (),
    name: str | None = None,
) -> Changes:
    """The migrations that the models need, by app, with names.

    Parameters: ``labels`` limits them to some apps and what those need; ``name`` names them.

    Raises ``RenameError`` for a rename that the questioner was told of and that can't be carried out.
    """
    questioner.specified_apps |= set(labels)
    with collector_paused:  # two states of every model, which are needed to the end
        before, after = loader.project_state(), ProjectState.from_apps(apps)
    detector = MigrationAutodetector(before, after, questioner)
    changes = detector.changes(
        loader.graph, trim_to_apps=set(labels) or None, convert_apps=set(labels) or None, migration_name=name
    )
    questioner.renames.refuse_left(changes)
    return changes


def empty(loader: MigrationLoader, labels: Collection[str], name: str | None = None) -> Changes:
    """A migration without operations for each app."""
    if not labels:
        raise MakingError("You must supply at least one app label when using --empty.")
    questioner = MigrationQuestioner(specified_apps=labels, defaults={"ask_initial": True})
    state = loader.project_state()
    detector = MigrationAutodetector(state, state.clone(), questioner)
    changes: Changes = {label: [Migration("custom", label)] for label in labels}
    return detector.arrange_for_graph(changes, loader.graph, name)


def merge(loader: MigrationLoader, name: str | None = None, *, refuse_clashes: bool = True) -> list[Migration]:
    """A migration for each app with several last ones, that depends on all of them.

    Raises ``NothingToMerge``; ``MakingError`` where two of them touch the same model or field, unless
    ``refuse_clashes`` is False, which leaves that to whoever reads what the branches do.
    """
    conflicts = loader.detect_conflicts()
    if not conflicts:
        raise NothingToMerge("No conflicts detected to merge.")
    made = []
    for label, names in conflicts.items():
        branches = [_branch(loader, (label, one), label) for one in names]
        common = set.intersection(*(set(branch) for branch in branches))
        own = [[operation for key in branch if key not in common for operation in loader.graph.nodes[key].operations]
               for branch in branches]  # fmt: skip
        for place, operations in enumerate(own):
            for others in own[place + 1 :] if refuse_clashes else ():
                _refuse_clash(label, operations, others)
        biggest = max((MigrationAutodetector.parse_number(one) or 0 for one in names), default=0)
        merged = "_".join(sorted(names))
        chosen = name or (f"merge_{merged}" if len(merged) <= 47 else f"merge_{len(names)}_branches")
        migration = Migration(f"{biggest + 1:04}_{chosen}", label)
        migration.dependencies = [(label, one) for one in names]
        made.append(migration)
    return made


def branches(loader: MigrationLoader, merged: Migration) -> list[tuple[str, list[Any]]]:
    """What a migration joins: the last migration of each branch, and the operations that no other branch has."""
    ends: list[Key] = [(one[0], one[1]) for one in merged.dependencies]
    keys = [_branch(loader, end, merged.app_label) for end in ends]
    common = set.intersection(*map(set, keys))
    nodes = loader.graph.nodes
    return [
        (end[1], [operation for key in branch if key not in common for operation in nodes[key].operations])
        for end, branch in zip(ends, keys, strict=True)
    ]


def _branch(loader: MigrationLoader, leaf: Key, label: str) -> list[Key]:
    return [key for key in loader.graph.forwards_plan(leaf) if key[0] == label]


def _refuse_clash(label: str, operations: list[Any], others: list[Any]) -> None:
    for one in operations:
        for other in others:
            if not _commute(one, other, label):
                raise MakingError(
                    f"The branches of {label} can't be merged by themselves: {one.describe()!r} and "
                    f"{other.describe()!r} touch the same. Make one depend on the other by hand."
                )


def _commute(one: Any, other: Any, label: str) -> bool:
    """Whether two operations can come in either order: they are about different models or fields."""
    if isinstance(one, (RunPython, RunSQL)) or isinstance(other, (RunPython, RunSQL)):
        return True  # nobody can tell; a person who merges is told to look
    fields = [(one, other), (other, one)]
    if all(hasattr(operation, "model_name") for operation in (one, other)):
        names = [(operation.model_name_lower, getattr(operation, "name", "").lower()) for operation in (one, other)]
        return names[0] != names[1]
    return all(first.reduce(second, label) is True for first, second in fields) or not one.references_model(
        getattr(other, "name", getattr(other, "model_name", "")), label
    )


class Squash(NamedTuple):
    """A squashed migration, and what its maker wants to know."""

    migration: Migration
    before: int
    after: int
    replaced: list[Migration]


def squash(
    loader: MigrationLoader,
    label: str,
    last: str,
    first: str | None = None,
    *,
    name: str | None = None,
    optimize: bool = True,
) -> Squash:
    """One migration in place of an app's migrations from ``first`` (the first of all) to ``last``.

    Raises ``MakingError`` for migrations that are not there, or of which one comes not before the other, and for a name
    that no module can have.
    """
    if name is not None and not name.isidentifier():
        raise MakingError("The migration name must be a valid Python identifier.")
    if label not in loader.migrated_apps:
        raise MakingError(f"App '{label}' does not have migrations (so squashmigrations on it makes no sense)")
    target = _find(loader, label, last)
    keys = [key for key in loader.graph.forwards_plan((label, target.name)) if key[0] == label]
    if first is not None:
        start = (label, _find(loader, label, first).name)
        if start not in keys:
            raise MakingError(
                f"The migration '{first}' cannot be found. Maybe it comes after the migration '{target.name}'?\n"
                f"Have a look at:\n  orm showmigrations {label}\nto debug this issue."
            )
        keys = keys[keys.index(start) :]
    replaced = [loader.graph.nodes[key] for key in keys]
    operations = [operation for migration in replaced for operation in migration.operations]
    replaces: list[Key] = []
    for migration in replaced:
        replaces += [tuple(one) for one in migration.replaces] or [(label, migration.name)]
    optimized = MigrationOptimizer().optimize(operations, label) if optimize else operations
    start_number = replaced[0].name.split("_")[0]
    begun = start_number if first is None else replaced[0].name
    chosen = f"{start_number}_{name}" if name else f"{begun}_squashed_{target.name}"
    made = type("Migration", (Migration,), {"initial": True if first is None else None})(chosen, label)
    made.atomic, made.replaces = not _needs_no_transaction(optimized, replaced), replaces
    made.operations = optimized if made.atomic else _with_their_transactions(optimized, replaced)
    made.dependencies = list(dict.fromkeys(_dependencies(replaced, label, of_first=first is not None)))
    return Squash(made, len(operations), len(optimized), replaced)


def _dependencies(replaced: Sequence[Migration], label: str, *, of_first: bool) -> Iterator[Any]:
    """Yield what a squash depends on: other apps, and with ``of_first`` what its first migration depends on."""
    for migration in replaced:
        for dependency in migration.dependencies:
            if hasattr(dependency, "setting"):
                yield declared(dependency)
            elif dependency[0] != label or (of_first and migration is replaced[0]):
                yield tuple(dependency)


def _needs_no_transaction(operations: Iterable[Any], replaced: Iterable[Migration]) -> bool:
    """Whether an operation that a squash keeps is of a migration without a transaction, and may need that."""
    inside = {id(operation) for migration in replaced if migration.atomic for operation in migration.operations}
    beside = any(not migration.atomic for migration in replaced)
    return beside and any(not one.transactional and id(one) not in inside for one in operations)


def _with_their_transactions(operations: Iterable[Any], replaced: Iterable[Migration]) -> list[Any]:
    """Operations of a squash without a transaction; functions and SQL that had their migration's ask for one."""
    inside = {id(operation) for migration in replaced if migration.atomic for operation in migration.operations}
    return [_asking(one) if id(one) in inside else one for one in operations]


def _asking(operation: Any) -> Any:
    """An operation whose functions or statements ask for the transaction that they left to their migration."""
    _, args, options = operation.deconstruct()
    asks = isinstance(operation, RunPython) and operation.atomic is None
    if asks or (isinstance(operation, RunSQL) and operation.of_several):
        return type(operation)(*args, **{**options, "atomic": True})
    if isinstance(operation, SeparateDatabaseAndState) and operation.database_operations:
        inner = [_asking(one) for one in operation.database_operations]
        return type(operation)(*args, **{**options, "database_operations": inner})
    return operation


def declared(dependency: Any) -> tuple[str, str]:
    """A dependency as files are written of it: by the setting that names its model, where one does."""
    named = str(getattr(dependency, "setting", "")).lower()
    for setting, label in settings.swapped_models.items():
        if named in (setting.lower(), str(label).lower()):
            return SETTING, setting
    return dependency[0], dependency[1]


def _find(loader: MigrationLoader, label: str, prefix: str) -> Migration:
    try:
        found = loader.get_migration_by_prefix(label, prefix)
    except KeyError as error:
        raise MakingError(error.args[0]) from None
    if (label, found.name) not in loader.graph.nodes:
        by = next(one for one in loader.disk_migrations.values() if (label, found.name) in map(tuple, one.replaces))
        raise MakingError(f"The migration {found} is replaced by {by}, which stands in its place; squash that one.")
    return found


def written(migration: Migration, *, include_header: bool = True) -> Written:
    """What a migration's file holds, and where it goes."""
    writer = MigrationWriter(migration, include_header)
    text = writer.as_string()
    return Written(migration, writer.path, text, writer.needs_manual_porting)


def rewritten(migration: Migration) -> Written | None:
    """As ``written``; None where functions that stand in a migration's own file would be lost."""
    one = written(migration)
    return None if one.needs_porting else one


def shown(path: str) -> str:
    """A file's path as people read it: from the current folder, where it is below it."""
    whole, here = Path(path), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else path


def put(one: Written) -> None:
    """Write a migration's file in the place of one that may be there, and make its package where there is none."""
    make_package(Path(one.path).parent)
    with open(one.path, "w", encoding="utf-8") as file:
        file.write(one.text)


def write(one: Written) -> None:
    """Write a migration's file.

    Raises ``MakingError`` for a file that is there already.
    """
    if os.path.exists(one.path):
        raise MakingError(f"{one.path} is there already; give the migration another name with --name.")
    put(one)


def make_package(folder: Path) -> None:
    """Make a folder that modules can be imported from, where it is not there."""
    if not folder.is_dir():
        make_package(folder.parent)
        folder.mkdir()
        (folder / "__init__.py").touch()
