"""What has been applied, kept in a table of the database itself."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any, ClassVar

from orm.config import settings
from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.errors import DatabaseError
from orm.migrations.exceptions import MigrationSchemaMissing
from orm.models.apps import Apps
from orm.models.base_blocking import Model
from orm.models.fields import BigAutoField, CharField, DateTimeField
from orm.models.schema_editor_blocking import SchemaEditor
from orm.structures.lazy import classproperty

Key = tuple[str, str]


def moment() -> datetime.datetime:
    """When a migration was applied."""
    now = datetime.datetime.now(datetime.UTC)
    return now if settings.use_tz else now.replace(tzinfo=None)


@cache
def record_model(table: str) -> object:
    """The model of the table of records, for one name of the table."""
    options = type("Meta", (), {"app_label": "migrations", "apps": Apps(), "db_table": table})
    declare: Any = type(Model)
    return declare(
        "Migration",
        (Model,),
        {
            "__module__": __name__,
            "Meta": options,
            "id": BigAutoField(primary_key=True),
            "app": CharField(max_length=255),
            "name": CharField(max_length=255),
            "applied": DateTimeField(default=moment),
            "__str__": lambda self: f"Migration {self.name} for {self.app}",
        },
    )


class AwaitableMigrationRecorder:
    """The records in one database.

    Parameters: ``connection`` is a database, or anything with its ``alias``.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ()

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @property
    def database(self) -> Database:
        """The database that has the records."""
        return databases[self.connection.alias]

    @classproperty
    def Migration(cls) -> Any:
        """The model of a record."""
        return record_model(settings.migrations_table)

    @property
    def migration_qs(self) -> Any:
        """The records."""
        return self.Migration.objects.using(self.database.alias)

    async def ahas_table(self) -> bool:
        """Whether the table is there."""
        reader = self.database.backend.introspection
        table = self.Migration._meta.db_table
        if reader is not None:
            return bool(await reader.columns(self.database.fetch, table))
        try:
            await self.migration_qs.aexists()
        except DatabaseError:
            return False
        return True

    async def aensure_schema(self) -> None:
        """Make the table, if it is not there.

        Raises ``MigrationSchemaMissing`` where it can't be made.
        """
        if await self.ahas_table():
            return
        try:
            async with SchemaEditor(self.connection) as editor:
                await editor.acreate_model(self.Migration)
        except DatabaseError as error:
            raise MigrationSchemaMissing(
                f"Unable to create the {self.Migration._meta.db_table} table ({error})"
            ) from error

    async def aapplied_migrations(self) -> dict[Key, Any]:
        """The records by (app label, name)."""
        if not await self.ahas_table():
            return {}
        return {(one.app, one.name): one async for one in self.migration_qs}

    async def arecord_applied(self, app: str, name: str) -> None:
        """Record that a migration was applied."""
        await self.aensure_schema()
        await self.migration_qs.acreate(app=app, name=name)

    async def arecord_unapplied(self, app: str, name: str) -> None:
        """Record that a migration was taken back."""
        await self.aensure_schema()
        await self.migration_qs.filter(app=app, name=name).adelete()

    async def aflush(self) -> None:
        """Forget every record."""
        await self.migration_qs.all().adelete()
