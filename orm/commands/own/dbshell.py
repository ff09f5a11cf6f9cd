"""``dbshell``: open the database's own prompt."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.commands.opening import open_prompt
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import Error


class Command(BaseCommand):
    """Opens a prompt."""

    help = "Runs the command-line client for specified database, or the default database if none is provided."
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a database, and what the prompt gets."""
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("parameters", nargs="*", help="What the prompt gets, after --.")

    def handle(self, **options: Any) -> None:
        """Open it."""
        try:
            status = open_prompt(options["database"], options["parameters"])
        except Error as error:
            raise CommandError(str(error)) from error
        if status:
            raise CommandError(f"The prompt ended with exit status {status}.", returncode=status)
