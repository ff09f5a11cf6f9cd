"""A slice of the rows of each key: top-n for each parent, as one statement.

Where a source in FROM may speak of those before it (LATERAL), the keys are a table and each is joined to its own cut
query, which an index on the key and the order answers without sorting. Elsewhere the rows are numbered, and the
numbers compared (orm.sql.qualify).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql.columns import Column
from orm.sql.conditions import Where
from orm.sql.lookups import Exact
from orm.sql.qualify import Table
from orm.sql.select import Join, Output, Select
from orm.sql.sources import GivenRows, SelectedRows

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect

KEYS = "keys"
ROWS = "each"


def cut_for_each(select: Select, dialect: Dialect) -> Select:
    """Return a finished select that has an ``each`` as one without."""
    each = select.each
    assert each is not None
    plain = select.copy()
    plain.each = None
    before = select.where or Where(())
    if not (each.indexed and dialect.capabilities.lateral and _is_alike_alone(plain)):
        plain.where = before.and_with(Where((each.lookup, *each.bounds)))
        return plain
    key = each.lookup.lhs
    keys = each.lookup.rhs
    if dialect.array_rows((keys.output_field,)) is None:
        plain.where = before.and_with(Where((each.lookup, *each.bounds)))
        return plain
    name = KEYS
    while name in plain.aliases():
        name += "_"
    table = Table(select.outputs or (), ROWS)
    outer = Select(
        select.model, {}, outputs=tuple(Output(table.column(item.expression), item.name) for item in table.given),
        order_by=tuple(table.ordering(item) for item in select.order_by or ()),
    )  # fmt: skip
    plain.where = before.and_with(Where((Exact(key, Column(name, "key", keys.output_field)),)))
    plain.limit, plain.offset, plain.outputs = each.limit, each.offset, tuple(table.columns)
    rows = SelectedRows(select=plain, lateral=True)
    outer.joins = {
        name: Join(name, name, source=GivenRows(columns=(keys,)), columns=("key",)),
        ROWS: Join(ROWS, ROWS, name, source=rows),
    }
    return outer


def _is_alike_alone(select: Select) -> bool:
    """Whether the rows of one key are what they are among all: a window function sees the others, too."""
    return not any(item.contains_over_clause for item in select.expressions())
