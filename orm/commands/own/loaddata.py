"""``loaddata``: put fixtures into a database."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.serializers.files import FixtureError
from orm.serializers.loading import Load


class Command(BaseCommand):
    """Loads fixtures."""

    help = "Installs the named fixture(s) in the database."
    missing_args_message = (
        "No database fixture specified. Please provide the path of at least one fixture in the command line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take fixtures, and what of them is loaded."""
        add = parser.add_argument
        add("args", metavar="fixture", nargs="+", help="Names or paths of fixtures; - for standard input.")
        add("--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias.")
        add("--app", dest="app_label", help="Look into the fixtures of this app only.")
        add("-i", "--ignorenonexistent", action="store_true", dest="ignore",
            help="Pass over fields and models that do not exist.")  # fmt: skip
        add("-e", "--exclude", action="append", default=[], help="An app or model to leave out; may be repeated.")
        add("--format", help="The format of what comes from standard input.")

    def handle(self, *fixture_labels: str, **options: Any) -> None:
        """Load the fixtures."""
        self._verbosity = options["verbosity"]
        load = Load(
            options["database"],
            options["ignore"],
            options["app_label"],
            options["exclude"],
            options["format"],
            self._tell,
        )
        try:
            done = load.load(*fixture_labels)
        except FixtureError as error:
            raise CommandError(str(error)) from error
        if self._verbosity:
            of = f" (of {done.objects})" if done.objects != done.loaded else ""
            self.stdout.write(f"Installed {done.loaded} object(s){of} from {done.fixtures} fixture(s)")

    def _tell(self, level: int, text: str) -> None:
        if level <= self._verbosity:
            self.stdout.write(text)
