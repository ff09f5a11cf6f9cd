"""The columns of a relation that is made of several (ForeignObject), compared as one row value.

``filter(customer=customer)``, ``filter(customer__in=[...])`` and ``filter(customer__gt=(5, "b"))`` compare the columns
of the model itself, in the relation's order, with those that an instance has at the far end; no join is needed. What is
refused: comparisons by order with a subquery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from orm.models.composite import CompositePrimaryKey
from orm.sql.types import SQLType


class Columns(SQLType):
    """Several columns of a model as one."""

    is_composite: ClassVar[bool] = True
    is_composite_key: ClassVar[bool] = False
    class_lookups = CompositePrimaryKey.class_lookups

    def __init__(self, model: object, fields: Sequence[Any]) -> None:
        super().__init__("row")
        self.model = model
        self.fields = tuple(fields)

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(field.column for field in self.fields)


class RelatedRow(Columns):
    """The near columns of a relation; ``target_field`` are the far ones."""

    def __init__(self, relation: Any) -> None:
        super().__init__(relation.model, relation.local_related_fields)
        self.relation = relation
        self.compared_name = relation.name
        self.related_model = relation.related_model
        self.target_field = Columns(relation.related_model, relation.foreign_related_fields)

    def __str__(self) -> str:
        return str(self.relation)

    def get_prep_value(self, value: Any) -> Any:
        """Return a tuple of canonical values, of an instance those that refer to it.

        Raises ``ValueError`` for an instance of another model, or one that is not saved.
        """
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if hasattr(value, "_meta"):
            value = self.relation.values_that_refer_to(value)
        return tuple(field.get_prep_value(one) for field, one in zip(self.fields, value, strict=True))
