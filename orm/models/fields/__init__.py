"""The fields: columns of every ordinary kind. Relations are in ``orm.models.relations``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from orm.models.fields.files import FileField, FilePathField
    from orm.models.fields.generated import GeneratedField
    from orm.models.fields.images import ImageField
else:
    # Few programs need these, and they bring a third more modules: they are imported when they are named.
    _LATE = {
        "FileField": "orm.models.fields.files",
        "FilePathField": "orm.models.fields.files",
        "GeneratedField": "orm.models.fields.generated",
        "ImageField": "orm.models.fields.images",
    }

    def __getattr__(name):
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LATE[name]), name)


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
    "FileField",
    "FilePathField",
    "FloatField",
    "GeneratedField",
    "GenericIPAddressField",
    "ImageField",
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
