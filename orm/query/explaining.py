"""How a database runs a query, in its own account: what ``QuerySet.explain()`` does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any

from orm.query.plan import select_plan
from orm.sql import types
from orm.sql.explanation import Explanation, Plan

OPTION_NAME = re.compile(r"[\w-]+")
NOT_SENT = "no query is sent: the conditions can't be met"
PART = 2000
"""Rows that are held at a time while a query runs to be measured."""


async def explain(queryset: Any, format: str | None, options: Mapping[str, object]) -> Explanation:
    """Return the database's account; where a format is asked for, or each database's own answers (``same_everywhere``),
    the text that the database gives, and no parts.

    Raises ``ValueError`` for a format or option that the database does not have.
    """
    for name in options:
        if not OPTION_NAME.fullmatch(name):
            raise ValueError(f"Invalid option name: {name!r}. It has letters, digits, '_' and '-'.")
    database = queryset._doors()
    dialect = database.dialect
    shape, values = queryset._sliced()
    plan = shape.plan(database, values, select_plan)
    if plan.sql is None:
        return Explanation(Plan(()), NOT_SENT if types.same_everywhere else "")
    params = plan.parameters(values)
    if format is not None or not types.same_everywhere:
        rows = await database.fetch(f"{dialect.explain(format, dict(options))} {plan.sql}", params)
        return Explanation(Plan(()), dialect.explained(rows))
    asked = dict(options)
    measured_here = bool(asked.get("analyze")) and not dialect.capabilities.measured_plans
    if measured_here:
        del asked["analyze"]
    rows = await database.fetch(f"{dialect.explain(dialect.plan_format, asked)} {plan.sql}", params)
    found: Plan = dialect.plan(rows)
    if measured_here:
        count, began = 0, perf_counter()
        async with aclosing(database.stream(plan.sql, params, PART)) as parts:
            async for part in parts:
                count += len(part)
        found = found._replace(total_time=(perf_counter() - began) * 1000, rows=count)
    return Explanation(found)
