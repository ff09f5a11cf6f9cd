"""Functions that PostgreSQL alone has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.models.fields import DateTimeField, UUIDField
from orm.sql.calls import Func

if TYPE_CHECKING:
    from orm.sql.types import SQLType

__all__ = ["RandomUUID", "TransactionNow"]


class RandomUUID(Func):
    """A new UUID of version 4."""

    function = "GEN_RANDOM_UUID"
    arity = 0

    def _infer_output_field(self) -> SQLType | None:
        return UUIDField()


class TransactionNow(Func):
    """When the transaction began."""

    function = "CURRENT_TIMESTAMP"
    template = "%(function)s"
    arity = 0

    def _infer_output_field(self) -> SQLType | None:
        return DateTimeField()
