"""The SQL of one migration, also where no database can be asked what its constraints are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.errors import OperationalError
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.operations.fields import AddField, AlterField, RemoveField, RenameField
from orm.migrations.operations.models import CreateModel, DeleteModel, RenameModel
from orm.models.schema_declared import Altered, NamesByRule
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.migrations.graph import Key
    from orm.migrations.migration_blocking import Migration
    from orm.sql.dialect import Dialect


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
    applied = loader.applied_migrations
    stands = (key in applied) if backwards else key not in applied and _parents(loader, key) <= set(applied)
    names = NamesByRule(altered_before(loader, key, database.dialect), ask=stands and not silent)
    if names.ask or not database.dialect.capabilities.alter_columns:
        return MigrationSQL(loader.collect_sql([(migration, backwards)], database, names), "")
    why = f"the database does not answer ({silent})" if silent else "the database is not where this migration begins"
    remark = (
        f"Names of constraints follow the rule of their names, because {why}. Tables and columns that were renamed "
        "keep constraints under their earlier names: look at those."
    )
    return MigrationSQL(loader.collect_sql([(migration, backwards)], database, names), remark)


def _parents(loader: MigrationLoader, key: Key) -> set[Key]:
    return {parent.key for parent in loader.graph.node_map[key].parents}


def altered_before(loader: MigrationLoader, key: Key, dialect: Dialect) -> frozenset[Altered]:
    """What fields have by AlterField, and were not made with, before a migration or at some point in it."""
    rules: dict[Altered, bool] = {}
    found: set[Altered] = set()
    for label, name in loader.graph.forwards_plan(key):
        for operation in loader.graph.nodes[label, name].operations:
            if (label, name) == key:
                found.update(one for one, later in rules.items() if later)
            _follow(operation, label, rules, dialect)
    return frozenset(found.union(one for one, later in rules.items() if later))


def _follow(operation: Any, label: str, rules: dict[Altered, bool], dialect: Dialect) -> None:
    """Let ``rules`` (of each field; whether it came later) be as after an operation."""
    if isinstance(operation, CreateModel):
        for name, field in operation.fields:
            rules.update(dict.fromkeys(_rules(label, operation.name_lower, name, field, dialect), False))
    elif isinstance(operation, (AddField, AlterField)):
        came = set(_rules(label, operation.model_name_lower, operation.name, operation.field, dialect))
        for one in [one for one in rules if one[:3] == (label, operation.model_name_lower, operation.name)]:
            if one not in came:
                del rules[one]
        for one in came:
            rules.setdefault(one, isinstance(operation, AlterField))
    elif isinstance(operation, (RenameField, RenameModel)):
        for one in list(rules):
            if isinstance(operation, RenameModel) and one[:2] == (label, operation.old_name_lower):
                rules[one._replace(model_name=operation.new_name_lower)] = rules.pop(one)
            elif isinstance(operation, RenameField) and one[:3] == (
                label, operation.model_name_lower, operation.old_name,
            ):  # fmt: skip
                rules[one._replace(field_name=operation.new_name)] = rules.pop(one)
    elif isinstance(operation, RemoveField):
        _forget(rules, (label, operation.model_name_lower, operation.name))
    elif isinstance(operation, DeleteModel):
        _forget(rules, (label, operation.name_lower))


def _forget(rules: dict[Altered, bool], gone: tuple[str, ...]) -> None:
    for one in [one for one in rules if one[: len(gone)] == gone]:
        del rules[one]


def _rules(label: str, model: str, name: str, field: Any, dialect: Dialect) -> Iterable[Altered]:
    """The constraints that a field's column brings."""
    if field.primary_key:
        yield Altered(label, model, name, "pk")
    elif field.unique:
        yield Altered(label, model, name, "unique")
    if not field.is_relation and field.column_check("x", dialect) is not None:
        yield Altered(label, model, name, "check")
