"""``execute_from_command_line``: what a project's ``manage.py`` calls."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from orm.commands import CommandParser, get_commands, load_command_class
from orm.compat.django.apps import setup
from orm.compat.django.version import get_version
from orm.text.spelling import similar

__all__ = ["ManagementUtility", "execute_from_command_line"]


def execute_from_command_line(argv: Sequence[str] | None = None) -> None:
    """Run the command that a command line names."""
    ManagementUtility(argv).execute()


def handle_default_options(options: Namespace) -> None:
    """Heed ``--settings`` and ``--pythonpath``, before the settings are read."""
    if options.settings:
        os.environ["DJANGO_SETTINGS_MODULE"] = options.settings
    if options.pythonpath:
        sys.path.insert(0, options.pythonpath)


class ManagementUtility:
    """One command line."""

    def __init__(self, argv: Sequence[str] | None = None) -> None:
        self.argv = list(argv or sys.argv)
        self.prog_name = os.path.basename(self.argv[0])

    def execute(self) -> None:
        """Find the command, set the project up, and run it; ends the process for an unknown one."""
        parser = CommandParser(prog=self.prog_name, add_help=False, allow_abbrev=False)
        parser.add_argument("--settings")
        parser.add_argument("--pythonpath")
        known, _ = parser.parse_known_args(self.argv[2:])
        handle_default_options(known)
        subcommand = self.argv[1] if len(self.argv) > 1 else "help"
        if subcommand in ("--version", "version"):
            sys.stdout.write(f"{get_version()}\n")
            return
        setup()
        commands = get_commands()
        if subcommand in ("help", "--help", "-h"):
            self._help(commands)
        elif subcommand not in commands:
            near = similar(subcommand, commands, most=1)
            meant = f". Did you mean {near[0]}?" if near else ""
            sys.stderr.write(f"Unknown command: {subcommand!r}{meant}\nType '{self.prog_name} help' for usage.\n")
            sys.exit(1)
        else:
            load_command_class(commands[subcommand], subcommand).run_from_argv(self.argv)

    def _help(self, commands: dict[str, str]) -> None:
        wanted = [each for each in self.argv[2:] if not each.startswith("-")]
        if "--commands" in self.argv[2:]:
            sys.stdout.write("".join(f"{name}\n" for name in sorted(commands)))
            return
        if wanted and wanted[0] in commands:
            load_command_class(commands[wanted[0]], wanted[0]).print_help(self.prog_name, wanted[0])
            return
        sys.stdout.write(
            f"\nType '{self.prog_name} help <subcommand>' for help on a specific subcommand.\n"
            "\nAvailable subcommands:\n"
        )
        for app in sorted(set(commands.values())):
            of_app = sorted(name for name, owner in commands.items() if owner == app)
            sys.stdout.write(f"\n[{app.rpartition('.')[2]}]\n" + "".join(f"    {name}\n" for name in of_app))
