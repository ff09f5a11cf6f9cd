"""What a plan takes out of the database that has rows now, whatever the models were called on the way."""

from __future__ import annotations

from typing import Any

from orm.db.registry import databases
from orm.errors import DatabaseError
from orm.migrations.executor import Plan
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.operations import (
    AddField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameModel,
    SeparateDatabaseAndState,
)
from orm.migrations.references import ModelKey
from orm.migrations.state import ProjectState
from orm.models.table_names import table_name


def losses_of(plan: Plan, alias: str) -> list[str]:
    """What of a plan loses columns or tables of which rows are there now, each in a line."""
    found = Losses(alias)
    for migration, backwards in plan:
        operations = reversed(migration.operations) if backwards else migration.operations
        for operation in operations:
            found.follow(operation, migration.app_label, str(migration), backwards)
    return found.told


class Losses:
    """Follows the operations of a plan in the order they run."""

    def __init__(self, alias: str) -> None:
        self.told: list[str] = []
        self.database = databases[alias]
        self.tables: dict[ModelKey, str | None] = {}
        """For models that the plan made, renamed or took on: the table there is now; None for those without one."""
        self.columns: set[tuple[ModelKey, str]] = set()
        """Fields whose columns the plan itself adds: there is nothing in them now."""
        self._state: ProjectState | None = None

    @property
    def state(self) -> ProjectState:
        """The state that the database is in before the plan."""
        if self._state is None:
            loader = MigrationLoader(self.database)
            self._state = loader.project_state(list(loader.applied_migrations.keys() & loader.graph.nodes.keys()))
        return self._state

    def follow(self, operation: Any, label: str, migration: str, backwards: bool) -> None:
        """Hear of one operation, and tell it where it loses something."""
        if isinstance(operation, SeparateDatabaseAndState):
            self._apart(operation, label, migration, backwards)
        elif isinstance(operation, (AddField, CreateModel) if backwards else (RemoveField, DeleteModel)):
            name = operation.name_lower if isinstance(operation, CreateModel | DeleteModel) else operation.model_name
            key = (label, name.lower())
            table = None if (key, operation.name.lower()) in self.columns else self._table(key)
            if table is not None and self._has_rows(table):
                self.told.append(f"{migration}: {'undo ' if backwards else ''}{operation.describe()}")
        elif isinstance(operation, RemoveField if backwards else AddField):
            self.columns.add(((label, operation.model_name.lower()), operation.name.lower()))
        elif isinstance(operation, DeleteModel if backwards else CreateModel):
            self.tables[label, operation.name_lower] = None
        elif isinstance(operation, RenameModel):
            self._rename(operation, label, backwards)

    def _apart(self, operation: SeparateDatabaseAndState, label: str, migration: str, backwards: bool) -> None:
        """What is done to the database may lose rows; what is done to the state says what models are called."""
        before = dict(self.tables)
        steps = operation.database_operations
        for one in reversed(steps) if backwards else steps:
            self.follow(one, label, migration, backwards)
        self.tables = before
        for one in reversed(operation.state_operations) if backwards else operation.state_operations:
            if isinstance(one, RenameModel):
                self._rename(one, label, backwards)
            elif isinstance(one, CreateModel) and not backwards:
                name = one.options.get("db_table") or table_name(f"{label}_{one.name_lower}")
                self.tables[label, one.name_lower] = name

    def _rename(self, operation: RenameModel, label: str, backwards: bool) -> None:
        old, new = operation.old_name_lower, operation.new_name_lower
        was, comes = (new, old) if backwards else (old, new)
        self.tables[label, comes] = self._table((label, was))
        self.tables[label, was] = None
        self.columns = {((label, comes) if key == (label, was) else key, name) for key, name in self.columns}

    def _table(self, key: ModelKey) -> str | None:
        """The table that a model has now; None for a model that has none of its own."""
        if key not in self.tables:
            managed = key in self.state.models and self.state.models[key].options.get("managed", True)
            meta = self.state.apps.get_model(*key)._meta if managed else None
            self.tables[key] = None if meta is None or meta.proxy else meta.db_table
        return self.tables[key]

    def _has_rows(self, table: str) -> bool:
        """Whether a table has rows: also where the database can't say."""
        with self.database.connection() as connection:
            quoted = self.database.dialect.quote(table).replace("%%", "%")
            try:
                return bool(connection.fetch(f"SELECT 1 FROM {quoted} LIMIT 1"))
            except DatabaseError:
                return True
