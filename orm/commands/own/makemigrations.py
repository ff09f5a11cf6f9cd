"""``makemigrations``: write migrations for what changed in the models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.errors import Error
from orm.migrations import making
from orm.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
    NonInteractiveMigrationQuestioner,
)


class Command(BaseCommand):
    """Makes migrations."""

    help = "Creates new migration(s) for apps."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take applications, a name, and what is to be written."""
        parser.add_argument("args", metavar="app_label", nargs="*")
        parser.add_argument("--dry-run", action="store_true", help="Write nothing; show what would be written.")
        parser.add_argument("--merge", action="store_true", help="Join the branches of a history.")
        parser.add_argument("--empty", action="store_true", help="Make a migration without operations.")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument("-n", "--name", help="Name the migration, after its number.")
        parser.add_argument(
            "--no-header", action="store_false", dest="include_header", help="Leave out the first line."
        )
        parser.add_argument(
            "--check", action="store_true", dest="check_changes", help="Write nothing; status 1 if needed."
        )

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Find the changes, and write them."""
        name = options["name"]
        if name and not name.isidentifier():
            raise CommandError("The migration name must be a valid Python identifier.")
        unwritten = options["dry_run"] or options["check_changes"]
        try:
            making.refuse_unknown(app_labels)
            loader = making.from_disk()
            if options["merge"]:
                made = making.merge(loader, name)
            else:
                making.refuse_conflicts(loader, app_labels)
                questioner = self._questioner(app_labels, options["interactive"], unwritten)
                changes = (
                    making.empty(loader, app_labels, name)
                    if options["empty"]
                    else making.detect(loader, questioner, app_labels, name)
                )
                made = [migration for migrations in changes.values() for migration in migrations]
            files = [making.written(each, include_header=options["include_header"]) for each in made]
        except Error as error:
            raise CommandError(str(error)) from error
        for file in files:
            if not unwritten:
                making.write(file)
        self._tell(files, app_labels, options)
        if options["check_changes"] and files:
            sys.exit(1)

    def _questioner(self, labels: tuple[str, ...], ask: bool, dry_run: bool) -> MigrationQuestioner:
        if ask and sys.stdin.isatty():
            return InteractiveMigrationQuestioner(specified_apps=list(labels), dry_run=dry_run)
        return NonInteractiveMigrationQuestioner(
            specified_apps=list(labels), dry_run=dry_run, log=lambda text: self.stderr.write(text)
        )

    def _tell(self, files: list[making.Written], labels: tuple[str, ...], options: dict[str, Any]) -> None:
        if options["verbosity"] < 1:
            return
        if not files:
            where = f" in app '{labels[0]}'" if len(labels) == 1 else ""
            several = f" in apps '{chr(39).join(labels)}'" if len(labels) > 1 else ""
            self.stdout.write(f"No changes detected{where}{several}")
        for file in files:
            self.stdout.write(self.style.MIGRATE_HEADING(f"Migrations for '{file.migration.app_label}':"))
            path = Path(file.path)
            shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
            self.stdout.write(f"  {self.style.MIGRATE_LABEL(str(shown))}")
            for operation in file.migration.operations:
                self.stdout.write(f"    {operation.formatted_description()}")
            if options["dry_run"] and options["verbosity"] >= 3:
                self.stdout.write(file.text)
