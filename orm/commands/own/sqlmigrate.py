"""``sqlmigrate``: print the SQL of a migration."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.migrations import offline, sources
from orm.migrations.exceptions import AmbiguityError
from orm.models.apps import apps


class Command(BaseCommand):
    """Prints SQL."""

    help = "Prints the SQL statements for the named migration."
    output_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an application, a migration, a database, and the direction."""
        parser.add_argument("app_label")
        parser.add_argument("migration_name")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("--backwards", action="store_true", help="The statements that take it back.")

    def handle(self, *args: Any, **options: Any) -> str:
        """Return the statements."""
        label, name = options["app_label"], options["migration_name"]
        if label not in apps.app_configs:
            raise CommandError(f"No installed app with label '{label}'.")
        sources.import_models()
        database = databases[options["database"]]
        loader, silent = offline.loader_of(options["database"])
        if label not in loader.migrated_apps:
            raise CommandError(f"App '{label}' does not have migrations")
        try:
            found = loader.get_migration_by_prefix(label, name)
        except AmbiguityError:
            raise CommandError(
                f"More than one migration matches '{name}' in app '{label}'. Please be more specific."
            ) from None
        except KeyError:
            raise CommandError(
                f"Cannot find a migration matching '{name}' from app '{label}'. Is it in INSTALLED_APPS?"
            ) from None
        self.output_transaction = found.atomic and database.dialect.capabilities.schema_transactions
        migration = loader.graph.nodes[label, found.name]
        statements, remark = offline.sql_of(loader, database.alias, migration, options["backwards"], silent)
        if remark and options["verbosity"]:
            self.stderr.write(remark)
        if not statements and options["verbosity"]:
            self.stderr.write("No operations found.")
        return "\n".join(statements)
