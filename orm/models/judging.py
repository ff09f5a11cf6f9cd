"""Whether values meet a condition, as a database says it: a query that reads no table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orm.errors import DatabaseError
from orm.late import LateLogger, late_module
from orm.sql.conditions import Q

if TYPE_CHECKING:
    from orm.db.transactions import public as transactions
    from orm.models import fields, sources
    from orm.sql import calls, expressions
    from orm.sql.functions import comparison
else:
    transactions = late_module("orm.db.transactions.public")
    fields = late_module("orm.models.fields")
    sources = late_module("orm.models.sources")
    calls = late_module("orm.sql.calls")
    expressions = late_module("orm.sql.expressions")
    comparison = late_module("orm.sql.functions.comparison")

TWINS = ("ajudge",)

logger = LateLogger("orm.models")


async def ajudge(condition: Q, against: Mapping[str, object], using: str) -> bool:
    """Return whether values, or expressions, by name meet a condition; NULL leaves it open and is True.

    So does an error of the database, which is logged. Raises ``FieldError`` for what can't be resolved.
    """
    if not condition:
        return True
    given = {
        name: value if hasattr(value, "resolve_expression") else expressions.Value(value)
        for name, value in against.items()
    }
    truth = fields.BooleanField()
    met = comparison.Coalesce(calls.ExpressionWrapper(condition, truth), True, output_field=truth)
    rows = sources.Rows({"_check": fields.IntegerField()}, [(1,)]).using(using).alias(**given).filter(met)
    try:
        async with transactions.atomic(using):
            return await rows.aexists()
    except DatabaseError as error:
        logger.warning("Got a database error calling check() on %r: %s", condition, error)
        return True
