"""``startproject``: the files of a new project."""

from __future__ import annotations

from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.compat.django.starting import PROJECT, start
from orm.security.crypto import get_random_string

__all__ = ["Command"]

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)"


class Command(BaseCommand):
    """Makes the folder of a project."""

    help = (
        "Creates a Django project directory structure for the given project name in the current directory or "
        "optionally in the given directory."
    )
    missing_args_message = "You must provide a project name."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a name, and where to."""
        parser.add_argument("name", help="Name of the project.")
        parser.add_argument("directory", nargs="?", help="Where to; else a folder of that name.")

    def handle(self, **options: Any) -> None:
        """Write the files."""
        start(options["name"], options["directory"], PROJECT, "project", SECRET=get_random_string(50, LETTERS))
