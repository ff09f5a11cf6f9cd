"""``optimizemigration``: write a migration again with fewer operations."""

from __future__ import annotations

import sys
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.migrations import making, updating
from orm.migrations.exceptions import AmbiguityError
from orm.models.apps import apps


class Command(BaseCommand):
    """Optimizes a migration."""

    help = "Optimizes the operations for the named migration."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which one, and whether it is written."""
        parser.add_argument("app_label", help="App label of the application to optimize the migration for.")
        parser.add_argument("migration_name", help="Migration name to optimize the operations for.")
        parser.add_argument("--check", action="store_true", help="Write nothing; status 1 if it can be optimized.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Optimize, and write."""
        label, name = options["app_label"], options["migration_name"]
        if label not in apps.app_configs:
            raise CommandError(f"No installed app with label '{label}'.")
        loader = making.from_disk()
        if label not in loader.migrated_apps:
            raise CommandError(f"App '{label}' does not have migrations.")
        try:
            found = updating.optimized(loader, label, name)
        except AmbiguityError:
            raise CommandError(
                f"More than one migration matches '{name}' in app '{label}'. Please be more specific."
            ) from None
        except making.MakingError as error:
            raise CommandError(str(error)) from error
        except KeyError:
            raise CommandError(f"Cannot find a migration matching '{name}' from app '{label}'.") from None
        told = bool(options["verbosity"])
        if found.before == found.after:
            if told:
                self.stdout.write("No optimizations possible.")
            return
        if told:
            self.stdout.write(f"Optimizing from {found.before} operations to {found.after} operations.")
        if options["check"]:
            sys.exit(1)
        making.put(found.file)
        if told:
            if found.file.needs_porting:
                self.tell_of_porting("optimized")
            self.stdout.write(f"Optimized migration {found.file.path}", self.style.MIGRATE_HEADING)
