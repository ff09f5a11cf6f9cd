"""``startapp``: the files of a new application."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.compat.django.starting import APP, start

__all__ = ["Command"]


class Command(BaseCommand):
    """Makes the folder of an application."""

    help = (
        "Creates a Django app directory structure for the given app name in the current directory or optionally in "
        "the given directory."
    )
    missing_args_message = "You must provide an application name."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a name, and where to."""
        parser.add_argument("name", help="Name of the application.")
        parser.add_argument("directory", nargs="?", help="Where to; else a folder of that name.")

    def handle(self, **options: Any) -> None:
        """Write the files."""
        start(options["name"], options["directory"], APP, "app")
