"""Finds the migrations that lead from one state to another, and gives them a place in the graph."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable
from typing import Any

from orm.migrations.dependencies import Detected, fulfilled_elsewhere, in_order, resolved
from orm.migrations.detected_fields import FieldDetector
from orm.migrations.graph import MigrationGraph
from orm.migrations.migration_blocking import Migration
from orm.migrations.optimizer import MigrationOptimizer

Changes = dict[str, list[Any]]


class MigrationAutodetector(FieldDetector):
    """Compares the state that migrations lead to with the state of the models.

    Parameters: ``from_state``, ``to_state`` and a ``questioner`` who is asked what can't be told from them.
    """

    def changes(
        self,
        graph: MigrationGraph,
        trim_to_apps: Collection[str] | None = None,
        convert_apps: Collection[str] | None = None,
        migration_name: str | None = None,
    ) -> Changes:
        """The migrations to be written, by app, with names and dependencies that fit the graph.

        Parameters: ``trim_to_apps`` leaves out what those apps don't need; ``convert_apps`` are apps without migrations
        that are to get some; ``migration_name`` takes the place of the names that are made.
        """
        changes = self._detect_changes(convert_apps, graph)
        changes = self.arrange_for_graph(changes, graph, migration_name)
        return self._trim_to_apps(changes, trim_to_apps) if trim_to_apps else changes

    def _detect_changes(
        self, convert_apps: Collection[str] | None = None, graph: MigrationGraph | None = None
    ) -> Changes:
        """The migrations, named auto_1 and so on. The order of the steps is the order of operations that do not wait
        for each other.
        """
        self.generated = {}
        self.sort_out(convert_apps)
        self.find_renamed_models()
        self.prepare_fields()
        self.find_deleted_models()
        self.find_created_models()
        self.find_deleted_proxies()
        self.find_created_proxies()
        self.find_altered_options()
        self.find_altered_managers()
        self.find_altered_comments()
        self.find_renamed_fields()
        self.find_changed_rules()
        self.find_removed_rules()
        self.add_renamed_fields()
        self.find_renamed_indexes()
        self.find_removed_groups()
        self.find_removed_fields()
        self.find_added_fields()
        self.find_altered_fields()
        self.find_altered_order()
        self.find_added_groups()
        self.find_added_rules()
        self.find_altered_tables()
        self.generated = {label: in_order(found, label) for label, found in self.generated.items()}
        self.migrations: Changes = {}
        self._build(graph)
        self._finish()
        return self.migrations

    # -- migrations ------------------------------------------------------------------------------------------------

    def _build(self, graph: MigrationGraph | None) -> None:
        """Put operations into migrations: one for each app, cut where apps wait for each other.

        Raises ``ValueError`` for operations that wait for what never comes.
        """
        left = sum(map(len, self.generated.values()))
        cutting = False
        while left:
            for label in sorted(self.generated):
                if self._take(label, cutting, graph):
                    cutting = False
            before, left = left, sum(map(len, self.generated.values()))
            if left == before:
                if cutting:
                    raise ValueError(f"Cannot resolve operation dependencies: {self.generated!r}")
                cutting = True

    def _take(self, label: str, cutting: bool, graph: MigrationGraph | None) -> bool:
        """Make a migration of an app's next operations, all unless it may be cut; return whether it was made."""
        taken: list[Any] = []
        needs: set[tuple[str, str]] = set()
        waiting = self.generated[label]
        for one in waiting:
            found = self._needs(one, label, cutting, graph)
            if found is None:
                break
            taken.append(one)
            needs |= found
        if not taken or (len(taken) < len(waiting) and not cutting):
            return False
        made = type("Migration", (Migration,), {"operations": [], "dependencies": []})
        migration = made(f"auto_{len(self.migrations.get(label, [])) + 1}", label)
        migration.dependencies = list(needs)
        migration.operations = [one.operation for one in taken]
        migration.initial = label not in self.existing_apps
        self.migrations.setdefault(label, []).append(migration)
        self.generated[label] = waiting[len(taken) :]
        return True

    def _needs(
        self, one: Detected, label: str, cutting: bool, graph: MigrationGraph | None
    ) -> set[tuple[str, str]] | None:
        """The migrations of other apps that an operation needs; None while they are still to come."""
        found: set[tuple[str, str]] = set()
        for given in one.dependencies:
            dependency, swappable = resolved(given)
            if dependency.app_label == label:
                continue
            if not fulfilled_elsewhere(dependency, label, self.generated):
                return None
            if swappable:
                found.add((given.app_label, given.model_name))
            elif dependency.app_label in self.migrations:
                found.add((dependency.app_label, self.migrations[dependency.app_label][-1].name))
            elif cutting:
                leaves = graph.leaf_nodes(dependency.app_label) if graph is not None else []
                found.add(leaves[0] if leaves else (dependency.app_label, "__first__"))
            else:
                return None
        return found

    def _finish(self) -> None:
        """Chain an app's migrations, and optimize each."""
        for label, migrations in self.migrations.items():
            for before, after in itertools.pairwise(migrations):
                after.dependencies.append((label, before.name))
        for label, migrations in self.migrations.items():
            for migration in migrations:
                migration.dependencies = list(dict.fromkeys(migration.dependencies))
                migration.operations = MigrationOptimizer().optimize(migration.operations, label)

    # -- the graph -------------------------------------------------------------------------------------------------

    def arrange_for_graph(self, changes: Changes, graph: MigrationGraph, migration_name: str | None = None) -> Changes:
        """Give migrations numbers and names after those there are; leave out apps that are to have none."""
        leaves = {key[0]: key for key in graph.leaf_nodes()}
        names: dict[tuple[str, str], tuple[str, str]] = {}
        for label, migrations in list(changes.items()):
            if not migrations:
                continue
            leaf = leaves.get(label)
            if leaf is None and not self.questioner.ask_initial(label):
                for migration in migrations:
                    names[label, migration.name] = (label, "__first__")
                del changes[label]
                continue
            number = (self.parse_number(leaf[1]) or 0) + 1 if leaf is not None else 1
            for place, migration in enumerate(migrations):
                if place == 0 and leaf is not None:
                    migration.dependencies.append(leaf)
                if migration_name:
                    name = migration_name
                elif place == 0 and leaf is None:
                    name = "initial"
                else:
                    name = migration.suggest_name()[:100]
                new_name = f"{number:04}_{name}"
                names[label, migration.name] = (label, new_name)
                number += 1
                migration.name = new_name
        for migrations in changes.values():
            for migration in migrations:
                migration.dependencies = [names.get(tuple(one), one) for one in migration.dependencies]
        return changes

    def _trim_to_apps(self, changes: Changes, app_labels: Iterable[str]) -> Changes:
        """Leave out the apps that are neither asked for nor needed."""
        needs: dict[str, set[str]] = {
            label: {one[0] for migration in migrations for one in migration.dependencies}
            for label, migrations in changes.items()
        }
        wanted = set(app_labels)
        while True:
            more = {other for label in wanted for other in needs.get(label, ())} - wanted
            if not more:
                break
            wanted |= more
        return {label: migrations for label, migrations in changes.items() if label in wanted}

    @classmethod
    def parse_number(cls, name: str) -> int | None:
        """The number a migration's name begins with; of a squashed one's, the last it replaces."""
        squashed = re.search(r".*_squashed_(\d+)", name)
        if squashed is not None:
            return int(squashed[1])
        match = re.match(r"^\d+", name)
        return int(match[0]) if match is not None else None
