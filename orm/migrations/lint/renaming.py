"""Another name for a table in use: a view under the old name, which code that knows that reads and writes.

The view comes in the transaction that renames the table, and goes in a migration after it, when the code that knows the
old name is gone. What has no such form: a database whose views can't be written to, a model that others' many-to-many
fields refer to (columns of their join tables are called after it), and a name that stays in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.lint.parts import Part
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState
    from orm.sql.dialect import Dialect

_NAME = r'"(?:[^"]|"")*"'
_ALIAS = re.compile(rf"SELECT {_NAME} AS {_NAME}(?:, {_NAME} AS {_NAME})* FROM {_NAME}(?:\.{_NAME})?")


def behind_views(operation: Any, state: ProjectState, app: str, dialects: Sequence[Dialect]) -> list[Part]:
    """Return what to do in place of a RenameModel or AlterModelTable; nothing where it has no such form.

    Parameters: ``state`` is the one before; ``dialects`` are those of the databases that get such views.
    """
    writing = [one for one in dialects if one.capabilities.updatable_views]
    after = state.clone()
    operation.state_forwards(app, after)
    renamed = isinstance(operation, ops.RenameModel)
    old = state.apps.get_model(app, operation.old_name if renamed else operation.name)
    new = after.apps.get_model(app, operation.new_name if renamed else operation.name)
    if not writing or (renamed and _is_joined(old)):
        return []
    tables = list(_tables(old, new))
    views = {
        was._meta.db_table: {one.name: _alias(was, now, one) for one in writing}
        for was, now in tables
        if was._meta.db_table != now._meta.db_table
    }
    made = [ops.CreateView(name, query) for name, query in views.items()]
    gone = [ops.RemoveView(name, query) for name, query in views.items()]
    return [Part(True, [operation, *made], "rename"), Part(True, gone)]


def is_alias(query: Any) -> bool:
    """Whether the query of a view gives a table's columns other names and does no more, as those made here do."""
    texts = [query] if isinstance(query, str) else list(query.values())
    return bool(texts) and all(_ALIAS.fullmatch(one) for one in texts)


def _is_joined(model: Any) -> bool:
    """Whether join tables of others have a column that is called after a model."""
    return any(
        rel.field.many_to_many and rel.related_model is not model and rel.field.remote_field.through._meta.auto_created
        for rel in model._meta.all_related_objects
    )


def _tables(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """The models whose tables change their names, before and after: the model, and its own join tables."""
    yield old, new
    for was, now in zip(old._meta.local_many_to_many, new._meta.local_many_to_many, strict=True):
        if was.remote_field.through._meta.auto_created:
            yield was.remote_field.through, now.remote_field.through


def _alias(old: Any, new: Any, dialect: Dialect) -> str:
    """A query of a table's columns under the names that they had."""
    quote = dialect.quote
    pairs = zip(ddl.columns_of_table(old), ddl.columns_of_table(new), strict=True)
    columns = ", ".join(f"{quote(now.column)} AS {quote(was.column)}" for was, now in pairs)
    return ddl.finished(f"SELECT {columns} FROM {quote(new._meta.db_table)}")
