"""``sqlflush``: print the statements of ``flush``."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.models.emptying_blocking import emptying


class Command(BaseCommand):
    """Prints what empties every table."""

    help = (
        "Returns a list of the SQL statements required to return all tables in the database to the state they were in "
        "just after they were installed."
    )
    output_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a database."""
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )

    def handle(self, **options: Any) -> str | None:
        """Return the statements, in lines."""
        statements = emptying(options["database"])
        if not statements and options["verbosity"] >= 1:
            self.stderr.write("No tables found.")
        return "\n".join(f"{sql};" for sql in statements) or None
