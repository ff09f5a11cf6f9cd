"""What the column of a drafted field would be, and what a column's default is in a model.

A field is right for a column where it makes the same column: that is what ``orm diff`` compares. Where the library has
no such field, the draft gets the column's own type, and ``inspected_source`` writes a class that says it.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from orm.db.introspection import ColumnInfo, FunctionDefault, Introspection
from orm.errors import Error
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.migrations.inspecting import FieldDraft
    from orm.sql.dialect import Dialect

_TYPE = r"""(?:"(?:[^"%{}\x00]|"")+"|[\w .]|\(\s*-?\d+(?:\s*,\s*-?\d+)*\s*\)|\[\d*\])*"""
"""Words, quoted names, sizes and brackets: what the name of a type is made of, and no statement.
Signs that a template of SQL would fill in are left to the database."""
_WHOLE = ("Integer", "AutoField")


class Call:
    """A call without arguments of one of the library's functions."""

    def __init__(self, function: type) -> None:
        self.function = function


def offered(name: str, reader: Introspection) -> Any:
    """Return the field class or function of a name: of ``orm.models``, or of what the reader's database alone has.

    Raises ``LookupError`` for a name that neither has.
    """
    for module in ("orm.models", "orm.models.functions", reader.own_module):
        found = getattr(import_module(module), name, None) if module else None
        if found is not None:
            return found
    raise LookupError(f"There is no field or function {name}.")


def built(draft: FieldDraft, reader: Introspection) -> Any:
    """Return the field that a draft describes, of no model."""
    arguments = [built(one, reader) for one in draft.elements]
    options = {name: value.function() if isinstance(value, Call) else value for name, value in draft.options.items()}
    cls = offered(draft.kind, reader)
    if draft.own_type is not None:
        said = draft.own_type
        cls = type(cls.__name__, (cls,), {"db_type": lambda self, dialect: said, "__module__": __name__})
    return cls(*arguments, **options)


def differs(draft: FieldDraft, column: ColumnInfo, reader: Introspection, dialect: Dialect) -> bool:
    """Whether the field that a draft describes makes another column than the one that is there."""
    wanted = ddl.finished(built(draft, reader).db_type(dialect)).split(" COLLATE ")[0]
    return reader.normal_type(wanted) != reader.normal_type(column.type.split(" COLLATE ")[0])


def can_be_said(column_type: str) -> bool:
    """Whether the name of a type may stand in a statement as it is."""
    return re.fullmatch(_TYPE, column_type) is not None


def default_of(text: str, draft: FieldDraft, reader: Introspection, dialect: Dialect) -> Any:
    """Return the ``db_default`` of a field for a column's default; None where that is NULL.

    Raises ``ValueError`` where a model has nothing for it.
    """
    value = reader.default_value(text)
    if value is None:
        return None
    if isinstance(value, FunctionDefault):
        return Call(offered(value.name, reader))
    given = _in_python(value, draft)
    tried = built(draft, reader)
    tried.db_default = given
    try:
        tried.to_python(given)
        ddl.default_literal(tried, dialect)
    except (Error, TypeError, ValueError) as error:
        raise ValueError(f"{text} is no value of a {draft.kind}.") from error
    return given


def _in_python(value: str | bool, draft: FieldDraft) -> Any:
    """Return a default as a value that the field takes and a file can hold.

    Raises ``ValueError`` for one that is none.
    """
    if draft.kind == "BooleanField":
        if value in (True, False):
            return value
        if value in ("0", "1", "t", "f", "true", "false"):
            return value in ("1", "t", "true")
        raise ValueError(f"{value!r} is neither true nor false.")
    if isinstance(value, bool):
        raise ValueError(f"{value} is no value of a {draft.kind}.")
    if any(word in draft.kind for word in _WHOLE) and not draft.kind.endswith("RangeField"):
        return int(value)
    if draft.kind == "FloatField":
        return float(value)
    if draft.kind == "JSONField":
        return json.loads(value)
    if draft.kind == "ArrayField" and value == "{}":
        return []
    if draft.kind in ("CharField", "TextField", "DecimalField", "DateField", "DateTimeField", "TimeField", "UUIDField"):
        return value
    raise ValueError(f"What {value!r} is in a {draft.kind} is not known here.")
