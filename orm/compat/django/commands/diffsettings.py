"""``diffsettings``: what a project sets in another way than the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.compat.django.defaults import DEFAULTS
from orm.compat.django.settings import PLACES, from_root, settings
from orm.config import settings as orm_settings

Settings = Mapping[str, Any]
KEY = "SECRET_KEY"


class Command(BaseCommand):
    """Prints settings that are not the defaults."""

    help = (
        "Displays differences between the current settings.py and Django's default settings. Settings that don't "
        'appear in the defaults are followed by "###".'
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to show, what to compare with, and how."""
        parser.add_argument("--all", action="store_true", help="Show settings that are the defaults as well.")
        parser.add_argument(
            "--default", metavar="MODULE", default=None, help="A settings module to compare with; else the defaults."
        )
        parser.add_argument(
            "--output", default="hash", choices=("hash", "unified"), help="'hash' marks lines, 'unified' pairs them."
        )

    def handle(self, **options: Any) -> str:
        """Return the lines."""
        # A project that never signs anything has no SECRET_KEY, and asking for one that is empty is an error.
        given = {name: getattr(settings, name) for name in dir(settings) if name.isupper() and name != KEY}
        given[KEY] = orm_settings.secret_key
        base: Settings = {**DEFAULTS, **{name: from_root(DEFAULTS[name]) for name in PLACES}}
        if options["default"]:
            module = import_module(options["default"])
            base = {**base, **{name: value for name, value in vars(module).items() if name.isupper()}}
        lines = _marked if options["output"] == "hash" else _paired
        return "\n".join(lines(given, base, options["all"]))


def _marked(given: Settings, base: Settings, everything: bool) -> Iterator[str]:
    for name, value in sorted(given.items()):
        if name not in base:
            yield f"{name} = {value!r}  ###"
        elif value != base[name]:
            yield f"{name} = {value!r}"
        elif everything:
            yield f"### {name} = {value!r}"


def _paired(given: Settings, base: Settings, everything: bool) -> Iterator[str]:
    for name, value in sorted(given.items()):
        if name not in base:
            yield f"+ {name} = {value!r}"
        elif value != base[name]:
            yield f"- {name} = {base[name]!r}"
            yield f"+ {name} = {value!r}"
        elif everything:
            yield f"  {name} = {value!r}"
