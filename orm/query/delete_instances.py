"""DELETE of rows by the values of one column: the key of instances at hand, or a foreign key that refers to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.db.registry import databases
from orm.query.change_query import delete_rows
from orm.query.plan import statement_plan
from orm.query.shape import root
from orm.query.steps import filter_rows


async def delete_having(model: Any, field: Any, values: Sequence[Any], *, using: str) -> int:
    """Delete the rows of ``model``'s table whose ``field`` is among ``values``; return how many there were."""
    database = databases[using]
    wanted: Any = list(values)
    name = field.attname
    if len(wanted) == 1:  # an equality, which is quicker than a list of one
        wanted = wanted[0]
        key: Any = ("one", name)
    else:
        name = f"{name}__in"
        key = ("filter", (name, "list"))
    shape, prepared = root(model).advance(key, [wanted], filter_rows, False, (), {name: wanted})
    shape, _ = shape.advance(("delete",), (), delete_rows)
    plan = shape.plan(database.dialect, prepared, statement_plan)
    if plan.sql is None:
        return 0
    return await database.execute(plan.sql, plan.parameters(prepared))
