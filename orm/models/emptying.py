"""Emptying every table of the models: what ``flush`` does, and the statements it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.db.transactions.public import atomic
from orm.errors import NotSupportedError
from orm.models.apps import apps

TWINS = ("aempty", "aemptying")


async def aemptying(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return the statements that empty the tables of all managed models that are there, and start their keys again.

    Raises ``NotSupportedError`` where the backend can't read what its database holds.
    """
    database = databases[using]
    reader = database.backend.introspection
    if reader is None:
        raise NotSupportedError(f"The backend {database.backend.name} can't read what a database holds.")
    there = {table.name for table in await reader.tables(database.fetch)}
    models = {model._meta.db_table: model for model in migrated_models(using) if model._meta.db_table in there}
    quote = database.dialect.quote
    counted = [quote(name) for name, model in models.items() if any(field.auto for field in model._meta.table_fields)]
    statements = database.dialect.empty_tables([quote(name) for name in models], counted)
    return [sql.replace("%%", "%") for sql in statements]


async def aempty(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Empty the tables of all managed models, all or none; return whether there is any. The record of migrations stays.

    Raises what ``aemptying`` raises, and what the database raises.
    """
    database = databases[using]
    async with atomic(using=using):
        statements = await aemptying(using)
        for sql in statements:
            await database.execute(sql, ())
    return bool(statements)


def migrated_models(using: str) -> Iterable[Any]:
    """The models that have a table of their own on a database, with those of many-to-many relations."""
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and not meta.swapped and routes.allow_migrate_model(using, model):
            yield model
