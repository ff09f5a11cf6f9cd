"""The fields: columns of every ordinary kind. Relations are in ``orm.models.relations``."""

from __future__ import annotations

from orm.models.fields.base import NOT_PROVIDED, Field
from orm.models.fields.choices import Choices, IntegerChoices, TextChoices
from orm.models.fields.moments import DateField, DateTimeField, DurationField, TimeField
from orm.models.fields.numbers import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    PositiveBigIntegerField,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallAutoField,
    SmallIntegerField,
)
from orm.models.fields.structured import BinaryField, JSONField, UUIDField
from orm.models.fields.text import CharField, EmailField, GenericIPAddressField, SlugField, TextField, URLField

__all__ = [
    "NOT_PROVIDED",
    "AutoField",
    "BigAutoField",
    "BigIntegerField",
    "BinaryField",
    "BooleanField",
    "CharField",
    "Choices",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DurationField",
    "EmailField",
    "Field",
    "FloatField",
    "GenericIPAddressField",
    "IntegerChoices",
    "IntegerField",
    "JSONField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SlugField",
    "SmallAutoField",
    "SmallIntegerField",
    "TextChoices",
    "TextField",
    "TimeField",
    "URLField",
    "UUIDField",
]
