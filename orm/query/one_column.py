"""A queryset as a value inside another query: its select with one column, or as many as it is compared with.

What this module refuses: more columns than there is a place for.
"""

from __future__ import annotations

from functools import partial

from orm.errors import NotSupportedError, advised
from orm.sql.columns import Col, Ref
from orm.sql.expressions import Expression
from orm.sql.order_joins import clear_ordering
from orm.sql.ordering import OrderBy
from orm.sql.select import Join, Output, Position, Select
from orm.sql.sources import SelectedRows


def one_column(
    select: Select, lhs: Expression | None = None, *, ordered: bool = False, lookup: str = "exact"
) -> Select:
    """Return a select fit for the right side of a comparison: one column, the key unless ``values()`` chose another.

    Its order is dropped where it changes nothing, unless ``ordered``.
    """
    select = select.copy()
    if select.combination is not None:
        parts = tuple(one_column(part, lhs, lookup=lookup) for part in select.combination.parts)
        select.combination = select.combination._replace(parts=parts)
        select.outputs = parts[0].outputs
        cut = select.limit is not None or select.offset is not None
        select.order_by = tuple(_by_what_is_left(item, select) for item in select.order_by or ()) if cut else ()
        return select
    if select.values is None:
        field = select.model._meta.pk
        wanted = getattr(getattr(lhs, "target", None), "target_field", None)
        if wanted is not None and wanted.model is select.model:
            field = wanted
        select.outputs = tuple(Output(part) for part in Col(select.base_alias, field).parts)
        width = len(getattr(lhs, "parts", "1"))
        if len(select.outputs) != width:
            raise _wrong_width(lookup, width, len(select.outputs))
    else:
        chosen = [*select.values, *((name, select.annotations[name]) for name in select.selected)]
        columns = [(name, part) for name, expression in chosen for part in getattr(expression, "parts", (expression,))]
        width = len(getattr(lhs, "parts", "1"))
        if len(columns) != width and (len(chosen) != 1 or width > 1):
            raise _wrong_width(lookup, width, len(columns))
        shown = len(columns) == 1 and columns[0][0] in select.selected
        select.outputs = tuple(Output(part, name if shown else None) for name, part in columns)
    select.select_related = False
    if select.limit is None and select.offset is None and not (select.distinct_on or select.lock or ordered):
        clear_ordering(select)  # rows are locked in their order
    return _with_its_order(select) if select.distinct and select.order_by else select


def _by_what_is_left(item: Expression, select: Select) -> Expression:
    """Return the ordering of a combination that is cut, by a column of those that are left of it.

    Raises ``NotSupportedError`` for one by another column: the rows could not be put in order before they are cut.
    """
    name = str(getattr(getattr(item, "expression", item), "column", None) or "")
    for number, (part, shown) in enumerate(select.outputs or (), 1):
        target = getattr(part, "target", None)
        if name in (shown, getattr(target, "name", None), getattr(target, "attname", None)):
            return item.map(partial(_instead, Position(number, name))) if isinstance(item, OrderBy) else item
    raise NotSupportedError(
        f"A union that is ordered by {name!r} and cut can't be compared with by another of its columns: ask for its "
        "values first, in a query of their own."
    )


def _wrong_width(lookup: str, width: int, found: int) -> ValueError:
    return advised(
        ValueError,
        f"The QuerySet value for the {lookup!r} lookup must have {width} selected fields (received {found})",
        ": choose them with values_list().",
    )


def _instead(place: Expression, _: Expression) -> Expression:
    return place


def _with_its_order(select: Select) -> Select:
    """Return a DISTINCT select that is ordered by columns it does not choose.

    Databases want these among the chosen ones. So they are chosen in a select inside, which is also cut there, and the
    one around it takes the columns that were asked for.
    """
    own = [*(select.outputs or ())]
    chosen = {(part.alias, part.target) for part in (output.expression for output in own) if isinstance(part, Col)}
    columns, ordering = own.copy(), list[Expression]()
    for item in select.order_by or ():
        inside = getattr(item, "expression", item)
        inside = inside.source if isinstance(inside, Ref) else inside
        if isinstance(inside, Col) and (inside.alias, inside.target) in chosen:
            ordering.append(item)
            continue
        columns.append(Output(inside))
        place = Position(len(columns), f"c{len(columns) - 1}")
        ordering.append(item.map(partial(_instead, place)) if isinstance(item, OrderBy) else place)
    if len(columns) == len(own):
        return select
    inner = select.copy()
    inner.outputs = tuple(Output(output.expression, f"c{number}") for number, output in enumerate(columns))
    inner.order_by = tuple(ordering)
    outputs = tuple(Output(Ref(f"c{number}", output.expression, "cut")) for number, output in enumerate(own))
    rows = Join("cut", "cut", source=SelectedRows(select=inner))
    return Select(select.model, {"cut": rows}, order_by=(), outputs=outputs, list_slots=select.list_slots)
