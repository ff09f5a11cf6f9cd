"""``migrate``: bring a database to where the migrations lead."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.errors import ImproperlyConfigured
from orm.late import late_module
from orm.migrations.exceptions import AmbiguityError
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.operation import can_migrate
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.migrations.running import ZERO, ConflictingMigrations, in_plan, standing
from orm.migrations.running_blocking import announce_migrated, migrate, plan
from orm.models.apps import apps
from orm.models.schema_blocking import create_tables, missing_tables

if TYPE_CHECKING:
    from orm.migrations import making, updating
    from orm.migrations.migration import AwaitableMigration
else:
    making = late_module("orm.migrations.making")
    updating = late_module("orm.migrations.updating")


class Command(BaseCommand):
    """Runs migrations."""

    help = "Updates database schema. Manages both apps with migrations and those without."
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an application, a migration, a database, and how it is done."""
        parser.add_argument("--skip-checks", action="store_true", help="Skip system checks.")
        parser.add_argument("app_label", nargs="?", help="Only this application's, with what they need.")
        parser.add_argument("migration_name", nargs="?", help='The migration to go to; "zero" takes all back.')
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )
        parser.add_argument("--fake", action="store_true", help="Record migrations without running them.")
        parser.add_argument("--fake-initial", action="store_true", help="Record first ones whose tables are there.")
        parser.add_argument("--plan", action="store_true", help="Run nothing; show what would be run.")
        parser.add_argument("--prune", action="store_true", help="Forget records of migrations that are gone.")
        parser.add_argument("--run-syncdb", action="store_true", help="Make tables of apps without migrations.")
        parser.add_argument(
            "--check", action="store_true", dest="check_unapplied", help="Run nothing; status 1 if needed."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what is not applied yet."""
        label, name, alias = options["app_label"], options["migration_name"], options["database"]
        if label and label not in apps.app_configs:
            raise CommandError(f"No installed app with label '{label}'.")
        if options["prune"] and not label:
            raise CommandError("Migrations can be pruned only when an app is specified.")
        if alias not in databases:
            raise CommandError(f"There is no database '{alias}'. Known: {', '.join(databases)}.")
        self._verbosity = options["verbosity"]
        if not options["skip_checks"]:
            self.check(databases=[alias])
        try:
            self._refuse_unsuited(label, alias, options["run_syncdb"])
            if options["run_syncdb"] and label:
                self._only_tables(label, alias)
                return
            steps = plan(label, name, using=alias, fake=options["fake"])
            if options["plan"] or options["check_unapplied"]:
                self._show(steps, options["plan"])
                if options["check_unapplied"] and steps:
                    sys.exit(1)
                return
            if options["prune"]:
                self._prune(label, alias)
                return
            self._announce(label, name, alias, options["run_syncdb"])
            self._backwards = any(back for _, back in steps)
            self._sync = alias if options["run_syncdb"] else None
            self._nothing_for = None if steps else (label, name, alias)
            migrate(
                label,
                name,
                using=alias,
                fake=options["fake"],
                fake_initial=options["fake_initial"],
                progress=self._progress,
                verbosity=self._verbosity,
                interactive=options["interactive"],
                stdout=self.stdout,
            )
        except ConflictingMigrations:
            self.refuse_conflicts(MigrationLoader(databases[alias], ignore_no_migrations=True))
            raise
        except AmbiguityError:
            raise CommandError(
                f"More than one migration matches '{name}' in app '{label}'. Please be more specific."
            ) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error

    def _refuse_unsuited(self, label: str | None, alias: str, sync: bool) -> None:
        """Raise ``CommandError`` where an application has no migrations to run, or has some in place of which only
        tables were to be made."""
        if label is None:
            return
        migrated = label in MigrationLoader(databases[alias], ignore_no_migrations=True).migrated_apps
        if sync and migrated:
            raise CommandError(f"Can't use run_syncdb with app '{label}' as it has migrations.")
        if not sync and not migrated:
            raise CommandError(f"App '{label}' does not have migrations.")

    def _headed(self, text: str) -> None:
        if self._verbosity:
            self.stdout.write(self.style.MIGRATE_HEADING(text))

    def _announce(self, label: str | None, name: str | None, alias: str, sync: bool) -> None:
        """Say what is about to be done, before it is."""
        self._headed("Operations to perform:")
        if not self._verbosity:
            return
        loader = MigrationLoader(databases[alias], ignore_no_migrations=True)
        if sync and loader.unmigrated_apps:
            unmigrated = ", ".join(sorted(loader.unmigrated_apps))
            self.stdout.write(self.style.MIGRATE_LABEL("  Synchronize unmigrated apps: ") + unmigrated)
        if label is None or name is None:
            labels = [label] if label else sorted({app for app, _ in loader.graph.leaf_nodes()})
            self.stdout.write(self.style.MIGRATE_LABEL("  Apply all migrations: ") + (", ".join(labels) or "(none)"))
        elif name == ZERO:
            self.stdout.write(self.style.MIGRATE_LABEL("  Unapply all migrations: ") + label)
        else:
            _, exact = standing(loader, loader.get_migration_by_prefix(label, name))
            self.stdout.write(self.style.MIGRATE_LABEL("  Target specific migration: ") + f"{exact}, from {label}")

    def _say_what_is_unmade(self, label: str | None, name: str | None, alias: str) -> None:
        """Where nothing is left to run, say whether the models have changes that no migration has."""
        if name is not None:
            return
        loader = MigrationLoader(databases[alias], ignore_no_migrations=True)
        changes = making.detect(loader, MigrationQuestioner(), [label] if label else ())
        changed = ", ".join(repr(one) for one in sorted(changes))
        if changed:
            self._notice(
                f"  Your models in app(s): {changed} have changes that are not yet reflected in a migration, and so "
                "won't be applied."
            )
            self._notice(
                "  Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py migrate' to apply "
                "them."
            )

    def _notice(self, text: str) -> None:
        self.stdout.write(self.style.NOTICE(text))

    def _prune(self, label: str, alias: str) -> None:
        """Forget records of migrations that are gone."""
        self._headed("Pruning migrations:")
        found = updating.prunable(MigrationLoader(databases[alias], ignore_no_migrations=True), label)
        if found.kept_for:
            self._notice(
                "  Cannot use --prune because the following squashed migrations have their 'replaces' attributes and "
                "may not be recorded as applied:"
            )
            for one in found.kept_for:
                self.stdout.write(f"    {one}")
            self._notice(
                "  Re-run 'manage.py migrate' if they are not marked as applied, and remove 'replaces' attributes in "
                "their Migration classes."
            )
            return
        recorder = MigrationRecorder(databases[alias])
        for app, name in found.gone:
            if self._verbosity:
                self.stdout.write(f"  Pruning {app}.{name}", self.style.MIGRATE_LABEL, ending="")
            recorder.record_unapplied(app, name)
            if self._verbosity:
                self.stdout.write(self.style.SUCCESS(" OK"))
        if not found.gone and self._verbosity:
            self.stdout.write("  No migrations to prune.")

    def _only_tables(self, label: str, alias: str) -> None:
        """Make the tables of one application, which has no migrations to run."""
        self._headed("Operations to perform:")
        if self._verbosity:
            self.stdout.write(self.style.MIGRATE_LABEL("  Synchronize unmigrated app: ") + label)
            self.stdout.write(self.style.MIGRATE_LABEL("  Apply all migrations: ") + "(none)")
        self._make_tables(alias, {label})
        self._headed("Running migrations:")
        if self._verbosity:
            self.stdout.write("  No migrations to apply.")
        announce_migrated(alias)

    def _make_tables(self, alias: str, unmigrated: set[str]) -> None:
        """Make the tables that are missing of applications without migrations."""
        if not unmigrated:
            return
        self._headed("Synchronizing apps without migrations:")
        if self._verbosity:
            self.stdout.write("  Creating tables...")
        wanted = [
            model
            for config in apps.get_app_configs() if config.label in unmigrated and config.models_module
            for model in config.get_models()
            if can_migrate(model, alias) and routes.allow_migrate_model(alias, model)
        ]  # fmt: skip
        missing = missing_tables(*wanted, using=alias)
        for model in missing:
            if self._verbosity:
                self.stdout.write(f"    Creating table {model._meta.db_table}")
        if missing:
            create_tables(*missing, using=alias, if_not_exists=True)
        if self._verbosity:
            self.stdout.write("    Running deferred SQL...")

    def _progress(self, action: str, migration: AwaitableMigration | None = None, fake: bool = False) -> None:
        if action == "begin":
            if self._sync is not None:
                loader = MigrationLoader(databases[self._sync], ignore_no_migrations=True)
                self._make_tables(self._sync, loader.unmigrated_apps)
            self._headed("Running migrations:")
        if not self._verbosity:
            return
        if action == "begin" and self._nothing_for is not None:
            self.stdout.write("  No migrations to apply.")
            self._say_what_is_unmade(*self._nothing_for)
        if action in ("apply_start", "unapply_start"):
            verb = "Applying" if action == "apply_start" else "Unapplying"
            self._began = time.monotonic()
            self.stdout.write(f"  {verb} {migration}...", ending="")
            self.stdout.flush()
        elif action in ("apply_success", "unapply_success"):
            self.stdout.write(self.style.SUCCESS(f" {'FAKED' if fake else 'OK'}{self._took()}"))
        elif action == "render_start" and self._backwards:
            self._began = time.monotonic()
            self.stdout.write("  Rendering model states...", ending="")
            self.stdout.flush()
        elif action == "render_success" and self._backwards:
            self.stdout.write(self.style.SUCCESS(f" DONE{self._took()}"))

    def _took(self) -> str:
        return f" ({time.monotonic() - self._began:.3f}s)" if self._verbosity > 1 else ""

    def _show(self, steps: Any, wanted: bool) -> None:
        if not wanted:
            return
        self.stdout.write("Planned operations:", self.style.MIGRATE_LABEL)
        if not steps:
            self.stdout.write("  No planned migration operations.")
        for migration, backwards in steps:
            self.stdout.write(str(migration), self.style.MIGRATE_HEADING)
            for operation in migration.operations:
                self.stdout.write(f"    {in_plan(operation, backwards)}")
