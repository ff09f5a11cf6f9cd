"""The schema editor as scripts know it: with the names of templates and helpers that they reach for."""

from __future__ import annotations

from collections.abc import Sequence

from orm.models.schema_editor_blocking import SchemaEditor
from orm.sql import ddl


class LegacySchemaEditor(SchemaEditor):
    """What ``connection.schema_editor()`` gives."""

    @property
    def sql_delete_table(self) -> str:
        """The template of DROP TABLE; tables that refer to it lose their foreign keys where the database lets them."""
        return f"DROP TABLE %(table)s{' CASCADE' if self.dialect.capabilities.alter_columns else ''}"

    @property
    def sql_create_table(self) -> str:
        """The template of CREATE TABLE."""
        return "CREATE TABLE %(table)s (%(definition)s)"

    def _create_index_name(self, table_name: str, column_names: Sequence[str], suffix: str = "") -> str:
        """Return the name that an index on these columns gets."""
        return ddl.name_of(table_name, column_names, suffix.lstrip("_"), self.dialect)

    def table_sql(self, model: object) -> tuple[str, list[object]]:
        """Return the statement that creates a model's table, and its parameters: none."""
        return ddl.create_table(model, self.dialect), []
