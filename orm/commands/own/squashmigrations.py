"""``squashmigrations``: one migration in the place of several."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.errors import Error
from orm.migrations import making


class Command(BaseCommand):
    """Squashes migrations."""

    help = "Squashes an existing set of migrations (from first until specified) into a single new one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which migrations, and the name of the new one."""
        parser.add_argument("app_label", help="App label of the application to squash migrations for.")
        parser.add_argument("start_migration_name", nargs="?", help="Squash from this one, not from the first.")
        parser.add_argument("migration_name", help="Migrations will be squashed until and including this migration.")
        parser.add_argument("--no-optimize", action="store_true", help="Do not try to optimize the operations.")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument("--squashed-name", help="Sets the name of the new squashed migration.")
        parser.add_argument("--no-header", action="store_false", dest="include_header", help="Add no header.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Squash, and write."""
        label = options["app_label"]
        try:
            making.refuse_unknown([label])
            loader = making.from_disk()
            if label not in loader.migrated_apps:
                raise CommandError(f"App '{label}' does not have migrations (so squashmigrations on it makes no sense)")
            squashed = making.squash(
                loader, label, options["migration_name"], options["start_migration_name"],
                name=options["squashed_name"], optimize=not options["no_optimize"],
            )  # fmt: skip
            if options["verbosity"]:
                self.stdout.write("Will squash the following migrations:")
                for migration in squashed.replaced:
                    self.stdout.write(f" - {migration.name}")
            if options["interactive"] and input("Do you wish to proceed? [y/N] ").lower() != "y":
                return
            if options["verbosity"] and not options["no_optimize"]:
                self.stdout.write("Optimizing...", self.style.MIGRATE_HEADING)
            one = making.written(squashed.migration, include_header=options["include_header"])
            making.write(one)
        except Error as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            if options["no_optimize"]:
                self.stdout.write("(Skipping optimization.)")
            elif squashed.before == squashed.after:
                self.stdout.write("  No optimizations possible.")
            else:
                told = f"  Optimized from {squashed.before} operations to {squashed.after} operations."
                self.stdout.write(told)
            self.stdout.write(
                f"Created new squashed migration {one.path}\n"
                "  You should commit this migration but leave the old ones in place;\n"
                "  the new migration will be used for new installs. Once you are sure\n"
                "  all instances of the codebase have applied the migrations you squashed,\n"
                "  you can delete them.",
                self.style.MIGRATE_HEADING,
            )
            if one.needs_porting:
                self.tell_of_porting("squashed")
