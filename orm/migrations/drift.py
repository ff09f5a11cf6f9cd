"""Where the models and the live database differ: tables, columns, types, NULLs, and constraints that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.introspection import ColumnInfo, Introspection
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.errors import NotSupportedError
from orm.migrations import sources
from orm.migrations.operation import can_migrate
from orm.models.apps import apps
from orm.records import NamedTuple
from orm.sql import ddl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orm.models.base import AwaitableModel
    from orm.sql.dialect import Dialect

TWINS = ("adrift",)


class Difference(NamedTuple):
    """One difference.

    ``kind`` is missing table, missing column, extra column, type, null, missing constraint or missing index;
    ``expected`` is what the models say, ``found`` what the database has.
    """

    table: str
    column: str
    kind: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        if self.kind.startswith("missing"):
            return f"{where}: {self.kind} ({self.expected})" if self.expected else f"{where}: {self.kind}"
        if self.kind.startswith("extra"):
            return f"{where}: {self.kind} ({self.found})"
        return f"{where}: {self.kind} is {self.found} in the database, {self.expected} in the models"


async def adrift(using: str = DEFAULT_DB_ALIAS) -> list[Difference]:
    """Compare every managed model with its table in a database.

    Raises ``NotSupportedError`` where the backend can't read what its database holds.
    """
    sources.import_models()
    models = apps.get_models(include_auto_created=True)
    return await differences_of((model for model in models if can_migrate(model, using)), using)


async def differences_of(models: Iterable[type[AwaitableModel]], using: str) -> list[Difference]:
    """Compare models with their tables in a database, those that routers let have a table there.

    Raises ``NotSupportedError`` where the backend can't read what its database holds.
    """
    database = databases[using]
    reader = database.backend.introspection
    if reader is None:
        raise NotSupportedError(f"The backend {database.backend.name} can't read what a database holds.")
    found: list[Difference] = []
    seen = set()
    for model in models:
        table = model._meta.db_table
        if table in seen or not routes.allow_migrate_model(using, model):
            continue
        seen.add(table)
        columns = await reader.columns(database.fetch, table)
        if not columns:
            found.append(Difference(table, "", "missing table", "", ""))
            continue
        found += _columns(model, columns, database.dialect, reader)
        found += _rules(model, await reader.constraints(database.fetch, table), database.dialect)
    return found


def _columns(
    model: type[AwaitableModel], columns: list[ColumnInfo], dialect: Dialect, reader: Introspection
) -> list[Difference]:
    table = model._meta.db_table
    there = {column.name: column for column in columns}
    found = []
    for field in ddl.columns_of_table(model):
        column = there.pop(field.column, None)
        normal = reader.normal_reference if field.is_relation else reader.normal_type
        wanted = normal(ddl.finished(field.db_type(dialect)).split(" COLLATE ")[0])
        if column is None:
            found.append(Difference(table, field.column, "missing column", wanted, ""))
            continue
        has = normal(column.type.split(" COLLATE ")[0])
        if has != wanted and not (column.choices and field.choices and field.kind in ("char", "text")):
            found.append(Difference(table, field.column, "type", wanted, has))
        if column.null != field.null and not field.primary_key and not getattr(field, "generated", False):
            words = {True: "NULL", False: "NOT NULL"}
            found.append(Difference(table, field.column, "null", words[field.null], words[column.null]))
    found += [Difference(table, name, "extra column", "", column.type) for name, column in there.items()]
    return found


def _rules(model: type[AwaitableModel], constraints: Any, dialect: Dialect) -> list[Difference]:
    """Constraints and indexes that the models have and the database has not; further ones there do no harm."""
    meta = model._meta
    unique = {frozenset(one.columns) for one in constraints.values() if one.unique or one.primary_key}
    indexed = {one.columns for one in constraints.values() if one.index or one.unique or one.primary_key}
    keys = {(one.columns, one.foreign_key[0]) for one in constraints.values() if one.foreign_key is not None}
    found = []
    for field in ddl.columns_of_table(model):
        if field.unique and frozenset((field.column,)) not in unique:
            found.append(Difference(meta.db_table, field.column, "missing constraint", "UNIQUE", ""))
        elif field.db_index and not field.unique and (field.column,) not in indexed:
            found.append(Difference(meta.db_table, field.column, "missing index", "db_index", ""))
    for field in ddl.declared_foreign_keys(model, dialect):
        target = field.target_field.model._meta.db_table
        if ((field.column,), target) not in keys:
            found.append(Difference(meta.db_table, field.column, "missing constraint", f"REFERENCES {target}", ""))
    for group in meta.unique_together:
        names = [ddl.column_of(model, name) for name in group]
        if frozenset(names) not in unique:
            found.append(Difference(meta.db_table, "", "missing constraint", f"UNIQUE ({', '.join(names)})", ""))
    for kind, rules in (("constraint", meta.constraints), ("index", meta.indexes)):
        for rule in rules:
            name = rule.name_for(model, dialect) if kind == "index" else rule.name
            if name not in constraints:
                found.append(Difference(meta.db_table, "", f"missing {kind}", name, ""))
    return found
