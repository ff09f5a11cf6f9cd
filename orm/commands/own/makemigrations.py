"""``makemigrations``: write migrations for what changed in the models."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import Error, OperationalError
from orm.migrations import making, sources, updating
from orm.migrations.loader_blocking import MigrationLoader
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
        parser.add_argument("--scriptable", action="store_true", help="Write only the paths of files to stdout.")
        parser.add_argument("--update", action="store_true", help="Take changes into the last migration of each app.")

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Find the changes, and write them."""
        name = options["name"]
        if name and not name.isidentifier():
            raise CommandError("The migration name must be a valid Python identifier.")
        unwritten = options["dry_run"] or options["check_changes"]
        self._verbosity = options["verbosity"]
        self._told = self.stderr if options["scriptable"] else self.stdout
        unknown = [label for label in app_labels if label not in sources.labels()]
        for label in unknown:
            self.stderr.write(f"No installed app with label '{label}'.")
        if unknown:
            sys.exit(2)
        try:
            loader = making.from_disk()
        except Error as error:
            raise CommandError(str(error)) from error
        self._check_histories(loader)
        try:
            if options["merge"]:
                self._merge(loader, options)
                return
            self.refuse_conflicts(loader, app_labels)
            questioner = self._questioner(app_labels, options["interactive"], unwritten)
            changes = (
                making.empty(loader, app_labels, name)
                if options["empty"]
                else making.detect(loader, questioner, app_labels, name)
            )
            made = [migration for migrations in changes.values() for migration in migrations]
            if options["update"]:
                sources.import_models()
                loader = MigrationLoader(databases[DEFAULT_DB_ALIAS], ignore_no_migrations=True)
                updates = updating.updated(loader, changes, name, include_header=options["include_header"])
                self._update(updates, app_labels, options, unwritten)
                files = [one.file for one in updates]
            else:
                files = [making.written(each, include_header=options["include_header"]) for each in made]
                for file in files:
                    if not unwritten:
                        making.write(file)
                self._tell(files, app_labels, options)
        except Error as error:
            raise CommandError(str(error)) from error
        if options["check_changes"] and files:
            sys.exit(1)

    def _check_histories(self, loader: MigrationLoader) -> None:
        """Refuse a history that a database can't have; warn where a database can't be asked.

        Raises ``InconsistentMigrationHistory``.
        """
        for alias in databases:
            try:
                loader.check_consistent_history(databases[alias])
            except OperationalError as error:
                warnings.warn(
                    "Got an error checking a consistent migration history performed for database connection "
                    f"'{alias}': {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _questioner(self, labels: tuple[str, ...], ask: bool, dry_run: bool) -> MigrationQuestioner:
        if ask:
            return InteractiveMigrationQuestioner(
                specified_apps=list(labels), dry_run=dry_run, prompt_output=self._told
            )
        return NonInteractiveMigrationQuestioner(
            specified_apps=list(labels), dry_run=dry_run, verbosity=self._verbosity, log=self._told.write
        )

    def _update(
        self, updates: list[updating.Updated], labels: tuple[str, ...], options: dict[str, object], unwritten: bool
    ) -> None:
        self._tell([one.file for one in updates], labels, options)
        for one in updates:
            if unwritten:
                continue
            updating.write_updated(one)
            if one.left is not None and one.left != one.file.path and options["verbosity"]:
                self._told.write(f"Deleted {making.shown(one.left)}")

    def _merge(self, loader: Any, options: dict[str, Any]) -> None:
        """Show the branches of each app, ask, and write what joins them."""
        try:
            made = making.merge(loader, options["name"], refuse_clashes=False)
        except making.NothingToMerge as nothing:
            self._told.write(str(nothing))
            return
        told = options["verbosity"] > 0
        for migration in made:
            if told:
                self._told.write(self.style.MIGRATE_HEADING(f"Merging {migration.app_label}"))
                for name, operations in making.branches(loader, migration):
                    self._told.write(self.style.MIGRATE_LABEL(f"  Branch {name}"))
                    for operation in operations:
                        self._told.write(f"    {operation.formatted_description()}")
            if not self._agreed(migration.app_label, options["interactive"]):
                continue
            file = making.written(migration, include_header=options["include_header"])
            if options["dry_run"] or options["check_changes"]:
                if options["verbosity"] == 3:
                    self._told.write(f"Full merge migrations file '{migration.name}.py':")
                    self._told.write(file.text)
                continue
            making.write(file)
            if told:
                self._told.write(f"\nCreated new merge migration {file.path}")
            if options["scriptable"]:
                self.stdout.write(file.path)

    def _agreed(self, label: str, ask: bool) -> bool:
        return not ask or InteractiveMigrationQuestioner(prompt_output=self._told).ask_merge(label)

    def _tell(self, files: list[making.Written], labels: tuple[str, ...], options: dict[str, Any]) -> None:
        if options["verbosity"] < 1:
            return
        if not files:
            where = f" in app '{labels[0]}'" if len(labels) == 1 else ""
            several = f" in apps '{chr(39).join(labels)}'" if len(labels) > 1 else ""
            self._told.write(f"No changes detected{where}{several}")
        label = ""
        for file in files:
            if file.migration.app_label != label:
                label = file.migration.app_label
                self._told.write(self.style.MIGRATE_HEADING(f"Migrations for '{label}':"))
            self._told.write(f"  {self.style.MIGRATE_LABEL(making.shown(file.path))}")
            for operation in file.migration.operations:
                self._told.write(f"    {operation.formatted_description()}")
            if options["dry_run"] and options["verbosity"] >= 3:
                name = f"{file.migration.name}.py"
                self._told.write(self.style.MIGRATE_HEADING(f"Full migrations file '{name}':"))
                self._told.write(file.text)
            if options["scriptable"]:
                self.stdout.write(making.shown(file.path))
