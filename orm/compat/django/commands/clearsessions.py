"""``clearsessions``: sessions that have ended are deleted."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from orm.commands.base import BaseCommand, CommandError
from orm.compat.django.settings import settings

__all__ = ["Command"]


class Command(BaseCommand):
    """Deletes the sessions that have ended, of the store that SESSION_ENGINE names."""

    help = "Deletes the sessions that have ended: to be run as a job, or by hand."

    def handle(self, **options: Any) -> None:
        """Delete them. Raises ``CommandError`` for a store that has no such method."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        try:
            store.clear_expired()
        except NotImplementedError as error:
            raise CommandError(
                f"Session engine '{settings.SESSION_ENGINE}' doesn't support clearing expired sessions."
            ) from error
