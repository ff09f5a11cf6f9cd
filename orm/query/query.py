"""A query's statement, to be read and not run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.db.registry import databases
from orm.errors import EmptyResultSet
from orm.query.chain import Chain
from orm.query.plan import select_plan


class Query:
    """A query's statement for reading. ``str()`` shows it with its values put in, which no database would be sent."""

    def __init__(self, queryset: Chain[Any]) -> None:
        self._queryset = queryset

    def sql_with_params(self) -> tuple[str, Sequence[Any]]:
        """Return the SQL that is sent, and its parameters. Raises ``EmptyResultSet`` when none would be."""
        shape, values = self._queryset._sliced()
        plan = shape.plan(databases[self._queryset.db].dialect, values, select_plan)
        if plan.sql is None:
            raise EmptyResultSet("This query can give no row, so none is sent")
        return plan.sql, plan.parameters(values)

    def __str__(self) -> str:
        sql, params = self.sql_with_params()
        return databases[self._queryset.db].dialect.shown(sql, params)

    def __repr__(self) -> str:
        return f"<Query {self}>"
