"""The fields: columns of every ordinary kind. Relations are in ``orm.models.relations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
    from orm.models.fields.base import Field
    from orm.models.fields.choices import Choices, IntegerChoices, TextChoices
    from orm.models.fields.files import FileField, FilePathField
    from orm.models.fields.generated import GeneratedField
    from orm.models.fields.images import ImageField
    from orm.models.fields.moments import DateField, DateTimeField, DurationField, TimeField
    from orm.models.fields.not_provided import NOT_PROVIDED
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
    from orm.models.fields.structured import BinaryField, JSONField
    from orm.models.fields.text import CharField, EmailField, GenericIPAddressField, SlugField, TextField, URLField
    from orm.models.fields.uuids import UUIDField
else:
    _HOMES = {
        "AutoField": "orm.models.fields.numbers",
        "BigAutoField": "orm.models.fields.numbers",
        "BigIntegerField": "orm.models.fields.numbers",
        "BinaryField": "orm.models.fields.structured",
        "BooleanField": "orm.models.fields.numbers",
        "CharField": "orm.models.fields.text",
        "Choices": "orm.models.fields.choices",
        "DateField": "orm.models.fields.moments",
        "DateTimeField": "orm.models.fields.moments",
        "DecimalField": "orm.models.fields.numbers",
        "DurationField": "orm.models.fields.moments",
        "EmailField": "orm.models.fields.text",
        "Field": "orm.models.fields.base",
        "FileField": "orm.models.fields.files",
        "FilePathField": "orm.models.fields.files",
        "FloatField": "orm.models.fields.numbers",
        "GeneratedField": "orm.models.fields.generated",
        "GenericIPAddressField": "orm.models.fields.text",
        "ImageField": "orm.models.fields.images",
        "IntegerChoices": "orm.models.fields.choices",
        "IntegerField": "orm.models.fields.numbers",
        "JSONField": "orm.models.fields.structured",
        "NOT_PROVIDED": "orm.models.fields.not_provided",
        "PositiveBigIntegerField": "orm.models.fields.numbers",
        "PositiveIntegerField": "orm.models.fields.numbers",
        "PositiveSmallIntegerField": "orm.models.fields.numbers",
        "SlugField": "orm.models.fields.text",
        "SmallAutoField": "orm.models.fields.numbers",
        "SmallIntegerField": "orm.models.fields.numbers",
        "TextChoices": "orm.models.fields.choices",
        "TextField": "orm.models.fields.text",
        "TimeField": "orm.models.fields.moments",
        "URLField": "orm.models.fields.text",
        "UUIDField": "orm.models.fields.uuids",
    }
    __getattr__, __dir__ = late_names(__name__, _HOMES)

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
