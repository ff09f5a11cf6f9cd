"""Functions that give rows, as SQLite has them: json_each(), and a query of its own for what it has no function for.

An argument stands once in each form, in their order, since it brings its parameters with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orm.sql.dialect import FunctionBeside

_OF_ALIAS = (
    "CASE {0}.type WHEN 'text' THEN json_quote({0}.value) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
    "WHEN 'null' THEN 'null' ELSE CAST({0}.value AS TEXT) END"
)
_AS_JSON = _OF_ALIAS.replace("{0}.", "")
FORMS = {
    "generate_series": (
        "WITH RECURSIVE counted(value, stop, step) AS (SELECT * FROM (SELECT {0} AS value, {1} AS stop, {2} AS step) "
        "WHERE CASE WHEN step = 0 THEN json_type('a step of ' || step) "
        "ELSE (step > 0 AND value <= stop) OR (step < 0 AND value >= stop) END UNION ALL "
        "SELECT value + step, stop, step FROM counted "
        "WHERE (step > 0 AND value + step <= stop) OR (step < 0 AND value + step >= stop)) SELECT value FROM counted"
    ),
    "json_elements": (
        f"SELECT key AS position, {_AS_JSON} AS value FROM (SELECT {{0}} AS given) AS g, json_each(g.given) "
        "WHERE json_type(g.given) = 'array'"
    ),
    "json_items": (
        f"SELECT key, {_AS_JSON} AS value FROM (SELECT {{0}} AS given) AS g, json_each(g.given) "
        "WHERE json_type(g.given) = 'object'"
    ),
}


def as_table(function: str, arguments: Sequence[str], alias: str, columns: Sequence[str]) -> str:
    """Return the rows of a function as a table in FROM; other functions' columns have the names that they give them."""
    form = FORMS.get(function)
    if form is None:
        return f"(SELECT {', '.join(columns)} FROM {function}({', '.join(arguments)})) AS {alias}"
    return f"({re.sub(r'{([0-9])}', lambda place: arguments[int(place[1])], form)}) AS {alias}"


def beside(function: str, alias: str, columns: Sequence[str]) -> FunctionBeside:
    """Return a call that takes columns of the tables before it; a query in its place could not."""
    if function == "generate_series":
        return FunctionBeside("json_each", [f"{alias}.value"], through="ORM_SERIES")
    kind = {"json_elements": "integer", "json_items": "text"}.get(function)
    if kind is None:
        return FunctionBeside(function, [f"{alias}.{column}" for column in columns])
    named = [f"{alias}.key", _OF_ALIAS.replace("{0}", alias)]
    return FunctionBeside("json_each", named, f"typeof({alias}.key) = '{kind}'")
