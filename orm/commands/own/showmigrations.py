"""``showmigrations``: which migrations there are, and which are applied."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.migrations import sources
from orm.migrations.loader_blocking import MigrationLoader
from orm.models.apps import apps


class Command(BaseCommand):
    """Lists migrations."""

    help = "Shows all available migrations for the current project"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take applications, a database, and the form."""
        parser.add_argument("app_label", nargs="*", help="Only these applications.")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="The database, by its alias.")
        parser.add_argument("--list", "-l", action="store_const", dest="format", const="list", help="By application.")
        parser.add_argument("--plan", "-p", action="store_const", dest="format", const="plan", help="In their order.")
        parser.set_defaults(format="list")

    def handle(self, *args: Any, **options: Any) -> None:
        """List them."""
        unknown = [label for label in options["app_label"] if label not in apps.app_configs]
        if unknown:
            raise CommandError(f"No installed app with label '{unknown[0]}'.")
        sources.import_models()
        loader = MigrationLoader(databases[options["database"]], ignore_no_migrations=True)
        wanted = options["app_label"] or sorted(set(loader.migrated_apps) | loader.unmigrated_apps)
        ordered: dict[tuple[str, str], bool] = {}
        for leaf in loader.graph.leaf_nodes():
            for key in loader.graph.forwards_plan(leaf):
                ordered[key] = key in loader.applied_migrations
        if options["format"] == "plan":
            for (label, name), applied in ordered.items():
                if label in wanted:
                    self.stdout.write(f"[{'X' if applied else ' '}]  {label}.{name}")
            return
        for label in wanted:
            self.stdout.write(label, self.style.MIGRATE_LABEL)
            rows = [(name, applied) for (of, name), applied in ordered.items() if of == label]
            for name, applied in rows:
                self.stdout.write(f" [{'X' if applied else ' '}] {name}")
            if not rows:
                self.stdout.write(" (no migrations)", self.style.ERROR)
