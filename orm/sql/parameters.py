"""SQL that users write: from ``%s`` and ``%(name)s`` to a database's own placeholders, Python values to its parameters.

Values are always bound, never put into the text. What this module refuses: placeholders and parameters that don't fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orm.errors import ProgrammingError
from orm.sql.dialect import Dialect
from orm.sql.types import type_of

_MARK = re.compile(r"%(?:(%)|(s)|\((\w+)\)s|(.?))", re.DOTALL)


def bind(dialect: Dialect, sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> tuple[str, tuple[Any, ...]]:
    """Return the text with the dialect's placeholders, and its parameters, adapted.

    Without ``params`` the text is not looked at. With them ``%%`` is a percent sign. Raises ``ProgrammingError`` when
    placeholders and parameters don't fit.
    """
    if params is None:
        return sql, ()
    if isinstance(params, (str, bytes)):
        raise ProgrammingError(f"Parameters are a list, a tuple or a dict, not {params!r}: did you mean [{params!r}]?")
    values: list[Any] = []

    def replace(found: re.Match[str]) -> str:
        percent, positional, name, other = found.groups()
        if percent:
            return "%"
        if other is not None:
            raise ProgrammingError(
                f"In SQL with parameters a percent sign is written %%, a parameter %s; found '%{other}' in: {sql}"
            )
        values.append(_value(params, len(values), name if not positional else None, sql))
        return dialect.placeholder(len(values))

    text = _MARK.sub(replace, sql)
    if not isinstance(params, Mapping) and len(values) != len(params):
        raise ProgrammingError(f"The SQL has {len(values)} placeholders for {len(params)} parameters: {sql}")
    return text, tuple(_adapt(dialect, value) for value in values)


def _value(params: Sequence[Any] | Mapping[str, Any], position: int, name: str | None, sql: str) -> Any:
    """Return the parameter for the next placeholder."""
    if isinstance(params, Mapping) != (name is not None):
        form = "%(name)s" if isinstance(params, Mapping) else "%s"
        raise ProgrammingError(f"With a {type(params).__name__} of parameters placeholders are {form}: {sql}")
    if isinstance(params, Mapping):
        if name is None or name not in params:
            raise ProgrammingError(f"There is no parameter {name!r} among {', '.join(map(repr, params)) or 'none'}.")
        return params[name]
    if position >= len(params):
        raise ProgrammingError(f"The SQL has more placeholders than its {len(params)} parameters: {sql}")
    return params[position]


def _adapt(dialect: Dialect, value: Any) -> Any:
    """Return a Python value as the drivers take it."""
    sql_type = None if value is None else type_of(value)
    if sql_type is None:
        return value
    adapter = dialect.adapter(sql_type)
    prepared = sql_type.get_prep_value(value)
    return prepared if adapter is None else adapter(prepared)
