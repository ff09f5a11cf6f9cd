"""The SQL of one migration, also where no database can be asked what its constraints are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.db.registry import databases
from orm.errors import OperationalError
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.names import names_of
from orm.models.schema_declared import NamesByRule
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.migrations.migration_blocking import Migration


class MigrationSQL(NamedTuple):
    """The statements of a migration; ``remark`` says where their names of constraints come from, if not from the
    database itself.
    """

    statements: list[str]
    remark: str


def loader_of(alias: str) -> tuple[MigrationLoader, str]:
    """The migrations on disk, and in a database; why it could not be asked, or nothing."""
    try:
        return MigrationLoader(databases[alias], replace_migrations=False), ""
    except OperationalError as error:
        return MigrationLoader(None, replace_migrations=False), str(error).splitlines()[0]


def sql_of(
    loader: MigrationLoader, alias: str, migration: Migration, backwards: bool, silent: str = ""
) -> MigrationSQL:
    """The statements of a migration, for a database.

    Where the database stands just where the migration begins, names of constraints are read from it; else, and where
    it is ``silent`` (for this reason), they follow from the history by the rule of their names.
    """
    key = (migration.app_label, migration.name)
    database = databases[alias]
    applied = set(loader.applied_migrations)
    node = loader.graph.node_map[key]
    if backwards:  # what came after it may have renamed what it made
        stands = key in applied and applied.isdisjoint(child.key for child in node.children)
    else:
        stands = key not in applied and applied.issuperset(parent.key for parent in node.parents)
    names = NamesByRule(names_of(loader, key, alias), ask=stands and not silent)
    if names.ask or not database.dialect.capabilities.alter_columns:
        return MigrationSQL(loader.collect_sql([(migration, backwards)], database, names), "")
    why = f"the database does not answer ({silent})" if silent else "the database is not where this migration begins"
    remark = (
        f"Names of constraints follow from the history by the rule of their names, because {why}: of what RunSQL made "
        "or renamed nothing is known, so look at that."
    )
    return MigrationSQL(loader.collect_sql([(migration, backwards)], database, names), remark)
