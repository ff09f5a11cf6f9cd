"""Changing the join table of a many-to-many field into another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.errors import SchemaMismatch
from orm.models import schema_rebuild
from orm.models.schema_draft import TableDraft

if TYPE_CHECKING:
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.described import ModelField


async def alter(editor: AwaitableSchemaEditor, old: ModelField, new: ModelField, strict: bool) -> None:
    """Change one many-to-many field into another.

    Raises ``SchemaMismatch`` where one goes through a model that a program declared: its table is that model's.
    """
    old_through, new_through = old.remote_field.through, new.remote_field.through
    if None in (old_through, new_through) or (
        bool(old_through._meta.auto_created) != bool(new_through._meta.auto_created)
    ):  # fmt: skip
        raise SchemaMismatch(
            f"Cannot alter field {old} into {new} - they are not compatible types (you cannot alter to or from M2M "
            "fields, or add or remove through= on M2M fields)"
        )
    if old_through._meta.auto_created:
        await alter_join_table(editor, old, new, strict)


async def alter_join_table(editor: AwaitableSchemaEditor, old: Any, new: Any, strict: bool = False) -> None:
    """Change the join table of one many-to-many field into another's: its name, its columns, what they refer to."""
    old_through, new_through = old.remote_field.through, new.remote_field.through
    await editor.aalter_db_table(old_through, old_through._meta.db_table, new_through._meta.db_table)
    names = (
        (old.m2m_reverse_field_name(), new.m2m_reverse_field_name()),
        (old.m2m_field_name(), new.m2m_field_name()),
    )
    pairs = [(old_through._meta.get_field(one), new_through._meta.get_field(other)) for one, other in names]
    if editor.dialect.capabilities.alter_columns:
        for before, after in pairs:
            await editor.aalter_field(new_through, before, after, strict)
        return
    quote, table = editor.dialect.quote, new_through._meta.db_table
    await editor.flush(table)
    for before, after in pairs:
        if before.column != after.column:
            await editor.apply(editor.dialect.rename_column(quote(table), quote(before.column), quote(after.column)))
    if not all(schema_rebuild.only_renamed(before, after, editor.dialect) for before, after in pairs):
        await schema_rebuild.rebuild(editor, new_through, TableDraft(new_through))
