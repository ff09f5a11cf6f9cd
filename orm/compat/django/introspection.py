"""``connection.introspection`` as scripts know it, over what the backend reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orm.bridge import run
from orm.db.introspection import ColumnInfo, ConstraintInfo, Introspection
from orm.db.routing import routes
from orm.errors import NotSupportedError
from orm.migrations.operation import can_migrate
from orm.models.apps import apps
from orm.records import NamedTuple

if TYPE_CHECKING:
    from orm.db.database_blocking import Database


class LegacyTable(NamedTuple):
    """A table: ``type`` is t (table), v (view) or p (partition)."""

    name: str
    type: str
    comment: str


class LegacyColumn(NamedTuple):
    """A column, in the shape of a cursor's description and more."""

    name: str
    type_code: Any
    display_size: int | None
    internal_size: int | None
    precision: int | None
    scale: int | None
    null_ok: bool
    default: str | None
    collation: str | None
    is_autofield: bool
    comment: str


class LegacyIntrospection:
    """What a database holds; the cursor that Django's methods take is not needed, and so not looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def _reader(self) -> Introspection:
        reader = self._database.backend.introspection
        if reader is None:
            raise NotSupportedError(f"The backend {self._database.backend.name} can't read what a database holds.")
        return reader

    def identifier_converter(self, name: str) -> str:
        """Return a name as the database keeps it: as it is."""
        return name

    def get_table_list(self, cursor: object) -> list[LegacyTable]:
        """Return tables and views."""
        kinds = {"table": "t", "partition": "p"}
        found = run(self._reader.tables(self._database.fetch))
        return [LegacyTable(one.name, kinds.get(one.kind, "v"), one.comment) for one in found]

    def table_names(self, cursor: object = None, include_views: bool = False) -> list[str]:
        """Return the names of tables, with ``include_views`` those of views too."""
        return sorted(one.name for one in self.get_table_list(cursor) if include_views or one.type in "tp")

    def get_table_description(self, cursor: object, table_name: str) -> list[LegacyColumn]:
        """Return a table's columns."""
        found = run(self._reader.columns(self._database.fetch, table_name))
        if not found:  # the database says that there is no such table, in its own words
            run(self._database.fetch(f"SELECT * FROM {self._database.dialect.quote(table_name)} WHERE 1 = 0"))
        return [_column(one) for one in found]

    def get_field_type(self, data_type: Any, description: LegacyColumn) -> str:
        """Return the name of the field class for a column."""
        column = ColumnInfo(
            description.name,
            data_type,
            description.null_ok,
            primary_key=description.is_autofield,
            identity=description.is_autofield,
            size=description.internal_size,
            precision=description.precision,
            scale=description.scale,
        )
        return self._reader.field_type(column)[0]

    def get_constraints(self, cursor: object, table_name: str) -> dict[str, dict[str, Any]]:
        """Return a table's constraints and indexes by name; ``orders`` and ``type`` are an index's."""
        found = run(self._reader.constraints(self._database.fetch, table_name))
        return {name: _constraint(one) for name, one in found.items()}

    def get_primary_key_columns(self, cursor: object, table_name: str) -> list[str] | None:
        """Return the columns of a table's primary key."""
        for one in self.get_constraints(cursor, table_name).values():
            if one["primary_key"]:
                return list(one["columns"])
        return None

    def get_primary_key_column(self, cursor: object, table_name: str) -> str | None:
        """Return the first column of a table's primary key."""
        columns = self.get_primary_key_columns(cursor, table_name)
        return columns[0] if columns else None

    def get_sequences(self, cursor: object, table_name: str, table_fields: object = ()) -> list[dict[str, str]]:
        """Return the table's generated key: the table, the column, and the name of the sequence where there is one."""
        key = self.get_primary_key_column(cursor, table_name)
        if key is None:
            return []
        query = self._database.dialect.counter_of(table_name, key)
        if query is None:
            return [{"table": table_name, "column": key}]
        name = run(self._database.fetch(query.replace("%%", "%")))[0][0]
        if name is None:
            return []
        return [{"name": name.rpartition(".")[2].strip('"'), "table": table_name, "column": key}]

    def sequence_list(self) -> list[dict[str, str]]:
        """Return the generated keys of all managed models and their join tables, as ``get_sequences`` does."""
        return [one for table in self.django_table_names() for one in self.get_sequences(None, table)]

    def django_table_names(self, only_existing: bool = False, include_views: bool = True) -> list[str]:
        """Return the names of the tables of managed models and their join tables."""
        found = [
            model._meta.db_table
            for model in apps.get_models(include_auto_created=True)
            if can_migrate(model, self._database.alias) and routes.allow_migrate_model(self._database.alias, model)
        ]
        there = set(self.table_names(include_views=include_views)) if only_existing else set(found)
        return [name for name in dict.fromkeys(found) if name in there]

    def installed_models(self, tables: Iterable[str]) -> set[Any]:
        """Return the models whose tables are among ``tables``."""
        wanted = set(tables)
        models = [model for model in apps.get_models() if can_migrate(model, self._database.alias)]
        return {model for model in models if model._meta.db_table in wanted}

    def get_relations(self, cursor: object, table_name: str) -> dict[str, tuple[str, str]]:
        """Return for each column with a foreign key the column and table it refers to."""
        return {
            one["columns"][0]: (one["foreign_key"][1], one["foreign_key"][0])
            for one in self.get_constraints(cursor, table_name).values()
            if one["foreign_key"]
        }


def _constraint(one: ConstraintInfo) -> dict[str, Any]:
    found: dict[str, Any] = {
        "columns": [*one.columns, *one.included] if any(one.columns) or one.included else [],
        "primary_key": one.primary_key,
        "unique": one.unique,
        "foreign_key": (one.foreign_key[0], one.foreign_key[1][0]) if one.foreign_key else None,
        "check": one.check,
        "index": one.index,
        "definition": one.definition or None,
        "options": list(one.options) or None,
    }
    if one.index:
        found["orders"] = [*one.orders, *("ASC" for _ in one.included if one.orders)]
        found["type"] = one.type or None
    return found


def _column(one: ColumnInfo) -> LegacyColumn:
    return LegacyColumn(
        one.name, one.type, one.size, one.size, one.precision, one.scale, one.null, one.default, one.collation,
        one.identity, one.comment,
    )  # fmt: skip
