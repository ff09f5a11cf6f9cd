"""``django.db.connections``: databases by alias, each as ``LegacyConnection`` shows it, and those of other settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from orm.compat.django.connection import NO_ENGINE, CopiedConnection, LegacyConnection, with_defaults
from orm.compat.django.engines import unknown_engine
from orm.compat.django.settings import settings
from orm.db.database_blocking import Database
from orm.db.djangos_form import databases_in_core_form
from orm.db.registry import DEFAULT_DB_ALIAS, backend_for, databases
from orm.db.url import DatabaseURL
from orm.errors import ConnectionDoesNotExist, ImproperlyConfigured


class GivenConnection(CopiedConnection):
    """A database that the settings of the program say nothing of: its own are given."""

    def __init__(self, alias: str, given: dict[str, Any]) -> None:
        LegacyConnection.__init__(self, alias)
        self._given = given
        self._transaction = None

    @cached_property
    def settings_dict(self) -> dict[str, Any]:
        """The settings that were given, with Django's defaults for the others."""
        return self._given

    @cached_property
    def _own(self) -> Database:  # type: ignore[override]
        """The database of these settings. Raises ``ImproperlyConfigured`` where they name no engine."""
        if self._given["ENGINE"] == NO_ENGINE:
            raise ImproperlyConfigured(
                "settings.DATABASES is improperly configured. Please supply the ENGINE value. "
                "Check settings documentation for more details."
            )
        form = databases_in_core_form({self.alias: self._given}) or {}
        url = DatabaseURL.parse(form[self.alias])
        backend = backend_for(url.scheme)
        url.check_options(backend.options)
        return Database(self.alias, url, backend)


class ConnectionHandler:
    """Databases by alias, as scripts know them from ``django.db.connections``.

    Parameters: ``given`` are settings as DATABASES has them; without them they are the program's.

    Raises ``ImproperlyConfigured``, when it is first used, for given settings without a default database.
    """

    def __init__(self, given: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._given = given
        self._of_thread = threading.local()

    @property
    def _made(self) -> dict[str, LegacyConnection]:
        """What this thread has: each has objects of its own, which are views of the same databases."""
        made: dict[str, LegacyConnection] = self._of_thread.__dict__
        return made

    @cached_property
    def _own_settings(self) -> dict[str, dict[str, Any]] | None:
        """The given settings, with Django's defaults; None where the program's are meant."""
        if self._given is None:
            return None
        if self._given and DEFAULT_DB_ALIAS not in self._given:
            raise ImproperlyConfigured(f"You must define a '{DEFAULT_DB_ALIAS}' database.")
        return {alias: with_defaults(dict(self._given.get(alias) or {})) for alias in self._given or [DEFAULT_DB_ALIAS]}

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings of every database, with Django's defaults."""
        own = self._own_settings
        return {alias: self[alias].settings_dict for alias in self} if own is None else own

    @property
    def databases(self) -> dict[str, dict[str, Any]]:
        """The settings of every database, with Django's defaults."""
        return self.settings

    def __getitem__(self, alias: str) -> LegacyConnection:
        own = self._own_settings
        if own is None:
            settings.load()
            if alias not in databases:
                raise databases.unknown(alias)
        elif alias not in own:
            raise ConnectionDoesNotExist(f"The connection '{alias}' doesn't exist.")
        if alias not in self._made:
            self._made[alias] = LegacyConnection(alias) if own is None else GivenConnection(alias, own[alias])
        return self._made[alias]

    def __iter__(self) -> Iterator[str]:
        if self._own_settings is not None:
            return iter(self._own_settings)
        settings.load()
        return iter(databases)

    def __contains__(self, alias: object) -> bool:
        return alias in list(self)

    def all(self, initialized_only: bool = False) -> list[LegacyConnection]:
        """Return every database; only those used so far where ``initialized_only`` says so."""
        used = {database.alias for database in databases.made()} if self._own_settings is None else self._made
        return [self[alias] for alias in self if not initialized_only or alias in used]

    def close_all(self) -> None:
        """Close the idle connections of every database used so far."""
        for each in self.all(initialized_only=True):
            each.close()


connections = ConnectionHandler()
connection = connections._made[DEFAULT_DB_ALIAS] = LegacyConnection(DEFAULT_DB_ALIAS)


def load_backend(backend_name: str) -> ModuleType:
    """Return the module that holds the ``DatabaseWrapper`` of an engine.

    Raises ``ImproperlyConfigured`` for what is no engine; what its module raises, where that is there and fails.
    """
    try:
        return import_module(f"{backend_name.replace('postgresql_psycopg2', 'postgresql')}.base")
    except ImportError as problem:
        raise unknown_engine(backend_name) from problem


def close_old_connections(**kwargs: object) -> None:
    """Nothing to do: the pool drops what is old or broken by itself."""


def reset_queries(**kwargs: object) -> None:
    """Forget the statements kept in ``connection.queries``."""
    for each in connections.all(initialized_only=True):
        each.queries_log.clear()
