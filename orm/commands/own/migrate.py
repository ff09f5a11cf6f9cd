"""``migrate``: bring a database to where the migrations lead."""

from __future__ import annotations

import sys
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS
from orm.errors import ImproperlyConfigured
from orm.migrations.running_blocking import migrate, plan
from orm.models.apps import apps
from orm.models.schema_blocking import create_tables


class Command(BaseCommand):
    """Runs migrations."""

    help = "Updates database schema. Manages both apps with migrations and those without."
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an application, a migration, a database, and how it is done."""
        parser.add_argument("app_label", nargs="?", help="Only this application's, with what they need.")
        parser.add_argument("migration_name", nargs="?", help='The migration to go to; "zero" takes all back.')
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="The database, by its alias.")
        parser.add_argument("--fake", action="store_true", help="Record migrations without running them.")
        parser.add_argument("--fake-initial", action="store_true", help="Record first ones whose tables are there.")
        parser.add_argument("--plan", action="store_true", help="Run nothing; show what would be run.")
        parser.add_argument("--run-syncdb", action="store_true", help="Make tables of apps without migrations.")
        parser.add_argument(
            "--check", action="store_true", dest="check_unapplied", help="Run nothing; status 1 if needed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what is not applied yet."""
        label, name, alias = options["app_label"], options["migration_name"], options["database"]
        if label and label not in apps.app_configs:
            raise CommandError(f"No installed app with label '{label}'.")
        self._verbosity = options["verbosity"]
        try:
            steps = plan(label, name, using=alias)
            if options["plan"] or options["check_unapplied"]:
                self._show(steps, options["plan"])
                sys.exit(1 if options["check_unapplied"] and steps else 0)
            done = migrate(
                label,
                name,
                using=alias,
                fake=options["fake"],
                fake_initial=options["fake_initial"],
                progress=self._progress,
            )
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if self._verbosity and not done:
            self.stdout.write("  No migrations to apply.")
        if options["run_syncdb"]:
            self._make_tables(alias, {each.partition(".")[0] for each in done})

    def _make_tables(self, alias: str, migrated: set[str]) -> None:
        """Make the tables that are missing of applications without migrations."""
        for config in apps.get_app_configs():
            if config.label not in migrated:
                models = [model for model in config.get_models() if model._meta.managed and not model._meta.proxy]
                create_tables(*models, using=alias, if_not_exists=True)

    def _progress(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if not self._verbosity:
            return
        if action in ("apply_start", "unapply_start"):
            verb = "Applying" if action == "apply_start" else "Unapplying"
            self.stdout.write(f"  {verb} {migration}...", ending="")
        elif action in ("apply_success", "unapply_success"):
            self.stdout.write(self.style.SUCCESS(" FAKED" if fake else " OK"))

    def _show(self, steps: Any, wanted: bool) -> None:
        if not wanted:
            return
        self.stdout.write("Planned operations:", self.style.MIGRATE_LABEL)
        if not steps:
            self.stdout.write("  No planned migration operations.")
        for migration, backwards in steps:
            self.stdout.write(str(migration), self.style.MIGRATE_HEADING)
            for operation in migration.operations:
                self.stdout.write(f"    {'Undo ' if backwards else ''}{operation.describe()}")
