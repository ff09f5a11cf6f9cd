"""``createcachetable``: the tables of the caches that keep their values in a database are made."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.compat.django.cache import caches
from orm.compat.django.connections import connections
from orm.contrib.caching.table import AwaitableDatabaseCache, cache_model
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.errors import DatabaseError

__all__ = ["Command"]


class Command(BaseCommand):
    """Makes the tables of caches."""

    help = "Creates the tables needed to use the SQL cache backend."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names of tables, a database, and whether to show the statements only."""
        parser.add_argument("args", metavar="table_name", nargs="*", help="Tables; else those that CACHES names.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("--dry-run", action="store_true", help="Print the statements, and run none.")

    def handle(self, *tables: str, **options: Any) -> None:
        """Make the tables that are not there, where the routers allow it. Raises ``CommandError`` where it fails."""
        using = options["database"]
        of_settings = [one.cache_model_class for one in caches.all() if isinstance(one, AwaitableDatabaseCache)]
        for model in [cache_model(table) for table in tables] or of_settings:
            if routes.allow_migrate_model(using, model):
                self._make(model, using, options["verbosity"], dry_run=options["dry_run"])

    def _make(self, model: Any, using: str, verbosity: int, *, dry_run: bool) -> None:
        table, connection = model._meta.db_table, connections[using]
        if table in connection.introspection.table_names():
            if verbosity > 0:
                self.stdout.write(f"Cache table '{table}' already exists.")
            return
        try:
            with connection.schema_editor(collect_sql=dry_run) as editor:
                editor.create_model(model)
        except DatabaseError as error:
            raise CommandError(f"Cache table '{table}' could not be created.\nThe error was: {error}.") from error
        if dry_run:
            self.stdout.write("\n".join(editor.collected_sql))
        elif verbosity > 1:
            self.stdout.write(f"Cache table '{table}' created.")
