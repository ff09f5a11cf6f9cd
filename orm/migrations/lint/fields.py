"""What adding or changing a column does to a table that people use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orm.models import schema_columns
from orm.models.constraints import CheckConstraint
from orm.models.fields import AutoField
from orm.sql import ddl
from orm.sql.conditions import Q
from orm.sql.expressions import Value
from orm.sql.functions import Now

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.models.fields.base import Field
    from orm.sql.dialect import Dialect

_SIZED = re.compile(r"(\w+(?: \w+)*?)\s*(?:\((\d+)(?:,\s*(\d+))?\))?\Z")


CORRUPTS = ((14, 0), (14, 4))
"""From the first until the second a concurrent build may leave rows out of the index (release notes of 14.4)."""
NULLS_COUNT = (15, 0)
"""From here on unique constraints may say that NULL is like NULL."""
VIRTUAL = (18, 0)
"""From here on generated columns need not be stored."""


def of_version(operation: object, version: tuple[int, ...]) -> Iterator[str]:
    """What is wrong with an operation on a server of some version, as ``(14, 2)``, if that is known."""
    if not version:
        return
    builds = getattr(operation, "index", None) or getattr(operation, "operation", None)
    if getattr(operation, "concurrently", False) and builds is not None and CORRUPTS[0] <= version < CORRUPTS[1]:
        yield "index-corrupts"
    constraint = getattr(operation, "constraint", None)
    if getattr(constraint, "nulls_distinct", None) is not None and version < NULLS_COUNT:
        yield "newer-server"
    field = getattr(operation, "field", None)
    if getattr(field, "generated", False) and not getattr(field, "db_persist", True) and version < VIRTUAL:
        yield "newer-server"


def habits(operation: Any) -> Iterator[str]:
    """What is said of a new table: keys of 32 bits, foreign keys without an index."""
    together = [group[0] for group in operation.options.get("unique_together") or () if group]
    begun = {index.fields[0].removeprefix("-") for index in operation.options.get("indexes", ()) if index.fields}
    for name, field in operation.fields:
        if type(field) is AutoField:
            yield "small-key"
        if _unindexed(field) and name not in begun and name not in together:
            yield "unindexed-foreign-key"


def _unindexed(field: Any) -> bool:
    held = field.is_relation and not field.many_to_many and field.db_constraint
    return bool(held and not field.db_index and not field.unique)


def added(field: Any, model: type[AwaitableModel], dialect: Dialect) -> Iterator[str]:
    """What is wrong with a column that is added to a table with rows."""
    if field.many_to_many or not field.concrete:
        return
    if getattr(field, "generated", False):
        if field.db_persist:
            yield "table-rewrite"
        return
    if getattr(field, "auto", False) or (field.has_db_default and not _constant(field.db_default)):
        yield "table-rewrite"
    if not field.null and not field.has_db_default and not getattr(field, "auto", False):
        yield "required-column"
    if field.unique:
        yield "unique-blocks"
    elif field.db_index:
        yield "index-blocks-writes"
    if field.is_relation and field.db_constraint:
        yield "foreign-key-scans"
    if field.db_check("x") is not None:
        yield "check-scans"
    if _unindexed(field):
        yield "unindexed-foreign-key"


def _constant(default: object) -> bool:
    """Whether a default is the same for all rows, so that no row has to be written."""
    return not hasattr(default, "resolve_expression") or isinstance(default, (Value, Now))


def altered(old: Field, new: Field, model: type[AwaitableModel], dialect: Dialect) -> Iterator[str]:
    """What is wrong with a column that changes."""
    if old.many_to_many or not (old.concrete and new.concrete):
        return
    if old.column != new.column:
        yield "renamed-in-use"
    if schema_columns.generated_sql(old, dialect) != schema_columns.generated_sql(new, dialect):
        yield "table-rewrite"
        return
    if schema_columns.column_type(old, dialect) != schema_columns.column_type(new, dialect):
        same_collation = ddl.collation_of(old) == ddl.collation_of(new)
        if not (same_collation and widens(old.db_type(dialect), new.db_type(dialect))):
            yield "table-rewrite"
    if old.null and not new.null and not known_not_null(old, model):
        yield "not-null-scans"
    if new.unique and not old.unique:
        yield "unique-blocks"
    elif new.db_index and not new.unique and not (old.db_index and not old.unique):
        yield "index-blocks-writes"
    if schema_columns.has_key(new, dialect) and (
        not schema_columns.has_key(old, dialect) or schema_columns.target_of(old) != schema_columns.target_of(new)
    ):  # fmt: skip
        yield "foreign-key-scans"
    if new.db_check("x") is not None and old.db_check("x") != new.db_check("x"):
        yield "check-scans"


def widens(old: str, new: str) -> bool:
    """Whether every value of one type is one of the other as it is stored, so that nothing is rewritten."""
    before, after = _SIZED.match(old.lower()), _SIZED.match(new.lower())
    if before is None or after is None:
        return False
    if before[1] in ("varchar", "text") and after[1] in ("varchar", "text"):
        return after[2] is None or (before[2] is not None and int(before[2]) <= int(after[2]))
    if before[1] == after[1] == "numeric":
        if after[2] is None:
            return True
        return before[2] is not None and int(before[2]) <= int(after[2]) and (before[3] or "0") == (after[3] or "0")
    return before[1] == after[1] and before[2] == after[2]


def known_not_null(field: Field, model: type[AwaitableModel]) -> bool:
    """Whether a validated check says already that there is no NULL, which the database takes for proof."""
    return any(
        isinstance(one, CheckConstraint)
        and isinstance(one.condition, Q)
        and not one.condition.negated
        and one.condition.connector == "AND"
        and (f"{field.name}__isnull", False) in one.condition.children
        for one in model._meta.constraints
    )
