"""What it takes to change one column where the database can: the order of statements, and which are needed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.errors import SchemaMismatch
from orm.sql import ddl
from orm.sql.literals import literal

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.dialect import Dialect

NOT_IN_DATABASE = frozenset(
    {
        "blank", "choices", "db_column", "editable", "error_messages", "help_text", "limit_choices_to", "on_delete",
        "related_name", "related_query_name", "validators", "verbose_name",
    }
)  # fmt: skip
"""Options of fields that no table shows."""


def differ(old: Field, new: Field, dialect: Dialect) -> bool:
    """Whether two fields differ in anything the database has, their names of columns included."""
    if old.many_to_many and new.many_to_many and old.name != new.name:
        return True  # the join table is called after the field
    _, old_path, old_args, old_options = old.deconstruct()
    _, new_path, new_args, new_options = new.deconstruct()
    for attribute in NOT_IN_DATABASE | set(getattr(old, "non_db_attrs", ())):
        old_options.pop(attribute, None)
        new_options.pop(attribute, None)
    if old.has_db_default and new.has_db_default and (
        ddl.default_literal(old, dialect) == ddl.default_literal(new, dialect)
    ):  # fmt: skip
        new_options["db_default"] = old_options["db_default"]
    for field, options in ((old, old_options), (new, new_options)):
        if field.is_relation and not field.many_to_many and not isinstance(field.remote_field.model, str):
            options["to"] = field.related_model._meta.db_table
    if old.concrete and new.concrete and (
        dialect.quote(old.column) != dialect.quote(new.column) or old.db_type(dialect) != new.db_type(dialect)
    ):  # fmt: skip
        return True
    return bool((old_path, old_args, old_options) != (new_path, new_args, new_options))


def effective_default(field: Any, dialect: Dialect) -> object:
    """What rows that exist already get for a field, as the driver takes it; None for nothing."""
    if getattr(field, "generated", False):
        return None
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        value = field.clock() if hasattr(field, "clock") else field.pre_save(_Blank(), True)
    elif field.has_default():
        value = field.get_default()
    elif not field.null and field.blank and field.empty_strings_allowed:
        value = b"" if field.kind == "binary" else ""
    else:
        return None
    prepared = field.get_prep_value(value)
    adapter = dialect.adapter(field)
    return prepared if prepared is None or adapter is None else adapter(prepared)


class _Blank:
    """An instance without values, for fields that make their value from the clock."""


def default_literal(field: Field, dialect: Dialect) -> str | None:
    """``effective_default`` as SQL text, in the compiler's form; None for nothing."""
    value = effective_default(field, dialect)
    return None if value is None else literal(value, dialect)


def has_key(field: Any, dialect: Dialect) -> bool:
    """Whether a field's column has a foreign key in the database."""
    return bool(
        field.is_relation and not field.many_to_many and field.db_constraint and dialect.capabilities.foreign_keys
    )


async def drop_referring(editor: AwaitableSchemaEditor, table: str, column: str) -> list[str]:
    """Drop the foreign keys of all tables that refer to a column; return the names of the tables."""
    dropped = []
    own = [(table, name) for name, info in (await editor.constraints_of(table)).items() if info.foreign_key]
    for other, name in [*await editor.referring(table), *own]:
        info = (await editor.constraints_of(other)).get(name)
        if info is not None and info.foreign_key == (table, (column,)):
            await editor.drop_constraint(other, name)
            dropped.append(other)
    return dropped


async def alter(
    editor: AwaitableSchemaEditor, model: type[AwaitableModel], old: object, new: object, strict: bool
) -> None:
    """Change a column with ALTER TABLE."""
    await Change(editor, model, old, new, strict).run()


class Change:
    """One column on its way from one field to another."""

    def __init__(
        self, editor: AwaitableSchemaEditor, model: type[AwaitableModel], old: Any, new: Any, strict: bool
    ) -> None:
        self.editor, self.model, self.old, self.new, self.strict = editor, model, old, new, strict
        self.dialect = editor.dialect
        self.table = model._meta.db_table
        self.quoted = self.dialect.quote(self.table)
        self.old_type, self.new_type = old.db_type(self.dialect), new.db_type(self.dialect)
        self.old_collation = ddl.collation_of(old)
        self.new_collation = ddl.collation_of(new)
        self.type_changes = column_type(old, self.dialect) != column_type(new, self.dialect)
        self.referring: list[Any] = []

    async def run(self) -> None:
        """Run every step that is needed, in an order that each step allows."""
        await self.drop_what_goes()
        if self.old.column != self.new.column:
            await self.editor.apply(
                self.dialect.rename_column(self.quoted, *map(self.dialect.quote, (self.old.column, self.new.column)))
            )
        self.column = self.dialect.quote(self.new.column)
        if generated_sql(self.old, self.dialect) != generated_sql(self.new, self.dialect):
            await self.generate()
        else:
            await self.change_type()
            await self.change_default_and_null()
        await self.add_what_comes()
        if (getattr(self.old, "db_comment", None) or None) != (getattr(self.new, "db_comment", None) or None):
            await self.editor.apply(self.editor.column_comment(self.table, self.new))

    # -- before ----------------------------------------------------------------------------------------------------

    async def drop_what_goes(self) -> None:
        """Drop the keys, constraints and indexes that the new column does not have, or would be in the way."""
        old, new, editor = self.old, self.new, self.editor
        meta = self.model._meta
        named = {one.name for one in (*meta.constraints, *meta.indexes)}
        if has_key(old, self.dialect) and (
            not has_key(new, self.dialect) or self.type_changes or target_of(old) != target_of(new)
        ):  # fmt: skip
            await self.drop(await editor.names_of(self.table, [old.column], foreign_key=True), "foreign key")
            self.key_dropped = True
        if old.unique and (self.type_changes or not new.unique):
            self.referring = await referring_fields(editor, new, old) if self.type_changes else []
            # What waits to be made for those columns is for the type they have now.
            await editor.flush(*(field.model._meta.db_table for field in self.referring))
            await drop_referring(editor, self.table, old.column)
            for field in self.referring:
                if field.unique:  # a key itself, as the link to a parent's table is: others refer to it
                    await drop_referring(editor, field.model._meta.db_table, field.column)
        if old.unique and not old.primary_key and (not new.unique or new.primary_key):
            together = [tuple(ddl.column_of(self.model, name) for name in group) for group in meta.unique_together]
            if (old.column,) not in together:
                found = await editor.names_of(self.table, [old.column], unique=True, primary_key=False, exclude=named)
                await self.drop(found, "unique")
        if old.primary_key and not new.primary_key:
            await self.drop(await editor.names_of(self.table, [old.column], primary_key=True), "primary key")
        await self.drop_indexes(self.indexes(old) - self.indexes(new), named)
        if self.check(old) != self.check(new) and self.check(old):
            found = await editor.names_of(self.table, [old.column], check=True, exclude=named)
            await self.drop(found, "check")

    key_dropped = False

    def indexes(self, field: Field) -> set[str | None]:
        """The indexes that a field brings: None for the plain one, and the operator class of the one LIKE uses."""
        patterns = self.dialect.pattern_index(field)
        return {None if kind == ddl.PLAIN_INDEX else patterns for kind in ddl.index_kinds(field, self.dialect)}

    async def drop_indexes(self, gone: set[str | None], named: set[str]) -> None:
        """Drop those indexes of the column that the field had brought and brings no more; others' are left alone."""
        patterns = self.dialect.pattern_index(self.old)
        await drop_brought(self.editor, self.table, self.old.column, patterns, gone, named)

    async def drop(self, names: list[str], kind: str) -> None:
        """Drop constraints by name.

        Raises ``SchemaMismatch`` with ``strict`` unless there is exactly one.
        """
        if self.strict and len(names) != 1:
            raise SchemaMismatch(
                f"Found wrong number ({len(names)}) of {kind} constraints for {self.table}.{self.old.column}"
            )
        for name in names:
            await self.editor.drop_constraint(self.table, name)

    def check(self, field: Field) -> str | None:
        """The condition that a field's column keeps."""
        condition: str | None = field.column_check(self.dialect.quote(self.old.column), self.dialect)
        return condition

    # -- the column ------------------------------------------------------------------------------------------------

    async def generate(self) -> None:
        """Make the column anew, where what computes it changes: what it holds is computed."""
        await self.editor.apply(
            self.dialect.drop_column(self.quoted, self.column),
            self.dialect.add_column(self.quoted, ddl.column_definition(self.new, self.dialect)),
        )

    async def change_type(self) -> None:
        """Change type, collation and who numbers the rows."""
        dialect, editor = self.dialect, self.editor
        was_auto, is_auto = getattr(self.old, "auto", False), getattr(self.new, "auto", False)
        if was_auto and not is_auto:
            await editor.apply(*dialect.change_generated_key(self.quoted, self.column, False))
        if self.type_changes:
            convert = self.old_type.split("(")[0] != self.new_type.split("(")[0]
            convert = convert and not getattr(self.new, "generated", False)  # what is computed is computed anew
            if convert and self.old.has_db_default:
                await editor.apply(dialect.change_default(self.quoted, self.column, None))
            await editor.apply(dialect.change_type(self.quoted, self.column, self.new_type, self.collation(), convert))
            if was_auto and is_auto:
                await self.change_counter()
        if is_auto and not was_auto:
            await editor.apply(*dialect.change_generated_key(self.quoted, self.column, True))

    async def change_counter(self) -> None:
        """Let the sequence that numbers the column count as far as its new type does."""
        query = self.dialect.counter_of(self.quoted, self.new.column)
        if query is None:
            return
        if self.editor.collect_sql and not self.editor.may_ask(self.table):
            name = self.dialect.implied_name(self.table, self.new.column, "seq")
            await self.editor.apply(self.dialect.change_counter(self.dialect.quote(name), self.new_type))
            return
        for (sequence,) in await self.editor.database.fetch(ddl.finished(query), ()):
            if sequence is not None:
                await self.editor.aexecute(self.dialect.change_counter(sequence, self.new_type))

    def collation(self) -> str | None:
        """The quoted collation that the column gets; None for leaving it to its type."""
        if self.old_collation and not self.new_collation and self.new.kind in ("char", "text"):
            return self.dialect.quote("default")
        return self.dialect.quote(self.new_collation) if self.new_collation else None

    async def change_default_and_null(self) -> None:
        """Fill NULLs where none may be left, and change NULL and the default."""
        dialect, editor = self.dialect, self.editor
        old, new = self.old, self.new
        if new.has_db_default and (
            not old.has_db_default or self.type_changes
            or ddl.default_literal(old, dialect) != ddl.default_literal(new, dialect)
        ):  # fmt: skip
            await editor.apply(dialect.change_default(self.quoted, self.column, ddl.default_literal(new, dialect)))
        elif old.has_db_default and not new.has_db_default:
            await editor.apply(dialect.change_default(self.quoted, self.column, None))
        if getattr(new, "generated", False):
            return  # what is computed may be NULL, whatever the field says
        if old.null and not new.null and not new.primary_key:
            fill = ddl.default_literal(new, dialect) if new.has_db_default else default_literal(new, dialect)
            if fill is not None:
                await editor.apply(f"UPDATE {self.quoted} SET {self.column} = {fill} WHERE {self.column} IS NULL")
                if not editor.collect_sql:
                    await editor.apply(*dialect.settle_constraints())
        if old.null != new.null:
            await editor.apply(dialect.change_null(self.quoted, self.column, new.null))

    # -- after -----------------------------------------------------------------------------------------------------

    async def add_what_comes(self) -> None:
        """Add the keys, constraints and indexes that the old column did not have, or that were in the way."""
        old, new, dialect, editor = self.old, self.new, self.dialect, self.editor
        if new.primary_key and not old.primary_key:
            await self.make_key()
        elif new.unique and not new.primary_key and not (old.unique and not old.primary_key):
            clause = ddl.unique_clause(self.table, [new.column], dialect)
            await editor.apply(dialect.add_constraint(self.quoted, clause))
        coming = self.indexes(new) - self.indexes(old)
        for kind in ddl.index_kinds(new, dialect):
            if (None if kind == ddl.PLAIN_INDEX else dialect.pattern_index(new)) in coming:
                await editor.aexecute(ddl.field_index(self.model, new, kind, dialect))
        if has_key(new, dialect) and (self.key_dropped or not has_key(old, dialect)):
            await editor.aexecute(ddl.add_foreign_key(new, dialect, self.table))
        if self.referring:
            await self.restore_referring()
        if self.check(new) and self.check(old) != self.check(new):
            name = ddl.name_of(self.table, [new.column], "check", dialect)
            clause = f"CONSTRAINT {dialect.quote(name)} CHECK ({new.column_check(self.column, dialect)})"
            await editor.apply(dialect.add_constraint(self.quoted, clause))

    async def make_key(self) -> None:
        """Make the column the primary key, in place of the one there is."""
        for name, info in (await self.editor.constraints_of(self.table)).items():
            if info.primary_key:
                await drop_referring(self.editor, self.table, str(info.columns[0]))
                await self.editor.drop_constraint(self.table, name)
        name = ddl.name_of(self.table, [self.new.column], "pk", self.dialect)
        clause = f"CONSTRAINT {self.dialect.quote(name)} PRIMARY KEY ({self.column})"
        await self.editor.apply(self.dialect.add_constraint(self.quoted, clause))

    async def restore_referring(self) -> None:
        """Give the columns that refer to this one its new type, and their foreign keys back."""
        was, comes = (self.dialect.pattern_index(one) for one in (self.old, self.new))
        for field in self.referring:
            table = field.model._meta.db_table
            quoted, column = self.dialect.quote(table), self.dialect.quote(field.column)
            if was is not None and was != comes:
                await drop_brought(self.editor, table, field.column, was, {was}, set())
            await self.editor.apply(self.dialect.change_type(quoted, column, self.new_type, self.collation(), True))
            if comes is not None and was != comes and (field.db_index or field.unique):
                await self.editor.aexecute(ddl.field_index(field.model, field, ddl.PATTERN_INDEX, self.dialect))
        for field in self.referring:
            if has_key(field, self.dialect):
                await self.editor.aexecute(ddl.add_foreign_key(field, self.dialect, field.model._meta.db_table))


async def drop_brought(
    editor: AwaitableSchemaEditor,
    table: str,
    column: str,
    patterns: str | None,
    gone: set[str | None],
    named: set[str],
) -> None:
    """Drop those of a column's indexes that its field had brought, and that are gone with it.

    Parameters: ``patterns`` is the operator class of the one for LIKE; ``gone`` are None for the plain one, and that
    operator class; ``named`` are indexes of somebody's own, which stay.
    """
    if not gone:
        return
    known = await editor.constraints_of(table)
    for name in await editor.names_of(table, [column], index=True, unique=False, exclude=named):
        for_patterns = patterns is not None and patterns in known[name].definition
        if known[name].type in ("", "idx") and (patterns if for_patterns else None) in gone:
            await editor.drop_index(table, name)


def generated_sql(field: Field, dialect: Dialect) -> str | None:
    """What computes a generated column; None for a plain one."""
    return ddl.generated_clause(field, dialect) if getattr(field, "generated", False) else None


def target_of(field: Any) -> tuple[str, str]:
    target = field.target_field
    return target.model._meta.db_table, target.column


def column_type(field: Field, dialect: Dialect) -> tuple[Any, str | None]:
    """What a column holds: its type and its collation."""
    return field.db_type(dialect), ddl.collation_of(field)


def referring_type(field: Field, dialect: Dialect) -> tuple[str, Any, str | None]:
    """What the type of a column that refers to this one depends on; a numbered key may have a type of its own."""
    return field.kind, field.rel_db_type(dialect), ddl.collation_of(field)


async def referring_fields(editor: AwaitableSchemaEditor, new: object, old: object) -> list[Any]:
    """The foreign keys of other models to this column whose tables are in the database: they follow its type."""
    reader = editor.database.backend.introspection
    fields = [rel.field for rel in relations_to(new, old)]
    if reader is None or editor.collect_sql:
        return fields
    tables = {one.name for one in await reader.tables(editor.database.fetch)} if fields else set()
    return [field for field in fields if field.model._meta.db_table in tables]


def relations_to(new: Any, old: Any) -> list[Any]:
    """The far sides of foreign keys of other models that refer to this column, or to one of theirs that does."""
    owned = next((field for field in (new, old) if vars(field).get("model") is not None), None)
    found: dict[Any, None] = {}
    waiting = [] if owned is None else [(owned, {new.name, old.name})]
    while waiting:
        field, names = waiting.pop()
        for rel in field.model._meta.all_related_objects:
            if rel not in found and not rel.field.many_to_many and rel.field.target_field.name in names:
                found[rel] = None
                waiting += [(rel.field, {rel.field.name})] if rel.field.unique else []
    return list(found)


def tables_beside(model: type[AwaitableModel]) -> set[str]:
    """The tables of a model's state: where statements are only collected, those that are still to be there."""
    return {one._meta.db_table for one in model._meta.apps.get_models(include_auto_created=True)}
