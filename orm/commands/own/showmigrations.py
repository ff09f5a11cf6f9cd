"""``showmigrations``: which migrations there are, and which are applied."""

from __future__ import annotations

import sys
from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.migrations import sources
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.models.apps import apps


class Command(BaseCommand):
    """Lists migrations."""

    help = "Shows all available migrations for the current project"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take applications, a database, and the form."""
        parser.add_argument("app_label", nargs="*", help="Only these applications.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("--list", "-l", action="store_const", dest="format", const="list", help="By application.")
        parser.add_argument("--plan", "-p", action="store_const", dest="format", const="plan", help="In their order.")
        parser.set_defaults(format="list")

    def handle(self, *args: Any, **options: Any) -> None:
        """List them."""
        unknown = [label for label in options["app_label"] if label not in apps.app_configs]
        for label in unknown:
            self.stderr.write(f"No installed app with label '{label}'.")
        if unknown:
            sys.exit(2)
        sources.import_models()
        loader = MigrationLoader(databases[options["database"]], ignore_no_migrations=True)
        wanted = options["app_label"] or sorted(loader.migrated_apps)
        planned = options["app_label"] and options["format"] == "plan"
        leaves = [leaf for leaf in loader.graph.leaf_nodes() if not planned or leaf[0] in wanted]
        ordered = {key: key in loader.applied_migrations for leaf in leaves for key in loader.graph.forwards_plan(leaf)}
        more = options["verbosity"] >= 2
        recorded = set(MigrationRecorder(databases[options["database"]]).applied_migrations())
        if options["format"] == "plan":
            for (label, name), applied in ordered.items():
                parents = ", ".join(f"{a}.{n}" for a, n in _parents(loader, (label, name))) if more else ""
                needs = f" ... ({parents})" if parents else ""
                self.stdout.write(f"[{'X' if applied else ' '}]  {label}.{name}{needs}")
            if not ordered:
                self.stdout.write("(no migrations)", self.style.ERROR)
            return
        for label in wanted:
            self.stdout.write(label, self.style.MIGRATE_LABEL)
            rows = [(name, applied) for (of, name), applied in ordered.items() if of == label]
            for name, applied in rows:
                migration = loader.graph.nodes[label, name]
                told = f" ({len(migration.replaces)} squashed migrations)" if migration.replaces else ""
                if not applied:
                    self.stdout.write(f" [ ] {name}{told}")
                elif (label, name) not in recorded:
                    self.stdout.write(f" [-] {name}{told} Run 'manage.py migrate' to finish recording.")
                else:
                    moment = getattr(loader.applied_migrations[label, name], "applied", None) if more else None
                    at = f" (applied at {moment:%Y-%m-%d %H:%M:%S})" if moment is not None else ""
                    self.stdout.write(f" [X] {name}{told}{at}")
            if not rows:
                self.stdout.write(" (no migrations)", self.style.ERROR)


def _parents(loader: MigrationLoader, key: tuple[str, str]) -> list[tuple[str, str]]:
    """The migrations that one waits for."""
    return sorted(node.key for node in loader.graph.node_map[key].parents)
