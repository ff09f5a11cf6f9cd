"""Databases for a test run: made beside the configured ones, with their tables, and dropped at the end.

The configured databases are never touched: a test database has a name of its own (``test_shop`` beside ``shop``; with
a suffix, for runs side by side, ``test_shop_gw0``), and for SQLite it lives in memory. One of that name that an
earlier run has left is dropped. What this module refuses: backends that do not say how a database is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from orm.bridge.drive import run
from orm.config import configure, settings
from orm.db.database_blocking import Database
from orm.db.registry import DEFAULT_DB_ALIAS, backend_for, databases
from orm.db.url import DatabaseURL
from orm.errors import ImproperlyConfigured
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.running_blocking import migrate
from orm.models.apps import apps
from orm.models.schema_blocking import create_tables

if TYPE_CHECKING:
    from orm.db.contract import Backend, ScratchDatabase


@contextmanager
def scratch_databases(suffix: str = "") -> Iterator[Mapping[str, DatabaseURL]]:
    """Make a test database for each configured one, with its tables, and let the aliases mean those inside.

    Yields their URLs by alias. Tables come from the migrations, and for applications without any from their models.

    Parameters:
        suffix: goes behind the names, so that several runs at once have databases of their own.

    A database in Django's form may say in ``TEST`` that another's stands in for it (``MIRROR``), and that its tables
    come straight from the models (``MIGRATE``: False).

    Raises ``ImproperlyConfigured`` where no database is configured, a backend does not say how one is made, or it would
    be one that is configured itself.
    """
    configured = dict(settings.databases)
    if not configured:
        databases[DEFAULT_DB_ALIAS]  # whose error says how one is configured
    places = {alias: DatabaseURL.parse(given) for alias, given in configured.items()}
    for alias, given in configured.items():
        if mirrored := wish(given, "MIRROR"):
            places[alias] = DatabaseURL.parse(configured[mirrored])
    with ExitStack() as stack:
        made: dict[DatabaseURL, DatabaseURL] = {}
        for url in places.values():
            if url not in made:
                made[url] = stack.enter_context(empty_database(url, suffix))
        urls = {alias: made[url] for alias, url in places.items()}
        configure(databases=urls)
        stack.callback(configure, databases=configured)
        for alias in {url: alias for alias, url in reversed(urls.items())}.values():
            make_tables(alias, by_migrations=wish(configured[alias], "MIGRATE") is not False)
        yield urls


def wish(given: object, name: str) -> Any:
    """Return what a database that is configured in Django's form says in ``TEST``; None for nothing."""
    return (given.get("TEST") or {}).get(name) if isinstance(given, Mapping) else None


def make_tables(alias: str, *, by_migrations: bool = True) -> None:
    """Make the tables of all models on an empty database, those of ``by_migrations`` False from what they are now."""
    if not by_migrations:
        create_tables(using=alias)
        return
    migrate(using=alias)
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    models = [model for model in apps.get_models() if model._meta.app_label not in loader.migrated_apps]
    if models:
        create_tables(*models, using=alias)


@contextmanager
def empty_database(url: DatabaseURL, suffix: str = "") -> Iterator[DatabaseURL]:
    """Make an empty database beside one, and drop it at the end; yields its URL.

    Raises what ``scratch_databases`` raises.
    """
    backend = backend_for(url.scheme)
    if backend.scratch is None:
        raise ImproperlyConfigured(
            f"The backend {backend.name!r} does not say how a database for tests is made (Backend.scratch)."
        )
    scratch = backend.scratch(url, suffix)
    _refuse_to_replace_a_configured_one(scratch.url)
    _administer(backend, scratch, scratch.make)
    try:
        yield scratch.url
    finally:
        _administer(backend, scratch, scratch.drop)


def _refuse_to_replace_a_configured_one(url: DatabaseURL) -> None:
    """Raise where a test database would be a configured one, on whatever name of its server: it would be dropped."""
    for alias, given in settings.databases.items():
        other = DatabaseURL.parse(given)
        same = (other.port or url.port) == (url.port or other.port) and other.database == url.database
        if same and other.scheme == url.scheme and other.options.get("name") == url.options.get("name"):
            raise ImproperlyConfigured(
                f"The database for tests would be {url.database!r}, which {alias!r} is configured as: it would be "
                "dropped. Give one of the two another name."
            )


def _administer(backend: Backend, scratch: ScratchDatabase, statements: tuple[str, ...]) -> None:
    if scratch.at is None:
        return
    server = Database("administration", scratch.at, backend)
    try:
        for statement in statements:
            run(server.execute(statement))
    finally:
        server.terminate()


def refuse_configured(urls: Mapping[str, DatabaseURL]) -> None:
    """Raise ``ImproperlyConfigured`` when an alias no longer means its test database."""
    for alias, url in urls.items():
        given = settings.databases.get(alias)
        if given is None or DatabaseURL.parse(given) != url:
            raise ImproperlyConfigured(
                f"The database {alias!r} is no longer the one that was made for the tests ({url}): something has "
                "called orm.configure() since. Configure in pyproject.toml or DATABASE_URL, or before the tests begin."
            )


__all__ = ["empty_database", "make_tables", "refuse_configured", "scratch_databases"]
