"""A Django project's databases, routers and zone as this library's settings, and transactions that are not shared.

A transaction belongs to one connection. Django's connections and the mirror's are different ones, so what one side has
not committed the other can't see, and can't undo: whoever mixes them is warned, with ``TransactionNotShared``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from orm.config import configure, settings
from orm.contrib.django.real import connections, part, router
from orm.contrib.django.told import warn_the_program
from orm.db.djangos_form import databases_in_core_form
from orm.db.transactions.borrowed import is_borrowed
from orm.db.transactions.public import transaction_block
from orm.db.url import MEMORY, DatabaseURL
from orm.errors import ImproperlyConfigured, NotSupportedError

ANSWERS: dict[str, Any] = {"strict_models": False, "zoned_columns": True}
"""What the settings say besides: how Django's models are declared and keeps moments."""


class TransactionNotShared(RuntimeWarning):
    """A query runs beside a transaction that the same code has open on the other side."""


class DjangosRouters:
    """Asks DATABASE_ROUTERS, with Django's models in place of their mirrors.

    Parameters: ``origin`` gives the Django model of a mirror, and None for a model that is none.
    """

    def __init__(self, origin: Any) -> None:
        self.origin = origin

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return where a mirror's rows are read."""
        origin = self.origin(model)
        if origin is None:
            return None
        alias: str = router().db_for_read(origin, **hints)
        look_at(alias)
        return alias

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Return where a mirror's rows are written."""
        origin = self.origin(model)
        if origin is None:
            return None
        alias: str = router().db_for_write(origin, **hints)
        return alias

    def wrote(self, alias: str) -> None:
        """Something is about to be written."""
        if alias in connections():
            look_at(alias)

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        """Return whether two instances may refer to each other."""
        if self.origin(type(one)) is None:
            return None
        allowed: bool = router().allow_relation(one, other, **hints)
        return allowed

    def allow_migrate(self, alias: str, app_label: str, **hints: Any) -> bool | None:
        """Return whether a mirror's table belongs in a database."""
        origin = self.origin(hints.get("model"))
        if origin is None:
            return None
        allowed: bool = router().allow_migrate_model(alias, origin)
        return allowed


class Taken:
    """What has been taken over of Django's settings: the names of its databases, by alias; None before that."""

    def __init__(self) -> None:
        self.names: dict[str, Any] | None = None
        self.lock = threading.RLock()


taken = Taken()


def configure_from_django(origin: object) -> None:
    """Take over Django's databases, routers and zone, once; those configured already for other aliases stay.

    Parameters: ``origin`` gives the Django model of a mirror, or None.

    Raises ``ImproperlyConfigured`` where an alias of Django's DATABASES is configured as another database.
    """
    if taken.names is not None:
        return
    with taken.lock:
        if taken.names is not None:
            return
        djangos = djangos_databases()
        refuse_other_meanings(djangos)
        project = part("django.conf").settings
        configure(
            {**settings.databases, **djangos},
            database_routers=[*settings.database_routers, DjangosRouters(origin)],
            use_tz=project.USE_TZ,
            time_zone=project.TIME_ZONE or "UTC",
            **ANSWERS,
        )
        part("django.db.backends.signals").connection_created.connect(watch, dispatch_uid=__name__)
        for connection in connections().all(initialized_only=True):
            watch(None, connection)
        taken.names = {alias: given["NAME"] for alias, given in djangos.items()}


def djangos_databases() -> dict[str, Any]:
    """Return the databases that Django's connections lead to now: in a test those of the test."""
    return databases_in_core_form({alias: connections()[alias].settings_dict for alias in connections()}) or {}


def refuse_other_meanings(djangos: Mapping[str, Any]) -> None:
    """Raise ``ImproperlyConfigured`` where an alias means one database here and another in Django."""
    for alias, given in settings.databases.items():
        if alias in djangos and DatabaseURL.parse(given) != DatabaseURL.parse(djangos[alias]):
            raise ImproperlyConfigured(
                f"The alias {alias!r} is one database in orm.configure() (or DATABASE_URL) and another in Django's "
                "DATABASES: give one of them another alias, so that a mirror reads the project's rows."
            )


# -- at every query ----------------------------------------------------------------------------------------------------


def look_at(alias: str) -> None:
    """Before a query of a mirror: follow Django to the database it has gone to, and warn of a transaction it has open.

    Django's tests put databases of their own in the place of those of the settings.
    """
    connection = connections()[alias]
    if is_in_memory(connection.settings_dict["NAME"]):
        raise NotSupportedError(
            f"Django's database {alias!r} is in memory, where only its own connections find it. Give it a file; in "
            'tests that is DATABASES[...]["TEST"] = {"NAME": "test.sqlite3"}.'
        )
    names = taken.names
    if names is not None and names.get(alias) != connection.settings_dict["NAME"]:
        with taken.lock:
            djangos = djangos_databases()
            configure({**settings.databases, **djangos})
            taken.names = {alias: given["NAME"] for alias, given in djangos.items()}
    if connection.in_atomic_block and not is_borrowed(alias):
        warn_the_program(
            f"Django has a transaction open on {alias!r}, and a mirror's queries have a connection of their own: they "
            "don't see what that transaction has written, and are not undone with it. In blocking code on PostgreSQL "
            "`with shared_atomic():` gives both one transaction; else do this before it or after.",
            TransactionNotShared,
        )


def is_in_memory(name: object) -> bool:
    """Whether the name of a database means one in the memory of this process."""
    text = str(name)
    return text == MEMORY or (text.startswith("file:") and "mode=memory" in text)


def watch(sender: object, connection: Any, **further: object) -> None:
    """Have one of Django's connections tell of statements beside a transaction of this library's."""
    if tell_of_own_transaction not in connection.execute_wrappers:
        connection.execute_wrappers.append(tell_of_own_transaction)


def tell_of_own_transaction(execute: Any, sql: str, params: Any, many: bool, context: Any) -> object:
    """Warn of a query of Django's beside a transaction that this library has open in the same code, and run it."""
    alias = context["connection"].alias
    if alias in settings.databases and transaction_block(alias) is not None and not is_borrowed(alias):
        warn_the_program(
            f"orm.atomic() has a transaction open on {alias!r}, and Django's queries have a connection of their own: "
            "they don't see what that transaction has written, and are not undone with it. In blocking code on "
            "PostgreSQL `with shared_atomic():` gives both one transaction; else do this before it or after.",
            TransactionNotShared,
        )
    return execute(sql, params, many, context)
