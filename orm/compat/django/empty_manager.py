"""``EmptyManager``: what an object without rows of its own has in place of a manager."""

from __future__ import annotations

from typing import Any

from orm.models.managers import Manager
from orm.query.queryset_blocking import QuerySet


class EmptyManager(Manager[Any]):
    """A manager that never finds a row.

    Parameters: ``model`` is the model of the rows that there might be.
    """

    def __init__(self, model: type[Any]) -> None:
        super().__init__()
        self.model = model

    def get_queryset(self) -> QuerySet[Any]:
        """Return no rows."""
        return super().get_queryset().none()
