"""A query's statement, to be read and not run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.db.registry import databases
from orm.errors import EmptyResultSet
from orm.query.chain import Chain
from orm.query.plan import select_plan


class Query:
    """A query's statement for reading. ``str()`` shows it with its values put in, quoted: it can be pasted into the
    database's own shell, while what is sent has parameters.
    """

    def __init__(self, queryset: Chain[Any]) -> None:
        self._queryset = queryset

    def __reduce__(self) -> Any:
        """Pickle what is asked, and not the results, which pickling the queryset itself takes along."""
        queryset = self._queryset
        parts = {name: getattr(queryset, name) for name in PARTS}
        return _restored, (queryset.model, parts)

    # A query stands where its queryset may: in Subquery(), on the right side of a lookup, in annotate().

    @property
    def model(self) -> Any:
        """The model whose rows are asked for."""
        return self._queryset.model

    def embedded(self) -> Any:
        """Return shape and values for use inside another query."""
        return self._queryset.embedded()

    def query_structure(self, values: list[Any]) -> Any:
        """Return the key of this query as part of another, whose values get this one's."""
        return self._queryset.query_structure(values)

    def value_type(self) -> Any:
        """Return the type of the single column of the rows, where there is one and its type is known."""
        return self._queryset.value_type()

    def copy_to(self, queryset: Chain[Any]) -> None:
        """Let another queryset ask what this query asks."""
        for name in PARTS:
            queryset.__dict__[name] = getattr(self._queryset, name)

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


PARTS = ("_shape", "_values", "_low", "_high", "_using", "_prefetch_related_lookups", "_fetch_mode", "_timeout")
"""What of a queryset says what it asks."""


def _restored(model: Any, parts: dict[str, Any]) -> Query:
    queryset: Chain[Any] = Chain(model)
    queryset.__dict__.update(parts)
    return Query(queryset)
