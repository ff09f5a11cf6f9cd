"""What a query answers with one row: count(), exists() and aggregate(), as changes to its select.

Like the chain's steps, each runs once for a query of a new structure and sees no value.
"""

from __future__ import annotations

from typing import Any

from orm.errors import FieldError, advised
from orm.query.builder import Builder
from orm.query.derived import SourceBuilder, around
from orm.query.layout import finish
from orm.query.spare_tables import leave_out_spare_table
from orm.query.steps import Limit, check_alias
from orm.sql.aggregates import count_rows
from orm.sql.columns import Col
from orm.sql.conditions import Never, Where
from orm.sql.order_joins import clear_ordering
from orm.sql.references import names_in
from orm.sql.select import Grouping, Output, RowForm, Select


def count(builder: Builder) -> None:
    """count()."""
    select = _countable(builder)
    select.outputs = (Output(count_rows(), "count"),)
    select.result = RowForm.FLAT


def _countable(builder: Builder) -> Select:
    select = builder.select
    select.lock = None
    if select.is_plain:
        clear_ordering(select)
        select.values, select.selected, select.select_related, select.loading = None, (), False, None
        select.annotations = {}
        leave_out_spare_table(select)
        return select
    return around(builder, _counted(select))


def _counted(select: Select) -> Select:
    """Return the select with as few columns as leave the number of its rows alone."""
    select = select.copy()
    if select.combination is None:
        if select.limit is None and select.offset is None and not select.distinct_on:
            clear_ordering(select)
        if not select.distinct and not select.distinct_on and select.values is None:
            grouping = [select.annotations[name] for name in select.selected] if select.group_by is not None else []
            select.outputs = (
                *[Output(part) for part in Col(select.base_alias, select.model._meta.pk).parts],
                *[Output(item) for item in grouping if not item.contains_aggregate],
                *[Output(item) for item in select.multiplying if item not in grouping],
            )
            return select
    return finish(select)[0]


def exists(builder: Builder) -> None:
    """exists(): one row is enough."""
    select = builder.select
    if select.combination is None and not select.distinct_on:
        if select.offset is None:  # else the rows that the order joins are among those that are left out
            clear_ordering(select)
        if select.limit is None and select.offset is None:
            select.distinct = False  # where there is any row, there are different ones
        if select.group_by is not None:
            # The groups stay what they are: their number and what is computed over them depend on all that they are by.
            by = select.group_by
            own = Col(select.base_alias, select.model._meta.pk).parts if by is Grouping.BY_ROW else by
            chosen = (select.annotations[name] for name in select.selected)
            select.group_by = (*own, *(item for item in chosen if not item.contains_aggregate))
        if select.group_by is not None or not select.distinct:
            select.outputs = (Output(Limit(1), "found"),)
        if select.is_plain and select.lock is None:
            select.values, select.annotations = None, {}
            leave_out_spare_table(select)
        select.select_related = False
    if select.limit is None:
        select.limit = Limit(1)
    if select.lock is not None and select.lock.of:
        select.lock = select.lock._replace(of=(select.base_alias,))  # no related row is part of the answer
    select.result = RowForm.TUPLE


def aggregate(builder: Builder, aggregates: dict[str, Any]) -> None:
    """aggregate(): one row of results over all rows of the query."""
    select = builder.select
    select.lock = None
    for name, item in aggregates.items():
        check_alias(name)
        if not hasattr(item, "resolve_expression"):
            raise TypeError(f"aggregate({name}=…) takes an aggregate such as Count or Sum, not {item!r}")
    over_rows = select.is_plain and not any(item.contains_over_clause for item in select.annotations.values())
    source = None if over_rows else SourceBuilder(builder)
    known = select.annotations if source is None else source.known
    outputs: list[Output] = []
    hidden = select.annotations.keys() - set(select.selected)
    for name, item in aggregates.items():
        alias = next((used for used in names_in(item) if used in hidden and select.values is None), None)
        if alias is not None:
            raise FieldError(f"Cannot aggregate over the {alias!r} alias. Use annotate() to promote it.")
        resolved = item.resolve_expression(source or builder, True, None)
        if not resolved.contains_aggregate:
            said = f"{name} is not an aggregate expression"
            raise advised(TypeError, said, f": {item!r} gives a value for each row")
        outputs.append(Output(resolved, name))
        known[name] = resolved
    if source is None:
        clear_ordering(select)
        select.values, select.selected, select.select_related, select.loading = None, (), False, None
        select.annotations = {}
    else:
        select = source.around()
    select.outputs = tuple(outputs)
    select.result = RowForm.DICT
    builder.select = select


def over_nothing(builder: Builder) -> None:
    """Ask of no row at all, and ask nevertheless: some aggregates have a value then that only the database knows."""
    builder.select = _of_no_row(builder.select)


def _of_no_row(select: Select) -> Select:
    select = select.copy()
    if select.combination is not None:
        parts = tuple(map(_of_no_row, select.combination.parts))
        select.combination = select.combination._replace(parts=parts)
    else:
        select.where, select.empty = Where((Never(),)), False
    return select
