"""Tables straight from models: ``create_tables()`` and ``drop_tables()``, for scripts, tests and small programs.

Whatever changes over time belongs to migrations; nothing here alters a table that exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import ImproperlyConfigured
from orm.models.apps import apps
from orm.models.schema_editor_blocking import SchemaEditor
from orm.models.state import DEFAULT_DB_ALIAS
from orm.sql import ddl
from orm.text.spelling import did_you_mean

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.models.base import AwaitableModel


TWINS = ("acreate_tables", "adrop_tables", "amissing_tables")


async def acreate_tables(*models: type[Any], using: str = DEFAULT_DB_ALIAS, if_not_exists: bool = True) -> None:
    """Create the tables of ``models`` (all managed models when none are given), in one transaction where possible.

    Parameters: join tables of many-to-many fields come along. ``using`` is the database's alias. With ``if_not_exists``
    tables that are there stay as they are, whatever their columns.

    Raises ``ImproperlyConfigured`` for an abstract model, or a relation whose target was never declared.
    """
    database = databases[using]
    statements = ddl.create_statements(tables_of(models, using), database.dialect, if_not_exists=if_not_exists)
    await run_statements(database, statements)


async def adrop_tables(*models: type[Any], using: str = DEFAULT_DB_ALIAS, if_exists: bool = True) -> None:
    """Drop the tables of ``models`` (all managed models when none are given) with their join tables.

    Raises ``ImproperlyConfigured`` as ``acreate_tables`` does; the database's error where other tables refer to them.
    """
    database = databases[using]
    statements = ddl.drop_statements(tables_of(models, using), database.dialect, if_exists=if_exists)
    await run_statements(database, statements)


async def amissing_tables(*models: type[Any], using: str = DEFAULT_DB_ALIAS) -> list[type[AwaitableModel]]:
    """Those of ``models`` whose tables are not in the database; all where it can't be asked."""
    database = databases[using]
    reader = database.backend.introspection
    there = set() if reader is None else {one.name for one in await reader.tables(database.fetch)}
    return [model for model in models if model._meta.db_table not in there]


async def run_statements(database: AwaitableDatabase, statements: list[str]) -> None:
    """Run schema statements, together where the database can roll them back."""
    if not database.dialect.capabilities.schema_transactions:
        for statement in statements:
            await database.execute(statement, ())
        return
    async with atomic(using=database.alias):
        for statement in statements:
            await database.execute(statement, ())


def tables_of(models: tuple[type[Any], ...], using: str) -> list[Any]:
    """The models with tables to make or drop; of all, those that the database routers allow in this database."""
    found = with_join_models(models)
    if not models:
        kind = databases[using].backend.name
        found = [model for model in found if model._meta.required_db_vendor in (None, kind)]
    if routes.active and not models:
        found = [model for model in found if routes.allow_migrate_model(using, model)]
    return found


def _meant(missing: list[str]) -> str:
    """Which declared models have labels much like those that nobody declared."""
    declared = [model._meta.label for model in apps.get_models()]
    return "".join(did_you_mean(label, declared) for label in missing)


def with_join_models(models: tuple[type[Any], ...]) -> list[Any]:
    """The models that have tables of their own to make, with the join models of their many-to-many fields."""
    missing = apps.pending()
    if missing and not models:
        raise ImproperlyConfigured(
            f"Relations point to models nobody declared: {', '.join(missing)}. "
            f"Import the modules that declare them first, or mend the name.{_meant(missing)}"
        )
    found: dict[str, Any] = {}
    for model in models or apps.get_models():
        meta = model._meta
        if meta.abstract:
            raise ImproperlyConfigured(
                f"{model.__name__} is abstract and has no table; name the models that inherit it."
            )
        if meta.proxy or (not meta.managed and not models):
            continue
        found.setdefault(meta.db_table, model)
        for field in meta.many_to_many:
            if field.through._meta.auto_created:
                found.setdefault(field.through._meta.db_table, field.through)
    return list(found.values())


def schema_editor(using: str = DEFAULT_DB_ALIAS, collect_sql: bool = False, atomic: bool = True) -> SchemaEditor:
    """The editor that changes a database's tables, under ``with`` or ``async with``.

    Parameters: ``using`` is the database's alias; ``collect_sql`` keeps the statements in ``collected_sql`` instead of
    running them; ``atomic`` False leaves transactions to the caller.
    """
    return SchemaEditor(databases[using], collect_sql, atomic)
