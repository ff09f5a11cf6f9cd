"""``changepassword``: give a user another password."""

from __future__ import annotations

import getpass
from typing import Any

from orm.commands.base import BaseCommand, CommandError, CommandParser
from orm.compat.django.password_validation import validate_password
from orm.contrib.auth.current import get_user_model
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.errors import ValidationError

__all__ = ["Command"]

ATTEMPTS = 3


class Command(BaseCommand):
    """Changes a user's password."""

    help = "Change a user's password for django.contrib.auth."
    requires_migrations_checks = True
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the user's name, and a database."""
        parser.add_argument("username", nargs="?", help="Whose password is changed; else yours.")
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(databases), help="The database, by its alias."
        )

    def handle(self, **options: Any) -> str:
        """Ask for a password twice, three times at most, and save it."""
        model = get_user_model()
        name = options["username"] or getpass.getuser()
        try:
            user = model._default_manager.using(options["database"]).get(**{model.USERNAME_FIELD: name})
        except model.DoesNotExist:
            raise CommandError(f"user '{name}' does not exist") from None
        self.stdout.write(f"Changing password for user '{user}'")
        for _ in range(ATTEMPTS):
            password = self._asked("Password: ")
            if password != self._asked("Password (again): "):
                self.stdout.write("Passwords do not match. Please try again.")
                continue
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
                continue
            user.set_password(password)
            user.save()
            return f"Password changed successfully for user '{user}'"
        raise CommandError(f"Aborting password change for user '{user}' after {ATTEMPTS} attempts")

    @staticmethod
    def _asked(prompt: str) -> str:
        password = getpass.getpass(prompt=prompt)
        if not password:
            raise CommandError("aborted")
        return password
