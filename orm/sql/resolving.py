"""What a query's parts are resolved against, and what can be resolved: the contract between expressions and builders.

An expression turns names into columns and values into slots by asking a ``Resolver`` for them; the builders in
``orm.query`` are resolvers. What can be resolved (``F``, ``Q``, expressions, those of a program's own) is
``Resolvable``; a queryset is ``Embeddable``: it becomes a subquery.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from orm.sql.expressions import Expression
    from orm.sql.path import Path
    from orm.sql.select import SubSelect
    from orm.sql.types import SQLType

Prepare = Callable[[Any], Any]
"""Makes the canonical value of what a user gave, or raises for what can't be one."""


class Resolver(Protocol):
    """Knows what names mean in one query, and keeps the values of its parts."""

    @property
    def of_upsert(self) -> bool:
        """Whether there is a row that was to be inserted, besides the one that is there."""
        ...

    def resolve_ref(
        self, name: str, allow_joins: bool = True, reuse: set[str] | None = None, summarize: bool = False
    ) -> Expression:
        """Return the expression a name stands for. Raises ``FieldError`` where it is none."""
        ...

    def resolve_condition(
        self,
        condition: Resolvable,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
    ) -> Expression:
        """Return a condition resolved; all its relations with many rows speak of the same rows."""
        ...

    def resolve_value(self, value: object, lhs: Expression, many: bool = False) -> Expression:
        """Return the right side of a lookup; ``many``: it may be a subquery of several rows."""
        ...

    def path(self, name: str) -> Path:
        """Return where a name leads from the model. Raises ``FieldError`` when its first part is nothing there."""
        ...

    def take_slot(self, value: object, prepare: Prepare | None) -> int:
        """Return the slot of the next value, which ``prepare`` makes canonical."""
        ...

    def mark_list(self, slot: int) -> None:
        """Say that a slot holds the list of an IN, whose length may be part of the text."""
        ...

    def refuse_sharing(self) -> None:
        """Say that the text depends on values, so that the shape is of no use to other queries."""
        ...

    def preparer_for(self, lhs: Expression, sql_type: SQLType) -> Prepare:
        """Return what prepares a value compared to ``lhs``; it names ``lhs`` when it refuses one."""
        ...

    def describe(self, lhs: Expression) -> str:
        """Return what to call an expression in an error."""
        ...

    def embed_value(
        self,
        queryset: Embeddable,
        template: str,
        output_field: SQLType | None,
        *,
        ordered: bool = False,
        first: bool = False,
    ) -> SubSelect:
        """Return a queryset of one column as a value; ``ordered`` where the order of its rows matters, ``first`` where
        it is the first row that matters.
        """
        ...

    def embed_rows(self, queryset: Embeddable, row: Expression) -> SubSelect:
        """Return the rows of a queryset as what a row of several expressions is compared with."""
        ...

    def embed_condition(self, queryset: Embeddable, template: str) -> SubSelect:
        """Return whether a queryset has rows, as a condition."""
        ...


class Resolvable(Protocol):
    """What can stand in a query: ``F``, ``Q``, every expression, and what a program writes with this method."""

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return this with names turned into columns of ``query`` and values into slots."""
        ...


class Embeddable(Protocol):
    """A queryset, as far as a query that it becomes part of knows it."""

    @property
    def model(self) -> Any: ...

    def query_structure(self, values: list[object]) -> Hashable:
        """Return the key of this query as part of another, whose values get this one's."""
        ...

    def value_type(self) -> SQLType | None:
        """Return the type of the single column of the rows, where there is one and its type is known."""
        ...
