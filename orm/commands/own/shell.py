"""``shell``: a Python prompt with the models at hand, or one piece of code, given as an option or on standard input."""

from __future__ import annotations

import code
import os
import select
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.models.apps import apps


class Command(BaseCommand):
    """Opens a prompt."""

    help = "Runs a Python prompt, with IPython or bpython where they are installed. Standard input is run as code."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the code, the kind of prompt, and what it starts with."""
        parser.add_argument("--no-startup", action="store_true", help="Leave PYTHONSTARTUP aside.")
        parser.add_argument("--no-imports", action="store_true", help="Import no models.")
        parser.add_argument("-i", "--interface", choices=list(INTERFACES), help="The kind of prompt.")
        parser.add_argument("-c", "--command", help="Run this code instead of opening a prompt.")

    def get_namespace(self, **options: Any) -> dict[str, Any]:
        """Return what the code starts with: every model; of two with one name that of the earlier application."""
        if options["no_imports"]:
            return {}
        configs = reversed(list(apps.get_app_configs()))
        models = {model.__name__: model for config in configs for model in config.get_models()}
        told = options["verbosity"]
        if told >= 1:
            end = ":" if told >= 2 else " (use -v 2 for details)."
            self.stdout.write(f"{len(models)} objects imported automatically{end}\n\n", ending="")
        if told >= 2:
            modules: dict[str, list[str]] = {}
            for name, model in models.items():
                modules.setdefault(model.__module__, []).append(name)
            lines = [f"  from {module} import {', '.join(names)}" for module, names in modules.items()]
            self.stdout.write("\n".join(lines) + "\n\n", ending="")
        return dict(models)

    def handle(self, **options: Any) -> None:
        """Run the code, or open the first prompt that is installed."""
        names = self.get_namespace(**options)
        given = options["command"]
        if given is None and _is_piped():
            given = sys.stdin.read()
        if given is not None:
            exec(given, {"__name__": "__main__", "__builtins__": __builtins__, **names})  # noqa: S102 (what it is for)
            return
        wanted = [options["interface"]] if options["interface"] else list(INTERFACES)
        for interface in wanted:
            try:
                INTERFACES[interface](names, not options["no_startup"])
            except ImportError:
                continue
            return
        raise CommandError(f"Couldn't import {wanted[0]} interface.")


def _is_piped() -> bool:
    """Whether standard input holds code to run."""
    return not sys.stdin.isatty() and bool(select.select([sys.stdin], [], [], 0)[0])


def _ipython(names: dict[str, object], startup: bool) -> None:
    import_module("IPython").start_ipython(argv=[], user_ns=names)


def _bpython(names: dict[str, object], startup: bool) -> None:
    import_module("bpython").embed(names)


def _python(names: dict[str, object], startup: bool) -> None:
    started = os.environ.get("PYTHONSTARTUP") if startup else None
    if started and os.path.isfile(started):
        with open(started, encoding="utf-8") as file:
            exec(compile(file.read(), started, "exec"), names)  # noqa: S102 (the user's own file)
    code.interact(local=names)


INTERFACES: Mapping[str, Callable[[dict[str, Any], bool], None]] = {
    "ipython": _ipython,
    "bpython": _bpython,
    "python": _python,
}
"""Prompts by name, the one that is wanted most first."""
