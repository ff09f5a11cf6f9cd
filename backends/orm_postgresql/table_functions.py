"""Functions that give rows, as PostgreSQL has them: what is no array, or no object, has no rows, and is no error."""

from __future__ import annotations

from collections.abc import Sequence

FORMS = {
    "json_elements": (
        "SELECT f.n - 1, f.value FROM (SELECT {0} AS given) AS g CROSS JOIN LATERAL jsonb_array_elements("
        "CASE jsonb_typeof(g.given) WHEN 'array' THEN g.given END) WITH ORDINALITY AS f(value, n)"
    ),
    "json_items": (
        "SELECT f.key, f.value FROM (SELECT {0} AS given) AS g CROSS JOIN LATERAL jsonb_each("
        "CASE jsonb_typeof(g.given) WHEN 'object' THEN g.given END) AS f(key, value)"
    ),
}


def as_table(function: str, arguments: Sequence[str], alias: str, columns: Sequence[str]) -> str:
    """Return the rows of a function as a table in FROM."""
    form = FORMS.get(function)
    called = f"{function}({', '.join(arguments)})" if form is None else f"({form.replace('{0}', arguments[0])})"
    return f"{called} AS {alias}({', '.join(columns)})"
