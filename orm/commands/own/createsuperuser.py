"""``createsuperuser``: make a user who may do everything."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING, Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.contrib.auth.current import get_user_model
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import ValidationError

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel

PREFIX = "DJANGO_SUPERUSER_"
"""Environment variables that give a field's value (and PASSWORD) where nobody is asked."""


class Command(BaseCommand):
    """Makes a superuser."""

    help = "Used to create a superuser."
    stealth_options = ("stdin",)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the fields a user needs, and whether somebody can be asked."""
        model = get_user_model()
        for name in [model.USERNAME_FIELD, *model.REQUIRED_FIELDS]:
            parser.add_argument(f"--{name}", help=f"The user's {name}.")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for what is missing, and save the user."""
        model = get_user_model()
        ask = options["interactive"]
        if ask and not sys.stdin.isatty():
            raise CommandError("Superuser creation skipped due to not running in a TTY; use --noinput.", returncode=0)
        values = {}
        for name in [model.USERNAME_FIELD, *model.REQUIRED_FIELDS]:
            given = options[name] or os.environ.get(PREFIX + name.upper())
            if not given and ask:
                given = input(f"{model._meta.get_field(name).verbose_name}: ".capitalize())
            if not given:
                raise CommandError(f"You must use --{name} with --noinput.")
            values[name] = self._clean(model, name, given)
        password = os.environ.get(PREFIX + "PASSWORD")
        if ask:
            password = getpass.getpass()
            if password != getpass.getpass("Password (again): "):
                raise CommandError("Error: Your passwords didn't match.")
        manager = model._default_manager.db_manager(options["database"])
        if manager.filter(**{model.USERNAME_FIELD: values[model.USERNAME_FIELD]}).exists():
            called = model._meta.get_field(model.USERNAME_FIELD).verbose_name
            raise CommandError(f"Error: That {called} is already taken.")
        manager.create_superuser(**values, password=password)
        if options["verbosity"]:
            self.stdout.write("Superuser created successfully.")

    @staticmethod
    def _clean(model: type[AwaitableModel], name: str, value: object) -> Any:
        try:
            return model._meta.get_field(name).clean(value, None)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
