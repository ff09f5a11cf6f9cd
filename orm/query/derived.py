"""A query made a table in FROM of another: counting its rows, and aggregating over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.query.builder import Builder, Prepare
from orm.query.layout import declared_ordering, finish
from orm.sql.columns import Col, Ref
from orm.sql.conditions import Q, Where, built_kind
from orm.sql.lookups import IsNull
from orm.sql.nodes import Node
from orm.sql.order_joins import clear_ordering
from orm.sql.path import Path
from orm.sql.select import Join, Output, Select, SubSelect
from orm.sql.sources import SelectedRows
from orm.sql.types import SQLType

if TYPE_CHECKING:
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Embeddable, Resolvable


def around(builder: Builder, inner: Select) -> Select:
    """Make the query one around ``inner``, whose rows it selects from, and return it."""
    rows = {"rows": Join("rows", "rows", source=SelectedRows(select=named_columns(inner)))}
    outer = Select(builder.model, rows, order_by=(), comment=inner.comment)
    builder.select = outer
    return outer


def named_columns(select: Select) -> Select:
    """Return the select with a name for each column, as a table in FROM must have."""
    named = select.copy()
    if select.combination is not None:
        parts = tuple(named_columns(part) for part in select.combination.parts)
        named.combination = select.combination._replace(parts=parts)
    else:
        named.outputs = tuple(Output(o.expression, f"c{i}") for i, o in enumerate(select.outputs or ()))
    return named


class SourceBuilder:
    """Resolves names for an aggregate over a subquery: what is named becomes a column of the subquery."""

    of_upsert = False

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.known: dict[str, Any] = {}
        inner = builder.select
        if inner.combination is not None or inner.distinct:
            if inner.distinct and not inner.distinct_on and inner.limit is None and inner.offset is None:
                clear_ordering(inner)  # a column to order by would make more rows differ
            self.inner, layout = finish(inner)
            self.names = layout.names
            builder.select = self.inner  # what is named from here on is joined there
        else:
            self.inner = inner
            self.names = ()
            if inner.outputs is None:
                # What the rows are grouped by besides: rows are as many as they are when they are fetched.
                chosen = inner.selected if inner.group_by is not None else ()
                items = [inner.annotations[name] for name in chosen]
                inner.outputs = tuple(Output(item) for item in items if not item.contains_aggregate)
            if inner.limit is None and inner.offset is None and not inner.distinct_on:
                clear_ordering(inner)
            elif inner.order_by is None:
                inner.order_by = declared_ordering(builder) if inner.group_by is None else ()
        self.columns: list[Output] = list(self.inner.outputs or ())

    def resolve_ref(self, name: str, allow_joins: bool = True, reuse: Any = None, summarize: bool = False) -> Any:
        """Return a column of the subquery."""
        if name in self.known:
            return self.known[name]
        if name == "pk":
            name = self.inner.model._meta.pk.attname
        if self.inner.combination is not None or self.inner.distinct:
            for position, output in enumerate(self.columns[: len(self.names)]):
                target = getattr(output.expression, "target", None)
                attnames = {getattr(target, "name", None), getattr(target, "attname", None)}
                if name in {self.names[position], output.name, *attnames}:
                    return Ref(f"c{position}", output.expression, "rows")
            if self.inner.combination is not None:
                raise FieldError(f"{name!r} is no column of the combined queries")
        expression = self.builder.resolve_ref(name, allow_joins, reuse)
        self.columns.append(Output(expression))
        return Ref(f"c{len(self.columns) - 1}", expression, "rows")

    def resolve_condition(
        self, condition: Resolvable, allow_joins: bool = True, reuse: object = None, summarize: bool = False
    ) -> Any:
        """Return a filter of an aggregate, over the subquery's columns."""
        return self._condition(condition, False)

    def _condition(self, condition: Any, negated: bool) -> Any:
        if not isinstance(condition, Q):
            return condition.resolve_expression(self, True, None)
        negated = negated != condition.negated
        nodes: list[Any] = []
        for child in condition.children:
            if type(child) is not tuple:
                nodes.append(self._condition(child, negated))
                continue
            lhs, rest = self._filtered(child[0])
            lookup = self.builder._lookup(lhs, rest, built_kind(child[1]), child[1], child[0], self)
            if negated and not isinstance(lookup, IsNull) and isinstance(getattr(lhs, "source", None), Col):
                lookup = Where((lookup, IsNull(lhs, False)))  # what is NULL does not meet the condition
            nodes.append(lookup)
        return Where(nodes, condition.connector, condition.negated)

    def resolve_value(self, value: object, lhs: Expression, many: bool = False) -> Expression:
        """Return the right side of a lookup: an expression speaks of the subquery's columns, too."""
        if isinstance(value, Node):
            return value.resolve_expression(self, True, None)
        return self.builder.resolve_value(value, lhs, many)

    def _filtered(self, name: str) -> tuple[Any, Sequence[str]]:
        """Return the subquery's column a filter speaks of, and the lookup's names."""
        first, *rest = name.split("__")
        if first in self.known or first in self.inner.annotations or self.inner.combination is not None:
            return self.resolve_ref(first), rest
        path = self.builder.path(name)
        named = name.split("__")
        return self.resolve_ref("__".join(named[: len(named) - len(path.rest)])), path.rest

    def around(self) -> Select:
        """Return the select around the subquery."""
        if self.inner.combination is None:
            self.inner.outputs = tuple(self.columns) or tuple(
                Output(part) for part in Col(self.inner.base_alias, self.inner.model._meta.pk).parts
            )
            self.inner.select_related = False
        return around(self.builder, self.inner)

    # -- what is the builder's own affair ------------------------------------------------------------------------------

    def take_slot(self, value: object, prepare: Prepare | None) -> int:
        """Return the slot of a value."""
        return self.builder.take_slot(value, prepare)

    def mark_list(self, slot: int) -> None:
        """Say that a slot holds a list."""
        self.builder.mark_list(slot)

    def refuse_sharing(self) -> None:
        """Say that the text depends on the values."""
        self.builder.refuse_sharing()

    def preparer_for(self, lhs: Expression, sql_type: SQLType) -> Prepare:
        """Return what prepares a value compared to ``lhs``."""
        return self.builder.preparer_for(lhs, sql_type)

    def describe(self, lhs: Expression) -> str:
        """Return what to call an expression in an error."""
        return self.builder.describe(lhs)

    def embed_value(
        self,
        queryset: Embeddable,
        template: str,
        output_field: SQLType | None,
        *,
        ordered: bool = False,
        first: bool = False,
    ) -> SubSelect:
        """Return a queryset of one column as a value."""
        return self.builder.embed_value(queryset, template, output_field, ordered=ordered, first=first)

    def embed_rows(self, queryset: Embeddable, row: object) -> SubSelect:
        """Return the rows of a queryset as what a row of several expressions is compared with."""
        return self.builder.embed_rows(queryset, row)

    def embed_condition(self, queryset: Embeddable, template: str) -> SubSelect:
        """Return whether a queryset has rows, as a condition."""
        return self.builder.embed_condition(queryset, template)

    def path(self, name: str) -> Path:
        """Return where a name leads from the model."""
        return self.builder.path(name)
