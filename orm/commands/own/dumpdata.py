"""``dumpdata``: write the rows of models as a fixture."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.serializers.dumping import Dump
from orm.serializers.files import FixtureError


class Command(BaseCommand):
    """Writes a fixture."""

    help = (
        "Output the contents of the database as a fixture of the given format (using each model's default manager "
        "unless --all is specified)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take apps and models, and how they are written."""
        add = parser.add_argument
        add("args", metavar="app_label[.ModelName]", nargs="*", help="Only these apps and models.")
        add("--format", default="json", help="The format of the fixture.")
        add("--indent", type=int, help="How many blanks nested values are indented by.")
        add("--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias.")
        add("-e", "--exclude", action="append", default=[], help="An app or model to leave out; may be repeated.")
        add("--natural-foreign", action="store_true", dest="use_natural_foreign_keys",
            help="Refer to rows by their natural keys.")  # fmt: skip
        add("--natural-primary", action="store_true", dest="use_natural_primary_keys",
            help="Leave out the keys of rows that have a natural key.")  # fmt: skip
        add("-a", "--all", action="store_true", dest="use_base_manager",
            help="All rows, also those that a manager of the model's own leaves out.")  # fmt: skip
        add("--pks", dest="primary_keys", help="Only the rows with these keys, separated by commas, of one model.")
        add("-o", "--output", help="The file to write to.")

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Write the fixture."""
        keys = options["primary_keys"]
        dump = Dump(
            app_labels,
            options["format"],
            options["indent"],
            options["database"],
            options["exclude"],
            options["use_natural_foreign_keys"],
            options["use_natural_primary_keys"],
            options["use_base_manager"],
            [one.strip() for one in keys.split(",")] if keys else (),
        )
        output = options["output"]
        shown = output and options["verbosity"] and self.stdout.isatty()
        self.stdout.ending = ""
        try:
            if output:
                dump.write_file(output, self.stdout if shown else None)
            else:
                dump.write(self.stdout)
        except FixtureError as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            if options["traceback"]:
                raise
            raise CommandError(f"Unable to serialize database: {error}") from error
