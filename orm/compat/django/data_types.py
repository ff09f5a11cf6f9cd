"""What columns of each class of fields are, as ``connection`` tells it to fields written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm import models

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect

_SIZE, _DIGITS, _PLACES = 255, 12, 7
"""Sizes that columns are asked for with, whose places the types have."""
_PLAIN = (
    "AutoField", "BigAutoField", "SmallAutoField", "BinaryField", "BooleanField", "DateField", "DateTimeField",
    "DurationField", "FloatField", "IntegerField", "BigIntegerField", "SmallIntegerField", "PositiveIntegerField",
    "PositiveBigIntegerField", "PositiveSmallIntegerField", "GenericIPAddressField", "JSONField", "TextField",
    "TimeField", "UUIDField",
)  # fmt: skip
_SIZED = ("CharField", "FileField", "FilePathField", "SlugField")


def data_types_of(dialect: Dialect) -> dict[str, str]:
    """Return the column type of each class of fields, by the class's name; a type with sizes has ``%(max_length)s``,
    ``%(max_digits)s`` and ``%(decimal_places)s`` in their places.
    """
    found = {name: getattr(models, name)().db_type(dialect) for name in _PLAIN}
    for name in _SIZED:
        found[name] = getattr(models, name)(max_length=_SIZE).db_type(dialect).replace(str(_SIZE), "%(max_length)s")
    decimal = models.DecimalField(max_digits=_DIGITS, decimal_places=_PLACES).db_type(dialect)
    decimal = decimal.replace(str(_DIGITS), "%(max_digits)s").replace(str(_PLACES), "%(decimal_places)s")
    return {**found, "DecimalField": decimal, "OneToOneField": found["IntegerField"]}
