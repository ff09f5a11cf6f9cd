"""``check``: run the system checks."""

from __future__ import annotations

from typing import Any

from orm import checks
from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.models.apps import apps

LEVELS = {
    "CRITICAL": checks.CRITICAL,
    "ERROR": checks.ERROR,
    "WARNING": checks.WARNING,
    "INFO": checks.INFO,
    "DEBUG": checks.DEBUG,
}


class Command(BaseCommand):
    """Checks the project for problems."""

    help = "Checks the entire project for potential problems."
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take labels, tags, databases and the level that counts as failing."""
        parser.add_argument("args", metavar="app_label", nargs="*")
        parser.add_argument("--tag", "-t", action="append", dest="tags", help="Run only checks with this tag.")
        parser.add_argument("--list-tags", action="store_true", help="List the tags that checks have.")
        parser.add_argument("--deploy", action="store_true", help="Run checks for deployment, too.")
        parser.add_argument("--fail-level", default="ERROR", choices=list(LEVELS), help="What fails the command.")
        parser.add_argument("--database", action="append", dest="databases", help="Run checks against this database.")

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Run the checks."""
        deploy = options["deploy"]
        if options["list_tags"]:
            self.stdout.write("\n".join(sorted(checks.registry.tags_available(deploy))))
            return
        for tag in options["tags"] or ():
            if not checks.tag_exists(tag, deploy):
                raise CommandError(f'There is no system check with the "{tag}" tag.')
        self.check(
            app_configs=[apps.get_app_config(label) for label in app_labels] or None,
            tags=options["tags"],
            display_num_errors=True,
            include_deployment_checks=deploy,
            fail_level=LEVELS[options["fail_level"]],
            databases=options["databases"],
        )
