"""``sqlsequencereset``: print what lets the database number new rows on after those there are."""

from __future__ import annotations

from typing import Any

from orm.commands.base import AppCommand, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.serializers.loading import numbering


class Command(AppCommand):
    """Prints statements, where the database needs any."""

    help = "Prints the SQL statements for resetting sequences for the given app name(s)."
    output_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Take labels and a database."""
        super().add_arguments(parser)
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )

    def handle_app_config(self, app_config: Any, **options: Any) -> str | None:
        """Return the statements of one application, in lines."""
        models = [model for model in app_config.get_models(include_auto_created=True) if not model._meta.proxy]
        statements = numbering(models, databases[options["database"]].dialect)
        if not statements and options["verbosity"] >= 1:
            self.stderr.write("No sequences found.")
        return "\n".join(f"{sql};" for sql in statements) or None
