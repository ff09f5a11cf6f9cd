"""``ExpressionList`` and ``OrderByList`` of ``django.db.models.expressions``: several in SQL of one's own."""

from __future__ import annotations

from typing import Any

from orm.sql.calls import Func
from orm.sql.windows import ordering_of


class ExpressionList(Func):
    """Expressions with commas between them."""

    template = "%(expressions)s"

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        if not expressions:
            raise ValueError(f"{type(self).__name__} requires at least one expression.")
        super().__init__(*expressions, **extra)


class OrderByList(ExpressionList):
    """``ORDER BY`` with orderings: names (``"-age"`` descending) and expressions."""

    template = "ORDER BY %(expressions)s"

    def __init__(self, *expressions: object, **extra: object) -> None:
        super().__init__(*map(ordering_of, expressions), **extra)
