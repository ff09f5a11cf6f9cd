"""SQL that users write: from ``%s`` and ``%(name)s`` to a database's own placeholders, Python values to its parameters.

Values are always bound, never put into the text. What this module refuses: placeholders and parameters that don't fit.
"""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orm.errors import ProgrammingError
from orm.late import late_pattern
from orm.records import NamedTuple
from orm.sql.dialect import Dialect
from orm.sql.python_types import beside_own_sql, type_of

_MARK = late_pattern(r"%(?:(%)|(s)|\((\w+)\)s|(.?))", re.DOTALL)


_ALIKE = frozenset({bool, int, float, decimal.Decimal, str, bytes, datetime.date, datetime.timedelta, uuid.UUID})
"""Types whose values are the same if and only if their ``repr`` is."""

_SERIES = (list, tuple, dict, Sequence, Mapping)
"""What parameters come in; the usual classes first, since those are quicker to tell."""

Written = Sequence[Any] | Mapping[str, Any] | None


def bind(dialect: Dialect, sql: str, params: Written) -> tuple[str, tuple[object, ...]]:
    """Return the text with the dialect's placeholders, and its parameters, adapted.

    Without ``params`` the text is not looked at. With them ``%%`` is a percent sign. A parameter has the type that its
    value names, None is NULL, and where placeholders are numbered the same value is one parameter, so that an
    expression in SELECT and in GROUP BY is the same one. Raises ``ProgrammingError`` when placeholders and parameters
    don't fit.
    """
    if params is None:
        return sql, ()
    adapted: list[Any] = []
    numbers: dict[Any, int] = {}
    numbered = dialect.capabilities.numbered_placeholders

    def put(value: object) -> str:
        if value is None:
            return "NULL"
        key = (type(value), repr(value)) if numbered and type(value) in _ALIKE else None
        if key is None or key not in numbers:
            adapted.append(adapt(dialect, value))
            if key is not None:
                numbers[key] = len(adapted)
        return dialect.written_parameter(len(adapted) if key is None else numbers[key], value)

    return _replaced(sql, params, put), tuple(adapted)


class WrittenStatement(NamedTuple):
    """A statement that a caller wrote, in the form that was written and in the one that is bound."""

    sql: str
    """With ``%s`` or ``%(name)s``, where there are parameters."""
    params: Written
    """As the placeholders ask for them, each value as drivers take it."""
    text: str
    """With the dialect's placeholders."""
    values: tuple[Any, ...]
    gives_rows: bool


def written(dialect: Dialect, sql: str, params: Written, gives_rows: bool) -> WrittenStatement:
    """Return a caller's statement in both forms. Raises ``ProgrammingError`` as ``bind`` does."""
    text, values = bind(dialect, sql, params)
    adapted: Written = None
    if isinstance(params, Mapping):
        adapted = {name: adapt(dialect, value) for name, value in params.items()}
    elif params is not None:
        adapted = [adapt(dialect, value) for value in params]
    return WrittenStatement(sql, adapted, text, values, gives_rows)


def bind_each(
    dialect: Dialect, sql: str, rows: Iterable[Sequence[object] | Mapping[str, object]]
) -> tuple[str, list[tuple[object, ...]]]:
    """Return one text for many rows of parameters, and the parameters: what has which type is the statement's to say.

    Raises ``ProgrammingError`` as ``bind`` does.
    """
    text, bound = sql, []
    for row in rows:
        values: list[Any] = []

        def put(value: object, values: list[object] = values) -> str:
            values.append(None if value is None else adapt(dialect, value))
            return dialect.placeholder(len(values))

        text = _replaced(sql, row, put)
        bound.append(tuple(values))
    return text, bound


def _replaced(sql: str, params: Sequence[object] | Mapping[str, object], put: Callable[[object], str]) -> str:
    """Return the text with ``put(value)`` for each placeholder."""
    if isinstance(params, (str, bytes)) or not isinstance(params, _SERIES):
        raise ProgrammingError(f"Parameters are a list, a tuple or a dict, not {params!r}: did you mean [{params!r}]?")
    taken = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal taken
        percent, positional, name, other = found.groups()
        if percent:
            return "%"
        if other is not None:
            raise ProgrammingError(
                f"In SQL with parameters a percent sign is written %%, a parameter %s; found '%{other}' in: {sql}"
            )
        value = _value(params, taken, name if not positional else None, sql)
        taken += 1
        return put(value)

    text = _MARK.sub(replace, sql)
    if not isinstance(params, Mapping) and taken != len(params):
        raise ProgrammingError(f"The SQL has {taken} placeholders for {len(params)} parameters: {sql}")
    return text


def _value(params: Sequence[object] | Mapping[str, object], position: int, name: str | None, sql: str) -> object:
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


def adapt(dialect: Dialect, value: object) -> object:
    """Return a Python value as the drivers take it: a list is an array where there are arrays, and JSON elsewhere."""
    if isinstance(value, (list, tuple)) and dialect.capabilities.array_parameters:
        return [adapt(dialect, item) for item in value]
    sql_type = None if value is None else type_of(value)
    if sql_type is None:
        return value
    adapter = dialect.adapter(sql_type)
    prepared = sql_type.get_prep_value(beside_own_sql(value))
    return prepared if adapter is None else adapter(prepared)
