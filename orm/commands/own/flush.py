"""``flush``: empty every table of the models."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import Error
from orm.migrations.running_blocking import announce_migrated
from orm.models.emptying_blocking import empty


class Command(BaseCommand):
    """Removes all rows."""

    help = (
        "Removes ALL DATA from the database, including data added during migrations. Does not achieve a 'fresh "
        "install' state."
    )
    stealth_options = ("inhibit_post_migrate",)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a database, and whether somebody can be asked."""
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )

    def handle(self, **options: Any) -> None:
        """Ask, and empty the tables; the rows that applications bring are made anew."""
        alias = options["database"]
        if options["interactive"]:
            name = databases[alias].url.database
            answer = input(
                f"You have requested a flush of the database. This will IRREVERSIBLY DESTROY all data currently in the "
                f"'{name}' database, and return each table to an empty state.\nAre you sure you want to do this?\n\n"
                "    Type 'yes' to continue, or 'no' to cancel: "
            )
            if answer != "yes":
                self.stdout.write("Flush cancelled.")
                return
        try:
            emptied = empty(alias)
        except Error as error:
            raise CommandError(f"Database {alias} couldn't be flushed: {error}") from error
        # Where there is no table yet, those who listen would find none for the rows they make.
        if emptied and not options.get("inhibit_post_migrate", False):
            announce_migrated(alias)
