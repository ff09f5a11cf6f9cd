"""``inspectdb``: print models for the tables of an existing database."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import NotSupportedError
from orm.migrations.inspected_source import source
from orm.migrations.inspecting_blocking import inspect


class Command(BaseCommand):
    """Prints models."""

    help = "Introspects the database tables in the given database and outputs a Django model module."
    requires_system_checks: Any = []
    stealth_options = ("table_name_filter",)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take tables, a database, and what else is wanted."""
        parser.add_argument("table", nargs="*", help="Only these tables and views.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("--include-partitions", action="store_true", help="Partitions, too.")
        parser.add_argument("--include-views", action="store_true", help="Views, too.")

    def handle(self, **options: Any) -> None:
        """Print the models."""
        try:
            drafts = inspect(
                options["database"],
                options["table"],
                views=options["include_views"],
                partitions=options["include_partitions"],
                all_there=False,
                wanted=options.get("table_name_filter"),
                named=self.normalize_table_name,
            )
        except (NotSupportedError, LookupError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(source(drafts))

    def normalize_table_name(self, table_name: str) -> str:
        """Return what a model's name is made of; for subclasses."""
        return table_name
