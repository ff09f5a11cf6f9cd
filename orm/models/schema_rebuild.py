"""Building a table anew, where the database can't alter columns: a new table, the rows copied, the old one dropped.

Kept are the rows, the constraints of the model and those that only the database knows, indexes, triggers, and (since
the last rename is not carried into them) the views and foreign keys that name the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orm.errors import NotSupportedError
from orm.models import schema_columns
from orm.models.schema_draft import TableDraft
from orm.records import NamedTuple
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.db.introspection import ColumnInfo, ConstraintInfo, Introspection
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.described import ModelClass
    from orm.sql.dialect import Dialect

PREFIX = "new__"


async def alter(editor: AwaitableSchemaEditor, model: type[AwaitableModel], old: Any, new: Any) -> None:
    """Change one column: a rename in place, which triggers and views follow, and anything else by building anew."""
    dialect, table = editor.dialect, model._meta.db_table
    if old.column != new.column:
        await editor.apply(
            dialect.rename_column(dialect.quote(table), dialect.quote(old.column), dialect.quote(new.column))
        )
        if only_renamed(old, new, dialect):
            return
    following = []
    if old.unique and schema_columns.referring_type(old, dialect) != schema_columns.referring_type(new, dialect):
        following = await schema_columns.referring_fields(editor, new, old)
    own = {before: field for before in model._meta.local_concrete_fields for field in following
           if field.model._meta.db_table == table and field.name == before.name}  # fmt: skip
    draft = TableDraft(model, replace={old: new, **own})
    await rebuild(editor, model, draft, renamed={old.column: new.column}, filled={new: old})
    for field in following:
        if field.model._meta.db_table != table:
            await rebuild(editor, field.model, TableDraft(field.model))


def only_renamed(old: Any, new: Any, dialect: Dialect) -> bool:
    """Whether two fields make the same column but for its name, which no index of ours carries."""
    definitions = []
    for field in (old, new):
        text = ddl.column_definition(field, dialect)
        definitions.append(text.replace(dialect.quote(field.column), "", 1).replace(dialect.quote(field.column), "?"))
    same_keys = schema_columns.has_key(old, dialect) == schema_columns.has_key(new, dialect)
    if same_keys and schema_columns.has_key(old, dialect):
        same_keys = schema_columns.target_of(old) == schema_columns.target_of(new)
    return definitions[0] == definitions[1] and same_keys and old.db_index == new.db_index


async def rebuild(
    editor: AwaitableSchemaEditor,
    model: Any,
    draft: TableDraft,
    *,
    renamed: dict[str, str] | None = None,
    filled: dict[Any, Any] | None = None,
    unique_gone: Iterable[tuple[str, ...]] = (),
    constraints_gone: Iterable[str] = (),
) -> None:
    """Build a model's table anew as ``draft`` has it.

    Parameters: ``renamed`` are columns that have been renamed in place already; ``filled`` gives the old field of each
    new one whose NULLs are to be filled; ``unique_gone`` and ``constraints_gone`` are not carried over from the
    database.

    Raises ``NotSupportedError`` where other tables refer to this one and the transaction keeps foreign keys.
    """
    table, dialect = model._meta.db_table, editor.dialect
    # What was put off for this table speaks of it as it still is.
    await editor.flush(table)
    reader = editor.database.backend.introspection
    if reader is None:
        raise NotSupportedError(
            f"The backend {editor.database.backend.name} can't rebuild a table: it has no introspection."
        )
    await _refuse_where_keys_are_kept(editor, table)
    found = _declared(model, draft, renamed or {}) if editor.collect_sql else await _there(editor, reader, table)
    ours = {field.column for one in (model, draft) for field in one._meta.local_concrete_fields}
    # Columns that no model knows are another program's, and stay with their values.
    strangers = [column for column in found.columns if column.name not in ours]
    present, known = [*found.names, *(column.name for column in strangers)], found.known
    # Under a name of its own until the rows are over; then it takes the old one's place.
    draft._meta.db_table = PREFIX + table
    create = ddl.create_table(draft, dialect)
    draft._meta.db_table = table
    create = _named_for(create, draft, dialect, table)
    extra = [_stranger(column, dialect) for column in strangers]
    extra += _unknown_constraints(model, draft, known, set(unique_gone), set(constraints_gone), dialect)
    if extra:
        body, end = create.rstrip().removesuffix(")").rstrip(), ",\n    "
        first, rest = body.split("\n", 1)  # columns have to come before constraints
        create = "\n".join([first, *(f"    {line}," for line in extra[: len(strangers)]), rest])
        create = end.join([create, *extra[len(strangers) :]]) + "\n)"
    await editor.aexecute(create)
    # A generated column can't be written; it computes itself from the copied ones.
    kept = [column.name for column in strangers if column.generated is None]
    await _copy(editor, model, draft, present, filled or {}, kept)
    await editor.aexecute(ddl.drop_table(model, dialect))
    around = dialect.around_rename() or (None, None)
    await editor.apply(around[0], dialect.rename_table(dialect.quote(PREFIX + table), dialect.quote(table)), around[1])
    editor.rebuilt.add(table)
    await _restore(editor, model, draft, found.attached, known, {column.name for column in strangers})


class Found(NamedTuple):
    """What a table has before it is built anew: its columns, its constraints, and what hangs on it."""

    names: list[str]
    columns: list[ColumnInfo]
    known: Mapping[str, ConstraintInfo]
    attached: list[tuple[str, str, str]]


async def _there(editor: AwaitableSchemaEditor, reader: Introspection, table: str) -> Found:
    """What the database says of a table."""
    fetch = editor.database.fetch
    columns = await reader.columns(fetch, table)
    attached = await reader.attached(fetch, table)
    return Found([column.name for column in columns], columns, await editor.constraints_of(table), attached)


def _declared(model: ModelClass, draft: TableDraft, renamed: dict[str, str]) -> Found:
    """What the model says of its table, where statements are only collected: the database may be far from there."""
    columns = [str(field.column) for field in model._meta.local_concrete_fields if field not in draft.added]
    return Found([renamed.get(column, column) for column in columns], [], {}, [])


def _stranger(column: ColumnInfo, dialect: Dialect) -> str:
    """The definition of a column that no model speaks of."""
    parts = [ddl.finished(dialect.quote(column.name)), column.type]
    if column.collation:
        parts.append(ddl.finished(dialect.collation(dialect.quote(column.collation))))
    if column.default is not None:
        parts.append(f"DEFAULT ({column.default})")
    if column.generated is not None:
        parts.append(f"GENERATED ALWAYS AS ({column.generated}) {'STORED' if column.stored else 'VIRTUAL'}")
    return " ".join([*parts, *([] if column.null else ["NOT NULL"])])


async def _refuse_where_keys_are_kept(editor: AwaitableSchemaEditor, table: str) -> None:
    switch = editor.dialect.suspend_foreign_keys()
    reader = editor.database.backend.introspection
    if switch is None or reader is None or editor.collect_sql:
        return
    fetch = editor.database.fetch
    if (await fetch(switch[2], ()))[0][0] and await reader.referring(fetch, table):
        raise NotSupportedError(
            f"The table {table} has to be built anew, and other tables refer to it: that can't be done inside a "
            "transaction that keeps foreign keys. Use the schema editor outside atomic(), or make the migration "
            "atomic = False."
        )


def _named_for(create: str, draft: TableDraft, dialect: Dialect, table: str) -> str:
    """Give constraints the names they have for the table's own name, not the one it has while it is copied."""
    for field in ddl.declared_foreign_keys(draft, dialect):
        create = create.replace(
            ddl.finished(ddl.foreign_key_name(field, dialect, PREFIX + table)),
            ddl.finished(ddl.foreign_key_name(field, dialect, table)),
        )
    for group in draft._meta.unique_together:
        columns = [ddl.column_of(draft, name) for name in group]
        create = create.replace(
            ddl.name_of(PREFIX + table, columns, "uniq", dialect), ddl.name_of(table, columns, "uniq", dialect)
        )
    return create


def _unknown_constraints(
    model: type[AwaitableModel],
    draft: TableDraft,
    known: Any,
    unique_gone: set[tuple[str, ...]],
    constraints_gone: set[str],
    dialect: Dialect,
) -> list[str]:
    """The table's named constraints that no model speaks of, as the database has them."""
    meta = model._meta
    ours = {one.name for one in (*meta.constraints, *draft._meta.constraints)} | constraints_gone
    groups = {tuple(ddl.column_of(model, name) for name in group) for group in (*meta.unique_together, *unique_gone)}
    columns = {field.column for field in draft._meta.local_concrete_fields}
    single = {(field.column,) for field in meta.local_concrete_fields}
    return [
        info.definition
        for name, info in known.items()
        if info.definition.upper().startswith("CONSTRAINT")
        and not info.index
        and name not in ours
        and not (info.unique and (info.columns in groups or info.columns in single))
        and columns.issuperset(filter(None, info.columns))
    ]


async def _copy(
    editor: AwaitableSchemaEditor,
    model: type[AwaitableModel],
    draft: TableDraft,
    present: list[str],
    filled: dict[Any, Any],
    kept: list[str],
) -> None:
    """Copy the rows; columns that are new get their default, and NULLs that may not stay are filled."""
    dialect = editor.dialect
    targets = [dialect.quote(name) for name in kept]
    sources = list(targets)
    for field in draft._meta.local_concrete_fields:
        if getattr(field, "generated", False):
            continue
        column = dialect.quote(field.column)
        default = schema_columns.default_literal(field, dialect)
        if field.has_db_default:
            default = ddl.default_literal(field, dialect)
        if field.column in present:
            old = filled.get(field)
            fill = old is not None and old.null and not field.null and default is not None
            source = f"COALESCE({column}, {default})" if fill else column
        elif default is not None:
            source = default
        else:
            continue
        targets.append(column)
        sources.append(source)
    if not targets:
        return
    new, old_table = dialect.quote(PREFIX + model._meta.db_table), dialect.quote(model._meta.db_table)
    await editor.apply(f"INSERT INTO {new} ({', '.join(targets)}) SELECT {', '.join(sources)} FROM {old_table}")


async def _restore(
    editor: AwaitableSchemaEditor,
    model: type[AwaitableModel],
    draft: TableDraft,
    attached: list[tuple[str, str, str]],
    known: Mapping[str, ConstraintInfo],
    kept: set[str],
) -> None:
    """Make the model's indexes again, then the indexes and triggers that only the database knew."""
    dialect = editor.dialect
    columns = {field.column for field in draft._meta.local_concrete_fields} | kept
    for statement in ddl.table_indexes(draft, dialect):
        await editor.aexecute(statement)
    own = {one.name for one in (*model._meta.constraints, *model._meta.indexes)}
    own |= {index.name_for(model, dialect) for index in model._meta.indexes}
    every = columns | {field.column for field in model._meta.local_concrete_fields}
    made = own | {ddl.name_of(model._meta.db_table, [column], ddl.PLAIN_INDEX, dialect) for column in every}
    draft_own = {one.name for one in draft._meta.constraints}
    for kind, name, sql in attached:
        info = known.get(name)
        if kind == "index" and (name in made or name in draft_own):
            continue
        if info is not None and not columns.issuperset(filter(None, info.columns)):
            continue
        if kind == "index" and info is not None and _covered(model, draft, info):
            continue
        await editor.aexecute(sql)


def _covered(model: type[AwaitableModel], draft: TableDraft, info: ConstraintInfo) -> bool:
    """Whether an index stands for a field's ``db_index``, or a group's in ``index_together``, whoever named it."""
    if info.unique or info.condition or info.expressions:
        return False
    for one in (model, draft):
        if any(info.columns == tuple(ddl.column_of(one, name) for name in group) for group in one._meta.index_together):
            return True
    if len(info.columns) != 1:
        return False
    fields = [*model._meta.local_concrete_fields, *draft._meta.local_concrete_fields]
    return any(field.column == info.columns[0] and field.db_index and not field.unique for field in fields)
