"""Which databases there are, by alias, and which backends, by URL scheme.

Backends are found through the entry point group ``orm.backends`` (the entry's name is the scheme) or registered with
``register_backend``. What this module refuses: aliases and schemes nobody knows, naming those that are known.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from orm.config import DEFAULT_ALIAS, settings
from orm.db.contract import Backend
from orm.db.database_blocking import Database
from orm.db.entry_points import entry_points, load
from orm.db.url import DatabaseURL
from orm.epoch import Reason, epoch
from orm.errors import ConnectionDoesNotExist, ImproperlyConfigured, advised
from orm.late import imports
from orm.text.spelling import did_you_mean_or_known

DEFAULT_DB_ALIAS = DEFAULT_ALIAS
ENTRY_POINT_GROUP = "orm.backends"
WATCHED = "orm.db.observing.watched"

backends: dict[str, Backend] = {}
"""Backends loaded or registered so far, by scheme."""


def register_backend(backend: Backend) -> None:
    """Make a backend known under its schemes, in place of any other.

    Raises ``ImproperlyConfigured`` when it has no driver or no scheme.
    """
    if not backend.schemes:
        raise ImproperlyConfigured(f"The backend {backend.name!r} names no URL scheme.")
    if backend.awaitable is None and backend.blocking is None:
        raise ImproperlyConfigured(f"The backend {backend.name!r} has no driver: give it awaitable, blocking or both.")
    for scheme in backend.schemes:
        backends[scheme.lower()] = backend
    epoch.advance(Reason.BACKENDS)


def backend_for(scheme: str) -> Backend:
    """Return the backend of a URL scheme.

    Raises ``ImproperlyConfigured`` when none is known, or when its package can't be imported.
    """
    found = backends.get(scheme)
    if found is not None:
        return found
    installed = entry_points(ENTRY_POINT_GROUP, scheme)
    entry = installed.get(scheme)
    if entry is None:
        plain, plus, _ = scheme.partition("+")
        if plus and (plain in installed or plain in backends):
            raise ImproperlyConfigured(
                f"No backend for {scheme}:// is installed. Write {plain}://, without the name of a driver: each colour "
                "has its own, which is found by itself."
            )
        known = did_you_mean_or_known(scheme, {*installed, *backends}, cutoff=0.75)
        raise ImproperlyConfigured(
            f"No backend for {scheme}:// is installed{known} A backend comes with a package of its own, or from your "
            "program: orm.register_backend()."
        )
    try:
        backend = load(entry)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"The backend for {scheme}:// ({entry}) can't be imported: {error}. It may need its drivers: "
            f"pip install 'duotone[{scheme}]'."
        ) from error
    if not isinstance(backend, Backend):
        raise ImproperlyConfigured(f"The entry point {entry} of {scheme}:// is no orm.db.contract.Backend.")
    if backend.awaitable is None and backend.blocking is None:
        raise ImproperlyConfigured(
            f"No driver for {scheme}:// is installed: pip install 'duotone[{backend.name}]' brings them."
        )
    register_backend(backend)
    return backends.setdefault(scheme, backend)


class Faces(Protocol):
    """What programs are shown for a database, by alias."""

    def __getitem__(self, alias: str, /) -> Any: ...


class Databases(dict[str, "Database"]):
    """The databases by alias; made at first use, kept while their URL stays the same.

    It is a dict of those that were made, because every query passes here and ``databases[alias]`` is then one look-up.
    ``in`` and iteration, which are not hot, speak of all aliases in the settings.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self.faces: Faces = self
        """What migrations are run with, by alias: the databases, or connections in the form that programs written for
        Django expect, where ``orm.compat.django`` has put those here."""
        self.elsewhere: list[Callable[[], None]] = []
        """Called for an alias that is unknown: they configure the databases that settings of another's name, if those
        are there by then."""

    def __missing__(self, alias: str) -> Database:
        if alias not in settings.databases:
            for configure in self.elsewhere:
                configure()
        configured = settings.databases
        if alias not in configured:
            raise self.unknown(alias)
        with self._lock:
            if not super().__contains__(alias):
                url = DatabaseURL.parse(configured[alias])
                backend = backend_for(url.scheme)
                url.check_options(backend.options)
                self[alias] = Database(alias, url, backend)
                observe()
            return self[alias]

    def unknown(self, alias: str) -> ConnectionDoesNotExist:
        """Return the error for an alias that no database has."""
        said = f"The connection {alias!r} doesn't exist"
        if not settings.databases:
            return ConnectionDoesNotExist(
                f"{said}: no database is configured. Call "
                "orm.configure('sqlite:///file.db'), set DATABASE_URL, or write [tool.orm] in pyproject.toml."
            )
        advice = did_you_mean_or_known(str(alias), settings.databases)
        return advised(ConnectionDoesNotExist, f"{said}.", advice.removeprefix("."))

    def named(self, alias: str | None) -> Database:
        """Return the database of an alias, or the default one for None."""
        return self[DEFAULT_DB_ALIAS if alias is None else alias]

    def __iter__(self) -> Iterator[str]:
        return iter(settings.databases)

    def __contains__(self, alias: object) -> bool:
        return alias in settings.databases

    def made(self) -> list[Database]:
        """Return the databases used so far."""
        return list(self.values())

    def start_over_in_child(self) -> None:
        """In a forked child the thread that held the lock, if one did, does not exist."""
        self._lock = threading.RLock()

    def reconfigure(self) -> None:
        """Drop the databases whose configuration changed; have the others' sessions follow the settings."""
        configured = settings.databases
        with self._lock:
            for alias, database in list(self.items()):
                if not stays(database, configured.get(alias)):
                    del self[alias]
                    database.retire()
                elif database.session_settings != database.dialect.session_settings():
                    database.renew_sessions()
        observe()
        prepare()


def prepare() -> None:
    """Import the backends of the databases that are configured, where asyncio is there already.

    By the time of the first query an event loop may be running, which imports would stop for as long as they take.
    """
    if "asyncio" not in sys.modules:
        return
    for given in settings.databases.values():
        try:
            backend_for(DatabaseURL.parse(given).scheme)
        except ImproperlyConfigured:
            continue  # a wrong URL, or one without a backend, is an error where it is first used


def stays(database: Database, given: Any) -> bool:
    """Whether a database is still the one that the settings mean by ``given``."""
    try:
        return given is not None and DatabaseURL.parse(given) == database.url
    except ImproperlyConfigured:
        return False  # a wrong URL is an error where it is first used


def observe() -> None:
    """Let those who listen to statements, by settings or already, hear every database there is now."""
    wanted = settings.echo or settings.repeated_query_limit or settings.tracer is not None
    if wanted or settings.slow_query_seconds is not None or WATCHED in sys.modules:
        imports.module(WATCHED).audience.follow_settings()  # nobody else needs that module


databases = Databases()
os.register_at_fork(after_in_child=databases.start_over_in_child)
epoch.listen(databases.reconfigure, Reason.SETTINGS)
